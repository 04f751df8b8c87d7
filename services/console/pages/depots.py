"""*Dépôts*: where goods lie, the third parties that stand for them, and what people say of the goods (A10, A16)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PartyRole, Right, StockReason
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.agencies.depots import (
    SIDES,
    ListedDepot,
    add_depot,
    depot_called,
    list_depots,
    make_parties,
    set_depot,
)
from intergestan_erp.agencies.establishments import ADDRESS, list_establishments
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.parties import tried_again
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.stock.entry import Entered, Goods, count, receive, transfer
from intergestan_erp.stock.listing import list_moves, list_stock, stock_by_depot
from intergestan_erp.stock.typed_goods import TypedGoods, read_goods
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.cures import links_of
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.pages.dossier import LOOKED
from services.console.pages.filters import paging_of
from services.console.visit import Visit

PATH: Final = "/depots"
LINES: Final = "articles"
TEXTS: Final[Mapping[str, str]] = {
    "name": "nom",
    "line1": "ligne1",
    "line2": "ligne2",
    "postcode": "cp",
    "city": "ville",
    "country": "pays",
}
FLAGS: Final[Mapping[str, str]] = {
    "manage_reservations": "reservations",
    "allow_negative": "negatif",
    "active": "actif",
}
PARTIES: Final[Mapping[str, str]] = {"customer": "tiers_client", "supplier": "tiers_fournisseur"}
LABELS: Final[Mapping[str, str]] = {
    "nom": marked("Name"),
    "ligne1": marked("Address 1"),
    "ligne2": marked("Address 2"),
    "cp": marked("Postcode"),
    "ville": marked("City"),
    "pays": marked("Country"),
    "reservations": marked("Manages reservations"),
    "negatif": marked("Negative stock"),
    "actif": marked("In use"),
    "tiers_client": marked("Customer third party"),
    "tiers_fournisseur": marked("Supplier third party"),
}
TABS: Final = {"": marked("Card"), "stock": marked("What lies there"), "mouvements": marked("Moves")}
REASONS: Final = {
    StockReason.OPENING: marked("opening stock"),
    StockReason.RECEIPT: marked("receipt"),
    StockReason.DELIVERY: marked("delivery"),
    StockReason.TRANSFER_IN: marked("from another depot"),
    StockReason.TRANSFER_OUT: marked("to another depot"),
    StockReason.COUNT: marked("count"),
    StockReason.RETURN: marked("return"),
}
RECEIVE, COUNT, MOVE = "entree", "inventaire", "transfert"
TITLES: Final = {RECEIVE: marked("Goods received"), COUNT: marked("Stock count"), MOVE: marked("Transfer")}


def path_of(code: str, act: str = "", tab: str = "") -> str:
    """The address of a depot's card, of one of its tabs, or of an act there."""
    return f"{PATH}/{quote(code, safe='')}" + (f"/{act}" if act else "") + (f"?onglet={tab}" if tab else "")


def show_list(visit: Visit) -> Response:
    """All depots, with what lies in them: there are few."""
    with visit.database.read() as connection:
        found, lying = list_depots(connection), stock_by_depot(connection)
    return visit.html(
        "depots/list.html",
        depots=found,
        lying=lying,
        to_depot=path_of,
        may_set=may(Right.SET_RULES, visit.person),
    )


def show_new(visit: Visit) -> Response:
    """A form for another depot."""
    return _page(visit, None)


def show(visit: Visit) -> Response:
    """The card of a depot, what lies there, or what came and left."""
    with visit.database.read() as connection:
        depot = _listed(connection, visit.params["code"])
    if depot is None:
        return faults.page(visit, 404)
    tab = visit.query.get("onglet", "")
    return _goods_page(visit, depot, tab) if tab in {"stock", "mouvements"} else _page(visit, depot)


def _goods_page(visit: Visit, depot: ListedDepot, tab: str) -> Response:
    paging = paging_of(visit, path_of(depot.code), ("article",), beside=("onglet",))
    product = paging.narrowing["article"] or None
    narrowed: dict[str, Any] = {"product": product, "depot": depot.code}
    with visit.database.read() as connection:
        page: Any
        if tab == "stock":
            page = list_stock(connection, **narrowed, size=paging.size, after=paging.after)
        else:
            page = list_moves(connection, **narrowed, size=paging.size, after=paging.after)
    return visit.html(
        "depots/goods.html",
        depot=depot,
        tab=tab,
        tabs=_tabs(depot),
        page=page,
        paging=paging,
        product=product or "",
        reasons=REASONS,
        acts=_acts(visit, depot),
    )


def _tabs(depot: ListedDepot) -> list[tuple[str, str, str]]:
    return [(name, word, path_of(depot.code, tab=name)) for name, word in TABS.items()]


