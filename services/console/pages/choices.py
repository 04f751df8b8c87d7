"""*Échéances et factures différées*: what of invoices is chosen for the whole site and concerns no third party."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.site.preferences import lock_texts, read_texts, set_preferences
from intergestan_operations.language.settings_words import CHOICES, OPTIONS
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.visit import Visit

PATH: Final = "/reglages/choix"
CHOICE: Final = "choix."
"""Before the name of a setting, as the name of its field."""
NAMES: Final = ("terms.shift", "invoicing.split_months")
"""The settings that no other page has: those of third parties are at `/reglages/tiers`, the usual payment term at
`/reglages/conditions`.
"""


def show(visit: Visit) -> Response:
    """What is chosen."""
    return _page(visit, visit.kept)


def change(visit: Visit) -> Response:
    """Store it; what was made before stays as it is."""
    values = _typed(visit.form)

    def do(connection: Connection) -> Done:
        before = lock_texts(connection)
        refuse_if_changed(visit, _of(before))
        changed = {name: value for name, value in values.items() if value != before[name]}
        set_preferences(connection, changed, by=visit.who.login, at=visit.now)
        return Done(to=PATH, said=Said("It is stored as you said."))

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, visit.form, problem)


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form.get(f"{CHOICE}{name}", "").strip() for name in NAMES}


def _of(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: texts[name] for name in NAMES}


def _page(visit: Visit, form: Mapping[str, str], problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        stored = _of(read_texts(connection))
    was_typed = SEEN in form
    shown = _typed(form) if was_typed else stored
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    return visit.html(
        "settings/choices.html",
        status=200 if problem is None else faults.status_of(problem),
        words=CHOICES,
        options=OPTIONS,
        values=shown,
        seen=form[SEEN] if was_typed and not clash else digest_of(stored),
        others=[
            Other(CHOICES[name], _worded(visit, name, stored[name]), _worded(visit, name, shown[name]))
            for name in (NAMES if clash else ())
            if stored[name] != shown[name]
        ],
        said=None if problem is None else sentence(problem, visit.language),
    )


def _worded(visit: Visit, name: str, value: str) -> str:
    return translated(OPTIONS[name].get(value, value), visit.language)
