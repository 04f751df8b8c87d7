"""`intergestan doctor`: everything that the site needs, tried out, with the cure beside what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from intergestan_operations.language.language import _, about
from services.cli.context import call_of
from services.cli.errors import FAILED
from services.cli.next_acts import with_acts
from services.cli.output import AsJson, print_json

if TYPE_CHECKING:
    from intergestan_operations.finding import Finding


def doctor(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Check everything that the site needs, and say the cure of what is wrong. Sends no mail."""
    from intergestan_operations.checks.checks import run_checks
    from intergestan_operations.checks.checkup import Checkup

    call = call_of(context)
    show(run_checks(Checkup(lambda: call.settings, lambda: call.unchecked_database)), as_json=as_json)


def show(checks: Iterable[Finding], *, as_json: bool) -> None:
    """Print what is found as it is found, and end the program: with 0 when all is well."""
    findings = []
    for finding in checks:
        findings.append(finding)
        if not as_json:
            typer.echo(f"{'OK' if finding.ok else '!!'}  {about(finding.subject, finding.text)}")
            if cure := _cure(finding):
                typer.echo(f"    {cure}")
            sys.stdout.flush()  # a login may take its time: show what is known
    failed = [finding for finding in findings if not finding.ok]
    if as_json:
        print_json(
            [
                {"subject": finding.subject, "ok": finding.ok, "text": finding.text, "cure": _cure(finding)}
                for finding in findings
            ]
        )
    elif failed:
        typer.echo(_("{count} of {all} checks failed.").format(count=len(failed), all=len(findings)))
    raise typer.Exit(FAILED if failed else 0)


def _cure(finding: Finding) -> str | None:
    return with_acts(finding.cure or "", finding.next).strip() or None
