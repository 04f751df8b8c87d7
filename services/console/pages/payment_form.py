"""Entering a payment and settling with what lies on account: open instalments, filled oldest first, changed by typing.

What an amount settles is counted by the functions that settle; a form keeps what was typed, and says what somebody else
settled meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PartyRole, PaymentMethod, PaymentState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.payments import show_payment
from intergestan_erp.listing.settlements import Payable, payable_at, payable_by, settled_by
from intergestan_erp.parties.one_party import NamedParty, parties_named
from intergestan_erp.paying.open_amounts import OpenInstalment
from intergestan_erp.paying.payments import NewPayment
from intergestan_erp.paying.settling import Settled
from intergestan_erp.paying.shares import Share, as_said, oldest_first
from intergestan_erp.selling.sales import show_credit_note
from intergestan_msg.money import ZERO
from intergestan_operations.language.payment_words import METHODS
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, done_before, once
from services.console.pages.credit_notes import note_path
from services.console.pages.payments import NEW, PATH, payment_path
from services.console.pages.released import told_released
from services.console.place import Place, page_place, posted_place
from services.console.visit import Visit

SHARE, SEEN = "imputer.", "ouvert."
"""Before `FA1/2`: how much of the instalment is settled, and what was open of it when the page was made."""
FILLED: Final = "pour"
"""For which customer and amount the instalments were filled."""
DO, SAVE, PROPOSE, REST = "faire", "enregistrer", "proposer", "reste."
INVOICE: Final = "facture"
"""The invoice that comes first, in the address."""


@dataclass
class Row:
    """An instalment in the form. `gone`: what was open of it when the form was made, where that is not so any more."""

    ref: str
    invoice: str
    n: int
    due_date: date | None
    open: Decimal
    text: str = ""
    gone: Decimal | None = None


@dataclass
class Form:
    """What was typed, as far as it could be read, and what may be settled with it.

    :ivar amount: of the payment, or what is left to settle with. :ivar filled: for whom and which amount it was filled.
    """

    fields: Mapping[str, str]
    amount: Decimal | None = None
    customer: NamedParty | None = None
    found: Sequence[NamedParty] = ()
    payable: Payable = field(default_factory=lambda: Payable((), ()))
    rows: list[Row] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    filled: str = ""

    @property
    def total(self) -> Decimal:
        """What is settled in all."""
        return sum((share.amount for share in self.shares), ZERO)

    @property
    def left(self) -> Decimal | None:
        """What stays on account."""
        return None if self.amount is None else self.amount - self.total

    @property
    def is_outrun(self) -> bool:
        """Whether somebody settled something of it meanwhile."""
        return any(row.gone is not None for row in self.rows)


def show_new(visit: Visit) -> Response:
    """An empty form, or one for the customer and the invoice of the address."""
    given = {name: visit.query.get(name, "") for name in ("client", INVOICE)}
    fields = dict(visit.kept) or {**given, "recu_le": visit.day(visit.today), "mode": PaymentMethod.TRANSFER}
    place = page_place(visit)
    return _page(visit, place, _look(visit, place, fields))


def price(visit: Visit) -> Response:
    """What of the amount settles what, while one types; nothing is written."""
    place = posted_place(visit)
    form = _look(visit, place, visit.form)
    _count(visit, form)
    return _page(visit, place, form, live=True)


def enter(visit: Visit) -> Response:
    """Enter the payment, or show again what it would settle; however often the form comes, once."""
    place = posted_place(visit)
    before = done_before(visit)
    if before is not None:
        return before
    form = _look(visit, place, visit.form)
    _count(visit, form)
    if visit.form.get(DO) != SAVE:
        return _page(visit, place, form)
    new = _new_payment(visit, form)
    if new is None or form.customer is None or form.wrong:
        return _page(visit, place, form, status=409 if form.is_outrun else 422)
    if form.rows and visit.form.get(FILLED) != form.filled:
        return _page(visit, place, form, note=True)
    customer_id, shares = form.customer.id, form.shares

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import add_payment

        here = place.find(connection)
        by, at = visit.who.login, visit.now
        settled, released = add_payment(connection, customer_id, new, shares, place=here, by=by, at=at)
        said = _told(visit, Said("{number} is entered.", number=settled.number), settled)
        said = told_released(visit, said, released)
        return Done(to=payment_path(settled.number), said=said, bells=Bells(take_in=released.take_in))

    try:
        return once(visit, do)
    except Problem as problem:
        return _refused(visit, place, form, problem)


def _refused(visit: Visit, place: Place, form: Form, problem: Problem) -> Response:
    """What stands against it, with the open amounts as they are now; what was typed is kept."""
    form = _look(visit, place, form.fields)
    _read_shares(visit, form)
    return _page(visit, place, form, problem=problem)


def _told(visit: Visit, said: Said, settled: Settled) -> Said:
    if settled.parts:
        total = visit.amount(sum((part.amount for part in settled.parts), ZERO))
        said = Said("{first} It settles {amount}.", first=said, amount=total)
    if settled.left:
        said = Said("{first} {left} are on account.", first=said, left=visit.amount(settled.left))
    return said


def _look(visit: Visit, place: Place | None, fields: Mapping[str, str]) -> Form:
    """Whose payment it is, and what of theirs is open at this place."""
    form = Form(fields)
    text = fields.get("client", "")
    with visit.database.read() as connection:
        if text.strip():
            form.found = parties_named(connection, text, PartyRole.CUSTOMER)
        if len(form.found) == 1 and place is not None:
            form.customer = form.found[0]
            form.payable = payable_at(connection, form.customer.id, place.find(connection))
    amount = fields.get("montant", "").strip()
    if amount:
        try:
            form.amount = read_amount(amount)
        except Unreadable as bad:
            form.wrong["montant"] = sentence(bad, visit.language)
    customer = "" if form.customer is None else form.customer.code
    form.filled = f"{customer}|" + ("" if form.amount is None else f"{form.amount:.2f}")
    form.rows = _rows(form, _ordered(form.payable.here, fields.get(INVOICE, "")))
    return form


def _ordered(instalments: Sequence[OpenInstalment], first: str) -> list[OpenInstalment]:
    """The oldest due first, but for those of the invoice that is meant."""
    return sorted(instalments, key=lambda each: each.invoice != first) if first else list(instalments)


def _rows(form: Form, instalments: Sequence[OpenInstalment]) -> list[Row]:
    rows = [Row(f"{each.invoice}/{each.n}", each.invoice, each.n, each.due_date, each.open) for each in instalments]
    known = {row.ref: row for row in rows}
    for name, text in form.fields.items():
        if not name.startswith(SEEN):
            continue
        ref, seen = name.removeprefix(SEEN), _seen(text)
        invoice, _slash, n = ref.rpartition("/")
        if not (n.isascii() and n.isdigit()) or seen is None:
            continue
        if ref not in known and form.fields.get(f"{SHARE}{ref}", "").strip():
            known[ref] = Row(ref, invoice, int(n), None, ZERO)
            rows.append(known[ref])
        if ref in known and known[ref].open != seen:
            known[ref].gone = seen
    return rows


def _seen(text: str) -> Decimal | None:
    try:
        return read_amount(text)
    except Unreadable:
        return None


def _count(visit: Visit, form: Form) -> None:
    """Fill the instalments, oldest first, where customer or amount is another one than before; else read them."""
    do = visit.form.get(DO, "")
    if do == PROPOSE or form.fields.get(FILLED, "") != form.filled:
        _propose(visit, form)
        return
    _read_shares(visit, form)
    if do.startswith(REST):
        _fill(visit, form, do.removeprefix(REST))


def _propose(visit: Visit, form: Form) -> None:
    parts = {} if form.amount is None else _oldest(form)
    form.shares = []
    for row in form.rows:
        row.text, row.gone = visit.amount(parts[row.ref]) if row.ref in parts else "", None
        if row.ref in parts:
            form.shares.append(Share(row.invoice, row.n, parts[row.ref]))
    form.rows = [row for row in form.rows if row.due_date is not None]


def _oldest(form: Form) -> dict[str, Decimal]:
    assert form.amount is not None
    instalments = _ordered(form.payable.here, form.fields.get(INVOICE, ""))
    return {f"{part.invoice}/{part.n}": part.amount for part in oldest_first(instalments, form.amount)}


def _read_shares(visit: Visit, form: Form) -> None:
    form.shares = []
    for row in form.rows:
        name = f"{SHARE}{row.ref}"
        row.text = form.fields.get(name, "")
        if not row.text.strip():
            continue
        try:
            amount = read_amount(row.text.strip())
        except Unreadable as bad:
            form.wrong[name] = sentence(bad, visit.language)
            continue
        if amount:
            form.shares.append(Share(row.invoice, row.n, amount))
    try:
        if form.amount is not None and form.shares:
            as_said(form.payable.here, form.shares, form.amount)
    except Problem as problem:
        form.wrong.setdefault(_field_of(problem), sentence(problem, visit.language))


def _field_of(problem: Problem) -> str:
    """At which field too much is said: the instalment's, or the amount's."""
    ref = problem.values.get("instalment")
    return f"{SHARE}{ref}" if ref else "montant"


def _fill(visit: Visit, form: Form, ref: str) -> None:
    """Give one instalment the rest of the amount, as far as it is open (`=`)."""
    row = next((each for each in form.rows if each.ref == ref), None)
    if row is None or form.amount is None:
        return
    others = [share for share in form.shares if f"{share.invoice}/{share.n}" != ref]
    rest = max(min(row.open, form.amount - sum((share.amount for share in others), ZERO)), ZERO)
    row.text = visit.amount(rest) if rest else ""
    form.shares = [*others, *([Share(row.invoice, row.n, rest)] if rest else [])]
    for name in ("montant", f"{SHARE}{ref}"):
        form.wrong.pop(name, None)


def _new_payment(visit: Visit, form: Form) -> NewPayment | None:
    """The payment that was typed; None where something of it cannot be read, which is noted then."""
    fields, days = form.fields, dict[str, date | None]()
    if form.customer is None:
        form.wrong.setdefault("client", _about_customer(visit, form))
    if form.amount is None:
        form.wrong.setdefault("montant", sentence(_MISSING, visit.language))
    method = fields.get("mode", "")
    if method not in set(PaymentMethod):
        form.wrong.setdefault("mode", sentence(_MISSING, visit.language))
    for name in ("recu_le", "echeance"):
        text = fields.get(name, "").strip()
        try:
            days[name] = read_near_day(text, visit.today) if text else None
        except Unreadable as bad:
            form.wrong[name] = sentence(bad, visit.language)
    if form.wrong or form.amount is None:
        return None
    return NewPayment(
        amount=form.amount,
        method=PaymentMethod(method),
        received_on=days["recu_le"],
        due_date=days["echeance"],
        reference=fields.get("reference", "").strip() or None,
    )


_MISSING: Final = Problem("Type something here.", ProblemCode.NO_VALUE)
_SEVERAL: Final = Problem("Several customers are called so: choose one.", ProblemCode.NOT_ONE_PARTY)
_NOBODY: Final = Problem("No customer is called so.", ProblemCode.NOT_ONE_PARTY)


def _about_customer(visit: Visit, form: Form) -> str:
    if not form.fields.get("client", "").strip():
        return sentence(_MISSING, visit.language)
    if form.found:
        return sentence(_SEVERAL, visit.language)
    return sentence(_NOBODY, visit.language)


@dataclass(frozen=True, slots=True)
class Source:
    """A payment or a credit note of which something lies on account. `page`: its own address."""

    number: str
    customer: str
    customer_code: str
    amount: Decimal
    left: Decimal
    page: str


def ask_to_settle(visit: Visit) -> Response:
    """*Imputer*: what is left of a payment or of a credit note, proposed to the oldest due."""
    source = _source(visit)
    if source is None:
        return faults.page(visit, 404)
    if not source.left:
        return visit.go(source.page)
    fields = dict(visit.kept) or {INVOICE: visit.query.get(INVOICE, "")}
    form = _of_source(visit, source, fields)
    _count(visit, form)
    return _page(visit, None, form, source=source)


def settle(visit: Visit) -> Response:
    """Settle with it, or show again what it would settle."""
    before = done_before(visit)
    if before is not None:
        return before
    source = _source(visit)
    if source is None:
        return faults.page(visit, 404)
    form = _of_source(visit, source, visit.form)
    _count(visit, form)
    if visit.form.get(DO) != SAVE:
        return _page(visit, None, form, source=source, live=visit.is_partial and DO not in visit.form)
    if not form.shares and not form.wrong:
        form.wrong["montant"] = sentence(_NO_SHARE, visit.language)
    if form.wrong:
        return _page(visit, None, form, source=source, status=409 if form.is_outrun else 422)
    shares = form.shares

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import settle_payment

        settled, released = settle_payment(connection, source.number, shares, by=visit.who.login, at=visit.now)
        total = visit.amount(sum((part.amount for part in settled.parts), ZERO))
        said = Said("{number} settles {amount}.", number=settled.number, amount=total)
        if settled.left:
            said = Said("{first} {left} are on account.", first=said, left=visit.amount(settled.left))
        said = told_released(visit, said, released)
        return Done(to=source.page, said=said, bells=Bells(take_in=released.take_in))

    try:
        return once(visit, do)
    except Problem as problem:
        form = _of_source(visit, _source(visit) or source, visit.form)
        _read_shares(visit, form)
        return _page(visit, None, form, source=source, problem=problem)


_NO_SHARE: Final = Problem("No amount is typed at an instalment, so nothing was settled.", ProblemCode.NO_VALUE)


def _source(visit: Visit) -> Source | None:
    number = visit.params["number"]
    with visit.database.read() as connection:
        if visit.request.url.path.startswith(PATH):
            payment = show_payment(connection, number)
            if payment is None:
                return None
            left = payment.left if payment.state == PaymentState.ENTERED else ZERO
            return Source(
                *(payment.number, payment.customer, payment.customer_code, payment.amount, left),
                payment_path(payment.number),
            )
        note = show_credit_note(connection, number)
        if note is None:
            return None
        left = note.total_ttc - sum((each.amount for each in settled_by(connection, note.number)), ZERO)
        return Source(*(note.number, note.customer, note.customer_code, note.total_ttc, left), note_path(note.number))


def _of_source(visit: Visit, source: Source, fields: Mapping[str, str]) -> Form:
    form = Form(fields, amount=source.left)
    with visit.database.read() as connection:
        form.payable = payable_by(connection, source.number)
    form.filled = source.number
    form.rows = _rows(form, _ordered(form.payable.here, fields.get(INVOICE, "")))
    return form


def _page(
    visit: Visit,
    place: Place | None,
    form: Form,
    *,
    status: int = 200,
    problem: Problem | None = None,
    note: bool = False,
    live: bool = False,
    source: Source | None = None,
) -> Response:
    if problem is not None:
        status = 409 if form.is_outrun else faults.status_of(problem)
    path_of_form = NEW if source is None else f"{source.page}/imputer"
    return visit.html(
        "payments/form.html",
        status=200 if live else status,
        titled=not live,
        place=place,
        form=form,
        fields=form.fields,
        methods=METHODS,
        wrong={} if live or status == 200 else form.wrong,
        live_wrong=form.wrong,
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        twice=problem.values["number"] if problem is not None and problem.code is ProblemCode.PAYMENT_TWICE else None,
        note=note,
        source=source,
        path_of_form=path_of_form,
        path_of_count=f"{PATH}/calcul" if source is None else path_of_form,
        back=PATH if source is None else source.page,
        to_payment=payment_path,
    )
