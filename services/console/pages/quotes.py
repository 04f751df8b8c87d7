"""*Devis*: the list, one quote, and what becomes of it: accepted once, refused, copied."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import QuoteState, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies import places
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.people.rights import who_may
from intergestan_erp.selling.quotes import (
    EXPIRED,
    ListedQuote,
    accept_quote,
    foresee_accepting,
    list_quotes,
    refuse_quote,
    show_quote,
)
from intergestan_erp.selling.views import QuoteView
from intergestan_operations.language.happenings import WORDS
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.proof import is_asked, prove
from services.console.access.rights import may
from services.console.acting import Done, done_before, once
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.pages.line_form import DO
from services.console.pages.sale_form import WHY_PASS
from services.console.pages.sales_entry import OVERRIDE, PASSWORD, QUOTES, below_minimum, quote_path, said_of_order
from services.console.pages.selling import sale_path
from services.console.place import page_place, posted_place, stored_place
from services.console.typed_figures import typed_figure
from services.console.visit import Visit

TABS: Final[Mapping[str, tuple[str, str | None]]] = {
    "": (marked("Open quotes"), QuoteState.OPEN),
    "acceptes": (marked("Accepted quotes"), QuoteState.ACCEPTED),
    "refuses": (marked("Refused quotes"), QuoteState.REFUSED),
    "expires": (marked("Expired quotes"), EXPIRED),
    "tous": (marked("All"), None),
}
"""What the list is narrowed to, by the word in its address."""
STATES: Final[Mapping[str, str]] = {
    QuoteState.OPEN: marked("open quote"),
    QuoteState.ACCEPTED: marked("accepted quote"),
    QuoteState.REFUSED: marked("refused quote"),
    EXPIRED: marked("expired"),
}
"""Where a quote stands, as people read it."""
TITLES: Final = (
    *(marked("Quote number"), marked("Date"), marked("Customer"), marked("Note"), marked("Total excl. VAT")),
    *(marked("Total incl. VAT"), marked("Currency"), marked("Valid until"), marked("State"), marked("Order")),
)
"""The columns of the list, as a file has them."""
NARROWING: Final = ("etat", "du", "au", "client")
AT_PRICES: Final = "total_attendu"
"""What an expired quote comes to at the prices of now, as its page showed it."""
_ADD_FEE: Final = "petite"


def show_list(visit: Visit) -> Response:
    """A page of the list; filter and place stand in the address."""
    paging = paging_of(visit, QUOTES, NARROWING)
    with visit.database.read() as connection:
        days, wanted, wrong = _asked(visit, connection)
        page = None if wrong else list_quotes(connection, visit.today, **wanted, **paging.where)
    return visit.html(
        "quotes/list.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=[(name, word, paging.narrowed(etat=name)) for name, (word, _stands) in TABS.items()],
        tab=_tab(visit),
        days=days,
        customer=visit.query.get("client", ""),
        wrong=wrong,
        states=STATES,
        to_quote=quote_path,
        is_narrowed=any(paging.narrowing.values()),
        may_sell=may(Right.SELL, visit.person),
    )


def export(visit: Visit) -> Response:
    """All that the list shows page by page, as a file."""
    with visit.database.read() as connection:
        _days, wanted, wrong = _asked(visit, connection)
    if wrong:
        return visit.go(f"{QUOTES}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedQuote]:
        return list_quotes(connection, visit.today, **wanted, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.number, visit.day(each.issue_date), each.customer, each.note, each.total_ht, each.total_ttc),
            *(each.currency, None if each.valid_until is None else visit.day(each.valid_until)),
            *(said(STATES[each.state]), each.order),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "devis", said("Quotes"), [said(title) for title in TITLES], rows)


def _tab(visit: Visit) -> str:
    tab = visit.query.get("etat", "")
    return tab if tab in TABS else ""


def _asked(visit: Visit, connection: Connection) -> tuple[Days, dict[str, Any], dict[str, str]]:
    """What the address asks for, and what in it is none, by the name of its field."""
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    stands = TABS[_tab(visit)][1]
    wanted: dict[str, Any] = {"customer_id": customer_id, "first": days.first, "last": days.last}
    return days, {**wanted, "stands": stands, "everything": stands is None}, wrong


def show_one(visit: Visit) -> Response:
    """One quote as a whole."""
    found = _quote(visit)
    if found is None:
        return faults.page(visit, 404)
    return visit.html(
        "quotes/quote.html",
        order=found,
        states=STATES,
        words=WORDS,
        may_sell=may(Right.SELL, visit.person),
        to_quote=quote_path,
    )


def ask_to_accept(visit: Visit) -> Response:
    """The order that it would become, with what there is to say of it before."""
    return _show_accept(visit, None)


def accept(visit: Visit) -> Response:
    """The customer takes the offer: it becomes one order, whoever presses how often."""
    number, button = visit.params["number"], visit.form.get(DO, "")
    if button == OVERRIDE and may(Right.OVERRIDE_CREDIT, visit.person):
        refused = prove(visit)
        if refused is not None:
            return _show_accept(visit, None, {PASSWORD: refused})
    reason = visit.form.get(WHY_PASS, "") if button == OVERRIDE else None

    def do(connection: Connection) -> Done:
        place = posted_place(visit).find(connection)
        how: Any = {"override": reason, "place": place, "expected": _expected(visit)}
        how["add_fee"] = visit.form.get(_ADD_FEE) == "1"
        entered = accept_quote(connection, number, **how, by=visit.who.login, at=visit.now)
        return Done(to=sale_path(entered.number), said=said_of_order(visit, entered))

    try:
        before = done_before(visit)
        return before or once(visit, do)
    except Problem as problem:
        if problem.code is ProblemCode.NO_REASON:
            return _show_accept(visit, None, {WHY_PASS: sentence(problem, visit.language)})
        return _show_accept(visit, problem)


def _expected(visit: Visit) -> Decimal | None:
    text = visit.form.get(AT_PRICES, "")
    try:
        return typed_figure(text, Figure.AMOUNT, visit.language) if text else None
    except Unreadable:
        return None


def _show_accept(visit: Visit, problem: Problem | None, wrong: Mapping[str, str] | None = None) -> Response:
    found = _quote(visit)
    if found is None:
        return faults.page(visit, 404)
    if problem is None and not wrong and found.state not in {QuoteState.OPEN, EXPIRED}:
        return visit.go(quote_path(found.number))
    here, coming = page_place(visit), None
    with visit.database.read() as connection:
        place = places.usual_place(connection) if here is None else here.find(connection)
        if found.state in {QuoteState.OPEN, EXPIRED}:
            try:
                coming = foresee_accepting(connection, found.number, visit.now, place, expired_too=True)
            except Problem as other:
                problem = problem or other
        refused = problem or (coming.credit.refused if coming is not None and coming.credit is not None else None)
        is_blocked = refused is not None and refused.code is ProblemCode.CREDIT_BLOCKED
        who = who_may(connection, Right.OVERRIDE_CREDIT) if is_blocked else []
    return visit.html(
        "quotes/accept.html",
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        order=found,
        coming=coming,
        place=here,
        stored=stored_place(visit),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None or is_blocked else faults.next_acts(problem),
        is_blocked=is_blocked,
        may_override=may(Right.OVERRIDE_CREDIT, visit.person),
        may_raise=may(Right.SET_CREDIT, visit.person),
        may_pay=may(Right.TAKE_PAYMENTS, visit.person),
        who_may=who,
        why_pass=visit.form.get(WHY_PASS, ""),
        asks_proof=is_asked(visit),
        adds_fee=visit.form.get(_ADD_FEE) == "1",
        below=below_minimum,
        to_quote=quote_path,
    )


def ask_to_refuse(visit: Visit) -> Response:
    """What it means, and why, for those who look later."""
    return _show_refuse(visit, None)


def refuse(visit: Visit) -> Response:
    """The customer does not take the offer."""
    number, words = visit.params["number"], visit.form.get("motif", "").strip() or None

    def do(connection: Connection) -> Done:
        refused = refuse_quote(connection, number, words, by=visit.who.login, at=visit.now)
        return Done(to=quote_path(refused), said=Said("{number} is refused.", number=refused))

    try:
        return once(visit, do)
    except Problem as problem:
        return _show_refuse(visit, problem)


def _show_refuse(visit: Visit, problem: Problem | None) -> Response:
    found = _quote(visit)
    if found is None:
        return faults.page(visit, 404)
    if problem is None and found.state != QuoteState.OPEN:
        return visit.go(quote_path(found.number))
    return visit.html(
        "quotes/refuse.html",
        status=200 if problem is None else faults.status_of(problem),
        order=found,
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        reason=visit.typed("motif", visit.form.get("motif", "")),
        to_quote=quote_path,
    )


def _quote(visit: Visit) -> QuoteView | None:
    try:
        with visit.database.read() as connection:
            return show_quote(connection, visit.params["number"], visit.today)
    except Problem:
        return None
