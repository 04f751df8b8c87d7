"""`replay --dry-run`: what taking mails in again would change."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from intergestan_operations.language.language import _, about, ngettext
from intergestan_runtime.said import marked
from services.cli.context import Call
from services.cli.output import print_json, print_table, say
from services.cli.progress import Progress
from services.cli.shown import sentence

if TYPE_CHECKING:
    from intergestan_operations.replaying.plan import Planned, Work

WORDS = (marked("created"), marked("duplicate"), marked("rejected"), marked("conflict"), marked("done"))


def show_plan(call: Call, work: Work, *, as_json: bool) -> None:
    """Print what would change, and change nothing."""
    from intergestan_operations.replaying.plan import plan

    rows, changes = [], 0
    with Progress(_("Reading")) as progress:
        for done, each in enumerate(plan(call.site, call.database, work), 1):
            progress.show(done, max(work.expected - len(work.skipped), done))
            if each.error is not None:
                say(about(each.sha256[:12], str(each.error)))
            changes += each.changes
            if each.changes or as_json:
                rows.append(_planned(each))
    tell_skipped(work)
    if as_json:
        print_json(rows)
        return
    if rows:
        titles = [_("Mail"), _("Now"), _("Then"), _("Orders")]
        print_table(titles, [_row(row) for row in rows])
    text = ngettext(
        "{changes} of {total} mail would change something. Nothing was changed.",
        "{changes} of {total} mails would change something. Nothing was changed.",
        work.given,
    )
    say(text.format(changes=changes, total=work.given))


def tell_skipped(work: Work) -> None:
    """Say which mails were left out, and why."""
    for sha256, why in work.skipped:
        say(about(sha256[:12], sentence(why)))


def _planned(each: Planned) -> dict[str, Any]:
    mail, then = each.mail, each.then
    return {
        "sha256": each.sha256,
        "now": None if mail is None else mail.state,
        "reason_now": None if mail is None else mail.reason,
        "then": then.state,
        "reason_then": then.reason,
        "changes": each.changes,
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
