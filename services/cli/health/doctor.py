"""`intergestan doctor`: everything that the site needs, tried out, with the cure beside what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import typer

from intergestan_operations.language.language import _, about
from services.cli.context import call_of
from services.cli.errors import FAILED
from services.cli.next_acts import with_acts
from services.cli.output import AsJson, print_json
from services.cli.shown import sentence, show_times_in, wording

if TYPE_CHECKING:
    from intergestan_operations.checks.checkup import Checkup
    from intergestan_operations.finding import Finding


def doctor(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check everything that the site needs, and say the cure of what is wrong. Sends no mail."""
    from intergestan_operations.checks.checks import run_checks
    from intergestan_operations.checks.checkup import Checkup

    call = call_of(context)
    checkup = Checkup(lambda: call.settings, lambda: call.unchecked_database)
    show(in_the_sites_zone(checkup, run_checks(checkup)), as_json=as_json)


def in_the_sites_zone(checkup: Checkup, found: Iterable[Finding]) -> Iterator[Finding]:
    """From the first check on that needs a site, times are shown as its clocks have them."""
    from intergestan_db.site_rows import read_site
    from intergestan_erp.site.day import zone_of

    for finding in found:
        if finding.code == "own_keys":
            with checkup.database.read() as connection:
                show_times_in(zone_of(read_site(connection).timezone))
        yield finding


def show(checks: Iterable[Finding], *, as_json: bool) -> None:
    """Print what is found as it is found, and end the program: with 0 when all is well."""
    findings = []
    for finding in checks:
        findings.append(finding)
        if not as_json:
            typer.echo(f"{'OK' if finding.ok else '!!'}  {about(sentence(finding.subject), _text(finding))}")
            if cure := _cure(finding):
                typer.echo(f"    {cure}")
            sys.stdout.flush()  # a login may take its time: show what is known
    failed = [finding for finding in findings if not finding.ok]
    if as_json:
        print_json(
            [
                {
                    "code": finding.code,
                    "subject": sentence(finding.subject),
                    "ok": finding.ok,
                    "text": _text(finding),
                    "cure": _cure(finding),
                    "next": finding.next,
                }
                for finding in findings
            ]
        )
    elif failed:
        typer.echo(_("{count} of {all} checks failed.").format(count=len(failed), all=len(findings)))
    raise typer.Exit(FAILED if failed else 0)


def _cure(finding: Finding) -> str | None:
    return with_acts(sentence(finding.cure) if finding.cure is not None else "", finding.next).strip() or None


def _text(finding: Finding) -> str:
    return wording(finding.text) if isinstance(finding.text, Exception) else sentence(finding.text)
