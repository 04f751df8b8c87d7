"""*Etablissements* and the accounting folders in which they have their books (A02, A19, A33, A47 to A51)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.depots import depots_by_establishment, rank_depots, ranks_of
from intergestan_erp.agencies.establishments import (
    Agency,
    add_establishment,
    add_folder,
    count_ceilings,
    establishment_called,
    folder_called,
    list_establishments,
    list_folders,
    lock_dossier,
    set_establishment,
    set_folder,
)
from intergestan_erp.agencies.pair_table import AgencyPair, agency_pairs, changed_pairs
from intergestan_erp.agencies.stored import StoredEstablishment, StoredFolder
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access import proof
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.cures import links_of
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.pages.dossier import LOOKED
from services.console.pages.ordering import moved
from services.console.pages.tiers_rules import Field
from services.console.visit import Visit

PATH: Final = "/agences"
FOLDERS: Final = f"{PATH}/dossiers"
ORDER: Final = "depots"
FIELDS: Final[Mapping[str, str]] = {
    "name": "nom",
    "siret": "siret",
    "line1": "ligne1",
    "line2": "ligne2",
    "postcode": "cp",
    "city": "ville",
    "country": "pays",
}
"""The texts of an establishment's card, with their fields."""
OF_FOLDER: Final[Mapping[str, str]] = {
    **{column: name for column, name in FIELDS.items() if column != "siret"},
    "siren": "siren",
    "vat_id": "tva",
    "legal_form": "forme",
    "share_capital": "capital",
    "rcs": "rcs",
    "iban": "iban",
    "bic": "bic",
    "late_penalty": "penalites",
    "early_payment": "escompte",
    "vat_exemption": "exoneration",
}
"""The texts of a folder's card: what invoices say of the company."""
LABELS: Final[Mapping[str, str]] = {
    "nom": marked("Name"),
    "siret": "SIRET",
    "siren": "SIREN",
    "tva": marked("VAT number of the company"),
    "ligne1": marked("Address 1"),
    "ligne2": marked("Address 2"),
    "cp": marked("Postcode"),
    "ville": marked("City"),
    "pays": marked("Country"),
    "forme": marked("Legal form"),
    "capital": marked("Share capital"),
    "rcs": marked("RCS"),
    "iban": "IBAN",
    "bic": "BIC",
    "penalites": marked("Penalties for paying late"),
    "escompte": marked("Discount for paying early"),
    "exoneration": marked("Exemption from VAT"),
    "debits": marked("VAT on debits"),
    "dossier_comptable": marked("Accounting folder"),
    "actif": marked("In use"),
}
_LONG: Final = frozenset({"penalites", "escompte", "exoneration"})
_MOST_DIGITS: Final = 6


def path_of(dossier: int, number: int) -> str:
    """The address of an establishment's card."""
    return f"{PATH}/{number}" + (f"?dossier={dossier}" if dossier != 1 else "")


def show_list(visit: Visit) -> Response:
    """All establishments, and all accounting folders: there are few."""
    with visit.database.read() as connection:
        found, folders = list_establishments(connection), list_folders(connection)
        depots, ceilings = depots_by_establishment(connection), count_ceilings(connection)
    return visit.html(
        "agencies/list.html",
        tab=visit.query.get("onglet", ""),
        establishments=found,
        folders=folders,
        depots=depots,
        ceilings=ceilings,
        may_set=may(Right.SET_RULES, visit.person),
        to_card=path_of,
    )


def show_new(visit: Visit) -> Response:
    """A form for another establishment."""
    return _page(visit, None)


def show(visit: Visit) -> Response:
    """The card of an establishment."""
    with visit.database.read() as connection:
        try:
            before = _called(visit, connection)
        except Problem:
            return faults.page(visit, 404)
    return _page(visit, before)


def enter(visit: Visit) -> Response:
    """Enter an establishment; it needs a depot before anything is done there."""
    return _store(visit, None)


