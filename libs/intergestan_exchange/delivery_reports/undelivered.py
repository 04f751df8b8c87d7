"""What a report about a mail of ours does: proven and bad news moves the mail to hold, all else changes nothing.

A report counts only by its token (`intergestan_msg.mail.bounce_token`): addresses, Message-IDs and quoted orders prove
nothing. It never creates, answers or cancels an order (`reliability.md` §4); an answer that comes later wins over it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import HoldReason, OutboundState
from intergestan_db.leases import FREE
from intergestan_db.tables import DeliveryReport as ReportRow
from intergestan_db.tables import OutboundMail
from intergestan_exchange.findings.undelivered import detail_text
from intergestan_exchange.outbox.mail_orders import orders_of
from intergestan_exchange.transfers.transfer import BY, ClaimedMail
from intergestan_msg.kinds import Kind
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.mail.report_values import Action, DeliveryReport, Fate

_MAX_TEXT = 500


class Effect(StrEnum):
    """What a report did."""

    HELD = "held"  # the mail waits for a person
    NOTED = "noted"  # delayed or delivered: an event, nothing more
    LATE = "late"  # the mail was answered, given up, or is going out again
    AGAIN = "again"  # the same report came before
    UNPROVEN = "unproven"  # no token of ours


class StillSending(Exception):
    """The mail is being sent at this moment; what the report means is decided when that is over."""


def find_reported(
    connection: Connection, report: DeliveryReport, key: BounceKey | None, *, lock: bool = False
) -> AnyRow | None:
    """The mail of ours that a report proves to be about; None for a forged or an unrelated one.

    :param lock: keep others from it until the transaction ends.
    """
    for token in report.tokens if key is not None else ():
        query = select(OutboundMail.__table__).where(OutboundMail.id == token.mail_id)
        mail = connection.execute(query.with_for_update() if lock else query).first()
        if mail is not None and key is not None and key.proves(token, mail.transfer_id):
            return mail
    return None


def take_report(
    connection: Connection, mail: ClaimedMail, report: DeliveryReport, key: BounceKey | None, now: datetime
) -> Effect:
    """Take a report in: what it did, in the caller's transaction. Taken in again it changes nothing.

    :raises StillSending: the report must be taken in later.
    """
    reported = find_reported(connection, report, key, lock=True)
    _settle(connection, mail, reported, now)
    before = connection.execute(select(ReportRow.effect).where(ReportRow.inbound_mail_id == mail.id)).scalar()
    if before is not None:
        return Effect.AGAIN
    effect = Effect.UNPROVEN if reported is None else _act(connection, reported, report, now)
    fate = report.fate
    connection.execute(
        insert(ReportRow).values(
            inbound_mail_id=mail.id,
            outbound_mail_id=reported.id if reported is not None else None,
            received_at=now,
            action=fate.action if fate else None,
            status=fate.status if fate else None,
            recipient=fate.recipient[:_MAX_TEXT] if fate else None,
            said=fate.said[:_MAX_TEXT] if fate else None,
            reporter=report.reporter[:_MAX_TEXT],
            fingerprint=report.fingerprint,
            effect=effect,
        )
    )
    return effect


def orders_reported(connection: Connection, mail_id: int) -> list[str]:
    """The numbers of the orders whose mail the report in this inbound mail is about."""
    reported = select(ReportRow.outbound_mail_id).where(ReportRow.inbound_mail_id == mail_id)
    return orders_of(connection, list(connection.scalars(reported.where(ReportRow.outbound_mail_id.is_not(None)))))


def _act(connection: Connection, reported: AnyRow, report: DeliveryReport, now: datetime) -> Effect:
    fate = report.fate
    if fate is None:
        return Effect.NOTED  # cut off, or in words that we do not know
    if _came_before(connection, reported.id, report):
        return Effect.AGAIN
    if fate.action is not Action.FAILED:
        _record(connection, reported, fate, fate.action, now)
        return Effect.NOTED
    if reported.state == OutboundState.SENDING:
        raise StillSending(f"Outbound mail {reported.id} is being sent.")
    if not _is_bad_news(reported):
        _record(connection, reported, fate, "undelivered", now)
        return Effect.LATE
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [reported.id],
        "bounce",
        by=BY,
        at=now,
        event_detail=_told(fate),
        next_attempt_at=None,
        reason=HoldReason.UNDELIVERED,
        detail=detail_text(fate.status, fate.recipient or reported.recipient or "", fate.said)[:_MAX_TEXT],
    )
    return Effect.HELD


def _is_bad_news(reported: AnyRow) -> bool:
    """Whether the failure is news: the mail waits for its answer, or a person for the reason why none came.

    Nobody waits for a heartbeat: one that does not come back is lost, for whatever reason.
    """
    if Kind(reported.kind).nature.passing:
        return False
    if reported.state == OutboundState.HELD:
        return bool(reported.reason == HoldReason.NO_ANSWER)
    return reported.state in {OutboundState.SENT, OutboundState.UNKNOWN}


def _came_before(connection: Connection, outbound_mail_id: int, report: DeliveryReport) -> bool:
    same = select(ReportRow.id).where(
        ReportRow.outbound_mail_id == outbound_mail_id, ReportRow.fingerprint == report.fingerprint
    )
    return connection.execute(same).first() is not None


def _record(connection: Connection, reported: AnyRow, fate: Fate, event: str, now: datetime) -> None:
    rows = [(reported.id, reported.state, reported.state)]
    states.record(connection, states.OUTBOUND_MAIL.name, rows, event, by=BY, at=now, detail=_told(fate))


def _told(fate: Fate) -> dict[str, str]:
    told = {"status": fate.status, "recipient": fate.recipient, "said": fate.said}
    return {name: text[:_MAX_TEXT] for name, text in told.items()}


def _settle(connection: Connection, mail: ClaimedMail, reported: AnyRow | None, now: datetime) -> None:
    """A report of ours is done and kept in the archive; another's is a stranger's mail."""
    about: dict[str, Any] = {}
    if reported is not None:
        about = {"partner_id": reported.partner_id, "transfer_id": reported.transfer_id}
    states.move(
        connection,
        states.INBOUND_MAIL,
        [mail.id],
        "leave" if reported is None else "finish",
        by=BY,
        at=now,
        fence=mail.fence,
        subject=mail.subject,
        sender=mail.sender,
        reason=None,
        detail=None,
        strikes=0,
        **about,
        **FREE,
    )
