"""*Saisir une commande client* and *Nouveau devis*: one form, priced while it is typed by the code that books it.

A quote has no minimum, and keeps neither the customer's number, terms of its own, nor what becomes of it while not all
is there; whoever turns an order into a quote is told so at these fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Right, Stage
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies import places
from intergestan_erp.listing.fees import list_fees
from intergestan_erp.listing.page import MOST
from intergestan_erp.parties.addresses import addresses_of
from intergestan_erp.parties.fees import proposed_to
from intergestan_erp.people.rights import who_may
from intergestan_erp.picking.cascade import Level
from intergestan_erp.picking.inherited import read_inherited
from intergestan_erp.selling.drafts import Typed
from intergestan_erp.selling.enter import EnteredOrder, SmallOrder, enter_order, foresee_shares
from intergestan_erp.selling.foreseeing import ForeseenSale, foresee_sale
from intergestan_erp.selling.quotes import enter_quote, show_quote
from intergestan_erp.terms.stored import read_terms, term_called
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.proof import is_asked, prove
from services.console.access.rights import may
from services.console.acting import Done, done_before, once
from services.console.pages import line_form, party_field, sale_form
from services.console.pages.party_field import SEARCH, Asked
from services.console.pages.sale_form import CUSTOMER, OF_ORDERS, TERM, WHY_PASS, Read, SaleForm
from services.console.pages.selling import sale_path
from services.console.pages.tiers_card import INCOMPLETE
from services.console.place import page_place, posted_place, stored_place
from services.console.visit import CONTENT, Visit

QUOTES: Final = "/devis"
SALES: Final = "/ventes"
AS_QUOTE, OVERRIDE = "devis", "deroger"
"""Buttons: keep an order as a quote; let it pass although the customer owes too much."""
ADD_FEE, ADDED, WITHOUT, SMALL = "frais", "frais_ajout", "sans-", "petite"
PASSWORD: Final = "mot_de_passe"  # noqa: S105 - the name of a field
LEVELS: Final[Mapping[str, str]] = {
    Level.DOSSIER: marked("of the dossier"),
    Level.CUSTOMER: marked("of the customer"),
    Level.ADDRESS: marked("of the address"),
}
"""Who says what is inherited."""
_TEMPLATE: Final = "sales/enter.html"
_NOT_IN_QUOTES: Final = Problem("A quote does not keep this: empty it, or save the order.", ProblemCode.NO_VALUE)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is entered. `where`: its list; `path`: its form; `count`: where its totals are asked for."""

    stage: Stage
    where: str
    path: str
    count: str

    @property
    def is_order(self) -> bool:
        """Whether it is a sales order."""
        return self.stage is Stage.ORDER


ORDER: Final = Kind(Stage.ORDER, SALES, f"{SALES}/nouvelle", f"{SALES}/calcul")
QUOTE: Final = Kind(Stage.QUOTE, QUOTES, f"{QUOTES}/nouveau", f"{QUOTES}/calcul")


@dataclass(frozen=True, slots=True)
class _Told:
    """What a page of the form says beside its fields."""

    wrong: Mapping[str, Problem] = field(default_factory=dict)
    problem: Problem | None = None
    status: int = 200
    focus: str = ""
    password: str | None = None


def quote_path(number: str, act: str = "") -> str:
    """The address of a quote, or of one of its acts."""
    return f"{QUOTES}/{quote(number, safe='')}" + (f"/{act}" if act else "")


def show_order(visit: Visit) -> Response:
    """An empty form of an order; for whoever had to enter on the way, with what they typed."""
    return _show_new(visit, ORDER)


def show_quote_form(visit: Visit) -> Response:
    """An empty form of a quote, or the copy of another one at the prices of now."""
    return _show_new(visit, QUOTE)


def enter_sale(visit: Visit) -> Response:
    """One of the buttons of an order's form."""
    return _enter(visit, ORDER)


def enter_offer(visit: Visit) -> Response:
    """One of the buttons of a quote's form."""
    return _enter(visit, QUOTE)


def count_sale(visit: Visit) -> Response:
    """What the order would come to, while it is typed."""
    return _count(visit, ORDER)


def count_offer(visit: Visit) -> Response:
    """What the quote would come to, while it is typed."""
    return _count(visit, QUOTE)


def _show_new(visit: Visit, kind: Kind) -> Response:
    if line_form.is_form(visit.kept):
        return _page(visit, kind, sale_form.form_of(visit.kept), visit.kept)
    form = sale_form.empty_form()
    customer = visit.query.get(CUSTOMER, "")
    if "copie" in visit.query:
        found = _copied(visit, visit.query["copie"])
        if found is None:
            return faults.page(visit, 404)
        customer, form = found
    return _page(visit, kind, form, {CUSTOMER: customer})


def _copied(visit: Visit, number: str) -> tuple[str, SaleForm] | None:
    """The customer and the form of a quote that is copied: its products and quantities, at the prices of now."""
    try:
        with visit.database.read() as connection:
            found = show_quote(connection, number, visit.today)
    except Problem:
        return None
    form = sale_form.empty_form()
    lines = [
        {**line_form.empty_line(), "produit": line.product_code or "", "quantite": visit.figure(line.quantity)}
        for line in found.lines
    ]
    return found.customer_code, replace(form.with_lines(lines), head={**form.head, sale_form.NOTE: found.note or ""})


