"""`intergestan archive`: the mails received, as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.checks.archive_check import CURE, NEXT, WHAT, ArchiveCheck, Fault
from intergestan_operations.language.language import _, about, ngettext
from services.cli.context import Call, call_of
from services.cli.errors import FAILED
from services.cli.next_acts import with_acts
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.progress import Progress
from services.cli.shown import tenths
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_runtime.archive import Archive

app = Group("The mails received, as they came.")

_MOST_SHOWN = 1000  # faults; the count is of all


@app.verb("verify")
def verify(
    context: typer.Context,
    *,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="Read N files, and go on behind them the next time."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read the whole archive: every file against its sha256, every mail of the base against its file."""
    from intergestan_operations.opening.stores import open_archive

    call = call_of(context)
    archive = open_archive(call.site)
    after = _begin(call, limit)
    check = _check(call, archive, after)
    faults, count = _run(check, after, limit)
    _stop(call, check, limit)
    if as_json:
        print_json(_plain(check, after, faults, count))
    else:
        _print(check, faults, count)
    raise typer.Exit(FAILED if count else 0)


def _begin(call: Call, limit: int | None) -> str:
    """Behind where the last limited verification stopped."""
    from intergestan_exchange.mailboxes.archive_rows import resume_at

    if limit is None:
        return ""
    with call.database.read() as connection:
        return resume_at(connection)


def _check(call: Call, archive: Archive, after: str) -> ArchiveCheck:
    from intergestan_exchange.mailboxes.archive_rows import is_kept, kept_after

    def look_again(sha256: str) -> bool | None:
        with call.database.read() as connection:
            return is_kept(connection, sha256)

    return ArchiveCheck(archive, kept_after(call.database, after), look_again)


def _run(check: ArchiveCheck, after: str, limit: int | None) -> tuple[list[Fault], int]:
    """The first faults, and how many there are."""
    faults: list[Fault] = []
    count = 0
    with Progress(_("Reading")) as progress:
        for fault in check.run(after, limit):
            progress.show(check.checked.files, limit or _estimate(check.checked.last, check.checked.files))
            if fault is not None:
                count += 1
                faults += [fault] if len(faults) < _MOST_SHOWN else []
    return faults, count


def _estimate(last: str, files: int) -> int:
    """How many files there are: a sha256 says how far through all of them we are."""
    share = (int(last[:8] or "0", 16) + 1) / 16**8
    return max(files, round(files / share))


def _stop(call: Call, check: ArchiveCheck, limit: int | None) -> None:
    from intergestan_exchange.mailboxes.archive_rows import stopped_at

    if limit is not None:
        with call.database.transaction() as connection:
            stopped_at(connection, "" if check.checked.ended else check.checked.last)


def _print(check: ArchiveCheck, faults: list[Fault], count: int) -> None:
    if faults:
        print_table([_("What"), _("File")], [[_(WHAT[fault.kind]), fault.path] for fault in faults])
        typer.echo()
        for kind in dict.fromkeys(fault.kind for fault in faults):
            typer.echo(about(_(WHAT[kind]), _cure(kind)))
    files, mebibytes = check.checked.files, tenths(check.checked.octets / 2**20)
    read = ngettext("{files} file ({mebibytes} MiB) was read", "{files} files ({mebibytes} MiB) were read", files)
    rest = ngettext("{count} is not as it should be.", "{count} are not as they should be.", count)
    rest = rest if count else _("all is as it should be.")
    say(_("{read}; {rest}").format(read=read.format(files=files, mebibytes=mebibytes), rest=rest.format(count=count)))
    if not check.checked.ended:
        say(_("The next verification with --limit goes on from here."))


def _plain(check: ArchiveCheck, after: str, faults: list[Fault], count: int) -> dict[str, Any]:
    return {
        "files": check.checked.files,
        "octets": check.checked.octets,
        "begun_after": after or None,
        "ended": check.checked.ended,
        "count": count,
        "faults": [
            {"kind": fault.kind, "sha256": fault.sha256, "path": fault.path, "cure": _cure(fault.kind)}
            for fault in faults
        ],
    }


def _cure(kind: str) -> str:
    return with_acts(_(CURE[kind]), NEXT.get(kind, ()))
