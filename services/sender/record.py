"""What the sender reads and writes about a mail, each function in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from intergestan_db import leases, states
from intergestan_db.at_rest import NOT_SENT_TO
from intergestan_db.database import AnyRow
from intergestan_db.enums import AttemptPhase, HoldReason, OutboundState, PurchaseState
from intergestan_db.site_rows import OwnRelay, read_relay
from intergestan_db.tables import (
    DeliveryAttempt,
    OutboundBody,
    OutboundMail,
    OutboundOrder,
    PurchaseOrder,
    Relay,
)
from intergestan_erp.purchasing.change_states import mark_changes_waiting
from intergestan_exchange.outbox.mail_orders import orders_of
from intergestan_msg.diagnosis import Diagnosed, Diagnosis, NotSent, stored_diagnosis
from intergestan_msg.kinds import Kind as MailKind
from services.sender.outcome import Kind, Outcome, ResponseClass
from services.sender.schedule import LASTING_REST, next_slot, resend_at, retry_at
from services.sender.settings import SenderSettings

BY = "sender"
DUE = (OutboundState.COMPOSED, OutboundState.SENT, OutboundState.UNKNOWN)


_SILENT = timedelta(seconds=10)
_SOON = timedelta(seconds=5)


class LeaseLost(Exception):
    """Somebody else took the mail over; nothing was handed to the relay."""


_OF_ATTEMPT = (DeliveryAttempt.outbound_mail_id == bindparam("mail"), DeliveryAttempt.n == bindparam("attempt"))
_DUE_MAIL = (
    select(OutboundMail.__table__, OutboundBody.mime)
    .join(OutboundBody, OutboundBody.outbound_mail_id == OutboundMail.id)
    .where(
        OutboundMail.id == bindparam("mail"),
        OutboundMail.state.in_(DUE),
        OutboundMail.next_attempt_at <= leases.NOW,
        OutboundMail.partner_id.not_in(NOT_SENT_TO),
        leases.is_free(OutboundMail, leases.NOW),
    )
    .with_for_update(of=OutboundMail)
)
_ENTER_ATTEMPT = insert(DeliveryAttempt)
_MARK_DOT = (
    update(DeliveryAttempt)
    .where(
        *_OF_ATTEMPT,
        DeliveryAttempt.outbound_mail_id.in_(
            select(OutboundMail.id).where(
                OutboundMail.id == bindparam("mail"),
                OutboundMail.lease_fence == bindparam("fence"),
                OutboundMail.state == OutboundState.SENDING,
            )
        ),
    )
    .values(phase=AttemptPhase.DOT)
)
_END_ATTEMPT = (
    update(DeliveryAttempt)
    .where(*_OF_ATTEMPT)
    .values(phase=AttemptPhase.ENDED, ended_at=bindparam("ended"), outcome=bindparam("what"), reply=bindparam("said"))
)
_OF_ORDERS = frozenset(kind for kind in MailKind if kind.nature.carries)
_TRANSMITTING = (
    select(PurchaseOrder.id)
    .join(OutboundOrder, OutboundOrder.purchase_order_id == PurchaseOrder.id)
    .where(OutboundOrder.outbound_mail_id == bindparam("mail"), PurchaseOrder.state == PurchaseState.TRANSMITTING)
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours to send, with its frozen bytes, under a fence. `orders`: the numbers of those in it."""

    mail: AnyRow
    relay: OwnRelay
    mime: bytes
    fence: int
    attempt: int
    resends: int
    started: datetime
    orders: list[str]


def claim(connection: Connection, mail_id: int, worker: str, now: datetime, settings: SenderSettings) -> Claimed | None:
    """Take a due mail and enter the attempt; None when it is not due, not free, or its relay or partner rests."""
    mail = connection.execute(_DUE_MAIL, {"mail": mail_id, "now": now}).first()
    relay = read_relay(connection)
    if mail is None or relay is None or _postponed(connection, mail, relay, now):
        return None
    is_resend = mail.state == OutboundState.UNKNOWN or (
        mail.state == OutboundState.SENT and MailKind(mail.kind).nature.answered
    )
    if is_resend and mail.resends >= len(settings.resend_seconds):
        _give_up(connection, mail, now)
        return None
    resends = mail.resends + is_resend
    attempt = mail.attempts + 1
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [mail_id],
        "claim",
        by=BY,
        at=now,
        old={mail_id: mail.state},
        event_detail={"worker": worker},
        attempts=attempt,
        resends=resends,
        **leases.lease(worker, now, mail.lease_fence + 1),
    )
    started = {"outbound_mail_id": mail_id, "n": attempt, "phase": AttemptPhase.STARTED, "started_at": now}
    connection.execute(_ENTER_ATTEMPT, started)
    orders = orders_of(connection, [mail_id]) if mail.kind in _OF_ORDERS else []
    return Claimed(mail, relay, mail.mime, mail.lease_fence + 1, attempt, resends, now, orders)