def _acts(visit: Visit, depot: ListedDepot) -> list[tuple[str, str]]:
    """What this person may say of the goods there."""
    if not (may(Right.SELL, visit.person) and visit.site.standing.manages_stock and depot.active):
        return []
    return [(path_of(depot.code, act), word) for act, word in TITLES.items()]


def enter(visit: Visit) -> Response:
    """Enter a depot."""
    return _store(visit, None)


def save(visit: Visit) -> Response:
    """Change one."""
    with visit.database.read() as connection:
        depot = _listed(connection, visit.params["code"])
    return faults.page(visit, 404) if depot is None else _store(visit, depot)


def _store(visit: Visit, depot: ListedDepot | None) -> Response:
    form = visit.form

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        values: dict[str, Any] = {column: form.get(name, "").strip() or None for column, name in TEXTS.items()}
        values["name"] = values["name"] or ""
        values |= {column: name in form for column, name in FLAGS.items()}
        values |= {SIDES[side]: _party(connection, form.get(name, ""), side) for side, name in PARTIES.items()}
        if depot is None:
            del values["active"]
            number, dossier = _establishment(form.get("etablissement", ""))
            code = add_depot(connection, form.get("code", ""), number, values, dossier, by=by, at=at)
        else:
            code = depot.code
            now = depot_called(connection, code)
            refuse_if_changed(visit, _stored(connection, now.code))
            set_depot(connection, code, values, by=by, at=at)
        return Done(to=path_of(code), said=Said("Depot {code} is saved.", code=code))

    try:
        answer = once(visit, do, again=True)
    except Problem as problem:
        return _page(visit, depot, problem)
    visit.console.site.read_anew()
    return answer


def make_both(visit: Visit) -> Response:
    """[Créer les deux]: a third party that stands for the depot on each side that it lacks."""

    def do(connection: Connection) -> Done:
        rules, by, at = read_preferences(connection).rules, visit.who.login, visit.now
        made = make_parties(connection, visit.params["code"], rules, by=by, at=at)
        said = Said("The third party {code} stands for the depot now.", code=made)
        return Done(to=path_of(visit.params["code"]), said=said)

    with visit.database.read() as connection:
        depot = _listed(connection, visit.params["code"])
    if depot is None:
        return faults.page(visit, 404)
    try:
        return tried_again(lambda: once(visit, do))
    except Problem as problem:
        return _page(visit, depot, problem)


def _establishment(text: str) -> tuple[int, int | None]:
    """Number and dossier of the establishment that was chosen."""
    number, _colon, dossier = text.partition(":")
    if not (number.isascii() and number.isdigit()):
        raise Problem("Choose an establishment.", ProblemCode.NO_PLACE, (Act.LIST_AGENCIES,))
    return int(number), int(dossier) if dossier.isascii() and dossier.isdigit() else None


def _party(connection: Connection, text: str, side: str) -> int | None:
    role = PartyRole.CUSTOMER if side == "customer" else PartyRole.SUPPLIER
    return one_party(connection, text, role, read_preferences(connection).party_fields).id if text.strip() else None


def _listed(connection: Connection, code: str) -> ListedDepot | None:
    return next((each for each in list_depots(connection) if each.code == code.strip().upper()), None)


def _stored(connection: Connection, code: str) -> dict[str, str]:
    """The fields of a card as they are stored."""
    row, listed = depot_called(connection, code), _listed(connection, code)
    assert listed is not None
    columns = {name: f"delivery_{name}" if name in ADDRESS else name for name in TEXTS}
    fields = {field: getattr(row, columns[name]) or "" for name, field in TEXTS.items()}
    fields |= {field: "1" for name, field in FLAGS.items() if getattr(row, name)}
    return fields | {PARTIES["customer"]: listed.customer or "", PARTIES["supplier"]: listed.supplier or ""}


def _page(visit: Visit, depot: ListedDepot | None, problem: Problem | None = None) -> Response:
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    with visit.database.read() as connection:
        stored = {} if depot is None else _stored(connection, depot.code)
        now = None if depot is None else _listed(connection, depot.code)
        establishments = [each for each in list_establishments(connection) if each.active]
    form = next((each for each in (visit.form, visit.kept) if SEEN in each), None)
    new = {"actif": "1", "etablissement": visit.query.get("etablissement", "")}
    fields = dict(form) if form is not None else new if depot is None else stored
    others = [Other(LABELS[name], stored.get(name, ""), fields.get(name, "")) for name in LABELS] if clash else []
    return visit.html(
        "depots/card.html",
        status=200 if problem is None else faults.status_of(problem),
        depot=now,
        tabs=[] if now is None else _tabs(now),
        tab="",
        fields=fields,
        texts=[(name, LABELS[name]) for name in TEXTS.values()],
        establishments=establishments,
        seen=digest_of(stored) if clash or form is None else form[SEEN],
        others=[each for each in others if each.now != each.typed],
        acts=[] if now is None else _acts(visit, now),
        may_set=may(Right.SET_RULES, visit.person),
        said=None if problem is None else sentence(problem, visit.language),
        cures=links_of(visit, problem),
    )


