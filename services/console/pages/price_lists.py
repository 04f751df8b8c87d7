"""*Tarifs*: the price lists (A07), a file of them that is looked at before it is taken, and why a price is as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from intergestan_db.enums import PartyRole, PriceSide, Right
from intergestan_db.limited_child.children import NoReader
from intergestan_db.problem import FileProblems, Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_erp.agencies.establishments import establishment_called, list_establishments
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.prices import (
    ListedLine,
    ListedList,
    WhichLists,
    list_price_lines,
    list_price_lists,
    show_price_list,
)
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.price_entry.price_reading import LimitedPrices, PriceReading, PricesAsked
from intergestan_erp.price_entry.price_table import (
    COLUMNS,
    ForeseenList,
    end_prices,
    enter_prices,
    foresee_prices,
)
from intergestan_erp.selling.drafts import Typed, TypedLine, explain_prices
from intergestan_erp.selling.prices import Candidate
from intergestan_msg.money import plain
from intergestan_operations.language.file_problems import in_place
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, done_before, once
from services.console.downloads import as_csv, every
from services.console.pages.changed_by_others import SEEN, digest_of
from services.console.pages.filters import chosen_party, paging_of
from services.console.pages.given_file import MOST_SHOWN, Given, faults_of, given_file, no_reader
from services.console.typed_figures import typed_figure
from services.console.visit import Visit

PATH: Final = "/tarifs"
IMPORT: Final = f"{PATH}/importer"
SIDES: Final[Mapping[str, str]] = {PriceSide.SALE: marked("sale"), PriceSide.PURCHASE: marked("purchase")}
NARROWING: Final = ("sens", "texte", "tiers", "le")
"""The fields of the list's filter."""
TITLES: Final = (
    *(marked("Code"), marked("Sense of a price list"), marked("Establishment"), marked("Third party")),
    *(marked("Valid from"), marked("Valid until"), marked("Lines")),
)
"""The columns of the list, as a file has them."""
LAST: Final = "dernier_jour"


def list_path(code: str, act: str = "") -> str:
    """The address of a price list, or of one of its acts."""
    return f"{PATH}/{quote(code, safe='')}" + (f"/{act}" if act else "")


def show_list(visit: Visit) -> Response:
    """A page of the price lists, by code; filter and place stand in the address."""
    paging = paging_of(visit, PATH, NARROWING)
    wrong: dict[str, str] = {}
    with visit.database.read() as connection:
        which = _which(visit, connection, wrong)
        page = None if wrong else list_price_lists(connection, which, **paging.where)
    return visit.html(
        "prices/list.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=[("", marked("All price lists"), paging.narrowed(sens=""))]
        + [(side, _TABS[side], paging.narrowed(sens=side)) for side in PriceSide],
        tab=_side(visit) or "",
        asked={name: visit.query.get(name, "") for name in NARROWING},
        wrong=wrong,
        sides=SIDES,
        is_narrowed=any(paging.narrowing.values()),
        may_set=may(Right.SET_RULES, visit.person),
        to_list=list_path,
    )


_TABS: Final = {PriceSide.SALE: marked("Sales"), PriceSide.PURCHASE: marked("Purchases")}


def export(visit: Visit) -> Response:
    """All that the list shows, as a file."""
    wrong: dict[str, str] = {}
    with visit.database.read() as connection:
        which = _which(visit, connection, wrong)
    if wrong:
        return visit.go(f"{PATH}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedList]:
        return list_price_lists(connection, which, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.code, said(SIDES[each.side]), _number(each.establishment), each.party),
            *(visit.day(each.valid_from), None if each.valid_until is None else visit.day(each.valid_until)),
            str(each.lines),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "tarifs", said("Price lists"), [said(title) for title in TITLES], rows)


def _number(establishment: int | None) -> str | None:
    return None if establishment is None else str(establishment)


def _side(visit: Visit) -> PriceSide | None:
    text = visit.query.get("sens", "")
    return PriceSide(text) if text in set(PriceSide) else None


