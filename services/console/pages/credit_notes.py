"""Credit notes (*avoirs*): the list, each as it went out, and making one, which is looked at first (D32)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import CreditNote
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.credit_notes import ListedCreditNote, WhichCreditNotes, list_credit_notes
from intergestan_erp.listing.entries import entry_of
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.settlements import settled_by
from intergestan_erp.selling.credit_notes import Foreseen, foresee, read_creditable
from intergestan_erp.selling.sales import show_credit_note, show_invoice
from intergestan_erp.selling.taking_back import Invoiced
from intergestan_erp.selling.verifying import follows
from intergestan_erp.selling.views import InvoiceView
from intergestan_msg.money import ZERO
from intergestan_operations.language.payment_words import INVOICE_KINDS
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, chosen_party, days_of, paging_of
from services.console.pages.released import told_released
from services.console.typed_figures import typed_figure
from services.console.visit import Visit

PATH: Final = "/avoirs"
TAB, ON_ACCOUNT = "montrer", "en-compte"
TABS: Final[Mapping[str, str]] = {"": marked("All credit notes"), ON_ACCOUNT: marked("On account")}
NARROWING: Final = ("du", "au", "client", TAB)
TITLES: Final = (
    *(marked("Number"), marked("Date"), marked("Customer"), marked("Invoice"), marked("Reason")),
    *(marked("Total excl. VAT"), marked("Total incl. VAT"), marked("Currency"), marked("On account")),
)
"""The columns, as a file has them."""
QUANTITY, CHARGE, REASON = "quantite.", "frais.", "motif"
DO, LOOK, MAKE = "faire", "apercu", "avoir"
"""What the button does: show what would be made, or make it."""


def note_path(number: str, act: str = "") -> str:
    """The address of a credit note, or of one of its acts."""
    return f"{PATH}/{quote(number, safe='')}" + (f"/{act}" if act else "")


def show_list(visit: Visit) -> Response:
    """A page of them, the newest first."""
    paging = paging_of(visit, PATH, NARROWING)
    with visit.database.read() as connection:
        days, wanted, wrong = _asked(visit, connection)
        page = None if wrong else list_credit_notes(connection, wanted, **paging.where)
    return visit.html(
        "documents/credit_notes.html",
        status=422 if wrong else 200,
        page=page,
        paging=paging,
        tabs=[(name, word, paging.narrowed(montrer=name)) for name, word in TABS.items()],
        tab=_tab(visit),
        days=days,
        customer=visit.query.get("client", ""),
        wrong=wrong,
        is_narrowed=any(paging.narrowing.values()),
        may_pay=may(Right.TAKE_PAYMENTS, visit.person),
    )


def export(visit: Visit) -> Response:
    """All that the list shows, as a file."""
    with visit.database.read() as connection:
        _days, wanted, wrong = _asked(visit, connection)
    if wrong:
        return visit.go(f"{PATH}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedCreditNote]:
        return list_credit_notes(connection, wanted, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.number, visit.day(each.issue_date), each.customer, each.invoice, each.reason),
            *(each.total_ht, each.total_ttc, each.currency, each.left),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "avoirs", said("Credit notes"), [said(title) for title in TITLES], rows)


def show_one(visit: Visit) -> Response:
    """One credit note, as it went out, with what it settled."""
    number = visit.params["number"]
    with visit.database.read() as connection:
        note = show_credit_note(connection, number)
        if note is None:
            return faults.page(visit, 404)
        settled = settled_by(connection, number)
        entry, is_whole = entry_of(connection, CreditNote, number), follows(connection, number)
    left = note.total_ttc - sum((each.amount for each in settled), ZERO)
    return visit.html(
        "documents/credit_note.html",
        note=note,
        settled=settled,
        left=left,
        entry=entry,
        is_whole=is_whole,
        kinds=INVOICE_KINDS,
        may_books=may(Right.KEEP_BOOKS, visit.person),
        may_settle=left > ZERO and may(Right.TAKE_PAYMENTS, visit.person),
        to_settle=note_path(number, "imputer"),
    )


@dataclass
class _Typed:
    """What was typed of a credit note. `wrong`: by field."""

    lines: dict[int, Decimal] = field(default_factory=dict)
    charges: list[int] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)


def ask(visit: Visit) -> Response:
    """What is left of the invoice, all of it proposed; for whoever had to enter on the way with what they typed."""
    return _page(visit)


def take(visit: Visit) -> Response:
    """Show what would be made; then, from there, make it."""
    typed = _read(visit)
    if not typed.wrong and not typed.lines and not typed.charges:
        typed.wrong[REASON] = sentence(_NOTHING, visit.language)
    if typed.wrong:
        return _page(visit, wrong=typed.wrong)
    number, reason = visit.params["number"], visit.form.get(REASON, "")
    if visit.form.get(DO) != MAKE:
        try:
            with visit.database.read() as connection:
                foreseen = foresee(connection, number, reason, typed.lines, typed.charges)
        except Problem as problem:
            return _page(visit, problem=problem)
        return _page(visit, foreseen=foreseen)

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import credit_invoice

        by, at = visit.who.login, visit.now
        made, released = credit_invoice(connection, number, reason, typed.lines, typed.charges, by=by, at=at)
        total, left = visit.amount(made.total_ttc), made.settled.left
        said = Said("{note} takes back {amount} of {invoice}.", note=made.number, amount=total, invoice=made.invoice)
        if left:
            said = Said("{first} {left} are on account.", first=said, left=visit.amount(left))
        return Done(
            to=note_path(made.number), said=told_released(visit, said, released), bells=Bells(take_in=released.take_in)
        )

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem=problem)


_NOTHING: Final = Problem("No quantity is typed and no charge is ticked, so nothing was done.", ProblemCode.NO_VALUE)


def _read(visit: Visit) -> _Typed:
    typed = _Typed()
    for name, text in visit.form.items():
        n = name.partition(".")[2]
        if not (n.isascii() and n.isdigit()) or not text.strip():
            continue
        if name.startswith(CHARGE):
            typed.charges.append(int(n))
        elif name.startswith(QUANTITY):
            try:
                quantity = typed_figure(text, Figure.QUANTITY, visit.language)
            except Unreadable as bad:
                typed.wrong[name] = sentence(bad, visit.language)
                continue
            if quantity:
                typed.lines[int(n)] = quantity
    return typed


def _page(
    visit: Visit,
    *,
    wrong: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    foreseen: Foreseen | None = None,
) -> Response:
    with visit.database.read() as connection:
        invoice = show_invoice(connection, visit.params["number"])
        if invoice is None:
            return faults.page(visit, 404)
        invoiced = read_creditable(connection, invoice.number)
    fields = visit.form or visit.kept or _whole(visit, invoiced)
    return visit.html(
        "documents/make_credit_note.html",
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        invoice=invoice,
        rest={line.n: line.quantity - line.credited for line in invoiced.lines},
        credited={charge.n for charge in invoiced.charges if charge.credited},
        left=invoiced.left,
        fields=fields,
        foreseen=foreseen,
        of_part=_names(invoice, invoiced),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        path_of_form=f"/factures/{quote(invoice.number, safe='')}/avoir",
    )


def _whole(visit: Visit, invoiced: Invoiced) -> dict[str, str]:
    """The fields where nothing was typed yet: all that is left."""
    lines = {f"{QUANTITY}{line.n}": visit.figure(line.quantity - line.credited) for line in invoiced.lines}
    return lines | {f"{CHARGE}{charge.n}": "1" for charge in invoiced.charges if not charge.credited}


def _names(invoice: InvoiceView, invoiced: Invoiced) -> dict[tuple[str, int], str]:
    """What a part of the credit note is called, by the id of the invoice's line or charge."""
    names = {line.position: line.name for line in invoice.lines}
    reasons = {charge.n: charge.reason or "" for charge in invoice.charges}
    lines = {("line", line.id): names[line.n] for line in invoiced.lines}
    return lines | {("charge", charge.id): reasons[charge.n] for charge in invoiced.charges}


def _tab(visit: Visit) -> str:
    tab = visit.query.get(TAB, "")
    return tab if tab in TABS else ""


def _asked(visit: Visit, connection: Connection) -> tuple[Days, WhichCreditNotes, dict[str, str]]:
    days, wrong = days_of(visit)
    customer_id = chosen_party(connection, visit.query.get("client", ""), wrong, name="client")
    on_account = _tab(visit) == ON_ACCOUNT
    wanted = WhichCreditNotes(customer_id=customer_id, first=days.first, last=days.last, on_account=on_account)
    return days, wanted, wrong
