"""The mailboxes in pages, as people see them: where they are, how they are, who reads them. No password is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from intergestan_db.leases import lives
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Mailbox, NamedPoller, Worker
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedMailbox:
    """A mailbox. `poller` is the name of the living poller that reads it; `backlog` was listed and is not archived yet.

    :ivar oauth_grant_id: the consent by which it is opened; None: a password.
    """

    name: str
    host: str
    port: int
    security: str
    ca_file: str | None
    login: str | None
    oauth_grant_id: int | None
    protocol: str
    folder: str
    poll_seconds: int
    idle: bool
    keeps_heartbeats: bool
    bytes_per_day: int | None
    state: str
    last_success_at: datetime | None
    last_error: str | None
    backlog: int
    active: bool
    rests_since: datetime | None
    rests_by: str | None
    rests_reason: str | None
    poller: str | None

    @property
    def is_polled(self) -> bool:
        """Whether anybody is to read it."""
        return self.active and self.rests_since is None


def list_mailbox_page(
    connection: Connection, now: datetime, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[ListedMailbox]:
    """A page of the mailboxes by name: one statement.

    :raises Problem: `after` or `before` is of no such page.
    """
    return read_page(
        connection,
        _query(now),
        [Mailbox.name],
        lambda row: ListedMailbox(*row[:-1]),
        size=size,
        after=after,
        before=before,
    )


def listed_mailbox(connection: Connection, name: str, now: datetime) -> ListedMailbox:
    """One of them.

    :raises Problem: when there is none of this name.
    """
    row = connection.execute(_query(now).where(Mailbox.name == as_stored(connection, name, Mailbox.name))).one_or_none()
    if row is None:
        raise Problem("There is no mailbox «{name}».", ProblemCode.NO_MAILBOX, (Act.LIST_MAILBOXES,), name=name)
    return ListedMailbox(*row)


def _query(now: datetime) -> Select[*tuple[Any, ...]]:
    box = Mailbox
    return (
        select(
            *(box.name, box.host, box.port, box.security, box.ca_file, box.login, box.oauth_grant_id, box.protocol),
            *(box.folder, box.poll_seconds, box.idle, box.keeps_heartbeats, box.bytes_per_day, box.state),
            *(box.last_success_at, box.last_error, box.backlog, box.active, box.rests_since, box.rests_by),
            *(box.rests_reason, NamedPoller.name),
        )
        .outerjoin(Worker, and_(Worker.name == box.owner, lives(now)))
        .outerjoin(NamedPoller, NamedPoller.worker == Worker.name)
    )