def _which(visit: Visit, connection: Connection, wrong: dict[str, str]) -> WhichLists:
    """What the address asks for; what in it is none, by the name of its field."""
    day = _day(visit, visit.query.get("le", ""), wrong, "le")
    party_id = chosen_party(connection, visit.query.get("tiers", ""), wrong, name="tiers")
    if "tiers" in wrong:
        wrong["tiers"] = sentence(Said("No third party, or several, are called so."), visit.language)
    code = visit.query.get("texte", "").strip()
    return WhichLists(code=code, side=_side(visit), party_id=party_id, day=day)


marked("No third party, or several, are called so.")


def _day(visit: Visit, text: str, wrong: dict[str, str], name: str) -> date | None:
    if not text.strip():
        return None
    try:
        return read_near_day(text.strip(), visit.today)
    except Unreadable as bad:
        wrong[name] = sentence(bad, visit.language)
        return None


def show_one(visit: Visit) -> Response:
    """One price list, with a page of its lines."""
    return _show(visit, None)


def _show(visit: Visit, problem: Problem | None) -> Response:
    code = visit.params["code"]
    paging = paging_of(visit, list_path(code), ())
    try:
        with visit.database.read() as connection:
            shown = show_price_list(connection, code)
            page = list_price_lines(connection, code, **paging.where)
    except Problem as none:
        if none.code is not ProblemCode.NO_PRICE_LIST:
            raise
        return faults.page(visit, 404)
    return visit.html(
        "prices/one.html",
        status=200 if problem is None else faults.status_of(problem),
        shown=shown,
        page=page,
        paging=paging,
        sides=SIDES,
        problem=None if problem is None else sentence(problem, visit.language),
        last=visit.typed(LAST, visit.form.get(LAST, visit.day(visit.today))),
        may_set=may(Right.SET_RULES, visit.person),
        to_list=list_path,
    )


