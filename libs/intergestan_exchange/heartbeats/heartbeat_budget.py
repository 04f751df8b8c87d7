"""The day's budget of heartbeats, as the database has it: what the relay may send, and what left (ADR 0040)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from intergestan_db.tables import DeliveryAttempt, Heartbeat, OutboundMail, Relay, Site
from intergestan_exchange.heartbeats.heartbeat_plan import ASSUMED_PER_DAY, DAY, Budget, Used, budget_of, may_leave
from intergestan_exchange.mail_accounts.mail_limits import NO_LIMIT, mails_per_day_of

_LEFT = ("accepted", "unknown")
"""Attempts that the provider counts as a mail: it took the mail, or may have."""
_AHEAD = timedelta(minutes=1)
"""What lies further ahead was written before a clock was set back, and counts as past."""

_RELAY = select(Relay.host, Relay.login, Relay.mails_per_day)


def lock_budget(connection: Connection) -> None:
    """Whoever asks for a heartbeat or an echo takes its place in the day's sums, one after the other."""
    connection.execute(select(Site.id).with_for_update()).all()


def is_assumed(connection: Connection) -> bool:
    """Whether nobody knows how many mails the relay takes in a day."""
    relay = connection.execute(_RELAY).first()
    return relay is not None and mails_per_day_of(*relay) is None


def read_budget(connection: Connection, every: timedelta) -> Budget:
    """What may leave in a day. A site without a relay sends nothing anyway.

    :param every: how often a partner is to get one.
    """
    relay = connection.execute(_RELAY).first()
    if relay is None:
        return budget_of(every, None)
    known = mails_per_day_of(*relay)
    limit = ASSUMED_PER_DAY if known is None else known
    return budget_of(every, None if limit == NO_LIMIT else limit)


def read_used(connection: Connection, now: datetime, budget: Budget) -> tuple[Used, Mapping[int, datetime]]:
    """What the last day used up; and by partner when one of theirs was last echoed."""
    since, is_echo = now - DAY, Heartbeat.echoes.is_not(None).label("is_echo")
    rows = connection.execute(
        select(Heartbeat.partner_id, is_echo, func.count().label("n"), func.max(OutboundMail.requested_at).label("at"))
        .join_from(Heartbeat, OutboundMail, OutboundMail.id == Heartbeat.outbound_mail_id)
        .where(OutboundMail.requested_at > since, OutboundMail.requested_at <= now + _AHEAD)
        .group_by(Heartbeat.partner_id, is_echo)
    ).all()
    own = {row.partner_id: row.n for row in rows if not row.is_echo}
    echoes = {row.partner_id: row.n for row in rows if row.is_echo}
    echoed = {row.partner_id: row.at for row in rows if row.is_echo}
    return Used(own, echoes, 0 if budget.limit is None else count_mails(connection, now, budget.limit)), echoed


def count_mails(connection: Connection, now: datetime, most: int) -> int:
    """How many mails of any kind left within a day, counted up to this many of the newest attempts."""
    attempt = DeliveryAttempt
    newest = select(attempt.started_at, attempt.outcome).order_by(attempt.id.desc()).limit(most).subquery()
    lately = (newest.c.started_at > now - DAY, newest.c.started_at <= now + _AHEAD)
    left = select(func.count()).select_from(newest).where(*lately, newest.c.outcome.in_(_LEFT))
    return connection.execute(left).scalar_one()


def may_echo(connection: Connection, partner_id: int, now: datetime, every: timedelta) -> bool:
    """Whether there is room for one more echo to this partner; to be asked under `lock_budget`."""
    budget = read_budget(connection, every)
    used, _ = read_used(connection, now, budget)
    return may_leave(budget, used, partner_id, echo=True)
