"""What mails are called on a server, and where the base notes which of them need not be fetched any more.

A name only saves bandwidth, whatever the protocol: the identity of a mail is its content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, delete, or_, select

from intergestan_db.among import row_among
from intergestan_db.enums import HoldReason, InboundState, Refetch
from intergestan_db.tables import InboundMail, MailboxUid, MailboxUidl


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

    def meant(self, connection: Connection, mailbox_id: int) -> dict[Handle, int | None]:
        """The inbound mail of each name that is noted; None of a mail that was not fetched."""

    def damaged(self, connection: Connection, mailbox_id: int) -> dict[Handle, tuple[int, str | None]]:
        """The mails that are held because their copy in the archive is not whole, or was dropped before their signer
        was known, with their inbound mail and note.
        """

    def forget(self, connection: Connection, mailbox_id: int, handles: Iterable[Handle]) -> None:
        """A mail that bears one of these names from now on is a new one."""

    def label(self, handle: Handle) -> str:
        """The name, for people."""


def _is_settled(table: type[MailboxUid | MailboxUidl]) -> ColumnElement[bool]:
    return or_(table.note.is_(None), table.note != Refetch.AGAIN)


_DAMAGED = (
    select(InboundMail.id)
    .where(
        InboundMail.state == InboundState.HELD,
        or_(InboundMail.reason == HoldReason.ARCHIVE, InboundMail.size == 0),
    )
    .order_by(InboundMail.id)
    .limit(1000)
)


def _damaged(connection: Connection) -> Sequence[int]:
    """Asked first, and nearly always nothing: a mailbox may have a million names."""
    return connection.scalars(_DAMAGED).all()


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
        return set(connection.scalars(select(MailboxUid.uid).where(*mine, _is_settled(MailboxUid))))

    def make_room(self, connection: Connection, mailbox_id: int, handles: Iterable[int]) -> None:
        """Another mail may have had these UIDs before, where there is no UIDVALIDITY."""
        if self.uidvalidity == 0:
            self.forget(connection, mailbox_id, handles)

    def meant(self, connection: Connection, mailbox_id: int) -> dict[int, int | None]:
        """The inbound mail of each UID of this generation; without a UIDVALIDITY, of this session."""
        mine = (MailboxUid.mailbox_id == mailbox_id, MailboxUid.uidvalidity == self.uidvalidity)
        query = select(MailboxUid.uid, MailboxUid.inbound_mail_id).where(*mine)
        return {row.uid: row.inbound_mail_id for row in connection.execute(query)}

    def damaged(self, connection: Connection, mailbox_id: int) -> dict[int, tuple[int, str | None]]:
        """Those of this generation; another one is fetched whole anyway."""
        if not (mails := _damaged(connection)):
            return {}
        query = select(MailboxUid.uid, MailboxUid.inbound_mail_id, MailboxUid.note).where(
            MailboxUid.inbound_mail_id.in_(mails),
            MailboxUid.mailbox_id == mailbox_id,
            MailboxUid.uidvalidity == self.uidvalidity,
        )
        return {row.uid: (row.inbound_mail_id, row.note) for row in connection.execute(query)}

    def forget(self, connection: Connection, mailbox_id: int, handles: Iterable[int]) -> None:
        """A mail that bears one of these UIDs from now on is a new one."""
        old = (MailboxUid.mailbox_id == mailbox_id, MailboxUid.uidvalidity == self.uidvalidity)
        connection.execute(delete(MailboxUid).where(*old, MailboxUid.uid.in_(list(handles))))

    def label(self, handle: int) -> str:
        """UIDVALIDITY and UID."""
        return f"{self.uidvalidity}/{handle}"


@dataclass(frozen=True, slots=True)
class UidlNotes:
    """Of a POP3 maildrop. Rows of mails that vanish stay: a server that leaves some out shows them again later.

    Those of mails that we remove go, for the server may use their names again.
    """

    table = MailboxUidl

    def columns(self, handle: Uidl) -> dict[str, Any]:
        """The columns that name a mail."""
        return asdict(handle)

    def known(self, connection: Connection, mailbox_id: int) -> set[Uidl]:
        """The mails that need not be fetched."""
        names = select(MailboxUidl.uidl, MailboxUidl.ordinal, MailboxUidl.size)
        mine = (MailboxUidl.mailbox_id == mailbox_id, _is_settled(MailboxUidl))
        return {Uidl(*row) for row in connection.execute(names.where(*mine))}

    def make_room(self, connection: Connection, mailbox_id: int, handles: Iterable[Uidl]) -> None:
        """Nothing: a `Uidl` means the same mail for as long as that is there."""

    def meant(self, connection: Connection, mailbox_id: int) -> dict[Uidl, int | None]:
        """The inbound mail of each name."""
        name = MailboxUidl
        query = select(name.uidl, name.ordinal, name.size, name.inbound_mail_id).where(name.mailbox_id == mailbox_id)
        return {Uidl(row.uidl, row.ordinal, row.size): row.inbound_mail_id for row in connection.execute(query)}

    def damaged(self, connection: Connection, mailbox_id: int) -> dict[Uidl, tuple[int, str | None]]:
        """By the name of each."""
        if not (mails := _damaged(connection)):
            return {}
        name = MailboxUidl
        query = select(name.uidl, name.ordinal, name.size, name.inbound_mail_id, name.note).where(
            name.inbound_mail_id.in_(mails), name.mailbox_id == mailbox_id
        )
        rows = connection.execute(query)
        return {Uidl(row.uidl, row.ordinal, row.size): (row.inbound_mail_id, row.note) for row in rows}

    def forget(self, connection: Connection, mailbox_id: int, handles: Iterable[Uidl]) -> None:
        """A server may give the UIDL of a mail that is gone to another one (RFC 1939 §7)."""
        name = MailboxUidl
        same = row_among((name.uidl, name.ordinal, name.size), "handles")
        rows = [(each.uidl, each.ordinal, each.size) for each in handles]
        connection.execute(delete(name).where(name.mailbox_id == mailbox_id, same), {"handles": rows})

    def label(self, handle: Uidl) -> str:
        """The UIDL, and which of equals."""
        return f"{handle.uidl}#{handle.ordinal}" if handle.ordinal else handle.uidl
