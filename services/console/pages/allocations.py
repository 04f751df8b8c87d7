"""*Administration des réservations*: what is set aside for which order, what remains, what nobody allocated (A05)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import ReservationKind, Right, Route
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.selling.sales import show_sales_order
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.allocated_lines import AllocatedLine, Part, SetAsidePart, WhichLines, list_allocated
from intergestan_erp.stock.freeing import SeenPart, free_lines
from intergestan_exchange.changes.close_order import close_order
from intergestan_msg.money import plain
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting_each import Outcome, each_once, outcomes
from services.console.downloads import as_csv, every
from services.console.pages.allocation import ROUTES
from services.console.pages.filters import chosen_party, paging_of
from services.console.pages.selling import sale_path
from services.console.visit import Visit

PATH: Final = "/affectations"
TAB: Final = "etat"
TABS: Final[Mapping[str, tuple[str, Part]]] = {
    "": (marked("To allocate"), Part.UNALLOCATED),
    "reliquats": (marked("Remainders"), Part.REMAINDER),
    "attendues": (marked("Expected goods"), Part.INBOUND),
    "bp": (marked("On picking slips"), Part.ON_SLIP),
    "toutes": (marked("All allocations"), Part.ALL),
}
"""What is shown, by the word in the address."""
NARROWING: Final = (TAB, "article", "depot", "client", "commande")
TICK: Final = "pris."
BACK: Final = "retour"
PROPOSE, FREE, CLOSE = "proposer", "liberer", "clore"
SURE: Final = "confirme"
MOST_AT_ONCE: Final = 200
TITLES: Final = (
    *(marked("Order"), marked("Line"), marked("Customer"), marked("Product"), marked("Quantity"), marked("Depot")),
    *(marked("Delivery"), marked("Reserved"), marked("Nature"), marked("Remainder"), marked("Since"), marked("Slip")),
)
"""The columns of the list, as a file has them."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A row that is ticked, as it was seen; without a depot nobody had allocated it."""

    order: str
    line: str
    depot: str
    route: Route | None
    reserved: Decimal
    remainder: Decimal


def show_list(visit: Visit) -> Response:
    """A page of one tab; filter and place stand in the address."""
    return _list(visit)


def _list(visit: Visit, problem: Problem | None = None) -> Response:
    paging = paging_of(visit, PATH, NARROWING)
    wrong: dict[str, str] = {}
    with visit.database.read() as connection:
        which = _which(visit, connection, wrong)
        page = None if wrong else list_allocated(connection, which, **paging.where)
        done = outcomes(connection, visit)
    return visit.html(
        "stock/allocations.html",
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=[(name, word, paging.narrowed(etat=name)) for name, (word, _part) in TABS.items()],
        tab=_tab(visit),
        asked={name: visit.query.get(name, "") for name in NARROWING},
        wrong=wrong,
        done=done,
        routes=ROUTES,
        inbound=ReservationKind.INBOUND,
        tick=tick_of,
        ticked={name for name in visit.form or visit.kept if name.startswith(TICK)},
        may_act=may(Right.SELL, visit.person),
        is_narrowed=any(value for name, value in paging.narrowing.items() if name != TAB),
        said=None if problem is None else sentence(problem, visit.language),
        back=visit.own_address if visit.request.method == "GET" else visit.form.get(BACK, PATH),
    )


def tick_of(row: AllocatedLine) -> tuple[str, str]:
    """Name and value of the tick of a row: which it is, and what was seen of it."""
    name = f"{TICK}{row.order}|{row.line}|{row.depot or ''}|{row.route or ''}"
    return name, f"{plain(row.reserved)}/{plain(row.remainder)}"


def _tab(visit: Visit) -> str:
    tab = visit.query.get(TAB, "")
    return tab if tab in TABS else ""


def _which(visit: Visit, connection: Connection, wrong: dict[str, str]) -> WhichLines:
    def asked(name: str) -> str | None:
        return visit.query.get(name, "").strip() or None

    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    if "client" in wrong:
        wrong["client"] = sentence(Said("No customer, or several, are called so."), visit.language)
    depot = asked("depot")
    return WhichLines(
        part=TABS[_tab(visit)][1],
        product=asked("article"),
        depot=None if depot is None else depot.upper(),
        customer_id=customer_id,
        order=asked("commande"),
    )


def export(visit: Visit) -> Response:
    """All that the list shows, as a file."""
    wrong: dict[str, str] = {}
    with visit.database.read() as connection:
        which = _which(visit, connection, wrong)
    if wrong:
        return visit.go(f"{PATH}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[AllocatedLine]:
        return list_allocated(connection, which, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.order, each.line, f"{each.customer_code} {each.customer}", each.product, each.quantity, each.depot),
            *(None if each.route is None else said(ROUTES[each.route]), each.reserved),
            *(", ".join(_nature(visit, part) for part in each.parts), each.remainder, visit.day(each.since)),
            ", ".join(part.slip for part in each.parts if part.slip),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "affectations", said("Allocations"), [said(title) for title in TITLES], rows)


def _nature(visit: Visit, part: SetAsidePart) -> str:
    if part.kind is ReservationKind.STOCK:
        return translated("stock", visit.language)
    text = Said("expected from {order}/{line}", order=part.purchase_order, line=part.purchase_line)
    return sentence(text, visit.language)


marked("stock")


def act(visit: Visit) -> Response:
    """Do with each order of the rows that are ticked what the button says, in a transaction of its own."""
    asked = visit.form.get("faire", "")
    try:
        ticked = _ticked(visit, asked)
        if asked == CLOSE and SURE not in visit.form:
            return _confirm(visit, ticked)
        return each_once(visit, lambda: _each(visit, ticked, _ACTS[asked]), _back(visit))
    except Problem as problem:
        return _list(visit.with_kept(visit.form), problem)