def _enter(visit: Visit, kind: Kind) -> Response:
    form = sale_form.form_of(visit.form)
    changed = _edited(visit, form)
    if changed is not None:
        return _page(visit, kind, changed[0], visit.form, _Told(focus=changed[1]))
    button = visit.form.get(line_form.DO, "")
    if button == SEARCH:
        return _page(visit, kind, form, visit.form)
    made = QUOTE if button == AS_QUOTE else kind
    read = sale_form.read_form(form, visit.language, visit.today)
    wrong = dict(read.wrong)
    if made is not kind:
        wrong |= {name: _NOT_IN_QUOTES for name in OF_ORDERS if form.head[name].strip()}
    with visit.database.read() as connection:
        asked = party_field.asked_of(connection, visit.form, CUSTOMER, PartyRole.CUSTOMER)
    if asked.party is None:
        wrong = {CUSTOMER: asked.fault, **wrong}
    if wrong or asked.party is None:
        return _page(visit, kind, form, visit.form, _Told(wrong=wrong, status=422))
    reason = None
    if button == OVERRIDE:
        reason = form.head[WHY_PASS]
        refused = prove(visit) if may(Right.OVERRIDE_CREDIT, visit.person) else None
        if refused is not None:
            return _page(visit, kind, form, visit.form, _Told(password=refused, status=422))
    typed = read.typed(form, asked.party.id, asked.party.code)
    try:
        before = done_before(visit)
        if before is not None:
            return before
        if made.is_order:
            return _write_order(visit, form, read, typed, reason)
        return _write_quote(visit, read, typed, reason)
    except Problem as problem:
        at = sale_form.placed(problem, read)
        told = _Told(wrong=at, problem=None if at else problem, status=faults.status_of(problem))
        return _page(visit, kind, form, visit.form, told)


def _write_order(visit: Visit, form: SaleForm, read: Read, typed: Typed, reason: str | None) -> Response:
    here, term = posted_place(visit), form.head[TERM].strip()

    def do(connection: Connection) -> Done:
        place = here.find(connection)
        term_id = term_called(connection, term).id if term else None
        chooses = bool(foresee_shares(connection, typed, visit.now, place))
        how: Any = {"override": reason, "place": place, "incomplete": read.incomplete, "term_id": term_id}
        entered = enter_order(connection, typed, **how, by=visit.who.login, at=visit.now)
        to = sale_path(entered.number, "affectation" if chooses else "")
        return Done(to=to, said=said_of_order(visit, entered))

    return once(visit, do)


def said_of_order(visit: Visit, entered: EnteredOrder) -> Said:
    """What is said of an order that was entered, the customer's minimum included."""
    said = Said(
        "{number} is entered: {ht} excl. VAT, {ttc} incl. VAT.",
        number=entered.number,
        ht=visit.amount(entered.total_ht),
        ttc=visit.amount(entered.total_ttc),
    )
    if entered.allocated is not None and entered.allocated.short:
        said = Said("{first} Not all of its goods are there: the rest is served as goods come.", first=said)
    if entered.small is not None:
        said = Said("{first} {second}", first=said, second=below_minimum(visit, entered.small))
    return said


def below_minimum(visit: Visit, small: SmallOrder) -> Said:
    """What is said of an order below its customer's minimum (T23)."""
    return Said(
        "{amount} excl. VAT is below the minimum order of {minimum}.",
        amount=visit.amount(small.below.amount),
        minimum=visit.amount(small.below.minimum),
    )


def _write_quote(visit: Visit, read: Read, typed: Typed, reason: str | None) -> Response:
    here = page_place(visit)

    def do(connection: Connection) -> Done:
        place = None if here is None else here.find(connection)
        how: Any = {"valid_until": read.until, "override": reason, "place": place}
        made = enter_quote(connection, typed, **how, by=visit.who.login, at=visit.now)
        said = Said(
            "{number} is entered: {ht} excl. VAT, {ttc} incl. VAT.",
            number=made.number,
            ht=visit.amount(made.total_ht),
            ttc=visit.amount(made.total_ttc),
        )
        return Done(to=quote_path(made.number), said=said)

    return once(visit, do)


def _edited(visit: Visit, form: SaleForm) -> tuple[SaleForm, str] | None:
    """The form after a button that only changes it, and the field to go on with; None: it is another button."""
    found = line_form.edited(form.lines, visit.form)
    if found is not None:
        return form.with_lines(found[0]), found[1]
    wanted = visit.form.get(line_form.DO, "")
    if wanted.startswith(WITHOUT):
        kept = [each for n, each in enumerate(form.charges, start=1) if wanted != f"{WITHOUT}{n}"]
        return form.with_charges(kept), ""
    if wanted in {ADD_FEE, SMALL}:
        code = visit.form.get(ADDED if wanted == ADD_FEE else SMALL, "")
        return form.with_charges([*form.charges, {"code": code, "montant": ""}]), ""
    return None


