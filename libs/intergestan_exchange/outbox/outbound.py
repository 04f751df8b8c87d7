"""Our mails after *Valider*: finding one, sending the same bytes again (*Renvoyer*, D1), giving one up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils
from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.database import AnyRow
from intergestan_db.enums import AttemptPhase, ChangeState, OutboundState, PurchaseState
from intergestan_db.mail_kinds import IS_ANSWERED
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import (
    DeliveryAttempt,
    FormerBody,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    PurchaseOrderChange,
    WithdrawnNumber,
)
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.purchasing.change_states import abandon_changes
from intergestan_exchange.outbox.mail_orders import orders_by_mail
from intergestan_msg.diagnosis import Diagnosed
from intergestan_msg.kinds import Kind

REF = "out-"
ON_ITS_WAY = frozenset({OutboundState.REQUESTED, OutboundState.COMPOSED, OutboundState.SENDING})
"""The states of a mail that goes out by itself, within seconds."""
WAS_COMPOSED: ColumnElement[bool] = or_(
    OutboundMail.composed_at.is_not(None),
    select(FormerBody.outbound_mail_id)
    .where(FormerBody.outbound_mail_id == OutboundMail.id)
    .correlate(OutboundMail.__table__)
    .exists(),
)
"""A mail's documents were signed: under the number that it has, or under one that it lost after a restore."""
_SHORTEST_PREFIX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One mail that we send, as people see it. `orders` are the numbers of the orders that it is about."""

    id: int
    transfer_id: str
    kind: str
    state: str
    partner: str
    recipient: str | None
    orders: tuple[str, ...]
    requested_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    next_attempt_at: datetime | None
    attempts: int
    resends: int
    reason: str | None
    detail: str | None

    @property
    def ref(self) -> str:
        """What people call it: `out-3`."""
        return f"{REF}{self.id}"


def list_outbound(
    connection: Connection, *, states: Sequence[str] | None = None, ids: Sequence[int] | None = None
) -> list[Outbound]:
    """Our mails, oldest first; only those in these states, or with these ids, if any are given."""
    mail = OutboundMail
    query = (
        select(
            *(mail.id, mail.transfer_id, mail.kind, mail.state, Partner.name.label("partner"), mail.recipient),
            *(mail.requested_at, mail.sent_at, mail.answered_at, mail.next_attempt_at),
            *(mail.attempts, mail.resends, mail.reason, mail.detail, mail.diagnosis),
        )
        .join(Partner, Partner.id == mail.partner_id)
        .order_by(mail.id)
    )
    if states is not None:
        query = query.where(mail.state.in_(states))
    if ids is not None:
        query = query.where(mail.id.in_(ids))
    rows = connection.execute(query).all()
    orders = orders_by_mail(connection, [row.id for row in rows])
    return [_outbound(row._asdict(), orders.get(row.id, ())) for row in rows]


def _outbound(row: dict[str, Any], orders: Iterable[str]) -> Outbound:
    detail = Diagnosed.beside(row["detail"], row.pop("diagnosis"))
    return Outbound(**row | {"detail": detail}, orders=tuple(orders))


def find_outbound(connection: Connection, text: str) -> int:
    """The id of the mail that a person means: `out-3`, the number of an order in it, or its transfer id.

    :raises Problem: when there is none.
    """
    wanted = text.strip()
    if match := re.fullmatch(rf"{REF}(\d{{1,18}})", wanted.lower()):
        found = select(OutboundMail.id).where(OutboundMail.id == int(match[1]))
    elif order := _order(connection, wanted):
        if order.outbound_mail_id is None:
            raise Problem(
                "{number} was not sent yet (it is {state}).",
                ProblemCode.NOT_SENT,
                (Act.SEND_ORDERS,),
                number=wanted,
                state=Word(order.state),
            )
        return int(order.outbound_mail_id)
    else:
        found = select(OutboundMail.id).where(_has_transfer_id(wanted.lower()))
    ids = list(connection.execute(found.limit(2)).scalars())
    if len(ids) == 1:
        return ids[0]
    raise Problem(
        "We have no mail «{text}»: name one of its orders, or write its number (out-3) or its transfer id.",
        ProblemCode.NO_MAIL,
        text=text,
    )


def resend(connection: Connection, ids: Iterable[int], *, by: str, at: datetime) -> Bells:
    """Send these mails again, the very same bytes, and wait for an answer anew; all of them or none.

    They go to the address that the partner has by now: it may be the one that was corrected. A mail that could not
    be composed is composed after all. Orders that left before a restore of ours leave under a new number, in a mail
    of their own: the partner may have had another mail under the number that they bear, or may answer one that our
    database lost (`design.md` §16.1). So do those that were answered, while all of them wait still. The documents are
    the same to the byte: an order may have been changed since, by a change that left after it.

    :raises Problem: one was answered or given up, or goes out by itself anyway.
    """
    mails = _locked(connection, ids)
    overtaken = _overtaken(connection, mails)
    for mail in mails:
        if mail.id not in overtaken:
            _check_resend(mail)
    wanted = [mail.id for mail in mails if mail.id not in overtaken]
    written = set(
        connection.execute(
            select(OutboundBody.outbound_mail_id).where(OutboundBody.outbound_mail_id.in_(wanted))
        ).scalars()
    )
    fresh: dict[str, Any] = {"reason": None, "detail": None, "rung_at": at}
    again = tuple(mail_id for mail_id in wanted if mail_id in written)
    anew = tuple(mail_id for mail_id in wanted if mail_id not in written)
    afresh = fresh | {"next_attempt_at": at, "resends": 0, "recipient": present_address()}
    states.move(connection, states.OUTBOUND_MAIL, again, "resend", by=by, at=at, **afresh)
    present = fresh | {"recipient": present_address()}
    states.move(connection, states.OUTBOUND_MAIL, anew, "recompose", by=by, at=at, **present)
    _number_anew(connection, overtaken, by=by, at=at, **present)
    return Bells(compose=anew + overtaken, send=again)


def ask_anew(connection: Connection, partner_id: int, numbers: Sequence[str], *, by: str, at: datetime) -> Bells:
    """Send the newest document about each of these orders under a new number, so that the partner answers it anew.

    So does the order itself while it waits, although a change of it was answered already: the answer to it was given to
    the mail that was lost, and no answer to the change tells it. Only what left before a restore of ours does, answered
    or not: the newest answer to it may quote a mail that our database lost, and counts for nothing (`design.md` §10,
    §16.1). The documents are the same to the byte. What is no order of ours to this partner, or is about to leave, is
    passed over.
    """
    order, newest, own = PurchaseOrder, _newest_mail(), PurchaseOrder.outbound_mail_id
    of_them = order.number.in_(numbers), OutboundMail.partner_id == partner_id
    sent = select(newest).select_from(order).join(OutboundMail, OutboundMail.id == newest).where(*of_them)
    waits = select(own).join(OutboundMail, OutboundMail.id == own).where(*of_them, order.state == PurchaseState.WAITING)
    mails = _locked(connection, connection.execute(sent.union(waits)).scalars())
    froms, _ = states.OUTBOUND_MAIL.moves["number_anew"]
    wanted = tuple(each.id for each in mails if each.is_overtaken and each.state in froms)
    _number_anew(connection, wanted, by=by, at=at, reason=None, detail=None, rung_at=at)
    return Bells(compose=wanted)


def _overtaken(connection: Connection, mails: Sequence[AnyRow]) -> tuple[int, ...]:
    """The mails of orders and changes that left before a restore of ours, and wait for their answer still."""
    ids = [mail.id for mail in mails if Kind(mail.kind).nature.answered and mail.is_overtaken]
    froms, _ = states.OUTBOUND_MAIL.moves["number_anew"]
    order, change = PurchaseOrder, PurchaseOrderChange
    settled = (
        select(OutboundOrder.outbound_mail_id.label("id"))
        .join(order, order.id == OutboundOrder.purchase_order_id)
        .where(OutboundOrder.outbound_mail_id.in_(ids), order.state.not_in(_WAITS))
        .union_all(
            select(change.outbound_mail_id).where(change.outbound_mail_id.in_(ids), change.state.not_in(_WAITS)),
        )
    )
    done = set(connection.execute(settled).scalars())
    return tuple(
        mail.id
        for mail in mails
        if mail.id in ids and mail.state in froms and not (mail.state == OutboundState.ANSWERED and mail.id in done)
    )


_WAITS = [PurchaseState.TRANSMITTING, PurchaseState.WAITING]
"""Of an order, and of a change: its answer has not come. The words are the same."""


def _number_anew(connection: Connection, ids: Sequence[int], *, by: str, at: datetime, **fresh: Any) -> None:
    """Take their numbers from these mails, for the composer to give them others; the documents stay what they were."""
    body, former = OutboundBody, FormerBody
    first = body.outbound_mail_id.in_(ids), body.outbound_mail_id.not_in(select(former.outbound_mail_id))
    kept = select(body.outbound_mail_id, body.mime).where(*first)
    connection.execute(insert(former).from_select(["outbound_mail_id", "mime"], kept))
    connection.execute(delete(body).where(body.outbound_mail_id.in_(ids)))
    unsent: dict[str, Any] = {"composed_at": None, "sent_at": None, "next_attempt_at": None, "resends": 0}
    unsent |= {"epoch": None, "seq": None, "transfer_digest": None}
    _withdraw_numbers(connection, ids)
    states.move(connection, states.OUTBOUND_MAIL, ids, "number_anew", by=by, at=at, **fresh, **unsent)
    for mail_id in ids:
        new = str(uuid_utils.uuid7())
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(transfer_id=new))


def _withdraw_numbers(connection: Connection, ids: Sequence[int]) -> None:
    """Say that the numbers of these mails, if they have any, stand for them no more, before that is so: what statements
    counted of their series counts no more (`statements/beginnings.py`).
    """
    mail = OutboundMail
    theirs = select(mail.partner_id, mail.epoch, mail.seq).where(mail.id.in_(ids), mail.seq.is_not(None))
    connection.execute(insert(WithdrawnNumber).from_select(["partner_id", "epoch", "seq"], theirs))


def abandon(connection: Connection, ids: Iterable[int], *, by: str, at: datetime) -> list[str]:
    """Give these mails up, all of them or none: their orders are confirmed again, as if never selected.

    :returns: the numbers of the orders that are free again.
    :raises Problem: one was, or may have been, handed over to the mail server.
    """
    mails = _locked(connection, ids)
    wanted = [mail.id for mail in mails]
    gone = _handed_over(connection, wanted)
    for mail in mails:
        _check_abandon(mail, handed_over=mail.id in gone)
    orders = connection.execute(
        select(PurchaseOrder.id, PurchaseOrder.number)
        .join(OutboundOrder, OutboundOrder.purchase_order_id == PurchaseOrder.id)
        .where(
            OutboundOrder.outbound_mail_id.in_(wanted),
            OutboundOrder.live,
            PurchaseOrder.state == PurchaseState.TRANSMITTING,
        )
        .order_by(PurchaseOrder.id)
    ).all()
    abandon_changes(connection, wanted, by=by, at=at)
    _withdraw_numbers(connection, wanted)
    states.move(connection, states.OUTBOUND_MAIL, wanted, "abandon", by=by, at=at, next_attempt_at=None)
    free: dict[str, Any] = {"outbound_mail_id": None, "updated_at": at}
    states.move(connection, states.PURCHASE_ORDER, [order.id for order in orders], "abandon", by=by, at=at, **free)
    connection.execute(update(OutboundOrder).where(OutboundOrder.outbound_mail_id.in_(wanted)).values(live=False))
    return [order.number for order in orders]


def answered(
    connection: Connection, ids: Sequence[int], *, by: str, at: datetime, old: Mapping[int, str] | None = None
) -> None:
    """These were answered: whatever they waited for, they wait no more.

    :param old: their states, where the caller has locked and read them already.
    """
    settled: dict[str, Any] = {"answered_at": at, "next_attempt_at": None, "reason": None, "detail": None}
    states.move(connection, states.OUTBOUND_MAIL, ids, "answer", by=by, at=at, old=old, **settled)


def present_address() -> Any:
    """For an UPDATE: where a mail goes by what we agreed with the partner; if that was taken away, where it went."""
    agreed = case((IS_ANSWERED, Partner.order_address), else_=Partner.answer_address)
    of_partner = select(agreed).where(Partner.id == OutboundMail.partner_id).correlate(OutboundMail).scalar_subquery()
    return func.coalesce(of_partner, OutboundMail.recipient)


def _check_resend(mail: AnyRow) -> None:
    ref = f"{REF}{mail.id}"
    if Kind(mail.kind).nature.passing:
        raise Problem(
            "{ref} is a heartbeat: it is never sent again, the next one goes by itself.",
            ProblemCode.NOT_RESENDABLE,
            ref=ref,
        )
    if mail.state == OutboundState.ANSWERED:
        raise Problem(
            "{ref} was answered already, so nothing was sent: the partner has it.", ProblemCode.NOT_RESENDABLE, ref=ref
        )
    if mail.state == OutboundState.ABANDONED:
        raise Problem(
            "{ref} was given up, so nothing was sent. Select its orders anew and send them.",
            ProblemCode.NOT_RESENDABLE,
            (Act.SEND_ORDERS,),
            ref=ref,
        )
    if mail.state in ON_ITS_WAY:
        raise Problem(
            "{ref} is on its way out (it is {state}), so nothing was changed: it goes out by itself.",
            ProblemCode.ON_ITS_WAY,
            ref=ref,
            state=Word(mail.state),
        )


def _check_abandon(mail: AnyRow, *, handed_over: bool) -> None:
    ref = f"{REF}{mail.id}"
    if mail.state == OutboundState.ABANDONED:
        raise Problem("{ref} was given up already.", ProblemCode.UNCHANGED, ref=ref)
    if handed_over:
        raise Problem(
            "{ref} was handed over to the mail server, or may have been: it cannot be called back, and nothing was "
            "changed. Ask the partner to refuse the orders.",
            ProblemCode.SENT_BEFORE,
            ref=ref,
        )
    if mail.state not in states.OUTBOUND_MAIL.moves["abandon"][0]:
        raise Problem(
            "{ref} is being sent right now (it is {state}), so nothing was changed. Try again in a minute.",
            ProblemCode.BUSY,
            ref=ref,
            state=Word(mail.state),
        )


def _locked(connection: Connection, ids: Iterable[int]) -> Sequence[AnyRow]:
    """The mails' rows, locked until the transaction ends, so that no sender takes one meanwhile."""
    series = select(Partner.out_epoch).where(Partner.id == OutboundMail.partner_id).scalar_subquery()
    columns = (OutboundMail.id, OutboundMail.state, OutboundMail.kind)
    query = select(*columns, (OutboundMail.epoch < series).label("is_overtaken"))
    own = OutboundMail.id.in_(sorted(set(ids)))
    return connection.execute(query.where(own).order_by(OutboundMail.id).with_for_update(of=OutboundMail)).all()


