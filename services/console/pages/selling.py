"""What people do with sales orders: accept what waits for a look, refuse it, deliver, invoice what was delivered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right, SalesState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.invoiceable import list_invoiceable
from intergestan_erp.picking import delivering
from intergestan_erp.selling import invoicing
from intergestan_erp.selling.deliveries import see
from intergestan_erp.selling.sales import show_sales_order
from intergestan_erp.selling.views import SalesOrderView
from intergestan_exchange.holds import review
from intergestan_msg.money import ZERO
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.typed_figures import typed_figure
from services.console.visit import Visit

QUANTITY, PRODUCT = "quantite.", "produit."
"""Before the id of a line."""
WHY_PASS: Final = "motif_depassement"  # noqa: S105 - the name of a field
"""Why a customer's maximum is passed, of who may."""
BY_SLIPS: Final = Problem(
    "Stock is managed where this order is: its goods leave with picking slips.",
    ProblemCode.OTHER_PLACE,
)
NOTHING_LEFT: Final = Problem("Nothing remains to be delivered.", ProblemCode.NOTHING_REMAINS)


def sale_path(number: str, act: str = "") -> str:
    """The address of a sales order, or of one of its acts."""
    return f"/ventes/{quote(number, safe='')}" + (f"/{act}" if act else "")


def accept(visit: Visit) -> Response:
    """Accept an order in review; the buyer is told."""
    products = {line_id: text for line_id, text in _by_line(visit.form, PRODUCT).items() if text.strip()}

    def do(connection: Connection) -> Done:
        number = visit.params["number"]
        bells = review.accept(connection, number, products, override=_override(visit), by=visit.who.login, at=visit.now)
        return Done(to=sale_path(number), said=_told(Said("{number} is accepted.", number=number), bells), bells=bells)

    return _try(visit, do, _show_accept)


def ask_to_accept(visit: Visit) -> Response:
    """What there is to say before an order is accepted: products of lines that have none, a maximum to pass."""
    return _show_accept(visit, None)


def _show_accept(visit: Visit, problem: Problem | None) -> Response:
    typed = _by_line(visit.form or visit.kept, PRODUCT)
    return _show_in_review(visit, "sales/accept.html", problem, typed=typed)


def _show_in_review(visit: Visit, template: str, problem: Problem | None, **values: Any) -> Response:
    """The page of an act on an order that waits for a look; of another one the order's own, unless there is a fault."""
    order = _order(visit)
    if order is None:
        return faults.page(visit, 404)
    if order.state != SalesState.REVIEW and problem is None:
        return visit.go(sale_path(order.number))
    return _page(visit, template, problem, order=order, **values)


def ask_to_refuse(visit: Visit) -> Response:
    """What it means to refuse an order, and the words that the buyer reads."""
    return _show_refuse(visit, None)


def _show_refuse(visit: Visit, problem: Problem | None) -> Response:
    return _show_in_review(visit, "sales/refuse.html", problem)


def refuse(visit: Visit) -> Response:
    """Refuse an order in review: it is cancelled, and the buyer is told why."""
    words = visit.form.get("motif", "").strip() or None

    def do(connection: Connection) -> Done:
        number = visit.params["number"]
        bells = review.refuse(connection, number, words, by=visit.who.login, at=visit.now)
        return Done(to=sale_path(number), said=_told(Said("{number} is refused.", number=number), bells), bells=bells)

    return _try(visit, do, _show_refuse)


def _told(said: Said, bells: Bells) -> Said:
    return Said("{first} The buyer is told.", first=said) if bells.compose else said


def ask_to_deliver(visit: Visit) -> Response:
    """The quantities, each with what remains of its line."""
    return _show_deliver(visit, None)


def _show_deliver(visit: Visit, problem: Problem | None, wrong: Mapping[str, str] | None = None) -> Response:
    order = _order(visit)
    if order is None:
        return faults.page(visit, 404)
    with visit.database.read() as connection:
        seen = see(connection, order.number, None)
    typed = _by_line(visit.form or visit.kept, QUANTITY)
    rest = {line.line_id: line.quantity - line.delivered for line in order.lines}
    if problem is None and seen.manages_stock:
        problem = BY_SLIPS
    if problem is None and not any(each > 0 for each in rest.values()):
        problem = NOTHING_LEFT
    shown = {line_id: typed.get(line_id, visit.figure(max(each, ZERO))) for line_id, each in rest.items()}
    template = "sales/deliver.html"
    return _page(visit, template, problem, wrong, order=order, rest=rest, shown=shown, by_slips=seen.manages_stock)


