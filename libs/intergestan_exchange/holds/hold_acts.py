"""What a person does about something that waits: release it, or refuse it. Each in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Row, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.enums import Budget, HoldEnd, HoldReason, LedgerOutcome
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Hold as HoldRow
from intergestan_db.tables import InboundMail, Ledger, Partner
from intergestan_exchange.budgets import spending
from intergestan_exchange.credit_holds.override import let_pass
from intergestan_exchange.holds.choices import Choices, remember
from intergestan_exchange.holds.holds import INBOUND, ORDER, OUTBOUND, Hold, find_hold
from intergestan_exchange.inbox import waiting
from intergestan_exchange.inbox.booking.answers import answer_order
from intergestan_exchange.inbox.decide import OVERRIDABLE, WAIVABLE
from intergestan_exchange.inbox.differences import refuse_differences
from intergestan_exchange.inbox.facts import last_answer
from intergestan_exchange.keys.partner_keys import turn_down
from intergestan_exchange.outbox import outbound
from intergestan_exchange.statements.statement_mails import acknowledge
from intergestan_exchange.transfers.put_back import put_back
from intergestan_msg.answer import AnswerCode

NO_CHOICES = Choices()
_OPEN = (LedgerOutcome.HELD, LedgerOutcome.WAITING)


def release(
    connection: Connection,
    refs: Sequence[str],
    *,
    by: str,
    at: datetime,
    choices: Choices = NO_CHOICES,
    override: str | None = None,
) -> Bells:
    """Let these go on, all of them or none: what the person waves through is waived, all else is tried again.

    An order is taken in again with its mail, on the same path as the first time; a mail of ours is sent again.

    :param choices: what the person says about the one order that is released.
    :param override: why an order may pass although its customer owes too much; all of them must wait for that.
    :raises Problem: one does not wait, or contradicts an order that stands; or the choices do not fit it.
    """
    holds = _named(connection, refs)
    if choices and (len(holds) != 1 or holds[0].kind != ORDER):
        raise Problem(
            "A product or a customer is chosen for one order, so nothing was released: name one order.",
            ProblemCode.TOO_MANY,
        )
    waivers = {} if override is None else let_pass(connection, _overridable(holds), override, by=by, at=at)
    orders = [
        _release_order(connection, hold, choices, by, at, waivers.get(hold.id), override)
        for hold in holds
        if hold.kind == ORDER
    ]
    mails = [hold.id for hold in holds if hold.kind == INBOUND]
    _release_budgets(connection, mails, at)
    ours = [hold.id for hold in holds if hold.kind == OUTBOUND]
    released = put_back(connection, mails, by=by, at=at, event="release")
    for hold in holds:
        if hold.kind == INBOUND and hold.id not in released:
            raise _decided_meanwhile(hold)
    taken = released + put_back(connection, orders, by=by, at=at)
    return Bells(take_in=taken) + outbound.resend(connection, ours, by=by, at=at)


def refuse(connection: Connection, refs: Sequence[str], words: str | None, *, by: str, at: datetime) -> Bells:
    """Refuse these, all of them or none.

    An order is answered RE with the person's words, or else with what was found; one that contradicts an order
    that stands is answered AB, for that order stays. A mail that was not understood is answered to nobody, and a
    key that was announced never counts. A mail of ours is given up, as long as it was not handed over. Where answers
    quote a mail that we do not know, and this base was restored, their orders leave again, to be answered anew.

    :raises Problem: one does not wait, or a mail of ours cannot be given up.
    """
    holds = _named(connection, refs)
    answers = tuple(_refuse_order(connection, hold, words, by, at) for hold in holds if hold.kind == ORDER)
    asked = Bells()
    for hold in holds:
        if hold.kind == INBOUND:
            _refuse_mail(connection, hold, words, by, at)
            asked += _ask_anew(connection, hold, by, at)
    outbound.abandon(connection, [hold.id for hold in holds if hold.kind == OUTBOUND], by=by, at=at)
    return Bells(compose=answers, take_in=_wake(connection, holds, by, at)) + asked


def _release_budgets(connection: Connection, mail_ids: Sequence[int], at: datetime) -> None:
    """Let the partners of these mails go beyond the budgets that they wait for, for an hour or a day."""
    if not mail_ids:
        return
    mail = InboundMail
    beyond = select(mail.partner_id, mail.budget).where(mail.id.in_(mail_ids), mail.budget.is_not(None))
    for partner_id, budget in connection.execute(beyond.distinct()):
        if partner_id is not None:
            spending.release(connection, partner_id, Budget(str(budget)), at)


def _named(connection: Connection, refs: Sequence[str]) -> list[Hold]:
    return [find_hold(connection, ref) for ref in dict.fromkeys(refs)]


def _overridable(holds: Sequence[Hold]) -> list[int]:
    """The rows of orders that wait because their customer owes too much.

    :raises Problem: one waits for something else.
    """
    for hold in holds:
        if hold.kind != ORDER or not any(finding.reason in OVERRIDABLE for finding in hold.findings):
            raise Problem(
                "{ref} does not wait because its customer owes too much, so nothing was released.",
                ProblemCode.NOT_CREDIT,
                ref=hold.ref,
            )
    return [hold.id for hold in holds]


def _release_order(
    connection: Connection,
    hold: Hold,
    choices: Choices,
    by: str,
    at: datetime,
    waiver: str | None,
    words: str | None,
) -> int:
    """Waive what is a decision and close the hold; the inbound mail to take in again."""
    if hold.is_conflict:
        raise Problem(
            "{ref} contradicts order {number}, which stands, so nothing was released. Agree with {partner} which one "
            "counts; refuse this one, and let them send a change as a new order.",
            ProblemCode.CONFLICT,
            (Act.REFUSE_HOLD,),
            ref=hold.ref,
            number=hold.order,
            partner=hold.partner,
        )
    row = _close(connection, hold, HoldEnd.RELEASED, by, at, words)
    if choices:
        remember(connection, hold, row.partner_id, choices, by=by, at=at)
    waved = {str(finding.reason) for finding in hold.findings if finding.reason in WAIVABLE}
    waved |= {waiver} if waiver else set()
    if waved:
        ledger = _ledger(connection, row)
        waived = sorted(waved | set(ledger.waived or ()))
        connection.execute(update(Ledger).where(Ledger.id == ledger.id).values(waived=waived, updated_at=at))
    _record(connection, hold, "release", words, by, at)
    return int(row.inbound_mail_id)


def _refuse_order(connection: Connection, hold: Hold, words: str | None, by: str, at: datetime) -> int:
    """Close the hold and write the answer; the outbound mail to compose."""
    row = _close(connection, hold, HoldEnd.REFUSED, by, at)
    if not hold.is_conflict:
        _reject(connection, hold, _ledger(connection, row).id, at)
        refuse_differences(connection, row.partner_id, row.number)
    last = last_answer(connection, row.partner_id, row.number)
    language = connection.execute(select(Partner.language).where(Partner.id == row.partner_id)).scalar_one()
    made = answer_order(
        connection,
        row.partner_id,
        row.number,
        row.inbound_transfer_id,
        last,
        at,
        revision=row.revision,
        code=AnswerCode.RECEIVED if hold.is_conflict else AnswerCode.REJECTED,
        sales_order_number=last.sales_order_number if last else None,
        note=words or hold.told(language),
    )
    _record(connection, hold, "refuse", words, by, at)
    return made.mail_id


def _wake(connection: Connection, holds: Sequence[Hold], by: str, at: datetime) -> tuple[int, ...]:
    """Changes may have waited for what was refused; the inbound mails to take in again."""
    ids = [hold.id for hold in holds if hold.kind == ORDER]
    rows = connection.execute(
        select(HoldRow.partner_id, HoldRow.number, HoldRow.revision).where(HoldRow.id.in_(ids))
    ).all()
    waited = [each for row in rows for each in waiting.after(connection, row.partner_id, row.number, row.revision)]
    return waiting.take_in_again(connection, waited, by=by, at=at)


def _refuse_mail(connection: Connection, hold: Hold, words: str | None, by: str, at: datetime) -> None:
    if hold.reason == HoldReason.KEY_ANNOUNCED:
        turn_down(connection, hold.findings[0].values["new_key"], at)
    if hold.reason == HoldReason.STATEMENT:
        acknowledge(connection, hold.id, hold.findings)
    try:
        states.move(
            connection,
            states.INBOUND_MAIL,
            [hold.id],
            "refuse",
            by=by,
            at=at,
            event_detail={"reason": hold.reason, "words": words},
            **({} if hold.reason == HoldReason.TRANSFER_CONFLICT else {"reason": None, "detail": None}),
        )
    except states.StaleState as stale:
        raise _decided_meanwhile(hold) from stale


def _ask_anew(connection: Connection, hold: Hold, by: str, at: datetime) -> Bells:
    """For the word that the partner gave about a mail which a restore of ours took away."""
    unmatched = [finding for finding in hold.findings if finding.reason == HoldReason.UNMATCHED_ANSWER]
    numbers = [number for finding in unmatched for number in json.loads(finding.values.get("numbers", "[]"))]
    if not numbers:
        return Bells()
    partner = connection.execute(select(InboundMail.partner_id).where(InboundMail.id == hold.id)).scalar_one()
    assert partner is not None, "answers have a signer"
    return outbound.ask_anew(connection, partner, numbers, by=by, at=at)


def _close(
    connection: Connection, hold: Hold, how: HoldEnd, by: str, at: datetime, words: str | None = None
) -> Row[*tuple[object, ...]]:
    closed = connection.execute(
        update(HoldRow)
        .where(HoldRow.id == hold.id, HoldRow.closed_at.is_(None))
        .values(closed_at=at, closed_by=by, closed_how=how, closed_reason=words)
        .returning(*HoldRow.__table__.c)
    ).first()
    if closed is None:
        raise _decided_meanwhile(hold)
    return closed


def _ledger(connection: Connection, row: Row[*tuple[object, ...]]) -> Row[*tuple[object, ...]]:
    """The document's row; of a revision that contradicts a booked one, and has no row, the booked one's."""
    return connection.execute(
        select(Ledger.__table__)
        .where(
            Ledger.partner_id == row.partner_id,
            Ledger.type == row.type,
            Ledger.number == row.number,
        )
        .order_by(
            (Ledger.revision == row.revision).desc(),
            (Ledger.business_hash == row.business_hash).desc(),
            Ledger.outcome.in_(_OPEN).desc(),  # a restored buyer states the same again in a series of its own
            Ledger.sales_order_id.is_(None),
            Ledger.epoch.desc(),
        )
        .limit(1)
        .with_for_update()
    ).one()


def _reject(connection: Connection, hold: Hold, ledger_id: int, at: datetime) -> None:
    rejected = connection.execute(
        update(Ledger)
        .where(Ledger.id == ledger_id, Ledger.outcome.in_(_OPEN))
        .values(outcome=LedgerOutcome.REJECTED, updated_at=at)
    )
    if rejected.rowcount != 1:
        raise _decided_meanwhile(hold)


def _decided_meanwhile(hold: Hold) -> Problem:
    return Problem(
        "Somebody else dealt with {ref} at the same moment; nothing was changed.",
        ProblemCode.CHANGED_MEANWHILE,
        (Act.LIST_HOLDS,),
        ref=hold.ref,
    )


def _record(connection: Connection, hold: Hold, event: str, words: str | None, by: str, at: datetime) -> None:
    detail = {"order": hold.order, "reason": hold.reason, "words": words}
    states.record(connection, HoldRow.__tablename__, [(hold.id, None, None)], event, by=by, at=at, detail=detail)
