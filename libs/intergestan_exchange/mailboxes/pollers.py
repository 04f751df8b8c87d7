"""The pollers of a site: their names, which of them live, and who has which mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlalchemy import Connection, delete, insert, select, update

from intergestan_db.at_rest import is_polled
from intergestan_db.leases import lives
from intergestan_db.tables import Mailbox, NamedPoller, Worker
from intergestan_exchange.mailboxes.placement import Candidate, Takes, chosen


@dataclass(frozen=True, slots=True)
class Placement:
    """A mailbox that is polled: the living worker that has it, if any, and the poller that should.

    :ivar owner: what stands in the row, whether it lives or not.
    :ivar is_free: whether nobody who lives has it.
    """

    id: int
    name: str
    owner: str | None
    fence: int
    pinned_to: str | None
    is_free: bool
    should: Candidate | None


def bear_name(
    connection: Connection, wanted: str, worker: str, takes: Takes, now: datetime, *, only: bool
) -> str | None:
    """Take a name for this process, or keep it: `wanted`, else `wanted-2`, and so on, the first that nobody bears.

    :param only: none but `wanted` will do.
    :returns: the name; None where it must be `wanted`, and another process that lives bears it.
    """
    alive = select(Worker.name).where(lives(now))
    taken = connection.execute(select(*NamedPoller.__table__.c, NamedPoller.worker.in_(alive).label("lives")))
    bearers = {row.name: row for row in taken}
    for name, row in bearers.items():
        if row.worker == worker:
            if Takes.of_json(row.takes) != takes:  # an earlier process of this worker name took others
                _inherit(connection, name, worker, worker, takes)
            return str(name)
    for number in count(1):
        name = wanted if number == 1 else f"{wanted}-{number}"
        bearer = bearers.get(name)
        if bearer is None:
            connection.execute(insert(NamedPoller).values(name=name, worker=worker, takes=takes.as_json()))
            return name
        if not bearer.lives and _inherit(connection, name, bearer.worker, worker, takes):
            return name
        if only:
            return None
    raise AssertionError("numbers do not end")


def _inherit(connection: Connection, name: str, former: str, worker: str, takes: Takes) -> bool:
    """Take the name of a former process, unless another was quicker."""
    mine = update(NamedPoller).where(NamedPoller.name == name, NamedPoller.worker == former)
    return connection.execute(mine.values(worker=worker, takes=takes.as_json())).rowcount == 1


def leave_name(connection: Connection, worker: str) -> None:
    """A clean stop: the name is free."""
    connection.execute(delete(NamedPoller).where(NamedPoller.worker == worker))


def living(connection: Connection, now: datetime) -> list[Candidate]:
    """The pollers that live, by name."""
    rows = connection.execute(
        select(NamedPoller.name, NamedPoller.worker, NamedPoller.takes)
        .join(Worker, Worker.name == NamedPoller.worker)
        .where(lives(now))
        .order_by(NamedPoller.name)
    )
    return [Candidate(row.name, row.worker, Takes.of_json(row.takes)) for row in rows]


def next_death(connection: Connection, now: datetime, service: str) -> datetime | None:
    """When the first of this service's workers that live will have died, if it gives no more sign of life."""
    mine = (Worker.service == service, lives(now))
    return connection.execute(select(Worker.alive_until).where(*mine).order_by(Worker.alive_until).limit(1)).scalar()


def placements(connection: Connection, now: datetime) -> list[Placement]:
    """Every mailbox that is polled, by id."""
    alive = set(connection.scalars(select(Worker.name).where(lives(now))))
    pollers = living(connection, now)
    boxes = select(Mailbox.id, Mailbox.name, Mailbox.owner, Mailbox.fence, Mailbox.pinned_to).where(is_polled())
    return [
        Placement(
            *(row.id, row.name, row.owner, row.fence, row.pinned_to),
            is_free=row.owner not in alive,
            should=chosen(row.name, row.pinned_to, pollers),
        )
        for row in connection.execute(boxes.order_by(Mailbox.id))
    ]


def hand_over(connection: Connection, mailbox_id: int, fence: int, worker: str, to: str) -> None:
    """Give a mailbox of ours to another worker, who takes it at its next beat; we can write nothing more about it."""
    mine = (Mailbox.id == mailbox_id, Mailbox.owner == worker, Mailbox.fence == fence)
    connection.execute(update(Mailbox).where(*mine).values(owner=to, fence=Mailbox.fence + 1))
