"""*Réglages ▸ Dossier*: what the establishments are to each other, stock, slips, documents between them (A09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Arbitrate, CategoryKind, Incomplete, OperationSide, PickingMode
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.affected import Affected, affected
from intergestan_erp.agencies.codes import list_categories, list_operations
from intergestan_erp.agencies.dossiers import (
    CATEGORIES,
    OPERATIONS,
    DossierCard,
    read_dossier,
    set_dossier,
)
from intergestan_erp.agencies.establishments import list_establishments, list_folders, lock_dossier
from intergestan_erp.agencies.pair_table import agency_pairs
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.cures import links_of
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.visit import Visit

PATH: Final = "/reglages/dossier"
TAB: Final = "onglet"
LOOKED: Final = "vu"
"""The hidden field with a digest of what a change would do: it was told before it is made."""


@dataclass(frozen=True, slots=True)
class Field:
    """A setting of the dossier. :ivar kind: `text`, `flag`, `choice` (of `words`), or of what there is to choose."""

    setting: str
    label: str
    kind: str = "flag"
    words: Mapping[str, str] = field(default_factory=dict)
    empty: str = ""
    hint: str = ""

    @property
    def name(self) -> str:
        """Of its field in the form."""
        return "nom" if self.setting == "name" else self.setting


INCOMPLETE: Final[Mapping[str, str]] = {
    Incomplete.PICK: marked("Make a picking slip"),
    Incomplete.WAIT: marked("Do not deal with it"),
}
ARBITRATE: Final[Mapping[str, str]] = {
    Arbitrate.ALWAYS: marked("always"),
    Arbitrate.SHORT: marked("if the depot does not suffice"),
    Arbitrate.NEVER: marked("never"),
}
TABS: Final[Mapping[str, str]] = {
    "options": marked("Options"),
    "stocks": marked("Stock"),
    "bp": marked("SLIPS AND PREPARATION"),
    "inter-agences": marked("Agencies"),
}
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    "options": (
        Field("name", marked("Name"), "text"),
        Field("accounting_folder", marked("Accounting folder"), "folder"),
        Field(
            "default_establishment",
            marked("Usual establishment"),
            "establishment",
            hint=marked("orders that come by mail are entered there"),
        ),
        Field("analytic_axis", marked("Analytic axis establishment")),
    ),
    "stocks": (
        Field("manage_stock", marked("Manage the stock"), hint=marked("it stays on once goods came or left")),
        Field("manage_reservations", marked("Manage reservations")),
        Field("reserve_at_entry", marked("Reserve automatically as a document is entered")),
        Field("arbitrate", marked("Arbitration between depots"), "choice", ARBITRATE),
    ),
    "bp": (
        Field("picking_mode", marked("Make picking slips")),
        Field("incomplete", marked("In case of an incomplete order"), "choice", INCOMPLETE),
    ),
    "inter-agences": (
        Field(
            "invoicing_establishment",
            marked("Invoicing establishment"),
            "establishment",
            empty=marked("each agency invoices"),
        ),
        Field("establishments_are_companies", marked("Manage establishments as companies")),
        Field("customer_op_billable", marked("Billable operation code"), "operation"),
        Field("customer_op_plain", marked("Non-billable operation code"), "operation"),
        Field("supplier_op_billable", marked("Billable operation code"), "operation"),
        Field("supplier_op_plain", marked("Non-billable operation code"), "operation"),
        Field("party_category", marked("Category of agencies' third parties"), "category", empty=marked("no category")),
        Field(
            "document_category",
            marked("Category of documents between agencies"),
            "category",
            empty=marked("no category"),
        ),
    ),
}
LABELS: Final = {each.setting: each.label for fields in FIELDS.values() for each in fields}


def path_of(number: int, tab: str = "") -> str:
    """The address of a dossier's card, or of one of its tabs."""
    return f"{PATH}/{number}" + (f"?{TAB}={tab}" if tab else "")


