"""What mails are called on a server, and where the base notes which of them need not be fetched any more.

A name only saves bandwidth, whatever the protocol: the identity of a mail is its content.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, delete, select

from intergestan_site.tables import MailboxUid, MailboxUidl


@dataclass(frozen=True, slots=True, order=True)
class Uidl:
    """A mail of a POP3 maildrop. A UIDL (RFC 1939 §7) may be a hash of the content, hence equal for two mails.

    :ivar ordinal: which of those with the same UIDL it is, from 0.
    :ivar size: octets, as LIST tells.
    """

    uidl: str
    ordinal: int
    size: int


Handle = TypeVar("Handle", int, Uidl)
"""A UID of IMAP, or a `Uidl` of POP3."""


class Notes(Protocol[Handle]):
    """Where the mails of one mailbox are noted."""

    @property
    def table(self) -> type[MailboxUid | MailboxUidl]:
        """With a row for each mail that is archived, or is not to be fetched."""

    def columns(self, handle: Handle) -> dict[str, Any]:
        """The columns that name a mail."""

    def known(self, connection: Connection, mailbox_id: int) -> set[Handle]:
        """The mails that need not be fetched."""

    def make_room(self, connection: Connection, mailbox_id: int, handles: Iterable[Handle]) -> None:
        """Delete what these names meant before."""


@dataclass(frozen=True, slots=True)
class UidNotes:
    """Of one generation of an IMAP folder. UIDVALIDITY 0 means none: its UIDs mean something in one session only."""

    uidvalidity: int
    table = MailboxUid

    def columns(self, handle: int) -> dict[str, Any]:
        """The columns that name a mail."""
        return {"uidvalidity": self.uidvalidity, "uid": handle}

    def known(self, connection: Connection, mailbox_id: int) -> set[int]:
        """The UIDs that need not be fetched. None without a UIDVALIDITY: what bore them may be gone by now."""
        if self.uidvalidity == 0:
            return set()
        mine = (MailboxUid.mailbox_id == mailbox_id, MailboxUid.uidvalidity == self.uidvalidity)
        return set(connection.scalars(select(MailboxUid.uid).where(*mine)))

    def make_room(self, connection: Connection, mailbox_id: int, handles: Iterable[int]) -> None:
        """Another mail may have had these UIDs before, where there is no UIDVALIDITY."""
        if self.uidvalidity == 0:
            old = (MailboxUid.mailbox_id == mailbox_id, MailboxUid.uidvalidity == 0)
            connection.execute(delete(MailboxUid).where(*old, MailboxUid.uid.in_(list(handles))))


@dataclass(frozen=True, slots=True)
class UidlNotes:
    """Of a POP3 maildrop. Rows of mails that are gone stay: a server that leaves some out shows them again later."""

    table = MailboxUidl

    def columns(self, handle: Uidl) -> dict[str, Any]:
        """The columns that name a mail."""
        return asdict(handle)

    def known(self, connection: Connection, mailbox_id: int) -> set[Uidl]:
        """The mails that need not be fetched."""
        names = select(MailboxUidl.uidl, MailboxUidl.ordinal, MailboxUidl.size)
        return {Uidl(*row) for row in connection.execute(names.where(MailboxUidl.mailbox_id == mailbox_id))}

    def make_room(self, connection: Connection, mailbox_id: int, handles: Iterable[Uidl]) -> None:
        """Nothing: a `Uidl` means the same mail for ever."""