def _postponed(connection: Connection, mail: AnyRow, relay: OwnRelay, now: datetime) -> bool:
    """Whether the relay must rest before it takes one more mail; the mail then says when it is due."""
    until = relay.paused_until
    if (until is None or until <= now) and relay.mails_per_minute:
        until = _take_slot(connection, relay.id, relay.mails_per_minute, now)
    if until is None or until <= now:
        return False
    connection.execute(
        update(OutboundMail).where(OutboundMail.id == mail.id).values(next_attempt_at=until, rung_at=None)
    )
    return True


def _take_slot(connection: Connection, relay_id: int, per_minute: int, now: datetime) -> datetime:
    """When the relay may get one more mail; if that is now, the mail has the slot."""
    free_at = connection.execute(select(Relay.next_slot_at).where(Relay.id == relay_id).with_for_update()).scalar_one()
    until, following = next_slot(free_at, now, per_minute)
    if until <= now:
        connection.execute(update(Relay).where(Relay.id == relay_id).values(next_slot_at=following))
    return until


def _give_up(connection: Connection, mail: AnyRow, now: datetime) -> None:
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [mail.id],
        "give_up",
        by=BY,
        at=now,
        old={mail.id: mail.state},
        next_attempt_at=None,
        **_why(mail),
        **leases.FREE,
    )


def _why(mail: AnyRow) -> dict[str, Any]:
    if MailKind(mail.kind).nature.answered:
        return {"reason": HoldReason.NO_ANSWER, "detail": str(mail.resends)}
    detail = Diagnosed(Diagnosis.of(NotSent.SILENT_AFTER_DOT, {"times": mail.resends + 1}))
    return {"reason": HoldReason.REFUSED_BY_SERVER, "detail": detail, "diagnosis": stored_diagnosis(detail)}


def commit_dot(connection: Connection, claimed: Claimed) -> None:
    """Enter that the final dot is about to be sent: from here on a cut means `unknown`.

    :raises LeaseLost: the fence was raised by another worker, or the mail was answered meanwhile.
    """
    which = {"mail": claimed.mail.id, "attempt": claimed.attempt, "fence": claimed.fence}
    marked = connection.execute(_MARK_DOT, which)
    if marked.rowcount != 1:
        raise LeaseLost(f"Outbound mail {claimed.mail.id} is no longer ours to send.")


def end_attempt(connection: Connection, mail_id: int, attempt: int, outcome: str, reply: str, now: datetime) -> None:
    """Close the attempt with what the server said."""
    said = {"mail": mail_id, "attempt": attempt, "ended": now, "what": outcome, "said": reply}
    connection.execute(_END_ATTEMPT, said)


def conclude(
    connection: Connection, claimed: Claimed, outcome: Outcome, now: datetime, settings: SenderSettings
) -> None:
    """Write what became of the mail, and give its lease back.

    :raises StaleState: the mail was answered or taken over meanwhile; only the attempt is to be recorded then.
    """
    if outcome.kind is Kind.TRY_AGAIN:
        tries, since = _put_off(connection, claimed)
        if now - since > timedelta(days=settings.retry_days):
            outcome = replace(outcome, kind=Kind.REFUSED)
    else:
        tries = 0
    end_attempt(connection, claimed.mail.id, claimed.attempt, outcome.kind, outcome.text, now)
    event, values = _consequence(claimed, outcome, tries, now, settings)
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [claimed.mail.id],
        event,
        by=BY,
        at=now,
        fence=claimed.fence,
        event_detail={"reply": outcome.text},
        rung_at=None,
        **values,
        **leases.FREE,
    )
    if event == "accept":
        mark_waiting(connection, claimed.mail.id, now)
    if outcome.relay_fault:
        connection.execute(
            update(Relay)
            .where(Relay.id == claimed.relay.id)
            .values(
                paused_until=_rested(claimed, outcome, now, settings),
                last_error=outcome.text,
                last_diagnosis=stored_diagnosis(outcome.text),
            )
        )
    elif claimed.relay.last_error:
        connection.execute(update(Relay).where(Relay.id == claimed.relay.id).values(last_error=None))


def _put_off(connection: Connection, claimed: Claimed) -> tuple[int, datetime]:
    """How many attempts in a row were put off, with this one, and when the first of them began."""
    of_mail = DeliveryAttempt.outbound_mail_id == claimed.mail.id
    other = select(func.coalesce(func.max(DeliveryAttempt.n), 0)).where(
        of_mail, DeliveryAttempt.outcome != Kind.TRY_AGAIN
    )
    count, first = connection.execute(
        select(func.count(), func.min(DeliveryAttempt.started_at)).where(
            of_mail, DeliveryAttempt.n > other.scalar_subquery()
        )
    ).one()
    return count, first


