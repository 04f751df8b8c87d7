"""What a verified mail of kind `heartbeat` does here: a partner's is echoed once, an echo ends the way of ours.

It touches neither ledger nor sequence numbers, and never waits for a person. That it is authentic is decided before,
as for every mail; one that is wrong in whatever way is done, and not answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.enums import Budget, HeartbeatOutcome
from intergestan_db.tables import Heartbeat, InboundMail, OutboundMail, Partner
from intergestan_exchange.budgets.spending import beyond, is_waiting, may
from intergestan_exchange.heartbeats.heartbeat_budget import lock_budget, may_echo
from intergestan_exchange.heartbeats.heartbeats import Rhythm, write_request
from intergestan_exchange.outbox.outbound import answered
from intergestan_exchange.transfers.transfer import BY
from intergestan_exchange.transfers.transfers import finish_mail
from intergestan_msg.kinds import Kind
from intergestan_msg.mail.letter import MESSAGE_ID

if TYPE_CHECKING:
    from intergestan_exchange.budgets.limits import Limits
    from intergestan_exchange.findings.finding import Finding
    from intergestan_exchange.transfers.transfer import ClaimedMail, Transfer
    from intergestan_msg.manifest import InReplyTo, Manifest

KEPT = timedelta(days=2)
"""How long the base remembers a heartbeat, and what it echoed: more than the day over which budget and service level
are counted. An older one is not echoed: whoever repeats old ones gets nothing. More than a day, so that a partner whose
clock is a day behind gets the echo by which it learns that."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one.

    :ivar echo: the mail to compose, for a partner's.
    :ivar outcome: how ours came back; None for a partner's, or when it was counted before.
    :ivar no_room: whether it was not echoed because the day's budget is used up.
    :ivar waits: why the mail waits: the partner sends more of them in a day than one may. Of these one waits alone.
    """

    echo: int | None = None
    outcome: HeartbeatOutcome | None = None
    returned: bool = False
    no_room: bool = False
    waits: Finding | None = None


def take_heartbeat(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    manifest: Manifest,
    now: datetime,
    rhythm: Rhythm,
    limits: Limits,
) -> Taken:
    """Echo it or note its return, note how often theirs are planned, and finish the mail, unless it waits."""
    is_beyond = manifest.in_reply_to is None and not _is_within(connection, transfer.partner.id, now, limits)
    if is_beyond and not is_waiting(connection, transfer.partner.id, Budget.HEARTBEATS):
        return Taken(waits=beyond(Budget.HEARTBEATS, transfer.partner.name, limits))
    finish_heartbeat(connection, mail, transfer, now)
    if is_beyond:
        return Taken(no_room=True)
    if manifest.in_reply_to is not None:
        return _take_echo(connection, transfer.partner.id, manifest, manifest.in_reply_to, now, rhythm)
    clock = transfer.partner.clock
    ahead = timedelta(seconds=0 if clock is None else clock.seconds)  # a clock that is behind is no replay
    if now - (transfer.composed_at - ahead) > KEPT or _was_echoed(connection, transfer):
        return Taken()
    _note_told(connection, transfer.partner.id, manifest.every)
    if not may_echo(connection, transfer.partner.id, now, rhythm.every):
        return Taken(no_room=True)
    quotable = transfer.message_id if transfer.message_id and MESSAGE_ID.match(transfer.message_id) else None
    what = {"echoes": transfer.jti, "echoes_digest": transfer.digest, "echoes_message_id": quotable}
    return Taken(echo=write_request(connection, transfer.partner.id, now, **what))


def finish_heartbeat(connection: Connection, mail: ClaimedMail, transfer: Transfer, now: datetime) -> None:
    """The mail is done, and marked as what may go from the mailbox and the archive soon, unless it brings more."""
    finish_mail(connection, mail, transfer, now)
    if mail.brings_more:
        return
    connection.execute(update(InboundMail).where(InboundMail.id == mail.id).values(is_heartbeat=True))


def _is_within(connection: Connection, partner_id: int, now: datetime, limits: Limits) -> bool:
    lock_budget(connection)
    return may(connection, partner_id, Budget.HEARTBEATS, limits, now)


def _was_echoed(connection: Connection, transfer: Transfer) -> bool:
    same = (Heartbeat.partner_id == transfer.partner.id, Heartbeat.echoes == transfer.jti)
    return connection.execute(select(Heartbeat.outbound_mail_id).where(*same)).first() is not None


def _note_told(connection: Connection, partner_id: int, every: int | None) -> None:
    is_new = Partner.heartbeat_told.is_distinct_from(every)
    connection.execute(update(Partner).where(Partner.id == partner_id, is_new).values(heartbeat_told=every))


def _take_echo(
    connection: Connection, partner_id: int, manifest: Manifest, quoted: InReplyTo, now: datetime, rhythm: Rhythm
) -> Taken:
    """Only the addressee's echo counts, and only one that quotes exactly what we sent."""
    froms, _ = states.OUTBOUND_MAIL.moves["answer"]
    row = connection.execute(
        select(OutboundMail.id, OutboundMail.state, OutboundMail.requested_at, Heartbeat.outcome)
        .join(Heartbeat, Heartbeat.outbound_mail_id == OutboundMail.id)
        .where(
            OutboundMail.transfer_id == quoted.jti,
            OutboundMail.transfer_digest == quoted.digest,
            OutboundMail.partner_id == partner_id,
            OutboundMail.kind == Kind.HEARTBEAT,
            OutboundMail.state.in_(froms),
            Heartbeat.echoes.is_(None),
        )
        .with_for_update(of=OutboundMail)
    ).first()
    if row is None:
        return Taken()
    answered(connection, [row.id], by=BY, at=now, old={row.id: row.state})
    _note_told(connection, partner_id, manifest.every)
    connection.execute(update(Partner).where(Partner.id == partner_id).values(heartbeat_returned_at=now))
    if row.outcome is not None:
        return Taken(returned=True)
    outcome = HeartbeatOutcome.ON_TIME if now - row.requested_at <= rhythm.late else HeartbeatOutcome.LATE
    connection.execute(update(Heartbeat).where(Heartbeat.outbound_mail_id == row.id).values(outcome=outcome))
    return Taken(outcome=outcome, returned=True)
