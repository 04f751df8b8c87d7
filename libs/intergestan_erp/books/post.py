"""What documents say in the books: each becomes one balanced entry. Pure.

Nothing here is edited later: what a document said is taken back by another document (`reversed_lines` mirrors what a
person typed). An entry of no amount is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from intergestan_db.enums import Journal, PaymentMethod
from intergestan_erp.books.chart import Account, Chart, Use, Vat
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class Line:
    """An account with its debit or its credit; both are never below zero, and exactly one of them is zero.

    :ivar aux: the third party's own account, on accounts of third parties.
    :ivar establishment_id: on accounts of classes 6 and 7, if results are kept by establishment (A08, D58).
    """

    account: Account
    debit: Decimal
    credit: Decimal
    aux: Account | None = None
    establishment_id: int | None = None

    @property
    def amount(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry that has no number yet.

    :ivar piece: the number of the document, with its day; `source`: what made it, once for ever.
    """

    journal: Journal
    day: date
    piece: str
    piece_day: date
    label: str
    source: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PostedParty:
    """A third party as the books name it: by its own account."""

    account: Account
    name: str


@dataclass(frozen=True, slots=True)
class SoldPart:
    """So much of an invoice or of a credit note, without VAT; an allowance is below zero.

    :ivar family: the code of the product's family; a charge has none. `own`: the account of a charge's fee (T17).
    :ivar establishment_id: whose goods went; None where results are not kept by establishment.
    """

    amount: Decimal
    vat: Vat
    is_charge: bool
    family: str | None = None
    own: Account | None = None
    establishment_id: int | None = None