def save(visit: Visit) -> Response:
    """Change one; what another accounting folder does to the pairs is told first."""
    with visit.database.read() as connection:
        before = _called(visit, connection)
    return _store(visit, before)


def _store(visit: Visit, before: StoredEstablishment | None) -> Response:
    values = _typed(visit.form)
    wrong: dict[str, str] = {}
    number = _whole(visit.form.get("numero", "")) if before is None else before.number
    if number is None:
        wrong["numero"] = visit.say(Said("Type a number here."))
    dossier = _dossier(visit)
    pairs: list[AgencyPair] = []
    if before is not None and not wrong:
        with visit.database.read() as connection:
            stored = _stored(connection, before, dossier)
            if values["folder"] != stored["folder"]:
                wrong |= _proved(visit)
                pairs = _changes(connection, dossier, before.number, values["folder"])
    if wrong:
        return _page(visit, before, wrong=wrong)
    if pairs and visit.form.get(LOOKED) != _digest(pairs, values):
        return _page(visit, before, pairs=pairs)

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        assert number is not None
        if before is None:
            new = {name: value for name, value in values.items() if value is not None and name != "active"}
            add_establishment(connection, number, new, dossier, by=by, at=at)
            said = Said("Establishment {number} is entered. It needs a depot.", number=str(number))
            return Done(
                to=path_of(dossier or 1, number), said=said, link=("/depots/nouveau", visit.say(Said("New depot")))
            )
        lock_dossier(connection, dossier)
        now = _stored(connection, establishment_called(connection, number, dossier), dossier)
        refuse_if_changed(visit, now)
        changed = {name: value for name, value in values.items() if value != now[name]}
        set_establishment(connection, number, changed, dossier, by=by, at=at)
        return Done(to=path_of(dossier or 1, number), said=Said("Establishment {number} is saved.", number=str(number)))

    try:
        answer = once(visit, do, again=True)
    except Problem as problem:
        return _page(visit, before, problem=problem)
    visit.console.site.read_anew()
    return answer


marked("New depot")


def rank(visit: Visit) -> Response:
    """In which order the establishment draws on depots (A33); moved rows stay in the form until it is validated."""
    dossier = _dossier(visit)
    with visit.database.read() as connection:
        before = _called(visit, connection)
        known = _words(connection, _agency(connection, before, dossier))
    order = [code for code in visit.form.get(ORDER, "").split(",") if code in known]
    act = visit.form.get("faire", "")
    if act:
        what, _colon, rest = act.partition(":")
        name = rest.partition(":")[2]
        return _page(visit, before, order=moved(what, order, name) if name in known else order, focus=act)

    def do(connection: Connection) -> Done:
        lock_dossier(connection, dossier)
        refuse_if_changed(visit, {"order": ranks_of(connection, before.id)})
        rank_depots(connection, before.number, order, dossier, by=visit.who.login, at=visit.now)
        return Done(to=path_of(dossier or 1, before.number), said=Said("The order of its depots is stored."))

    try:
        answer = once(visit, do)
    except Problem as problem:
        return _page(visit, before, order=order, problem=problem)
    visit.console.site.read_anew()
    return answer


def _called(visit: Visit, connection: Connection) -> StoredEstablishment:
    return establishment_called(connection, int(visit.params["number"]), _dossier(visit))


