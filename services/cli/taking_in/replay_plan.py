"""Which mails `replay` means, and what taking them in again would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from intergestan_operations.language.language import _, about, ngettext
from intergestan_runtime.said import marked
from services.cli.context import Call
from services.cli.days import before, begin_of
from services.cli.output import print_json, print_table, say
from services.cli.progress import Progress

if TYPE_CHECKING:
    from intergestan_exchange.inbox.replay import Chosen, Foreseen, Stray
    from intergestan_runtime.archive import Archive

WORDS = (marked("created"), marked("duplicate"), marked("rejected"), marked("conflict"), marked("done"))


@dataclass(frozen=True)
class Work:
    """What is to be done: mails of the base, files that only the archive has, and what is left out, with why."""

    mails: list[Chosen]
    strays: list[Stray]
    skipped: list[tuple[str, str]]

    @property
    def total(self) -> int:
        """How many."""
        return len(self.mails) + len(self.strays)


def choose_mails(
    call: Call,
    mails: Sequence[str],
    mailbox: str | None,
    first: str | None,
    last: str | None,
    partner: str | None,
    *,
    adopt: bool,
) -> Work:
    """What the options mean.

    :param adopt: also what the archive has and the base does not.
    """
    from intergestan_exchange.inbox.replay import Choice, choose, strays
    from intergestan_exchange.mail_accounts.accounts import find_mailbox
    from intergestan_exchange.partners.partners import find_partner
    from intergestan_operations.opening.stores import open_archive

    archive = open_archive(call.site)
    with call.database.read() as connection:
        choice = Choice(
            shas=tuple(sha for each in mails for sha in each.split(",") if sha),
            mailbox_id=find_mailbox(connection, mailbox) if mailbox else None,
            partner_id=find_partner(connection, partner) if partner else None,
            since=begin_of(first, call.zone),
            until=before(last, call.zone),
        )
        chosen = choose(connection, choice)
        unknown = strays(connection, archive.names()) if adopt else []
    skipped = [(mail.sha256, why) for mail in chosen if (why := _why_not(mail, archive)) is not None]
    left_out = {sha256 for sha256, _why in skipped}
    return Work(
        [mail for mail in chosen if mail.sha256 not in left_out],
        [stray for name in unknown if (stray := _stray(archive, name)) is not None],
        skipped,
    )


def _why_not(mail: Chosen, archive: Archive) -> str | None:
    """Why a mail is left out, for the person."""
    if mail.state == "archived":
        return _("is about to be taken in anyway.")
    if mail.size == 0:
        return _("was none of ours, and its bytes were dropped; it still is in the mailbox.")
    if not archive.has(mail.sha256):
        return _("is not in the archive: bring the file back from a backup.")
    return None


def _stray(archive: Archive, name: str) -> Stray | None:
    """None where it was dropped since the listing."""
    from intergestan_exchange.inbox.replay import Stray

    found = archive.find(name)
    return Stray(name, found.size, found.kept_at) if found is not None else None


def show_plan(call: Call, work: Work, *, as_json: bool) -> None:
    """Print what would change, and change nothing."""
    rows, changes = [], 0
    for sha256, mail, then in _foresee(call, work):
        changed = mail is None or then.changes(mail)
        changes += changed
        if changed or as_json:
            rows.append(_planned(sha256, mail, then, changed=changed))
    if as_json:
        print_json(rows)
        return
    if rows:
        titles = [_("Mail"), _("Now"), _("Then"), _("Orders")]
        print_table(titles, [_row(row) for row in rows])
    text = ngettext(
        "{changes} of {total} mail would change something. Nothing was changed.",
        "{changes} of {total} mails would change something. Nothing was changed.",
        work.total,
    )
    say(text.format(changes=changes, total=work.total))


def _foresee(call: Call, work: Work) -> Iterator[tuple[str, Chosen | None, Foreseen]]:
    """Each mail with what would become of it, read in a limited child as the importer does."""
    from intergestan_db.limited_child.children import ReaderDied
    from intergestan_exchange.inbox.pool import ReaderPool
    from intergestan_exchange.inbox.replay import Foreseen, foresee
    from intergestan_exchange.keys.keys import public_keys
    from intergestan_operations.opening.opening import read_bounce_key
    from intergestan_operations.opening.stores import open_archive
    from intergestan_runtime.archive import ArchiveError, Unreachable

    archive, pool = open_archive(call.site), ReaderPool()
    bounce_key = read_bounce_key(call.site)
    with call.database.read() as connection:
        keys = public_keys(connection)
    every: list[tuple[str, datetime, Chosen | None]] = [(mail.sha256, mail.archived_at, mail) for mail in work.mails]
    every += [(file.sha256, file.archived_at, None) for file in work.strays]
    try:
        with Progress(_("Reading")) as progress:
            for done, (sha256, archived_at, mail) in enumerate(every):
                progress.show(done, len(every))
                try:
                    reading = pool.read(archive.get(sha256), keys)
                except Unreachable:
                    raise
                except (ArchiveError, ReaderDied) as error:
                    say(about(sha256[:12], str(error)))
                    yield sha256, mail, Foreseen("held", "poison" if isinstance(error, ReaderDied) else "archive")
                    continue
                with call.database.read() as connection:
                    then = foresee(connection, reading, archived_at, bounce_key)
                yield sha256, mail, then
    finally:
        pool.close()


def _planned(sha256: str, mail: Chosen | None, then: Foreseen, *, changed: bool) -> dict[str, Any]:
    return {
        "sha256": sha256,
        "now": None if mail is None else mail.state,
        "reason_now": None if mail is None else mail.reason,
        "then": then.state,
        "reason_then": then.reason,
        "changes": changed,
        "documents": [asdict(document) for document in then.documents],
    }


def place(state: str | None, reason: str | None) -> str:
    """Where a mail rests, with why, for the person."""
    if state is None:
        return _("only in the archive")
    return _(state) if reason is None else f"{_(state)} ({reason})"


def _row(plan: dict[str, Any]) -> list[str]:
    documents = ", ".join(about(each["number"], _(each["outcome"])) for each in plan["documents"])
    now, then = place(plan["now"], plan["reason_now"]), place(plan["then"], plan["reason_then"])
    return [plan["sha256"][:12], now, then, documents]
