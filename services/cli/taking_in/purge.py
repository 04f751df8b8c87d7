"""`intergestan purge`: remove from the mailbox what is safe elsewhere (G24)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _, about, ngettext
from services.cli.asking import confirmed
from services.cli.context import Call, call_of, may_ask
from services.cli.errors import FAILED, NOT_YET
from services.cli.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from intergestan_exchange.mailboxes.purging import Result

_AGE = re.compile(r"(\d{1,4})d")


def purge(
    context: typer.Context,
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="DAYS", help="Only what was archived longer ago, such as 90d.")
    ],
    mailboxes: Annotated[
        list[str] | None, typer.Option("--mailbox", metavar="NAME", help="Only this mailbox; all by default.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be removed, remove nothing.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the poller at most.")] = 3600,
    as_json: AsJson = False,
) -> None:
    """Remove mails from the mailboxes that are archived, imported and answered, and older than asked.

    Strangers' mails, and what waits for a person, an answer or its import, always stay.
    """
    from intergestan_exchange.mailboxes.purging import RECOVERY_DAYS

    age = _age(older_than)
    call = call_of(context)
    if age < timedelta(days=RECOVERY_DAYS):
        text = _("Mails younger than {days} days are also the copy from which a lost base and archive are made anew.")
        say(text.format(days=RECOVERY_DAYS))
    if not (dry_run or as_json) and may_ask():
        code, found = _carry_out(call, mailboxes or [], age, timeout, dry_run=True)
        _print(found)
        wanted = sum(len(_going(each)) for each in found)
        question = ngettext("Remove {count} mail for good?", "Remove {count} mails for good?", wanted)
        if code == NOT_YET or not wanted or not confirmed(question.format(count=wanted)):
            raise typer.Exit(code)
    code, found = _carry_out(call, mailboxes or [], age, timeout, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "mailboxes": [_plain(each) for each in found]})
    else:
        _print(found)
    raise typer.Exit(code)


def _age(text: str) -> timedelta:
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter(_("«{text}» is no age: write a number of days, such as 90d.").format(text=text))
    return timedelta(days=int(found[1]))


def _carry_out(
    call: Call, mailboxes: Sequence[str], age: timedelta, timeout: float, *, dry_run: bool
) -> tuple[int, list[Result]]:
    """Ask the pollers, and wait for them; the exit code and what they found."""
    from intergestan_exchange.mailboxes.poll_runs import is_alive
    from intergestan_exchange.mailboxes.purging import FAULTS, ask, results
    from intergestan_runtime.steps import poll_step

    database = call.database
    with database.transaction() as connection:
        if not is_alive(connection, "poller", database.now()):
            say(_("No poller is running, so nothing was removed. Start it: `intergestan run poller`."))
            return NOT_YET, []
        by, at = call.actor(connection), database.now()
        asked = ask(connection, mailboxes, age, dry_run=dry_run, by=by, at=at)
    for owner, runs in asked.owners.items():
        call.ring(poll_step(owner), *runs)
    in_time = _wait(call, asked.runs, timeout, dry_run=dry_run)
    with database.read() as connection:
        found = results(connection, asked.runs)
    for each in found:
        if each.run.error is not None:
            say(about(each.run.mailbox, each.run.error))
    if not in_time:
        say(_("The purge is not over yet; the poller goes on by itself. Ask again later to see the rest."))
        return NOT_YET, found
    return (FAILED if any(each.run.error or each.of(*FAULTS) for each in found) else 0), found


def _wait(call: Call, runs: Sequence[int], seconds: float, *, dry_run: bool) -> bool:
    from intergestan_exchange.mailboxes.purging import look
    from services.cli.progress import Far, wait

    def how_far() -> Far:
        with call.database.read() as connection:
            found = look(connection, runs)
        total = sum(run.total or 0 for run in found)
        return Far(sum(run.done for run in found), total, all(run.is_over for run in found))

    return wait(_("Comparing") if dry_run else _("Removing"), how_far, seconds)


def _going(each: Result) -> list[Any]:
    from intergestan_db.enums import PurgeVerdict

    return each.of(PurgeVerdict.REMOVE if each.run.dry_run else PurgeVerdict.REMOVED)


def _print(found: Sequence[Result]) -> None:
    from intergestan_operations.language.labels import PURGE_VERDICTS

    going = [[each.run.mailbox, *_row(mail)] for each in found for mail in _going(each)]
    if going:
        print_table([_("Mailbox"), _("Archived"), _("Partner"), _("Subject"), _("Mail")], going)
    stays = [
        [each.run.mailbox, str(count), _(PURGE_VERDICTS[verdict])]
        for each in found
        for verdict, count in sorted(Counter(mail.verdict for mail in _staying(each)).items())
    ]
    if stays:
        if going:
            typer.echo()
        print_table([_("Mailbox"), _("Stay"), _("Why")], stays)
    if found:
        would = ngettext(
            "{count} mail would be removed. Nothing was changed.",
            "{count} mails would be removed. Nothing was changed.",
            len(going),
        )
        were = ngettext("{count} mail was removed.", "{count} mails were removed.", len(going))
        say((would if found[0].run.dry_run else were).format(count=len(going)))


def _staying(each: Result) -> list[Any]:
    going = {id(mail) for mail in _going(each)}
    return [mail for mail in each.mails if id(mail) not in going]


def _row(mail: Any) -> list[Any]:
    return [mail.archived_at, mail.partner, mail.subject, mail.sha256[:12]]


def _plain(each: Result) -> dict[str, Any]:
    return {
        "mailbox": each.run.mailbox,
        "error": each.run.error,
        "removed": 0 if each.run.dry_run else len(_going(each)),
        "counts": Counter(mail.verdict for mail in each.mails),
        "mails": [asdict(mail) for mail in each.mails],
    }