def show(visit: Visit) -> Response:
    """The card: of the first dossier where the address names none."""
    return _page(visit)


def change(visit: Visit) -> Response:
    """One tab is stored as a whole; what it would do for others is told before it is done."""
    number, tab = _number(visit), _tab(visit)
    with visit.database.read() as connection:
        card = read_dossier(connection, number)
        stored = texts(card)
        typed = _typed(FIELDS[tab], visit.form, stored)
        told = [visit.say(each) for each in effects(stored, typed, affected(connection, number))]
    if told and visit.form.get(LOOKED) != digest_of({"told": told, "typed": typed}):
        return _page(visit, told=told)

    def do(connection: Connection) -> Done:
        lock_dossier(connection, number)
        now = texts(read_dossier(connection, number))
        refuse_if_changed(visit, {each.setting: now[each.setting] for each in FIELDS[tab]})
        changes = {name: _value(name, text) for name, text in typed.items() if text != now[name]}
        if not changes:
            return Done(to=path_of(card.number, tab), said=Said("Nothing was changed."))
        changed = set_dossier(connection, number, changes, by=visit.who.login, at=visit.now)
        names = ", ".join(translated(LABELS[each.removesuffix("_id")], visit.language) for each in changed)
        return Done(to=path_of(card.number, tab), said=Said("Changed: {names}.", names=names))

    try:
        answer = once(visit, do)
    except Problem as problem:
        return _page(visit, problem=problem)
    visit.console.site.read_anew()
    return answer


def texts(card: DossierCard) -> dict[str, str]:
    """Each setting as a form says it."""
    values: dict[str, Any] = {"name": card.name, **asdict(card.options), **asdict(card.stock), **asdict(card.agencies)}
    values["picking_mode"] = card.stock.picking_mode is PickingMode.SLIP
    return {
        name: ("1" if value else "") if isinstance(value, bool) else "" if value is None else str(value)
        for name, value in values.items()
    }


def effects(stored: Mapping[str, str], typed: Mapping[str, str], found: Affected) -> list[Said]:
    """What a change does for whom. Pure; a change of names and of what is only proposed does nothing."""
    told: list[Said] = []
    new = {name: text for name, text in typed.items() if text != stored[name]}
    if new.get("invoicing_establishment"):
        told.append(
            Said(
                "From now on establishment {number} alone invoices delivery notes; those that are there stay with whom "
                "they name.",
                number=new["invoicing_establishment"],
            )
        )
    elif "invoicing_establishment" in new:
        told.append(
            Said("From now on each agency invoices its delivery notes; those that are there stay with whom they name.")
        )
    if "accounting_folder" in new:
        told.append(
            Said(
                "Establishments without an accounting folder of their own get their books in folder {number}.",
                number=new["accounting_folder"],
            )
        )
    if "incomplete" in new:
        told.append(
            Counted(
                "{count} open order, whose customer and which itself say nothing of it, follows the new rule.",
                "{count} open orders, whose customers and which themselves say nothing of it, follow the new rule.",
                found.inheriting,
            )
        )
    if new.keys() & {"manage_reservations", "picking_mode", "arbitrate"}:
        told.append(
            Counted(
                "{count} open order is dealt with so from now on.",
                "{count} open orders are dealt with so from now on.",
                found.open_orders,
            )
        )
    if "party_category" in new:
        told.append(
            Counted(
                "{count} third party of depots gets the category.",
                "{count} third parties of depots get the category.",
                found.agency_parties,
            )
        )
    if new.keys() & OPERATIONS.keys():
        told.append(Said("Orders between agencies bear the new codes from now on; those that are there keep theirs."))
    return told


