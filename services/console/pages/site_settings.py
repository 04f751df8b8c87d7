"""*Réglages*: what there is to set, and who the site is for others. Code and key are shown, and stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Connection, select
from starlette.responses import Response

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Site
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.parties.company_numbers import compact, doubts
from intergestan_erp.site.setup import NewSite, change_site, check_site, lock_own, read_own
from intergestan_operations.language.settings_words import SITE
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.visit import Visit

PATH: Final = "/reglages/site"
NEEDED: Final = frozenset({"name", "country", "language", "timezone", "orders_address", "answers_address"})
FIELDS: Final[Mapping[str, str]] = {
    "name": "nom",
    "siret": "siret",
    "vat_id": "tva",
    "line1": "adresse",
    "line2": "complement",
    "postcode": "localite",
    "city": "ville",
    "country": "pays",
    "language": "langue_du_site",
    "timezone": "fuseau",
    "orders_address": "courriel_commandes",
    "answers_address": "courriel_reponses",
}
"""What of the site people correct, with its field."""
_ON_THE_CARD: Final = frozenset({"name", "siret", "vat_id", "orders_address", "answers_address"})


def show_index(visit: Visit) -> Response:
    """What there is to set."""
    return visit.html("settings/index.html")


def show(visit: Visit) -> Response:
    """Who the site is."""
    return _page(visit, {})


def change(visit: Visit) -> Response:
    """Store who the site is; documents that were made keep their words."""
    wanted = {column: _typed(visit, column) for column in FIELDS}
    with visit.database.read() as connection:
        wrong = _faults(read_own(connection), wanted, visit)
    if wrong:
        return _page(visit, wrong)

    def do(connection: Connection) -> Done:
        before = asdict(lock_own(connection))
        refuse_if_changed(visit, _values(before))
        changes = {column: value for column, value in wanted.items() if value != before[column]}
        if not changes:
            return Done(to=PATH, said=Said("Nothing was changed."))
        change_site(connection, changes, by=visit.who.login, at=visit.now)
        told = [sentence(each, visit.language) for each in doubts(changes.get("siret"), changes.get("vat_id"))]
        if _ON_THE_CARD & changes.keys():
            text = Said("Give partners the new card: they add it again, and nothing else changes for them.")
            told.append(sentence(text, visit.language))
        first = Said("The site is stored as you said.")
        said = Said("{first} {second}", first=first, second=" ".join(told)) if told else first
        return Done(to=PATH, said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, {}, problem)


def _typed(visit: Visit, column: str) -> str | None:
    """What was typed for a column, as it is kept; None for nothing."""
    text = visit.form.get(FIELDS[column], "").strip()
    if column in {"siret", "vat_id"}:
        text = compact(text)
    if column == "country":
        text = country_code(text) or text
    return text or None


def _faults(site: NewSite, wanted: Mapping[str, Any], visit: Visit) -> dict[str, str]:
    """What is wrong with each field alone, by its name."""
    found = {}
    for column, value in wanted.items():
        if value is None and column in NEEDED:
            found[FIELDS[column]] = sentence(Said("A site needs this. Nothing was changed."), visit.language)
        elif value != getattr(site, column):
            try:
                check_site(replace(site, **{column: value}))
            except Problem as problem:
                found[FIELDS[column]] = sentence(problem, visit.language)
    return found


def _values(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {column: stored[column] for column in FIELDS}


def _page(visit: Visit, wrong: Mapping[str, str], problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        stored = _values(asdict(read_own(connection)))
        lasting = connection.execute(select(Site.code, Site.currency, Site.key_fingerprint)).one()
    filled = visit.with_kept(visit.form if SEEN in visit.form else visit.kept)
    was_typed = SEEN in filled.kept
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    values = {column: filled.typed(field, stored[column] or "") for column, field in FIELDS.items()}
    others = [Other(SITE[column], stored[column] or "", values[column]) for column in FIELDS]
    return filled.html(
        "settings/site.html",
        status=200 if not wrong and problem is None else 422 if problem is None else faults.status_of(problem),
        values=values,
        fields=FIELDS,
        words=SITE,
        needed=NEEDED,
        lasting=lasting,
        seen=digest_of(stored) if clash or not was_typed else filled.kept[SEEN],
        others=[each for each in others if each.now != each.typed] if clash else [],
        wrong=wrong,
        said=None if problem is None else sentence(problem, visit.language),
    )
