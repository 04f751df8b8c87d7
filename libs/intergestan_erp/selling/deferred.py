"""Deferred invoicing: who may invoice the delivery notes of a dossier, and which of them make one invoice. Pure.

Delivery notes of a customer with `grouping` per customer (A20) are on one invoice, if they have the same currency and
payment term and left in the same calendar month (D52: CGI 289-I-3); all others are on one each. A run is of one
establishment, and so of one accounting folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from intergestan_db.enums import InvoiceGrouping
from intergestan_db.problem import Act, Problem, ProblemCode

MOST_INVOICES: Final = 200
MOST_LINES: Final = 5_000
"""What one transaction of a run writes at most, except for one invoice that has more lines."""


@dataclass(frozen=True, slots=True)
class Place:
    """An establishment as people know it."""

    id: int
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose delivery notes a run takes.

    :ivar here: where it is started; its invoices are this establishment's.
    :ivar of_all: those of all establishments of the dossier, else those of here.
    """

    here: Place
    dossier_id: int
    of_all: bool


class OpenNote(NamedTuple):
    """A delivery note that is to be invoiced and of which a line is not; a run reads very many.

    :ivar establishment: the number of the one from which its goods went.
    :ivar lines: how many of its lines are on no invoice.
    """

    id: int
    number: str
    issue_date: date
    establishment: int
    customer_id: int
    customer_code: str
    grouping: str
    currency: str
    term_id: int | None
    lines: int


@dataclass(frozen=True, slots=True)
class Group:
    """The delivery notes of one future invoice, in the order of their ids."""

    customer_id: int
    customer_code: str
    currency: str
    term_id: int | None
    notes: tuple[OpenNote, ...]

    @property
    def lines(self) -> int:
        """How many lines it will have."""
        return sum(note.lines for note in self.notes)

    @property
    def is_periodic(self) -> bool:
        """Whether it is for several deliveries, which the law lets fall due within 45 days (C. com. L441-10)."""
        return len(self.notes) > 1


def scope_of(dossier_id: int, dossier_number: int, here: Place, invoicing: Place | None) -> Scope:
    """Whose delivery notes are invoiced from here (A25, A27, A31).

    :param invoicing: the establishment that invoices for the whole dossier, if one does (A23).
    :raises Problem: it is another one.
    """
    if invoicing is not None and invoicing.id != here.id:
        raise Problem(
            "Deferred invoicing of delivery notes cannot be started from establishment {here} ({name}): in dossier "
            "{dossier} establishment {who} ({who_name}) invoices them. No invoice was made. Other invoices remain "
            "possible here.",
            ProblemCode.OTHER_INVOICES,
            (Act.INVOICE_ONE,),
            here=here.number,
            name=here.name,
            dossier=dossier_number,
            who=invoicing.number,
            who_name=invoicing.name,
        )
    return Scope(here, dossier_id, of_all=invoicing is not None)


def group_notes(notes: Iterable[OpenNote], *, split_months: bool = True) -> list[Group]:
    """The future invoices, in the order of their numbers: by customer's code, month, first delivery note.

    :param split_months: a calendar month's delivery notes make an invoice of their own.
    """
    found: dict[tuple[object, ...], list[OpenNote]] = {}
    for note in sorted(notes, key=lambda note: note.id):
        found.setdefault(_key(note, split_months=split_months), []).append(note)
    groups = [
        Group(first.customer_id, first.customer_code, first.currency, first.term_id, (first, *others))
        for first, *others in found.values()
    ]
    return sorted(groups, key=_place)


def in_batches(
    groups: Sequence[Group], most_invoices: int = MOST_INVOICES, most_lines: int = MOST_LINES
) -> Iterator[list[Group]]:
    """The groups in their order, so many that a transaction writes them; one is never divided."""
    batch: list[Group] = []
    lines = 0
    for group in groups:
        if batch and (len(batch) == most_invoices or lines + group.lines > most_lines):
            yield batch
            batch, lines = [], 0
        batch.append(group)
        lines += group.lines
    if batch:
        yield batch


def late_doubts(delivered: Sequence[date], issued: date) -> list[Problem]:
    """What is to be said of the invoice of several deliveries that is made after the end of their month (D52)."""
    last = max(delivered)
    if len(delivered) == 1 or (issued.year, issued.month) <= (last.year, last.month):
        return []
    return [
        Problem(
            "An invoice of several deliveries is made by the end of their month (CGI 289-I-3); one of deliveries until "
            "{last} is of {issued}.",
            ProblemCode.INVOICE_LATE,
            last=last,
            issued=issued,
        )
    ]


def _key(note: OpenNote, *, split_months: bool) -> tuple[object, ...]:
    if note.grouping == InvoiceGrouping.NOTE:
        return (note.id,)
    month = (note.issue_date.year, note.issue_date.month) if split_months else None
    return note.customer_id, note.currency, note.term_id, month


def _place(group: Group) -> tuple[object, ...]:
    first = min(note.issue_date for note in group.notes)
    return group.customer_code, first.year, first.month, group.notes[0].id
