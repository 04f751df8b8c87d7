"""Whether the archive knows of a later time than the database (ADR 0027)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from intergestan_db.database import Database
from intergestan_db.tables import Site
from intergestan_exchange.history import archive_trace
from intergestan_exchange.keys.keys import public_keys
from intergestan_runtime.archive import Archive, ArchiveError, Unreachable

if TYPE_CHECKING:
    from intergestan_exchange.inbox.reading import Reading

Read = Callable[[bytes, Mapping[str, bytes]], "Reading"]
"""Reads a mail in a limited child."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The mail that proves it: whose it is, and since when it is in the archive."""

    partner: str
    sha256: str
    archived_at: datetime


def find_trace(database: Database, archive: Archive, read: Callable[[], Read]) -> Trace | None:
    """A mail in the archive that proves that the database was copied back; None without one, or without an archive.

    :param read: gives the reader, which is made only if there is a mail to read.
    """
    with database.read() as connection:
        last = archive_trace.last_sign_of_life(connection)
        if last is None:
            return None
        keys, our_code = public_keys(connection), connection.execute(select(Site.code)).scalar_one()
    try:
        newer = archive.newer_than(last)
        with database.read() as connection:
            unknown = archive_trace.unknown_mails(connection, [name for name, _ in newer])
        found = [each for each in newer if each[0] in unknown][: archive_trace.NEWEST]
        reader = read() if found else None
        for name, archived_at in found:
            assert reader is not None
            reading = reader(archive.get(name), keys)
            if reading.manifest is None:
                continue
            with database.read() as connection:
                partner = _proof(connection, reading, our_code, archived_at, last)
            if partner is not None:
                return Trace(partner, name, archived_at)
    except (OSError, ArchiveError, Unreachable):
        return None  # the archive's own check tells
    return None


def _proof(
    connection: Connection, reading: Reading, our_code: str, archived_at: datetime, last: datetime
) -> str | None:
    assert reading.manifest is not None
    sender = archive_trace.sender_of(connection, reading.kid, reading.manifest, our_code)
    if sender is None:
        return None
    is_sent = archive_trace.is_sent(connection, reading.manifest)
    proves = archive_trace.proves_older(
        reading.manifest, sender, is_sent=is_sent, archived_at=archived_at, last_sign=last
    )
    return sender.name if proves else None