def _dossier(visit: Visit) -> int | None:
    """The dossier that the address or the form names, else the first one."""
    return _whole(visit.query.get("dossier", "") or visit.form.get("dossier", "") or visit.kept.get("dossier", ""))


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _typed(form: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {column: form.get(name, "").strip() or None for column, name in FIELDS.items()}
    values["name"] = values["name"] or ""
    values["folder"] = _whole(form.get("dossier_comptable", ""))
    values["active"] = "actif" in form
    return values


def _stored(connection: Connection, row: StoredEstablishment, dossier: int | None) -> dict[str, Any]:
    agency = _agency(connection, row, dossier)
    folder = None if agency is None else agency.folder
    return {**{column: getattr(row, column) for column in FIELDS}, "folder": folder, "active": row.active}


def _changes(connection: Connection, dossier: int | None, number: int, folder: int | None) -> list[AgencyPair]:
    try:
        after = agency_pairs(connection, dossier, {number: folder})
    except Problem:  # there is no such folder: that is said when it is to be stored
        return []
    return changed_pairs(agency_pairs(connection, dossier), after)


def _digest(pairs: list[AgencyPair], values: Mapping[str, Any]) -> str:
    return digest_of({"pairs": [str(each) for each in pairs], "values": dict(values)})


def _proved(visit: Visit) -> dict[str, str]:
    said = proof.prove(visit)
    return {} if said is None else {proof.PASSWORD: said}


def _words(connection: Connection, agency: Agency | None) -> dict[str, str]:
    """The depots that it may draw on: those in use of its dossier."""
    found = depots_by_establishment(connection).items()
    own = None if agency is None else agency.dossier
    return {code: f"{code} · {name}" for (dossier, _number), depots in found if dossier == own for code, name in depots}


def _page(
    visit: Visit,
    before: StoredEstablishment | None,
    *,
    wrong: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    pairs: list[AgencyPair] | None = None,
    order: list[str] | None = None,
    focus: str = "",
) -> Response:
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    with visit.database.read() as connection:
        now = None if before is None else establishment_called(connection, before.number, _dossier(visit))
        stored = {} if now is None else _stored(connection, now, _dossier(visit))
        ranked = [] if now is None else ranks_of(connection, now.id)
        folders = list_folders(connection)
        agency = _agency(connection, before, _dossier(visit))
        words = _words(connection, agency)
    form = next((each for each in (visit.form, visit.kept) if SEEN in each and ORDER not in each), None)
    ranking = next((each for each in (visit.form, visit.kept) if ORDER in each), None)
    typed = {"actif": "1"} if before is None else _shown(stored)
    fields = typed if form is None else dict(form)
    others = [Other(LABELS[name], _shown(stored).get(name, ""), fields.get(name, "")) for name in _shown(stored)]
    of_form = clash and form is not None
    return visit.html(
        "agencies/card.html",
        status=(422 if wrong else 200) if problem is None else faults.status_of(problem),
        card=agency,
        fields=fields,
        texts=[(name, LABELS[name]) for name in FIELDS.values()],
        folders=folders,
        dossier=_dossier(visit),
        seen=digest_of(stored) if of_form or form is None else form[SEEN],
        pairs=pairs or [],
        looked=_digest(pairs, _typed(fields)) if pairs else "",
        others=[each for each in others if each.now != each.typed] if of_form else [],
        ranks=Field(ORDER, marked("Depots, in the order in which it draws on them"), "order", words),
        order=",".join(ranked if order is None else order),
        seen_order=digest_of({"order": ranked}) if ranking is None or clash else ranking[SEEN],
        stored_order=", ".join(ranked) if clash and ranking is not None else "",
        focus=focus,
        asked=proof.is_asked(visit),
        may_set=may(Right.SET_RULES, visit.person),
        wrong=dict(wrong or {}),
        said=None if problem is None else sentence(problem, visit.language),
        cures=links_of(visit, problem),
    )


def _agency(connection: Connection, row: StoredEstablishment | None, dossier: int | None) -> Agency | None:
    if row is None:
        return None
    found = [each for each in list_establishments(connection) if each.number == row.number]
    return next((each for each in found if dossier in {None, each.dossier}), None)


def _shown(stored: Mapping[str, Any]) -> dict[str, str]:
    """The fields as they stand on the card."""
    if not stored:
        return {}
    fields = {name: stored[column] or "" for column, name in FIELDS.items()}
    fields["dossier_comptable"] = "" if stored["folder"] is None else str(stored["folder"])
    return {**fields, "actif": "1"} if stored["active"] else fields


def show_new_folder(visit: Visit) -> Response:
    """A form for the books of one more company."""
    return _folder_page(visit, None)


def show_folder(visit: Visit) -> Response:
    """What invoices say of a company, and whose books it has."""
    with visit.database.read() as connection:
        try:
            before = folder_called(connection, int(visit.params["number"]))
        except Problem:
            return faults.page(visit, 404)
    return _folder_page(visit, before)


def enter_folder(visit: Visit) -> Response:
    """Enter the books of one more company, with the series of its invoices."""
    return _store_folder(visit, None)


def save_folder(visit: Visit) -> Response:
    """Change what its invoices say; those that were made say what they said."""
    with visit.database.read() as connection:
        before = folder_called(connection, int(visit.params["number"]))
    return _store_folder(visit, before)


def _store_folder(visit: Visit, before: StoredFolder | None) -> Response:
    wrong = _proved(visit)
    number = _whole(visit.form.get("numero", "")) if before is None else before.number
    if number is None:
        wrong["numero"] = visit.say(Said("Type a number here."))
    values: dict[str, Any] = {column: visit.form.get(name, "").strip() or None for column, name in OF_FOLDER.items()}
    values |= {"name": values["name"] or "", "vat_on_debits": "debits" in visit.form}
    files = visit.files.get("logo", ())
    if files:
        values["logo"] = files[0].read()
    if wrong:
        return _folder_page(visit, before, wrong=wrong)

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        assert number is not None
        if before is None:
            add_folder(connection, number, values, by=by, at=at)
        else:
            refuse_if_changed(visit, _of_folder(folder_called(connection, number, lock=True)))
            set_folder(connection, number, values, by=by, at=at)
        return Done(to=f"{FOLDERS}/{number}", said=Said("Accounting folder {number} is saved.", number=str(number)))

    try:
        return once(visit, do, again=True)
    except Problem as problem:
        return _folder_page(visit, before, problem=problem)


def _of_folder(row: StoredFolder) -> dict[str, Any]:
    return {**{column: getattr(row, column) for column in OF_FOLDER}, "vat_on_debits": row.vat_on_debits}


def _folder_fields(values: Mapping[str, Any]) -> dict[str, str]:
    fields = {name: values[column] or "" for column, name in OF_FOLDER.items()}
    return {**fields, "debits": "1"} if values["vat_on_debits"] else fields


def _folder_page(
    visit: Visit, before: StoredFolder | None, *, wrong: Mapping[str, str] | None = None, problem: Problem | None = None
) -> Response:
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    with visit.database.read() as connection:
        now = None if before is None else folder_called(connection, before.number)
        listed = {each.number: each for each in list_folders(connection)}
    stored = {} if now is None else _folder_fields(_of_folder(now))
    form = next((each for each in (visit.form, visit.kept) if SEEN in each), None)
    fields = stored if form is None else dict(form)
    others = [Other(LABELS[name], text, fields.get(name, "")) for name, text in stored.items()] if clash else []
    return visit.html(
        "agencies/folder.html",
        status=(422 if wrong else 200) if problem is None else faults.status_of(problem),
        folder=None if now is None else listed[now.number],
        locked_until=None if now is None else now.locked_until,
        has_logo=now is not None and now.logo is not None,
        fields=fields,
        texts=[(name, LABELS[name], name in _LONG) for name in OF_FOLDER.values()],
        seen=digest_of({} if now is None else _of_folder(now)) if clash or form is None else form[SEEN],
        others=[each for each in others if each.now != each.typed],
        asked=proof.is_asked(visit),
        may_set=may(Right.SET_RULES, visit.person),
        wrong=dict(wrong or {}),
        said=None if problem is None else sentence(problem, visit.language),
        cures=links_of(visit, problem),
    )