def _handed_over(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of which an attempt passed the dot and was not refused."""
    attempt = DeliveryAttempt
    passed = or_(
        attempt.phase == AttemptPhase.DOT,
        and_(attempt.phase == AttemptPhase.ENDED, attempt.outcome.in_(["accepted", "unknown"])),
    )
    rows = connection.execute(select(attempt.outbound_mail_id).where(attempt.outbound_mail_id.in_(ids), passed))
    return set(rows.scalars())


def _order(connection: Connection, number: str) -> AnyRow | None:
    """The state of an order, and the newest mail about it."""
    mail = _newest_mail().label("outbound_mail_id")
    meant = as_stored(connection, number, PurchaseOrder.number)
    return connection.execute(select(mail, PurchaseOrder.state).where(PurchaseOrder.number == meant)).first()


def _newest_mail() -> ColumnElement[int]:
    """The mail of an order's last change, or its own."""
    change = PurchaseOrderChange
    last = (
        select(change.outbound_mail_id)
        .where(change.purchase_order_id == PurchaseOrder.id, change.state != ChangeState.ABANDONED)
        .order_by(change.revision.desc())
        .limit(1)
        .correlate(PurchaseOrder)
        .scalar_subquery()
    )
    return func.coalesce(last, PurchaseOrder.outbound_mail_id)


def _has_transfer_id(text: str) -> Any:
    if len(text) < _SHORTEST_PREFIX:
        return OutboundMail.transfer_id == text
    return OutboundMail.transfer_id.startswith(text, autoescape=True)
