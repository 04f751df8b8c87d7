"""How much a provider lets us fetch in a day, and how much of it is used: by the hour, over the last 24."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from intergestan_db.tables import Mailbox, MailboxTraffic
from services.poller.handles import Handle

DAY = timedelta(hours=24)


def spent(connection: Connection, mailbox_id: int, now: datetime) -> int:
    """Octets fetched in the last 24 hours, at least, from the whole account: all its folders count together."""
    me, same = (Mailbox.__table__.alias(name) for name in ("me", "same"))
    same_account = (me.c.host == same.c.host) & (me.c.login == same.c.login)
    account = select(same.c.id).join(me, same_account).where(me.c.id == mailbox_id)
    hour = _hour(now)
    lately = (MailboxTraffic.mailbox_id.in_(account), MailboxTraffic.hour.between(hour - DAY, hour + DAY))
    return int(
        connection.execute(select(func.coalesce(func.sum(MailboxTraffic.octets), 0)).where(*lately)).scalar_one()
    )


def note(connection: Connection, mailbox_id: int, octets: int, now: datetime) -> None:
    """Add what was fetched, and forget what is older than a day; the caller holds the mailbox's row."""
    mine, hour = MailboxTraffic.mailbox_id == mailbox_id, _hour(now)
    more = update(MailboxTraffic).where(mine, MailboxTraffic.hour == hour)
    if connection.execute(more.values(octets=MailboxTraffic.octets + octets)).rowcount == 0:
        connection.execute(delete(MailboxTraffic).where(mine, MailboxTraffic.hour < hour - DAY))
        connection.execute(insert(MailboxTraffic).values(mailbox_id=mailbox_id, hour=hour, octets=octets))


def affordable(
    batches: Iterable[Sequence[Handle]], sizes: Mapping[Handle, int], left: int | None, *, is_fresh: bool
) -> list[Sequence[Handle]]:
    """The first batches, as many as fit into what is left of the day; None: any number.

    :param is_fresh: whether nothing was fetched yet; then one batch always fits, lest a huge mail waits for ever.
    """
    found: list[Sequence[Handle]] = []
    for batch in batches:
        octets = sum(sizes[mail] for mail in batch)
        if left is not None:
            if octets > left and (found or not is_fresh):
                break
            left -= octets
        found.append(batch)
    return found


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