class _Looked(Exception):
    """What a count would do: it is carried out, told, and undone."""

    def __init__(self, found: Entered) -> None:
        super().__init__()
        self.found = found


def show_act(visit: Visit) -> Response:
    """A form for goods that came, were counted, or went to another depot."""
    return _act_page(visit, _act_of(visit))


def carry_out(visit: Visit) -> Response:
    """Enter it at the depot of the page; what a count changes is shown before it is."""
    act, form = _act_of(visit), visit.form
    document = form.get("document", "").strip() or None
    try:
        typed = read_goods(form.get(LINES, ""), with_depot=False)
        if not typed:
            raise _nothing()
        if act == COUNT and not form.get(LOOKED):
            return _act_page(visit, act, seen=_look(visit, typed))
        answer = once(visit, lambda connection: _enter(visit, connection, act, typed, document))
    except Problem as problem:
        return _act_page(visit, act, problem=problem)
    return answer


def _nothing() -> Problem:
    return Problem("Type a product and a quantity, a line each.", ProblemCode.NO_VALUE)


def _enter(visit: Visit, connection: Connection, act: str, typed: list[TypedGoods], document: str | None) -> Done:
    place = in_depot(connection, visit.params["code"])
    how: dict[str, Any] = {"by": visit.who.login, "at": visit.now, "document": document}
    goods = [Goods(each.product, each.quantity, each.cost) for each in typed]
    said: Said
    if act == RECEIVE:
        found = receive(connection, place, goods, **how)
        said = Counted(
            "{count} product is in {depot} now.", "{count} products are in {depot} now.", len(goods), depot=place.depot
        )
    elif act == MOVE:
        found = transfer(connection, place, goods, visit.form.get("vers", ""), **how)
        to = visit.form.get("vers", "")
        said = Counted("{count} product went to {depot}.", "{count} products went to {depot}.", len(goods), depot=to)
    else:
        found = count(connection, place, _counted(typed), **how)
        differences = [each for each in found.changes if each]
        said = Counted(
            "The count is entered: {count} difference.", "The count is entered: {count} differences.", len(differences)
        )
        if visit.form.get(LOOKED) != _digest(found):
            said = Said("{first} Goods moved since you looked: the differences are those of now.", first=said)
    return Done(to=path_of(place.depot, tab="stock"), said=said, bells=Bells(serve=found.freed.products))


marked("{first} Goods moved since you looked: the differences are those of now.")


def _counted(typed: list[TypedGoods]) -> dict[str, Decimal]:
    counted: dict[str, Decimal] = {}
    for each in typed:
        if each.product in counted:
            raise Problem("{product} stands twice. Nothing was changed.", ProblemCode.NO_VALUE, product=each.product)
        counted[each.product] = each.quantity
    return counted


def _look(visit: Visit, typed: list[TypedGoods]) -> Entered:
    """What a count would do now."""
    try:
        with visit.database.transaction() as connection:
            place = in_depot(connection, visit.params["code"])
            _undo(count(connection, place, _counted(typed), by=visit.who.login, at=visit.now))
    except _Looked as looked:
        return looked.found


def _undo(found: Entered) -> NoReturn:
    raise _Looked(found)


def _digest(found: Entered) -> str:
    return digest_of({each.product: str(change) for each, change in zip(found.stocked, found.changes, strict=True)})


def _act_of(visit: Visit) -> str:
    return next(act for act in TITLES if visit.request.url.path.endswith(f"/{act}"))


def _act_page(visit: Visit, act: str, *, problem: Problem | None = None, seen: Entered | None = None) -> Response:
    code = visit.params["code"]
    with visit.database.read() as connection:
        depot = _listed(connection, code)
        if depot is None:
            return faults.page(visit, 404)
        others = [each for each in list_depots(connection) if each.active and each.code != depot.code]
        lying = list_stock(connection, depot=depot.code, size=1000).rows if "feuille" in visit.query else []
    form = visit.form if LINES in visit.form else visit.kept
    sheet = "\n".join(f"{each.product};{visit.figure(each.on_hand)}" for each in lying)
    return visit.html(
        "depots/act.html",
        status=200 if problem is None else faults.status_of(problem),
        depot=depot,
        act_name=act,
        heading=TITLES[act],
        is_managed=visit.site.standing.manages_stock,
        fields={LINES: sheet, **form},
        depots=others,
        differences=[]
        if seen is None
        else [
            (each.product, each.on_hand - change, each.on_hand, change)
            for each, change in zip(seen.stocked, seen.changes, strict=True)
        ],
        looked="" if seen is None else _digest(seen),
        said=None if problem is None else sentence(problem, visit.language),
        cures=links_of(visit, problem),
        own_path=path_of(depot.code, act),
    )