@dataclass(frozen=True, slots=True)
class SoldVat:
    """The VAT of a document for one category and rate."""

    vat: Vat
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SalesDocument:
    """An invoice, or a credit note (`takes_back`), whose amounts are what is taken back.

    :ivar source: `invoice:12`.
    """

    source: str
    number: str
    day: date
    customer: PostedParty
    total_ttc: Decimal
    parts: Sequence[SoldPart]
    vat: Sequence[SoldVat]
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class InternalDocument:
    """What stays inside a company (D57): who supplied, and who gets it; `amount` is below zero if it is taken back.

    The two ids are None where results are not kept by establishment.
    """

    source: str
    number: str
    day: date
    amount: Decimal
    supplying_id: int | None
    requesting_id: int | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Goods that went from one establishment of a company to another without a document of sale, at what they cost.

    :ivar piece: the number of what proves it.
    """

    source: str
    piece: str
    day: date
    amount: Decimal
    supplying_id: int
    requesting_id: int


@dataclass(frozen=True, slots=True)
class BoughtDocument:
    """An invoice or a credit note of one of our companies, as another one of them gets it (A48).

    :ivar establishment_id: who gets it; None where results are not kept by establishment.
    """

    source: str
    number: str
    day: date
    supplier: PostedParty
    total_ttc: Decimal
    vat: Sequence[SoldVat]
    establishment_id: int | None
    takes_back: bool = False


@dataclass(frozen=True, slots=True)
class PostedPayment:
    """A payment of a customer. :ivar supplier: the same third party as a supplier, for what is set off."""

    id: int
    number: str
    method: PaymentMethod
    amount: Decimal
    received_on: date
    customer: PostedParty
    supplier: PostedParty
    banked_on: date | None = None


_STANDS: Final[dict[PaymentMethod, Use]] = {
    PaymentMethod.TRANSFER: Use.BANK,
    PaymentMethod.CARD: Use.BANK,
    PaymentMethod.CHEQUE: Use.CHEQUES,
    PaymentMethod.BILL: Use.BILLS,
    PaymentMethod.CASH: Use.CASH,
    PaymentMethod.SET_OFF: Use.SUPPLIERS,
}
"""The account on which money stands until it is at the bank (D60)."""
_KEPT_IN: Final[dict[Use, Journal]] = {Use.BANK: Journal.BANK, Use.CASH: Journal.CASH}
TO_BANK: Final = (PaymentMethod.CHEQUE, PaymentMethod.BILL)
"""What somebody hands in at a bank."""


def line(account: Account, amount: Decimal, aux: Account | None = None, establishment_id: int | None = None) -> Line:
    """A line of an amount: a debit if it is above zero, a credit if below."""
    return Line(account, max(amount, ZERO), max(-amount, ZERO), aux, establishment_id)


def is_balanced(lines: Iterable[Line]) -> bool:
    """Whether debits and credits are the same."""
    return sum((each.amount for each in lines), ZERO) == ZERO


def sales_entry(chart: Chart, document: SalesDocument) -> NewEntry | None:
    """The entry of an invoice or a credit note: what the customer owes, against sales, charges and VAT.

    Sales are added up by account and establishment, VAT by its account. An allowance of the document lowers the sales
    of its category of VAT (PCG 944-70: what an invoice grants at once is no expense).

    :returns: None where nothing bears an amount.
    """
    earned: dict[tuple[Account, int | None], Decimal] = {}
    charged: dict[tuple[Account, int | None], Decimal] = {}
    taxed: dict[tuple[Account, int | None], Decimal] = {}
    for part in document.parts:
        of_charge = part.is_charge and part.amount > ZERO
        account = part.own or chart.account(Use.CHARGES if of_charge else Use.SALES, part.family, part.vat)
        _add(charged if of_charge else earned, (account, part.establishment_id), part.amount)
    for each in document.vat:
        _add(taxed, (chart.account(Use.SALES_VAT, vat=each.vat), None), each.amount)
    sign = -1 if document.takes_back else 1
    owed = line(chart.account(Use.CUSTOMERS), sign * document.total_ttc, document.customer.account)
    others = [
        line(account, -sign * amount, establishment_id=establishment)
        for sums in (earned, charged, taxed)
        for (account, establishment), amount in sorted(sums.items(), key=_by_number)
    ]
    word = "Avoir" if document.takes_back else "Facture"
    return _entry(
        Journal.SALES,
        *(document.day, document.number, document.day),
        *(f"{word} {document.number} {document.customer.name}", document.source),
        [owed, *others],
    )


def bought_entry(chart: Chart, document: BoughtDocument) -> NewEntry | None:
    """The other side of an invoice between two of our companies: purchases and VAT against what is owed."""
    sign = -1 if document.takes_back else 1
    taxed: dict[tuple[Account, int | None], Decimal] = {}
    for each in document.vat:
        _add(taxed, (chart.account(Use.PURCHASE_VAT, vat=each.vat), None), sign * each.amount)
    owed = sign * document.total_ttc
    bought = owed - sum(taxed.values(), ZERO)
    lines = (
        line(chart.account(Use.PURCHASES), bought, establishment_id=document.establishment_id),
        *(line(account, amount) for (account, _none), amount in sorted(taxed.items(), key=_by_number)),
        line(chart.account(Use.SUPPLIERS), -owed, document.supplier.account),
    )
    word = "Avoir" if document.takes_back else "Facture"
    label = f"{word} {document.number} {document.supplier.name}"
    days = document.day, document.number, document.day
    return _entry(Journal.PURCHASES, *days, label, document.source, lines)


def internal_entry(chart: Chart, document: InternalDocument) -> NewEntry | None:
    """The entry of a document between establishments of one company: no VAT, and the two accounts close each other.

    Between establishments of one taxable person there is no invoice in the sense of VAT (D57; PCG 941-18).
    """
    lines = (
        line(chart.account(Use.FROM_AGENCY), document.amount, establishment_id=document.requesting_id),
        line(chart.account(Use.TO_AGENCY), -document.amount, establishment_id=document.supplying_id),
    )
    label = f"Cession interne {document.number}"
    days = document.day, document.number, document.day
    return _entry(Journal.OTHER, *days, label, document.source, lines)


def transfer_entry(chart: Chart, moved: Transfer) -> NewEntry | None:
    """The entry of goods that went to another establishment of the company: as if who got them had bought them there.

    Only results by establishment see it (A08): over the company both lines cancel each other out.
    """
    account = chart.account(Use.PURCHASES)
    lines = (
        line(account, moved.amount, establishment_id=moved.requesting_id),
        line(account, -moved.amount, establishment_id=moved.supplying_id),
    )
    days = moved.day, moved.piece, moved.day
    return _entry(Journal.OTHER, *days, f"Transfert {moved.piece}", moved.source, lines)


def payment_entry(chart: Chart, paid: PostedPayment) -> NewEntry:
    """The entry of a payment on the day it was received: where the money stands, against what the customer owes."""
    stands = _STANDS[paid.method]
    return _moved(chart, paid, (stands, Use.CUSTOMERS), paid.received_on, f"Règlement {_named(paid)}", "payment")


def bank_entry(chart: Chart, paid: PostedPayment, on: date) -> NewEntry:
    """The entry of a cheque or a bill that the bank has: `on` is the day."""
    return _moved(chart, paid, (Use.BANK, _STANDS[paid.method]), on, f"Remise {_named(paid)}", "bank")


def failed_entry(chart: Chart, paid: PostedPayment, on: date) -> NewEntry:
    """The entry of a payment that came back unpaid: the customer owes it again, and it is gone from where it stood."""
    stood = _STANDS[paid.method] if paid.banked_on is None else Use.BANK
    return _moved(chart, paid, (Use.CUSTOMERS, stood), on, f"Impayé {_named(paid)}", "failed")


def cancelled_entry(chart: Chart, paid: PostedPayment) -> NewEntry:
    """The entry that takes back a payment which was entered by mistake, on the day of its own."""
    uses = Use.CUSTOMERS, _STANDS[paid.method]
    return _moved(chart, paid, uses, paid.received_on, f"Annulation {_named(paid)}", "cancelled")


def reversed_lines(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Each debit as a credit and each credit as a debit."""
    return tuple(Line(each.account, each.credit, each.debit, each.aux, each.establishment_id) for each in lines)


def _moved(chart: Chart, paid: PostedPayment, uses: tuple[Use, Use], day: date, label: str, source: str) -> NewEntry:
    """The amount of a payment from the account of the second use to that of the first."""
    journals = [_KEPT_IN[use] for use in uses if use in _KEPT_IN]
    whose = {Use.CUSTOMERS: paid.customer.account, Use.SUPPLIERS: paid.supplier.account}
    debit, credit = (
        line(chart.account(use), amount, whose.get(use))
        for use, amount in zip(uses, (paid.amount, -paid.amount), strict=True)
    )
    journal = journals[0] if journals else Journal.OTHER
    return NewEntry(journal, day, paid.number, paid.received_on, label, f"{source}:{paid.id}", (debit, credit))


def _named(paid: PostedPayment) -> str:
    return f"{paid.number} {paid.customer.name}"


def _entry(
    journal: Journal, day: date, piece: str, piece_day: date, label: str, source: str, lines: Iterable[Line]
) -> NewEntry | None:
    kept = tuple(each for each in lines if each.amount)
    if not kept:
        return None
    return NewEntry(journal, day, piece, piece_day, label, source, kept)


def _add(sums: dict[tuple[Account, int | None], Decimal], key: tuple[Account, int | None], amount: Decimal) -> None:
    sums[key] = sums.get(key, ZERO) + amount


def _by_number(item: tuple[tuple[Account, int | None], Decimal]) -> tuple[str, int]:
    (account, establishment), _amount = item
    return account.number, establishment or 0
