"""*Réceptions* (A46, D50): what other agencies sent to the depot of the page, and what came in there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.pairs.arrivals import (
    Arrival,
    ShownReceipt,
    list_arrivals,
    list_receipts,
    show_arrival,
    show_receipt,
)
from intergestan_erp.pairs.receiving import receive
from intergestan_erp.picking.making import what_waits
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.filters import paging_of
from services.console.pages.stock_off import stock_off
from services.console.place import AT, Place, page_place, posted_place, there
from services.console.typed_figures import typed_quantities
from services.console.visit import Visit

PATH: Final = "/receptions"
TAB, RECEIVED = "montrer", "recues"
TABS: Final[Mapping[str, str]] = {"": marked("To receive"), RECEIVED: marked("Received")}
"""What is shown, by the word in the address."""
QUANTITY: Final = "recu."
"""Before the position of a line."""


def receipt_path(number: str) -> str:
    """The address of a delivery note that is to come in, or of a goods receipt."""
    return f"{PATH}/{quote(number, safe='')}"


def show_list(visit: Visit) -> Response:
    """A page of what is on its way to the depot, or of what came in."""
    off = stock_off(visit, marked("Receipts"))
    if off is not None:
        return off
    tab = visit.query.get(TAB, "")
    tab = tab if tab in TABS else ""
    place = page_place(visit)
    paging = paging_of(visit, PATH, (TAB, AT))
    arrivals = receipts = None
    with visit.database.read() as connection:
        here = None if place is None else place.find(connection)
        if here is not None and tab == RECEIVED:
            receipts = list_receipts(connection, here.depot_id, **paging.where)
        elif here is not None:
            arrivals = list_arrivals(connection, here.depot_id, **paging.where)
    return visit.html(
        "receipts/list.html",
        tabs=[(name, word, paging.narrowed(montrer=name)) for name, word in TABS.items()],
        tab=tab,
        paging=paging,
        place=place,
        arrivals=arrivals,
        receipts=receipts,
        page=arrivals or receipts,
        to_one=receipt_path,
        at=AT,
    )


def show_one(visit: Visit) -> Response:
    """A delivery note of another agency, to be received; or a goods receipt."""
    return _page(visit)


def take(visit: Visit) -> Response:
    """Book what came: of a line whose quantity is empty nothing is said, it comes later."""
    wanted, unread = typed_quantities(visit.form, QUANTITY, visit.language)
    wrong = {name: sentence(bad, visit.language) for name, bad in unread.items()}
    if wrong:
        return _page(visit, wrong=wrong)
    number = visit.params["number"]

    def do(connection: Connection) -> Done:
        place = posted_place(visit)
        here = place.find(connection)
        found = receive(connection, here, number, wanted, by=visit.who.login, at=visit.now)
        return Done(
            to=f"{receipt_path(found.number)}?{urlencode({AT: place.words})}",
            said=Said("{receipt}: what came of {note} is in {depot}.", receipt=found.number, note=number, depot=here),
            bells=Bells(serve=found.freed.products),
        )

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem)


def _page(visit: Visit, problem: Problem | None = None, wrong: Mapping[str, str] | None = None) -> Response:
    number, place = visit.params["number"], page_place(visit)
    with visit.database.read() as connection:
        arrival = show_arrival(connection, number, None if place is None else place.depot)
        receipt = None if arrival is not None else show_receipt(connection, number)
        complete = [] if receipt is None else _complete(connection, receipt)
    if receipt is not None:
        return visit.html(
            "receipts/receipt.html",
            receipt=receipt,
            complete=complete,
            may_make=may(Right.SELL, visit.person),
            to_one=receipt_path,
            own=Place(receipt.establishment, receipt.depot),
        )
    if arrival is None:
        return faults.page(visit, 404)
    return _show_arrival(visit, arrival, place, problem, wrong or {})


def _complete(connection: Connection, receipt: ShownReceipt) -> list[str]:
    """The customers' orders that waited for it and of which nothing is to come any more."""
    return [order for order in receipt.customers_orders if not what_waits(connection, order)]


def _show_arrival(
    visit: Visit, arrival: Arrival, place: Place | None, problem: Problem | None, wrong: Mapping[str, str]
) -> Response:
    own = Place(arrival.establishment, arrival.depot)
    may_receive = may(Right.SELL, visit.person)
    is_here = place is not None and place.depot == arrival.depot
    form = visit.form or visit.kept
    typed = {
        f"{QUANTITY}{line.position}": form.get(f"{QUANTITY}{line.position}", visit.figure(line.sent))
        for line in arrival.lines
    }
    elsewhere = there(visit, problem) if problem is not None else None
    again = problem is not None and problem.code is ProblemCode.RECEIVED_BEFORE
    said: Any = problem
    if again and arrival.receipts:
        said = Said("Received already: {receipts}.", receipts=", ".join(arrival.receipts))
    return visit.html(
        "receipts/arrival.html",
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        arrival=arrival,
        place=place,
        own=own,
        can_receive=may_receive and arrival.is_open and (is_here or elsewhere is not None),
        there=elsewhere,
        go_there=None if is_here or not may_receive or not arrival.is_open else own,
        typed=typed,
        wrong=wrong,
        said=None if said is None else sentence(said, visit.language),
        to_one=receipt_path,
    )