def deliver(visit: Visit) -> Response:
    """Book that goods left, under a numbered delivery note; nothing of a line whose quantity is 0."""
    wanted: dict[str, Decimal] = {}
    wrong: dict[str, str] = {}
    for line_id, text in _by_line(visit.form, QUANTITY).items():
        if not text.strip():
            continue
        try:
            wanted[line_id] = typed_figure(text, Figure.QUANTITY, visit.language)
        except Unreadable as bad:
            wrong[f"{QUANTITY}{line_id}"] = sentence(bad, visit.language)
    if wrong:
        return _show_deliver(visit, None, wrong)
    with visit.database.read() as connection:
        if see(connection, visit.params["number"], None).manages_stock:
            return _show_deliver(visit, BY_SLIPS)
    leaving = {line_id: quantity for line_id, quantity in wanted.items() if quantity}
    if not leaving:
        nothing = Problem("No quantity is typed, so nothing was delivered.", ProblemCode.NO_VALUE)
        return _show_deliver(visit, nothing)

    def do(connection: Connection) -> Done:
        number = visit.params["number"]
        made = delivering.deliver(
            connection,
            number,
            leaving,
            by=visit.who.login,
            at=visit.now,
            note=visit.form.get("remarque", "").strip() or None,
            override=_override(visit),
        )
        return Done(to=f"/bl/{quote(made, safe='')}", said=Said("{order} left with {note}.", order=number, note=made))

    return _try(visit, do, _show_deliver)


def ask_to_invoice(visit: Visit) -> Response:
    """What would be invoiced, before it is: an invoice is not deleted."""
    return _show_invoice(visit, None)


def _refs(visit: Visit) -> list[str]:
    text = visit.form.get("de") or visit.kept.get("de") or visit.query.get("de", "")
    return [each for each in (part.strip() for part in text.split(",")) if each][:_MOST_REFS]


_MOST_REFS: Final = 200


def _show_invoice(visit: Visit, problem: Problem | None) -> Response:
    refs = _refs(visit)
    if not refs:
        problem = problem or Problem(
            "Say what is to be invoiced: a sales order or a delivery note.", ProblemCode.NO_VALUE
        )
    with visit.database.read() as connection:
        shown = list_invoiceable(connection, refs)
    return _page(visit, "sales/invoice.html", problem, refs=refs, shown=shown)


def invoice(visit: Visit) -> Response:
    """Make one numbered invoice of what was delivered and is not invoiced yet."""
    refs = _refs(visit)
    if not refs:
        return _show_invoice(visit, None)

    def do(connection: Connection) -> Done:
        made = invoicing.invoice(connection, refs, by=visit.who.login, at=visit.now, override=_override(visit))
        return Done(
            to=f"/factures/{quote(made, safe='')}",
            said=Said("{invoice} invoices {refs}.", invoice=made, refs=", ".join(refs)),
        )

    return _try(visit, do, _show_invoice)


def invoice_path(refs: Sequence[str]) -> str:
    """The address at which these are invoiced."""
    return f"/factures/nouvelle?{urlencode({'de': ','.join(refs)})}"


def _try(
    visit: Visit,
    do: Callable[[Connection], Done],
    show: Callable[[Visit, Problem], Response],
) -> Response:
    """Do it once; what a rule has against it is said in the form, with all that was typed."""
    try:
        return once(visit, do)
    except Problem as problem:
        return show(visit, problem)


def _override(visit: Visit) -> str | None:
    """Why the customer's maximum is passed, of a person who may."""
    text = visit.form.get(WHY_PASS, "").strip()
    return text if text and may(Right.OVERRIDE_CREDIT, visit.person) else None


def _by_line(fields: Mapping[str, str], prefix: str) -> dict[str, str]:
    """What is typed for each line; an empty text is what somebody cleared."""
    return {name.removeprefix(prefix): text for name, text in fields.items() if name.startswith(prefix)}


def _order(visit: Visit) -> SalesOrderView | None:
    with visit.database.read() as connection:
        return show_sales_order(connection, visit.params["number"])


def _page(
    visit: Visit, template: str, problem: Problem | None, wrong: Mapping[str, str] | None = None, **values: Any
) -> Response:
    status = faults.status_of(problem) if problem is not None else 422 if wrong else 200
    return visit.html(
        template,
        status=status,
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        may_pass=may(Right.OVERRIDE_CREDIT, visit.person)
        and problem is not None
        and problem.code is ProblemCode.CREDIT_BLOCKED,
        why_pass=visit.form.get(WHY_PASS, ""),
        reason=visit.typed("motif", visit.form.get("motif", "")),
        note=visit.typed("remarque", visit.form.get("remarque", "")),
        **values,
    )
