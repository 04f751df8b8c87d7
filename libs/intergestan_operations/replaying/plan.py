"""Which mails a replay means, and what taking them in again would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice

from intergestan_db.database import Database
from intergestan_db.limited_child.children import ReaderDied
from intergestan_exchange.history.archive_trace import unknown_mails
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import (
    Choice,
    Chosen,
    Foreseen,
    Stray,
    choose,
    count_chosen,
    foresee,
    newest_mail,
)
from intergestan_exchange.keys.keys import public_keys
from intergestan_exchange.mail_accounts.accounts import find_mailbox
from intergestan_exchange.partners.partners import find_partner
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_operations.opening.opening import read_bounce_key
from intergestan_operations.opening.stores import open_archive
from intergestan_runtime.archive import Archive, ArchiveError, Unreachable
from intergestan_runtime.said import Said
from intergestan_runtime.settings import SiteSettings

AT_ONCE = 200
"""Mails read at a time, and given back to the importer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which mails a person means: those that fit everything given.

    :ivar shas: beginnings of their sha256. :ivar mailbox, partner: as people call them.
    :ivar since, until: when they were archived, the second excluded.
    :ivar strays: also what the archive has and the database does not.
    """

    shas: tuple[str, ...] = ()
    mailbox: str | None = None
    partner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    strays: bool = False


class Work:
    """What is to be done: mails of the database, the oldest first, then files that only the archive has.

    They are read some at a time while somebody goes through them, so that the first comes at once from an archive of
    years. What comes meanwhile is not meant.

    :ivar given: how many were given so far. :ivar skipped: mails left out so far, with why.
    :raises Problem: a sha256 fits no mail, or several.
    """

    def __init__(self, database: Database, archive: Archive, choice: Choice, *, strays: bool) -> None:
        self.given = 0
        self.skipped: list[tuple[str, Said]] = []
        self._database = database
        self._archive = archive
        self._strays = strays
        with database.read() as connection:
            self._choice = replace(choice, newest=newest_mail(connection))
        self._first = self._page(None)

    def __iter__(self) -> Iterator[Chosen | Stray]:
        for mail in self._mails():
            self.given += 1
            yield mail
        for file in self._unknown() if self._strays else ():
            self.given += 1
            yield file

    @cached_property
    def expected(self) -> int:
        """How many mails of the database are meant; what only the archive has, nobody knows before it is read."""
        with self._database.read() as connection:
            return count_chosen(connection, self._choice)

    def _mails(self) -> Iterator[Chosen]:
        page = self._first
        while page:
            for mail in page:
                why = why_not(mail, self._archive)
                if why is None:
                    yield mail
                else:
                    self.skipped.append((mail.sha256, why))
            page = self._page(page[-1])

    def _page(self, after: Chosen | None) -> list[Chosen]:
        with self._database.read() as connection:
            return choose(connection, self._choice, after, AT_ONCE)

    def _unknown(self) -> Iterator[Stray]:
        names = self._archive.names()
        while some := list(islice(names, AT_ONCE)):
            with self._database.read() as connection:
                unknown = unknown_mails(connection, some)
            found = (_stray(self._archive, name) for name in some if name in unknown)
            yield from (each for each in found if each is not None)


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one mail.

    :ivar mail: as the database has it; None where only the archive does. :ivar error: why it could not be read.
    """

    sha256: str
    mail: Chosen | None
    then: Foreseen
    error: Exception | None = None

    @property
    def changes(self) -> bool:
        """Whether that is anything but what is there already."""
        return self.mail is None or self.then.changes(self.mail)


def choose_mails(site: SiteSettings, database: Database, wanted: Wanted) -> Work:
    """What a person means.

    :raises Problem: a sha256 fits no mail or several; there is no such mailbox or partner.
    """
    archive = open_archive(site)
    with database.read() as connection:
        choice = Choice(
            shas=wanted.shas,
            mailbox_id=find_mailbox(connection, wanted.mailbox) if wanted.mailbox else None,
            partner_id=find_partner(connection, wanted.partner) if wanted.partner else None,
            since=wanted.since,
            until=wanted.until,
        )
    return Work(database, archive, choice, strays=wanted.strays)


def why_not(mail: Chosen, archive: Archive) -> Said | None:
    """Why a mail is left out."""
    if mail.state == "archived":
        return Said("is about to be taken in anyway.")
    if mail.size == 0:
        return Said("was none of ours, and its bytes were dropped; it still is in the mailbox.")
    if not archive.has(mail.sha256):
        return Said("is not in the archive: bring the file back from a backup.")
    return None


def _stray(archive: Archive, name: str) -> Stray | None:
    """None where it was dropped since the listing."""
    found = archive.find(name)
    return Stray(name, found.size, found.kept_at) if found is not None else None


def plan(site: SiteSettings, database: Database, work: Work) -> Iterator[Planned]:
    """Each mail with what would become of it, read in a limited child as the importer does. Changes nothing.

    :raises Unreachable: the archive does not answer.
    """
    archive, pool = open_archive(site), ReaderPool()
    bounce_key = read_bounce_key(site)
    with database.read() as connection:
        keys = public_keys(connection)
    readers = Readers(archive, pool, keys, bounce_key)
    try:
        for each in work:
            yield foresee_mail(database, readers, each)
    finally:
        pool.close()


@dataclass(frozen=True, slots=True)
class Readers:
    """What it takes to read a mail as the importer does, and to know what it would do. :ivar keys: those that count."""

    archive: Archive
    pool: ReaderPool
    keys: Mapping[str, bytes]
    bounce_key: BounceKey | None


def foresee_mail(database: Database, readers: Readers, each: Chosen | Stray) -> Planned:
    """What would become of one mail. Changes nothing.

    :raises Unreachable: the archive does not answer.
    """
    sha256, mail = each.sha256, each if isinstance(each, Chosen) else None
    try:
        reading = readers.pool.read(readers.archive.get(sha256), readers.keys)
    except Unreachable:
        raise
    except (ArchiveError, ReaderDied) as error:
        reason = "poison" if isinstance(error, ReaderDied) else "archive"
        return Planned(sha256, mail, Foreseen("held", reason), error)
    with database.read() as connection:
        then = foresee(connection, reading, each.archived_at, readers.bounce_key)
    return Planned(sha256, mail, then)