def _consequence(
    claimed: Claimed, outcome: Outcome, tries: int, now: datetime, settings: SenderSettings
) -> tuple[str, dict[str, Any]]:
    """The event and the columns that go with it."""
    if MailKind(claimed.mail.kind).nature.passing and outcome.kind in _PASSING_ENDS:
        return _PASSING_ENDS[outcome.kind], {"next_attempt_at": None} | _sent(outcome, now)
    answered_later = MailKind(claimed.mail.kind).nature.answered
    patience = resend_at(now, claimed.resends, settings.resend_seconds) if answered_later else None
    if outcome.kind is Kind.ACCEPTED:
        return "accept", _sent(outcome, now) | {"next_attempt_at": patience, "reason": None}
    if outcome.kind is Kind.UNKNOWN:
        again = resend_at(now, claimed.resends, settings.resend_seconds)
        return "lose", {"next_attempt_at": again}
    if outcome.kind is Kind.REFUSED:
        return "refuse", {
            "next_attempt_at": None,
            "reason": HoldReason.REFUSED_BY_SERVER,
            "detail": outcome.text,
            "diagnosis": stored_diagnosis(outcome.text),
        }
    if outcome.relay_fault:
        return "retry", {"next_attempt_at": _rested(claimed, outcome, now, settings)}
    if tries == 1 and _was_silent(claimed, outcome, now):
        return "retry", {"next_attempt_at": now + _SOON}
    return "retry", {"next_attempt_at": retry_at(now, tries, settings.retry_seconds)}


_PASSING_ENDS = {Kind.ACCEPTED: "accept", Kind.UNKNOWN: "lose", Kind.REFUSED: "drop"}
"""What ends the way out of a passing sign: it is never sent again, and no person is asked about it."""


def _sent(outcome: Outcome, now: datetime) -> dict[str, Any]:
    return {"sent_at": now} if outcome.kind is Kind.ACCEPTED else {}


def _rested(claimed: Claimed, outcome: Outcome, now: datetime, settings: SenderSettings) -> datetime:
    if outcome.quota:
        return now + timedelta(seconds=settings.quota_rest_seconds)
    if outcome.lasting:
        return now + LASTING_REST
    return now + (_SOON if _was_silent(claimed, outcome, now) else timedelta(seconds=settings.relay_rest_seconds))


def _was_silent(claimed: Claimed, outcome: Outcome, now: datetime) -> bool:
    """Whether the network let us wait until it failed: that was rest enough, and it may be back at any moment."""
    return outcome.response_class is ResponseClass.NETWORK and now - claimed.started >= _SILENT


def mark_waiting(connection: Connection, mail_id: int, now: datetime) -> None:
    """G19, D2: the orders become *en attente* in the transaction that records the server's 250."""
    ids = connection.execute(_TRANSMITTING, {"mail": mail_id}).scalars().all()
    states.move(connection, states.PURCHASE_ORDER, ids, "transmit", by=BY, at=now, updated_at=now)
    if not ids:  # a mail of changes, or one that goes out again
        mark_changes_waiting(connection, mail_id, by=BY, at=now)


def recover(connection: Connection, mail_id: int, now: datetime, settings: SenderSettings) -> bool:
    """Judge a mail whose sender died: before the dot it is due again, after it nobody knows.

    :returns: whether there was such a mail.
    """
    mail = connection.execute(
        select(OutboundMail.__table__)
        .where(
            OutboundMail.id == mail_id,
            OutboundMail.state == OutboundState.SENDING,
            leases.is_free(OutboundMail, now),
        )
        .with_for_update()
    ).first()
    if mail is None:
        return False
    phase = connection.execute(
        select(DeliveryAttempt.phase).where(
            DeliveryAttempt.outbound_mail_id == mail_id, DeliveryAttempt.n == mail.attempts
        )
    ).scalar_one()
    lost = phase == AttemptPhase.DOT
    end_attempt(connection, mail_id, mail.attempts, Kind.UNKNOWN if lost else Kind.TRY_AGAIN, "the sender died", now)
    again = None if MailKind(mail.kind).nature.passing else resend_at(now, mail.resends, settings.resend_seconds)
    due = again if lost else now
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [mail_id],
        "lose" if lost else "retry",
        by=BY,
        at=now,
        lease_fence=mail.lease_fence + 1,
        next_attempt_at=due,
        rung_at=None,
        **leases.FREE,
    )
    return True
