"""Purchase orders by hand: entered, changed, copied and deleted, as long as they are drafts.

A draft's form has the version that was looked at: of two people who change it one is told, sees both versions beside
each other, and decides; nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import PurchaseState
from intergestan_db.problem import EntryProblems, Problem, ProblemCode
from intergestan_erp.listing.products import find_products
from intergestan_erp.listing.purchase import choices
from intergestan_erp.ordering.differences import Difference, differences
from intergestan_erp.ordering.drafts import (
    ReadyOrder,
    SavedOrder,
    judge_change,
    judge_copy,
    judge_new,
    write_order,
)
from intergestan_erp.ordering.judging import PricedOrder, judged, price_order
from intergestan_erp.ordering.stored_order import StoredOrder, read_stored
from intergestan_erp.ordering.typed_order import TypedOrder
from intergestan_erp.purchasing.purchase_orders import confirm, unconfirm
from intergestan_operations.language.file_problems import FIELDS
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, done_before, once
from services.console.pages import order_form
from services.console.pages.line_form import edited, is_form
from services.console.pages.order_form import OrderForm, Read
from services.console.visit import CONTENT, Visit

NEW: Final = "/commandes/nouvelle"
PRICES_FROM: Final[Mapping[str, str]] = {
    "list": marked("price list"),
    "catalogue": marked("catalogue"),
    "file": marked("from its file"),
    "amount": marked("from its amount"),
}
"""What a price is from that nobody typed here."""
_TEMPLATE: Final = "orders/form.html"


def order_path(number: str, act: str = "") -> str:
    """The address of an order, or of one of its acts."""
    return f"/commandes/{quote(number, safe='')}" + (f"/{act}" if act else "")


@dataclass(frozen=True, slots=True)
class _Told:
    """What a page of the form says beside its fields.

    :ivar differences: in what the draft that is there differs from what was typed; `by`: who changed it.
    """

    wrong: Mapping[str, Problem] = field(default_factory=dict)
    problem: Problem | None = None
    about_days: bool = False
    differences: tuple[Difference, ...] = ()
    may_save: bool = True
    status: int = 200
    focus: str = ""


def show_new(visit: Visit) -> Response:
    """A form with supplier and products of the address; for whoever had to enter on the way, with what they typed."""
    if is_form(visit.kept):
        return _page(visit, None, order_form.form_of(visit.kept), 0)
    supplier = visit.query.get("fournisseur", "")
    form = order_form.empty_form(supplier, visit.who.login, visit.day(visit.today))
    products = [code for code in visit.request.query_params.getlist("produit") if code.strip()]
    return _page(visit, None, form.with_products(products), 0)


def enter(visit: Visit) -> Response:
    """One of its buttons: another line, lines that were pasted, or enter the order."""
    form = order_form.form_of(visit.form)
    other = _edited(visit, form)
    if other is not None:
        return _page(visit, None, other[0], 0, _Told(focus=other[1]))

    def judge(connection: Connection, typed: TypedOrder) -> ReadyOrder:
        return judge_new(connection, typed, visit.now, any_dates=_meant(form))

    return _save(visit, form, None, judge)


def show_draft(visit: Visit) -> Response:
    """A draft to be changed; what is no draft leads to its own page."""
    number = visit.params["number"]
    try:
        with visit.database.read() as connection:
            stored = read_stored(connection, number)
    except Problem:
        return faults.page(visit, 404)
    if "vue" in visit.query:
        return _look_for_others(visit, stored)
    if stored.state != PurchaseState.DRAFT:
        return visit.go(order_path(stored.number))
    form = order_form.form_from(stored.typed, visit.language)
    version = stored.version
    if is_form(visit.kept):
        form, version = order_form.form_of(visit.kept), _version(visit.kept)
    return _page(visit, stored.number, form, version)


def _look_for_others(visit: Visit, stored: StoredOrder) -> Response:
    """For a form that is open: whether somebody changed the draft since."""
    since = visit.query.get("vue", "")
    changed = stored.state != PurchaseState.DRAFT or since != str(stored.version)
    return visit.html(_TEMPLATE, block="autres", titled=False, number=stored.number, version=since, changed=changed)


def change(visit: Visit) -> Response:
    """One of its buttons: another line, lines that were pasted, or save the draft."""
    form, number, version = order_form.form_of(visit.form), visit.params["number"], _version(visit.form)
    other = _edited(visit, form)
    if other is not None:
        return _page(visit, number, other[0], version, _Told(focus=other[1]))

    def judge(connection: Connection, typed: TypedOrder) -> ReadyOrder:
        return judge_change(connection, number, typed, visit.now, version=version, any_dates=_meant(form))

    return _save(visit, form, number, judge)


def _save(
    visit: Visit, form: OrderForm, number: str | None, judge: Callable[[Connection, TypedOrder], ReadyOrder]
) -> Response:
    """Look at it before the transaction; write it once in it. What stands against it is said in the form."""
    shall_confirm = visit.form.get("faire") == "confirmer"
    read = _read(visit, form, number)
    told: _Told
    if read.order is None:
        return _page(visit, number, form, _version(visit.form), _Told(wrong=read.wrong, status=422))
    typed = read.order

    def do(connection: Connection) -> Done:
        saved = write_order(connection, ready, by=visit.who.login, at=visit.now, confirm=shall_confirm)
        return Done(to=order_path(saved.number), said=_said(visit, saved))

    try:
        before = done_before(visit)
        if before is not None:
            return before
        with visit.database.read() as connection:
            ready = judge(connection, typed)
        return once(visit, do, again=True)  # a file may bring the number along at this moment: the next one is taken
    except EntryProblems as error:
        wrong, about_days = order_form.placed(error, read.rows)
        told = _Told(wrong=wrong, about_days=about_days, status=422)
        return _page(visit, number, form, _version(visit.form), told)
    except Problem as problem:
        return _clash(visit, form, number, typed, problem)


def _clash(visit: Visit, form: OrderForm, number: str | None, typed: TypedOrder, problem: Problem) -> Response:
    """Somebody was quicker: both versions beside each other, and what was typed stays in the form."""
    status = faults.status_of(problem)
    if number is None or problem.code not in {ProblemCode.CHANGED_MEANWHILE, ProblemCode.OTHER_STATE}:
        told = _Told(problem=problem, status=status, may_save=problem.code is not ProblemCode.NO_ORDER)
        return _page(visit, number, form, _version(visit.form), told)
    with visit.database.snapshot() as connection:
        theirs = read_stored(connection, number)
        found = _differences(connection, visit, theirs, typed)
    told = _Told(
        problem=problem, differences=found, status=status, may_save=problem.code is ProblemCode.CHANGED_MEANWHILE
    )
    return _page(visit, number, form, theirs.version, told)


def _differences(
    connection: Connection, visit: Visit, stored: StoredOrder, typed: TypedOrder
) -> tuple[Difference, ...]:
    """Between what was typed and what is there; none where what was typed cannot stand any more."""
    try:
        mine, theirs = (
            judged(connection, each, visit.today, any_dates=True, stored=stored) for each in (typed, stored.typed)
        )
    except EntryProblems:
        return ()
    return tuple(differences(connection, mine, theirs))


def _said(visit: Visit, saved: SavedOrder) -> Said:
    text = "{number} is a draft: {ht} excl. VAT, {ttc} incl. VAT."
    if saved.state == PurchaseState.CONFIRMED:
        text = "{number} is confirmed, and can be sent: {ht} excl. VAT, {ttc} incl. VAT."
    order = saved.priced
    return Said(text, number=saved.number, ht=visit.amount(order.total_ht), ttc=visit.amount(order.total_ttc))


marked("{number} is a draft: {ht} excl. VAT, {ttc} incl. VAT.")
marked("{number} is confirmed, and can be sent: {ht} excl. VAT, {ttc} incl. VAT.")


def _edited(visit: Visit, form: OrderForm) -> tuple[OrderForm, str] | None:
    """The form after a button that only changes it, and the field to go on with; None: it is to be saved."""
    found = edited(form.lines, visit.form)
    return None if found is None else (form.with_lines(found[0]), found[1])


def price(visit: Visit) -> Response:
    """What the order would come to, while it is typed. Nothing is written, and what is not whole yet has no sum."""
    form = order_form.form_of(visit.form)
    read = _read(visit, form, None)
    found: PricedOrder | None = None
    if read.order is not None:
        try:
            with visit.database.read() as connection:
                found = price_order(connection, read.order, visit.today, any_dates=True)
        except EntryProblems:
            found = None
    return visit.html(_TEMPLATE, block="totaux", titled=False, **_priced(form, read, found), swapped=True)


def _priced(form: OrderForm, read: Read | None, found: PricedOrder | None) -> dict[str, Any]:
    sums = {}
    if read is not None and found is not None:
        sums = dict(zip(read.rows, found.lines, strict=True))
    return {"priced": found, "sums": sums, "form": form, "prices_from": PRICES_FROM}


def find(visit: Visit) -> Response:
    """Products for what is typed into a line."""
    typed = next(
        (text for name, text in visit.query.items() if name.endswith("produit") or name.startswith("produit.")), ""
    )
    with visit.database.read() as connection:
        found = find_products(connection, typed)
    for_sale = visit.query.get("pour") == "vente"
    return visit.html(_TEMPLATE, block="produits", titled=False, products=found, for_sale=for_sale)


def copy(visit: Visit) -> Response:
    """Enter it once more, as a draft of today; on to its form."""
    number = visit.params["number"]
    before = done_before(visit)
    if before is not None:
        return before
    try:
        with visit.database.snapshot() as connection:
            ready = judge_copy(connection, number, visit.now)
    except EntryProblems as error:
        return _cannot_copy(visit, number, error)

    def do(connection: Connection) -> Done:
        saved = write_order(connection, ready, by=visit.who.login, at=visit.now)
        said = Said("{copy} is a copy of {number}, as a draft of today.", copy=saved.number, number=number)
        return Done(to=order_path(saved.number, "modifier"), said=said)

    return once(visit, do, again=True)


def _cannot_copy(visit: Visit, number: str, error: EntryProblems) -> Response:
    """Something of it cannot be ordered any more: a new order with its lines, and what is wrong with them."""
    with visit.database.read() as connection:
        stored = read_stored(connection, number)
    typed = replace(stored.typed, issue_date=None, wanted_date=None)
    form = order_form.form_from(typed, visit.language)
    lines = [{**line, "ligne": ""} for line in form.lines]
    rows = range(1, len(lines) + 1)
    wrong, about_days = order_form.placed(error, rows)
    told = _Told(wrong=wrong, about_days=about_days, status=422)
    return _page(visit, None, form.with_lines(lines), 0, told)


def ask_to_delete(visit: Visit) -> Response:
    """What it means to delete a draft, before it is done."""
    try:
        with visit.database.read() as connection:
            stored = read_stored(connection, visit.params["number"])
    except Problem:
        return faults.page(visit, 404)
    if stored.state != PurchaseState.DRAFT:
        return visit.go(order_path(stored.number))
    return visit.html("orders/delete.html", number=stored.number, version=stored.version, order=stored.typed)


def delete(visit: Visit) -> Response:
    """Delete a draft, if it is still the one that was looked at."""
    from intergestan_exchange.outbox.delete_drafts import delete_drafts

    number, version = visit.params["number"], _version(visit.form)

    def do(connection: Connection) -> Done:
        gone = delete_drafts(connection, [number], by=visit.who.login, at=visit.now, versions={number: version})
        said = Said("Deleted: {numbers}. The number is not given again.", numbers=", ".join(gone))
        return Done(to="/commandes", said=said)

    return once(visit, do)


def confirm_one(visit: Visit) -> Response:
    """A draft becomes confirmed: read-only, and ready to be sent."""

    def do(connection: Connection) -> Done:
        number = visit.params["number"]
        confirm(connection, [number], by=visit.who.login, at=visit.now)
        return Done(to=order_path(number), said=Said("{number} is confirmed and can be sent.", number=number))

    return once(visit, do)


def unconfirm_one(visit: Visit) -> Response:
    """A confirmed order that was not sent becomes a draft again."""

    def do(connection: Connection) -> Done:
        number = visit.params["number"]
        unconfirm(connection, [number], by=visit.who.login, at=visit.now)
        return Done(to=order_path(number), said=Said("{number} is a draft again.", number=number))

    return once(visit, do)


def _read(visit: Visit, form: OrderForm, number: str | None) -> Read:
    stored = None
    if number is not None:
        try:
            with visit.database.read() as connection:
                stored = read_stored(connection, number).typed
        except Problem:  # it was deleted meanwhile, which the act says
            stored = None
    return order_form.read_form(form, visit.language, visit.today, stored)


def _version(fields: Mapping[str, str]) -> int:
    text = fields.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _meant(form: OrderForm) -> bool:
    return form.head.get(order_form.MEANT, "") == "1"


def _page(visit: Visit, number: str | None, form: OrderForm, version: int, told: _Told | None = None) -> Response:
    told = told or _Told()
    found: PricedOrder | None = None
    read = None if told.wrong else _read(visit, form, number)
    with visit.database.read() as connection:
        suppliers, people = choices(connection)
        if read is not None and read.order is not None and read.order.lines:
            try:
                found = price_order(connection, read.order, visit.today, any_dates=True)
            except EntryProblems:
                found = None
    return visit.html(
        _TEMPLATE,
        block=CONTENT if visit.is_partial else None,
        status=told.status,
        number=number,
        version=version,
        path_of_form=NEW if number is None else order_path(number, "modifier"),
        said_of=told.problem,
        wrong={name: visit.say(problem) for name, problem in told.wrong.items()},
        about_days=told.about_days or _meant(form),
        differences=told.differences,
        fields=FIELDS,
        may_save=told.may_save,
        focus=told.focus,
        suppliers=suppliers,
        people=people,
        products=[],
        changed=False,
        swapped=False,
        **_priced(form, read, found),
    )