def _count(visit: Visit, kind: Kind) -> Response:
    form = sale_form.form_of(visit.form)
    return _page(visit, kind, form, visit.form, block="totaux")


@dataclass(frozen=True, slots=True)
class _Customer:
    """What the form shows of its customer. `rest`: the fees that may be added."""

    asked: Asked
    fees: Mapping[str, Any]
    rest: tuple[Any, ...]
    addresses: tuple[Any, ...] = ()
    inherited: Any = None


def _customer(
    visit: Visit, connection: Connection, fields: Mapping[str, str], place: places.Place, form: SaleForm
) -> tuple[_Customer, SaleForm]:
    """The customer that is named; and the form with the fees that they bear, where it did not show them yet."""
    looks = visit.form.get(line_form.DO) == SEARCH
    asked = party_field.asked_of(connection, fields, CUSTOMER, PartyRole.CUSTOMER, looks=looks)
    all_fees = {each.code: each for each in list_fees(connection, size=MOST).rows}
    if asked.party is None:
        return _Customer(asked, all_fees, ()), form
    if not form.shows_fees_of(asked.party.code):
        borne = proposed_to(connection, asked.party.id)
        shown = [
            {"code": fee.code, "montant": visit.amount(fee.amount) if fee.is_own and fee.amount is not None else ""}
            for fee in borne
        ]
        own = () if form.head[sale_form.FEES_OF] else form.charges
        form = form.with_charges([*shown, *own], asked.party.code)
    there = {each["code"] for each in form.charges}
    rest = tuple(fee for fee in all_fees.values() if fee.active and fee.code not in there)
    addresses = tuple(addresses_of(connection, asked.party.id))
    address = form.head[sale_form.ADDRESS]
    chosen = next((each.id for each in addresses if str(each.id) == address), None)
    inherited = read_inherited(connection, asked.party.id, place, chosen)
    return _Customer(asked, all_fees, rest, addresses, inherited), form


def _foresee(
    connection: Connection, visit: Visit, kind: Kind, read: Read, typed: Typed, place: places.Place
) -> tuple[ForeseenSale | None, Problem | None]:
    """What it would come to; None, and why, as long as something of it cannot be."""
    if not read.lines or read.wrong:
        return None, None
    try:
        return foresee_sale(connection, typed, kind.stage, place=place, at=visit.now), None
    except Problem as problem:
        return None, problem


def _page(
    visit: Visit,
    kind: Kind,
    form: SaleForm,
    fields: Mapping[str, str],
    told: _Told | None = None,
    block: str | None = None,
) -> Response:
    told = told or _Told()
    read = sale_form.read_form(form, visit.language, visit.today)
    here = page_place(visit)
    with visit.database.read() as connection:
        place = places.usual_place(connection) if here is None else here.find(connection)
        customer, shown = _customer(visit, connection, fields, place, form)
        found, why_not = None, None
        party = customer.asked.party
        if party is not None:
            read = read if shown is form else sale_form.read_form(shown, visit.language, visit.today)
            found, why_not = _foresee(connection, visit, kind, read, read.typed(shown, party.id, party.code), place)
        refused = told.problem if told.problem is not None else found and found.credit and found.credit.refused
        is_blocked = isinstance(refused, Problem) and refused.code is ProblemCode.CREDIT_BLOCKED
        terms = read_terms(connection)
        may_pass = who_may(connection, Right.OVERRIDE_CREDIT) if is_blocked else []
    wrong = {name: sentence(each, visit.language) for name, each in told.wrong.items()}
    if told.password is not None:
        wrong[PASSWORD] = told.password
    return visit.html(
        _TEMPLATE,
        block=block or (CONTENT if visit.is_partial else None),
        titled=block is None,
        status=told.status,
        kind=kind,
        form=shown,
        customer=customer,
        place=here,
        stored=stored_place(visit),
        wrong=wrong,
        said=None if told.problem is None else sentence(told.problem, visit.language),
        acts=[] if told.problem is None or is_blocked else faults.next_acts(told.problem),
        about_days=sale_form.MEANT in form.head and _about_days(told, form),
        focus=told.focus,
        found=found,
        why_not=why_not,
        rows=dict(zip(read.rows, range(len(read.rows)), strict=True)),
        small=None if found is None or found.small is None else found.small,
        below=below_minimum,
        is_blocked=is_blocked,
        asks_pass=(is_blocked and told.problem is not None) or told.password is not None or WHY_PASS in told.wrong,
        may_override=may(Right.OVERRIDE_CREDIT, visit.person),
        may_raise=may(Right.SET_CREDIT, visit.person),
        may_pay=may(Right.TAKE_PAYMENTS, visit.person),
        may_enter=may(Right.SET_PARTIES, visit.person),
        who_may=may_pass,
        asks_proof=is_asked(visit),
        terms=terms,
        incompletes=INCOMPLETE,
        levels=LEVELS,
        others_fees=shown is not form,
        swapped=block is not None,
        products=[],
    )


def _about_days(told: _Told, form: SaleForm) -> bool:
    return form.head[sale_form.MEANT] == "1" or sale_form.WANTED in told.wrong