def _typed(fields: Sequence[Field], form: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """What a form says of the settings of its tab. Stock is switched on by a page of its own."""
    found = {}
    for each in fields:
        if each.kind == "flag":
            found[each.setting] = "1" if each.name in form else ""
        else:
            found[each.setting] = form.get(each.name, "").strip()
    if "manage_stock" in found and not stored["manage_stock"]:
        found["manage_stock"] = ""
    return found


def _value(setting: str, text: str) -> Any:
    """A setting as the library takes it."""
    kind = next(each.kind for fields in FIELDS.values() for each in fields if each.setting == setting)
    if setting == "picking_mode":
        return PickingMode.SLIP if text else PickingMode.NONE
    if kind == "flag":
        return bool(text)
    if kind == "folder":
        return int(text) if text.isascii() and text.isdigit() and len(text) < len("1234567") else 0
    if kind == "establishment":
        return text if not text or (text.isascii() and text.isdigit() and len(text) < len("1234567")) else "0"
    if kind == "choice" and text not in {"incomplete": INCOMPLETE, "arbitrate": ARBITRATE}[setting]:
        raise Problem("«{value}» is none of what may be chosen.", ProblemCode.NO_VALUE, value=text)
    return text


def _number(visit: Visit) -> int | None:
    number = visit.params.get("number")
    return None if number is None else int(number)


def _tab(visit: Visit) -> str:
    for form in (visit.form, visit.kept, visit.query):
        if form.get(TAB) in FIELDS:
            return form[TAB]
    return "options"


def _page(visit: Visit, *, problem: Problem | None = None, told: Sequence[str] = ()) -> Response:
    tab = _tab(visit)
    with visit.database.read() as connection:
        try:
            card = read_dossier(connection, _number(visit))
        except Problem:
            return faults.page(visit, 404)
        own = [each for each in list_establishments(connection) if each.dossier == card.number]
        choices = {
            "folder": [(str(each.number), f"{each.number} · {each.name}") for each in list_folders(connection)],
            "establishment": [(str(each.number), f"{each.number} · {each.name}") for each in own if each.active],
        }
        operations, categories = list_operations(connection), list_categories(connection)
        pairs = agency_pairs(connection, card.number) if tab == "inter-agences" else []
        found = affected(connection, card.number)
    stored = texts(card)
    form = visit.form if SEEN in visit.form else visit.kept if SEEN in visit.kept else None
    typed = stored if form is None else {**stored, **_typed(FIELDS[tab], form, stored)}
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    now = {each.setting: stored[each.setting] for each in FIELDS[tab]}
    if problem is not None and problem.code is ProblemCode.SETTING_NEEDED:
        problem.values.update({n: translated(LABELS[problem.values[n]], visit.language) for n in ("setting", "needed")})
    for each in FIELDS[tab]:
        if each.kind == "operation":
            side, billable = OPERATIONS[each.setting]
            fitting = [o for o in operations if (OperationSide(o.side), o.billable) == (side, billable)]
            choices[each.setting] = [(o.code, f"{o.code} · {o.name}") for o in fitting]
        elif each.kind == "category":
            marks = [mark for mark in categories if CategoryKind(mark.kind) == CATEGORIES[each.setting]]
            choices[each.setting] = [(mark.code, f"{mark.code} · {mark.name}") for mark in marks]
    others = [Other(each.label, stored[each.setting], typed[each.setting]) for each in FIELDS[tab]] if clash else []
    return visit.html(
        "agencies/dossier.html",
        status=200 if problem is None else faults.status_of(problem),
        card=card,
        tab=tab,
        tabs=[(name, word, path_of(card.number, name)) for name, word in TABS.items()],
        fields=FIELDS[tab],
        values=typed,
        is_on=bool(stored["manage_stock"]),
        has_moves=found.has_moves,
        choices=choices,
        pairs=pairs,
        others=[each for each in others if each.now != each.typed],
        seen=digest_of(now) if clash or form is None else form[SEEN],
        effects=list(told),
        looked=digest_of({"told": list(told), "typed": {each.setting: typed[each.setting] for each in FIELDS[tab]}}),
        said=None if problem is None else sentence(problem, visit.language),
        cures=links_of(visit, problem),
    )
