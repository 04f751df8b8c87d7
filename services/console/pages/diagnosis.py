"""*Exploitation ▸ Diagnostic*: what `doctor` checks, as far as it is seen without the site's files and passwords.

Each finding has its cure, and a link to where this person does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from intergestan_operations.language.wording import sentence, wording
from services.console.faults import ACTS
from services.console.pages.operating import DIAGNOSIS, links, parts_of
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_operations.finding import Finding


def show(visit: Visit) -> Response:
    """All of them, those that fail first."""
    from intergestan_operations.checks.checks import run_told_checks
    from intergestan_operations.checks.checkup import Checkup

    checkup = Checkup(lambda: visit.console.checked, lambda: visit.database)
    found = [_told(visit, finding) for finding in run_told_checks(checkup)]
    return visit.html(
        "operations/diagnosis.html",
        parts=parts_of(visit, DIAGNOSIS),
        failed=[each for each in found if not each["ok"]],
        well=[each for each in found if each["ok"]],
        at=visit.now,
    )


def _told(visit: Visit, finding: Finding) -> dict[str, Any]:
    text, language = finding.text, visit.language
    return {
        "ok": finding.ok,
        "subject": sentence(finding.subject, language, visit.zone),
        "text": wording(text, language) if isinstance(text, Exception) else sentence(text, language, visit.zone),
        "cure": None if finding.cure is None else sentence(finding.cure, language, visit.zone),
        "acts": [ACTS[act] for act in finding.next if act in ACTS],
        "links": links(visit, finding.next, _mailbox_of(finding)),
    }


def _mailbox_of(finding: Finding) -> str:
    """The mailbox that it is about, if it is about one."""
    name = finding.subject.values.get("name") if finding.code == "told_mailboxes" else None
    return str(name) if name is not None else ""
