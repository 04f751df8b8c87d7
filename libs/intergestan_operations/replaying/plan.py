"""Which mails a replay means, and what taking them in again would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from intergestan_db.database import Database
from intergestan_db.limited_child.children import ReaderDied
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.replay import Choice, Chosen, Foreseen, Stray, choose, foresee, strays
from intergestan_exchange.keys.keys import public_keys
from intergestan_exchange.mail_accounts.accounts import find_mailbox
from intergestan_exchange.partners.partners import find_partner
from intergestan_operations.opening.opening import read_bounce_key
from intergestan_operations.opening.stores import open_archive
from intergestan_runtime.archive import Archive, ArchiveError, Unreachable
from intergestan_runtime.said import Said
from intergestan_runtime.settings import SiteSettings


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


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: mails of the database, files that only the archive has, and what is left out, with why."""

    mails: list[Chosen]
    strays: list[Stray]
    skipped: list[tuple[str, Said]]

    @property
    def total(self) -> int:
        """How many."""
        return len(self.mails) + len(self.strays)


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
        chosen = choose(connection, choice)
        unknown = strays(connection, archive.names()) if wanted.strays else []
    skipped = [(mail.sha256, why) for mail in chosen if (why := _why_not(mail, archive)) is not None]
    left_out = {sha256 for sha256, _why in skipped}
    return Work(
        [mail for mail in chosen if mail.sha256 not in left_out],
        [stray for name in unknown if (stray := _stray(archive, name)) is not None],
        skipped,
    )


def _why_not(mail: Chosen, archive: Archive) -> Said | None:
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
    every: list[tuple[str, datetime, Chosen | None]] = [(mail.sha256, mail.archived_at, mail) for mail in work.mails]
    every += [(file.sha256, file.archived_at, None) for file in work.strays]
    try:
        for sha256, archived_at, mail in every:
            try:
                reading = pool.read(archive.get(sha256), keys)
            except Unreachable:
                raise
            except (ArchiveError, ReaderDied) as error:
                reason = "poison" if isinstance(error, ReaderDied) else "archive"
                yield Planned(sha256, mail, Foreseen("held", reason), error)
                continue
            with database.read() as connection:
                then = foresee(connection, reading, archived_at, bounce_key)
            yield Planned(sha256, mail, then)
    finally:
        pool.close()
