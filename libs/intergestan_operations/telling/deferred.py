"""Deferred invoicing, as programs are told of it (A25 to A31)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from intergestan_erp.selling.invoice_runs import FutureInvoice, NotInvoiced, Outcome, doubts
from intergestan_operations.telling.slips import Say


@dataclass(frozen=True, slots=True)
class Future:
    """An invoice that would be made."""

    customer: str
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    delivery_notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A delivery note that would be invoiced, and what it comes to without VAT and without charges (A29)."""

    number: str
    issue_date: date
    establishment: int
    orders: tuple[str, ...]
    total_ht: Decimal
    customer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Delivery notes that cannot be invoiced, and why."""

    customer: str
    delivery_notes: tuple[str, ...]
    why: str
    code: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would make. `notes`: how many delivery notes."""

    invoices: tuple[Future, ...]
    notes: int
    delivery_notes: tuple[Note, ...]
    refused: tuple[Refused, ...]
    warnings: tuple[str, ...]


def preview(found: Iterable[Outcome], day: date, say: Say) -> Preview:
    """What a run would make. :param day: that its invoices would bear."""
    outcomes = list(found)
    made = [each for each in outcomes if isinstance(each, FutureInvoice)]
    notes = tuple(
        Note(note.number, note.issue_date, note.establishment, note.orders, note.total_ht, each.customer)
        for each in made
        for note in each.notes
    )
    return Preview(
        invoices=tuple(map(_future, made)),
        notes=len(notes),
        delivery_notes=notes,
        refused=tuple(refused(each, say) for each in outcomes if isinstance(each, NotInvoiced)),
        warnings=tuple(map(say, doubts(made, day))),
    )


def refused(each: NotInvoiced, say: Say) -> Refused:
    """What cannot be invoiced."""
    return Refused(each.customer, each.notes, say(each.why), each.why.code)


def _future(each: FutureInvoice) -> Future:
    totals = (each.total_ht, each.total_vat, each.total_ttc)
    return Future(each.customer, each.currency, *totals, tuple(note.number for note in each.notes))