def export_lines(visit: Visit) -> Response:
    """The lines of a price list, as a file that can be taken again."""
    code = visit.params["code"]
    try:
        with visit.database.read() as connection:
            shown = show_price_list(connection, code)
    except Problem:
        return faults.page(visit, 404)

    def read(connection: Connection, after: str | None) -> Page[ListedLine]:
        return list_price_lines(connection, shown.code, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    head = (
        *(shown.code, said(SIDES[shown.side]), _number(shown.establishment), shown.party, visit.day(shown.valid_from)),
        None if shown.valid_until is None else visit.day(shown.valid_until),
    )
    rows = (
        (*head, each.product, each.family, each.min_quantity or None, each.price, each.discount or None)
        for each in every(visit, read)
    )
    return as_csv(visit, f"tarif-{shown.code}", "", [titles[0] for titles in COLUMNS.values()], rows, headed=False)


def end(visit: Visit) -> Response:
    """Let a price list end: what follows it is another list."""
    text, code = visit.form.get(LAST, ""), visit.params["code"]
    try:
        last = read_near_day(text.strip(), visit.today)
    except Unreadable as bad:
        return _show(visit, bad)

    def do(connection: Connection) -> Done:
        ended = end_prices(connection, code, last, by=visit.who.login, at=visit.now)
        return Done(to=list_path(ended), said=Said("{code} ends on {day}.", code=ended, day=last))

    try:
        return once(visit, do)
    except Problem as problem:
        return _show(visit, problem)


def show_import(visit: Visit) -> Response:
    """The field for the file."""
    return _import_page(visit, None)


def take(visit: Visit) -> Response:
    """Look at a file; or enter it, if it would still do what was shown."""
    takes = visit.form.get("faire") == "prendre"
    before = done_before(visit) if takes else None
    if before is not None:
        return before
    try:
        given = given_file(visit)
        reading = _read(visit, given)
        if not takes:
            return _looked_at(visit, given, reading)
        return once(visit, lambda connection: _enter(visit, connection, given, reading))
    except FileProblems as problems:
        return _import_page(visit, None, problems=problems)
    except Problem as problem:
        if problem.code is not ProblemCode.CHANGED_MEANWHILE:
            return _import_page(visit, None, problem=problem)
        return _looked_at(visit, given, reading, problem)


def _looked_at(visit: Visit, given: Given, reading: PriceReading, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        found = foresee_prices(connection, given.name, reading.rows, at=visit.now)
    return _import_page(visit, given, found=found, reading=reading, problem=problem)


def _enter(visit: Visit, connection: Connection, given: Given, reading: PriceReading) -> Done:
    found = foresee_prices(connection, given.name, reading.rows, at=visit.now)
    if visit.form.get(SEEN) != _digest(found):
        raise Problem(
            "The price lists changed since the file was looked at: look again, then take it.",
            ProblemCode.CHANGED_MEANWHILE,
        )
    entered = enter_prices(connection, given.name, reading.rows, by=visit.who.login, at=visit.now)
    lines = sum(each.lines for each in entered)
    said = Said("{file}: {lists} price lists, {lines} lines.", file=given.name, lists=len(entered), lines=lines)
    return Done(to=PATH, said=said)


def _digest(found: Sequence[ForeseenList]) -> str:
    return digest_of({each.head.code: (each.lines, each.before, each.added, each.gone) for each in found})


def _read(visit: Visit, given: Given) -> PriceReading:
    with visit.database.read() as connection:
        currency = read_site(connection).currency
    try:
        with visit.console.readers.of(LimitedPrices) as reader:
            return reader.read(given.name, given.data, PricesAsked(currency))
    except NoReader as error:
        raise no_reader() from error


def _import_page(
    visit: Visit,
    given: Given | None,
    *,
    found: Sequence[ForeseenList] = (),
    reading: PriceReading | None = None,
    problems: FileProblems | None = None,
    problem: Problem | None = None,
) -> Response:
    status = 422 if problems is not None else 200 if problem is None else faults.status_of(problem)
    return visit.html(
        "prices/import.html",
        status=status,
        given=given,
        found=found,
        seen=_digest(found),
        rows=() if reading is None else reading.rows,
        said=[] if reading is None else [in_place(each, visit.language) for each in reading.said],
        file_faults=faults_of(visit, problems),
        problem=None if problem is None else sentence(problem, visit.language),
        most=MOST_SHOWN,
        sides=SIDES,
    )


def model(visit: Visit) -> StreamingResponse:
    """An empty file with the titles that are read."""
    return as_csv(visit, "tarifs-modele", "", [titles[0] for titles in COLUMNS.values()], iter(()), headed=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know the price of."""

    product: str
    customer: str
    candidates: Sequence[Candidate]


FIELDS: Final = ("client", "etablissement", "article", "quantite", "le")
"""What a price is asked by."""


def ask_price(visit: Visit) -> Response:
    """*Quel prix ?*: the price of a line, and all that it might be, in the order in which they count (D42)."""
    fields = {name: visit.query.get(name, "").strip() for name in FIELDS}
    wrong: dict[str, str] = {}
    found: Asked | None = None
    with visit.database.read() as connection:
        places = list_establishments(connection)
        if any(name in visit.query for name in FIELDS):
            found = _explained(visit, connection, fields, wrong)
    return visit.html(
        "prices/ask.html",
        status=422 if wrong else 200,
        fields=fields,
        wrong=wrong,
        found=found,
        places=[each for each in places if each.active],
        to_list=list_path,
        plain=plain,
    )


def _explained(visit: Visit, connection: Connection, fields: Mapping[str, str], wrong: dict[str, str]) -> Asked | None:
    def tried(name: str, read: Any) -> Any:
        try:
            return read(fields[name])
        except Problem as problem:
            wrong[name] = sentence(problem, visit.language)
            return None

    customer = tried("client", lambda text: one_party(connection, text, PartyRole.CUSTOMER))
    quantity = tried("quantite", lambda text: typed_figure(text or "1", Figure.QUANTITY, visit.language))
    place = tried("etablissement", lambda text: _establishment(connection, text))
    day = _day(visit, fields["le"], wrong, "le") or visit.today
    if wrong:
        return None
    line = TypedLine(fields["article"], Decimal(quantity))
    typed = Typed(customer_id=customer.id, lines=(line,))
    explained = tried("article", lambda _text: explain_prices(connection, typed, day, place))
    if explained is None:
        return None
    ((product, candidates),) = explained
    return Asked(product.code, f"{customer.code} {customer.name}", candidates)


def _establishment(connection: Connection, text: str) -> int | None:
    """The id of an establishment by its number; None where nobody says one: the one whose orders come by mail."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len("999999")):
        raise Problem("There is no establishment {number}.", ProblemCode.NO_PLACE, number=text)
    return int(establishment_called(connection, int(text)).id)