def _back(visit: Visit) -> str:
    """The list that the form was sent from, without what it showed of an earlier form."""
    path, _, query = visit.form.get(BACK, PATH).partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith("resultat=")]
    return PATH + (f"?{'&'.join(kept)}" if path == PATH and kept else "")


def _ticked(visit: Visit, asked: str) -> list[Ticked]:
    names = {name: value for name, value in visit.form.items() if name.startswith(TICK)}
    if asked not in _ACTS:
        raise Problem("This form says nothing that is to be done. Open its page again.", ProblemCode.NO_VALUE)
    if not names:
        raise Problem("Nothing is ticked, so nothing was done.", ProblemCode.NO_VALUE)
    if len(names) > MOST_AT_ONCE:
        raise Problem(
            "At most {most} are dealt with at once; nothing was done.", ProblemCode.TOO_MANY, most=MOST_AT_ONCE
        )
    try:
        return [_read_tick(name.removeprefix(TICK), value) for name, value in names.items()]
    except (ValueError, InvalidOperation):
        raise Problem(
            "This form is not whole, so nothing was done. Open its page again, and send it from there.",
            ProblemCode.NO_VALUE,
        ) from None


def _read_tick(name: str, value: str) -> Ticked:
    head, depot, route = name.rsplit("|", 2)
    order, line = head.split("|", 1)
    reserved, remainder = value.split("/")
    return Ticked(order, line, depot, Route(route) if route else None, Decimal(reserved), Decimal(remainder))


def _by_order(ticked: Iterable[Ticked]) -> dict[str, list[Ticked]]:
    found: dict[str, list[Ticked]] = {}
    for each in ticked:
        found.setdefault(each.order, []).append(each)
    return found


Does = Callable[[Visit, Connection, str, Sequence[Ticked]], Outcome]


def _each(visit: Visit, ticked: Iterable[Ticked], do: Does) -> Iterator[Outcome]:
    for number, rows in _by_order(ticked).items():
        try:
            with visit.database.transaction() as connection:
                found = do(visit, connection, number, rows)
        except Problem as problem:
            found = Outcome(_failed(visit, number, problem), ok=False, links=_cures(visit, number, problem))
        yield found


def _failed(visit: Visit, number: str, problem: Problem) -> str:
    said = sentence(problem, visit.language)
    return said if said.startswith(number) else f"{number} : {said}"


def _cures(visit: Visit, number: str, problem: Problem) -> tuple[tuple[str, str], ...]:
    slip = problem.values.get("slip")
    if slip:
        return ((f"/bp/{slip}", str(slip)),)
    return ((sale_path(number, "affectation"), translated("Allocate", visit.language)),)


marked("Allocate")


def _propose(visit: Visit, connection: Connection, number: str, _rows: Sequence[Ticked]) -> Outcome:
    """*Affecter la proposition*: of the whole order, what its lines still need."""
    found = allocate_order(connection, number, by=visit.who.login, at=visit.now)
    said = Said("{number}: its goods are set aside.", number=number)
    if not found.changed:
        said = Said("{number}: nothing came meanwhile that it could have.", number=number)
    elif found.short:
        said = Said("{number}: what is there is set aside; something remains.", number=number)
    links = ((sale_path(number), number),)
    return Outcome(visit.say(said), links=links, bells=Bells(serve=found.freed.products))


def _free(visit: Visit, connection: Connection, number: str, rows: Sequence[Ticked]) -> Outcome:
    """*Libérer*: it waits for nothing and holds nothing, until somebody allocates it."""
    seen = [
        SeenPart(each.line, each.depot, each.route, each.reserved, each.remainder)
        for each in rows
        if each.route is not None
    ]
    if not seen:
        raise Problem(
            "{number}: nothing is set aside for it, so nothing was freed.", ProblemCode.NOTHING_REMAINS, number=number
        )
    freed = free_lines(connection, number, seen, by=visit.who.login, at=visit.now)
    lines = ", ".join(dict.fromkeys(each.line for each in seen))
    said = Said("{number}, line {lines}: freed. It stands in «to allocate» now.", number=number, lines=lines)
    return Outcome(visit.say(said), bells=Bells(serve=freed.products))


def _close(visit: Visit, connection: Connection, number: str, rows: Sequence[Ticked]) -> Outcome:
    """*Clore le reliquat*: nobody waits for it any more; a buyer who ordered by mail is told."""
    lines = list(dict.fromkeys(each.line for each in rows))
    closed = close_order(connection, number, lines, by=visit.who.login, at=visit.now)
    ended = ", ".join(f"{line} : {visit.figure(rest)}" for line, rest in closed.lines.items())
    said = Said("{number}: {ended} will not follow.", number=number, ended=ended)
    mail = next(iter(closed.bells.compose), None)
    links = () if mail is None else ((f"/envois/out-{mail}", f"out-{mail}"),)
    return Outcome(visit.say(said), links=links, bells=closed.bells)


_ACTS: Final[Mapping[str, Does]] = {PROPOSE: _propose, FREE: _free, CLOSE: _close}


def _confirm(visit: Visit, ticked: Sequence[Ticked]) -> Response:
    """What will not follow any more, and what its buyers will read, before it is so."""
    orders = []
    with visit.database.read() as connection:
        for number, rows in _by_order(ticked).items():
            order = show_sales_order(connection, number)
            if order is not None:
                orders.append((order, rows))
    return visit.html(
        "stock/close.html",
        orders=orders,
        ticks={name: value for name, value in visit.form.items() if name.startswith(TICK)},
        back=_back(visit),
    )
