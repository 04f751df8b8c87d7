"""Deferred invoicing: all that was delivered in a period, invoiced in one run or shown before (A20, A23 to A31, A36).

A run writes transactions of some hundred invoices, each of which stands by itself. In between others may invoice, and
who finds goods invoiced leaves them out: a run that was killed is simply started again, and two at once make what one
would have made. The preview is drafted by the same code from the same rows, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import InvoiceKind, Stage
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import InvoiceRun, NumberSeries
from intergestan_erp.books.folders import Books, read_period
from intergestan_erp.books.years import missing_years
from intergestan_erp.credit.gate import Gate, let_pass, open_gates
from intergestan_erp.selling.deferred import Group, Scope, group_notes, in_batches, late_doubts
from intergestan_erp.selling.deliveries import as_sold
from intergestan_erp.selling.invoice_draft import InvoiceDraft, Running, by_order
from intergestan_erp.selling.invoice_writing import MadeInvoice, NewInvoice, series_of, write_invoices
from intergestan_erp.selling.issuer import Billed, Issuer, read_billed, read_issuer
from intergestan_erp.selling.open_goods import (
    InvoicedOrder,
    NotesWanted,
    by_note,
    read_charges,
    read_lines,
    read_notes,
    read_orders,
    read_scope,
)
from intergestan_erp.site.preferences import Preferences, read_preferences
from intergestan_erp.site.zone import today
from intergestan_erp.terms.due import Shift, as_it_is
from intergestan_erp.terms.law import periodic_doubts
from intergestan_erp.terms.stored import Term, read_terms
from intergestan_erp.terms.working_days import next_working_day
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class NoteShown:
    """A delivery note that a run takes, and what it comes to without VAT and without charges (A29)."""

    number: str
    issue_date: date
    establishment: int
    orders: tuple[str, ...]
    total_ht: Decimal


@dataclass(frozen=True, slots=True)
class FutureInvoice:
    """An invoice of a preview, or one that was made.

    :ivar number: None in a preview; so is `issue_date`.
    :ivar due_date: None in a preview.
    """

    customer: str
    notes: tuple[NoteShown, ...]
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class NotInvoiced:
    """Delivery notes that cannot be invoiced, and why; others are."""

    customer: str
    notes: tuple[str, ...]
    why: Problem


Outcome = FutureInvoice | NotInvoiced
_PREVIEWED: Final = 5_000
"""So many lines are previewed at a time."""


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a run reads once: preferences, payment terms, and what moves due dates."""

    preferences: Preferences
    terms: Mapping[int | None, Term]
    shift: Shift


@dataclass(frozen=True, slots=True)
class _Drafted:
    """An invoice that may be made, and the orders that it is of."""

    group: Group
    draft: InvoiceDraft
    billed: Billed


def preview(
    database: Database, establishment_id: int, wanted: NotesWanted, *, day: date | None = None
) -> Iterator[Outcome]:
    """What `run` would make now, in the order of the future numbers. It writes nothing and takes no number.

    :raises Problem: as `run` does.
    """
    with database.read() as connection:
        scope, issuer, rules = _begin(connection, establishment_id)
        check_day(connection, issuer, day, today(connection, database.now()))
        for batch in _of_whole_customers(_groups(connection, scope, wanted, rules)):
            gates = open_gates(connection, _customers(batch), database.now(), lock=False)
            drafts, orders = _draft(connection, issuer, batch, gates, lock=False)
            yield from (_shown(each, orders) if isinstance(each, _Drafted) else each for each in drafts)


def run(
    database: Database,
    establishment_id: int,
    wanted: NotesWanted,
    *,
    day: date | None = None,
    by: str,
    at: datetime,
) -> Iterator[Outcome]:
    """Invoice what was delivered, and yield what was committed, batch by batch.

    :param day: that the invoices bear; None for today.
    :raises Problem: another establishment invoices for the dossier (A25), or the day may not be; nothing was made then.
    """
    with database.read() as connection:
        scope, issuer, rules = _begin(connection, establishment_id)
        check_day(connection, issuer, day, today(connection, at))
        groups = _groups(connection, scope, wanted, rules)
    run_id: int | None = None
    for batch in in_batches(groups):
        with database.transaction() as connection:
            _check_still(connection, scope)
            issuer = read_issuer(connection, establishment_id)
            now = database.now()
            made, run_id = _write(connection, issuer, batch, rules, wanted, run_id, day=day, by=by, at=at, now=now)
        yield from made


def doubts(made: Iterable[FutureInvoice], day: date) -> Iterator[Problem]:
    """What is to be said of the invoices of a run or of a preview.

    :param day: that those of a preview would bear.
    """
    for each in made:
        issued = each.issue_date or day
        if len(each.notes) > 1 and each.due_date is not None:
            yield from periodic_doubts(issued, each.due_date)
        yield from late_doubts([note.issue_date for note in each.notes], issued)


def check_day(connection: Connection, issuer: Issuer, day: date | None, now: date) -> None:
    """Whether invoices may bear a day.

    :raises Problem: it lies ahead, or before that of an invoice that was made; or the books are closed on it.
    """
    wanted = day or now
    if wanted > now:
        raise Problem(
            "{day} lies ahead; an invoice is of today at the latest. No invoice was made.",
            ProblemCode.NO_DAY,
            day=wanted,
        )
    last = connection.execute(_LAST_DAY, {"series": series_of(InvoiceKind.CUSTOMER, issuer)}).scalar()
    if day is not None and last is not None and day < last:
        raise Problem(
            "The last invoice is of {last}, and the dates of invoices rise with their numbers: {day} is before it. No "
            "invoice was made.",
            ProblemCode.NO_DAY,
            last=last,
            day=day,
        )
    on = wanted if last is None else max(wanted, last)
    period = read_period(connection, Books(issuer.folder_id, issuer.folder_number))
    years = (*period.years, *missing_years(period.years, on, now))  # posting makes those
    replace(period, years=tuple(sorted(years, key=lambda year: year.first))).check_open(on)


def _begin(connection: Connection, establishment_id: int) -> tuple[Scope, Issuer, _Rules]:
    scope = read_scope(connection, establishment_id)
    preferences = read_preferences(connection)
    terms: dict[int | None, Term] = {term.id: term for term in read_terms(connection)}
    usual = next(term for term in terms.values() if term.code == preferences.term)
    shift = next_working_day(connection) if preferences.shifted else as_it_is
    return scope, read_issuer(connection, establishment_id), _Rules(preferences, {**terms, None: usual}, shift)


def _check_still(connection: Connection, scope: Scope) -> None:
    """Ask again, in a transaction, whose delivery notes are invoiced from here.

    :raises Problem: not those that the run takes.
    """
    if read_scope(connection, scope.here.id, keep=True) != scope:
        raise Problem(
            "Who invoices delivery notes in this dossier was changed meanwhile. The run has ended; the invoices that "
            "it made stand.",
            ProblemCode.OTHER_INVOICES,
        )


def _groups(connection: Connection, scope: Scope, wanted: NotesWanted, rules: _Rules) -> list[Group]:
    return group_notes(read_notes(connection, scope, wanted), split_months=rules.preferences.split_months)


def _of_whole_customers(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """The groups in batches that divide no customer: what an invoice takes of an order its next one must know."""
    batch: list[Group] = []
    lines = 0
    for _, of_customer in groupby(groups, lambda group: group.customer_id):
        for group in of_customer:
            batch.append(group)
            lines += group.lines
        if lines > _PREVIEWED:
            yield batch
            batch, lines = [], 0
    if batch:
        yield batch


def _write(
    connection: Connection,
    issuer: Issuer,
    batch: Sequence[Group],
    rules: _Rules,
    wanted: NotesWanted,
    run_id: int | None,
    *,
    day: date | None,
    by: str,
    at: datetime,
    now: datetime,
) -> tuple[list[Outcome], int | None]:
    """Make the invoices of a batch, of what is open once its customers and orders are locked.

    :param at: when the run began, whose day its invoices bear; `now`: when these are written.
    """
    gates = open_gates(connection, _customers(batch), at)
    drafts, orders = _draft(connection, issuer, batch, gates, lock=True)
    good = [each for each in drafts if isinstance(each, _Drafted)]
    refused = [each for each in drafts if isinstance(each, NotInvoiced)]
    if not good:
        return list(refused), run_id
    if run_id is None:
        run_id = _new_run(connection, issuer, wanted, by=by, at=at)
    new = [
        NewInvoice(
            each.draft, each.group.customer_id, each.billed, each.group.currency, rules.terms[each.group.term_id]
        )
        for each in good
    ]
    asked = day or today(connection, at)
    made = write_invoices(connection, issuer, new, day=asked, shift=rules.shift, run_id=run_id, by=by, at=now)
    late = next((each for each in made if day is not None and each.issue_date != day), None)
    if late is not None:
        raise Problem(
            "Somebody else has made an invoice of {last} meanwhile, and {day} is before it. The invoices of this "
            "batch were not made.",
            ProblemCode.NO_DAY,
            last=late.issue_date,
            day=day,
        )
    counted = {"run": run_id, "more": len(made), "notes_more": sum(len(each.group.notes) for each in good)}
    connection.execute(_COUNT, counted)
    shown = {id(each): _numbered(_shown(each, orders), invoice) for each, invoice in zip(good, made, strict=True)}
    return [shown[id(each)] if isinstance(each, _Drafted) else each for each in drafts], run_id


def _new_run(connection: Connection, issuer: Issuer, wanted: NotesWanted, *, by: str, at: datetime) -> int:
    values = {"first": wanted.first, "last": wanted.last, "establishment_id": issuer.establishment_id}
    made = insert(InvoiceRun).values(**values, by=by, at=at, invoices=0, notes=0).returning(InvoiceRun.id)
    run_id = int(connection.execute(made).scalar_one())
    states.record(connection, InvoiceRun.__tablename__, [(run_id, None, None)], "create", by=by, at=at)
    return run_id


def _draft(
    connection: Connection, issuer: Issuer, batch: Sequence[Group], gates: Mapping[int, Gate], *, lock: bool
) -> tuple[list[_Drafted | NotInvoiced], Mapping[int, InvoicedOrder]]:
    """The invoices of a batch in their order, of what is open now; a group of which nothing is open is left out."""
    note_ids = [note.id for group in batch for note in group.notes]
    orders = read_orders(connection, note_ids, lock=lock)
    lines = by_note(read_lines(connection, note_ids))
    charges = by_order(read_charges(connection, issuer, orders))
    billed = read_billed(connection, issuer, _customers(batch))
    running, drafts = Running(), list[_Drafted | NotInvoiced]()
    for group in batch:
        notes = tuple(note for note in group.notes if note.id in lines)
        if not notes:
            continue
        open_group = replace(group, notes=notes)
        of_group = [line for note in notes for line in lines[note.id]]
        order_ids = dict.fromkeys(line.sales_order_id for line in of_group)
        of_orders = [charge for order_id in order_ids for charge in charges.get(order_id, ())]
        to = billed[group.customer_id]
        try:
            _pass(connection, issuer, gates[group.customer_id], open_group, [orders[each] for each in order_ids])
            draft = running.draft(of_group, of_orders, inside_company=to.kind is InvoiceKind.INTERNAL)
        except Problem as why:
            drafts.append(NotInvoiced(group.customer_code, tuple(note.number for note in notes), why))
        else:
            drafts.append(_Drafted(open_group, draft, to))
    return drafts, orders


def _pass(connection: Connection, issuer: Issuer, gate: Gate, group: Group, orders: Iterable[InvoicedOrder]) -> None:
    """Ask whether the customer may be billed, who owes all of it already (T20, D26).

    :raises Problem: they owe too much.
    """
    if gate.customer is None:
        return
    names = tuple(note.number for note in group.notes)
    sold = [replace(each, names=(*each.names, *names)) for each in map(as_sold, orders)]
    let_pass(
        *(connection, gate, Stage.INVOICE),
        total_ttc=ZERO,  # what it comes to is kept with a person's reason, and nobody gives one
        establishment_id=issuer.establishment_id,
        comes_from=sold,
        by="",
    )


def _customers(batch: Iterable[Group]) -> list[int]:
    return sorted({group.customer_id for group in batch})


def _shown(drafted: _Drafted, orders: Mapping[int, InvoicedOrder]) -> FutureInvoice:
    totals = drafted.draft.of_notes()
    of: dict[int, dict[str, None]] = {}
    for each in drafted.draft.lines:
        of.setdefault(each.line.delivery_note_id, {})[orders[each.line.sales_order_id].number] = None
    notes = (
        NoteShown(note.number, note.issue_date, note.establishment, tuple(of[note.id]), totals[note.id])
        for note in drafted.group.notes
    )
    draft = drafted.draft
    return FutureInvoice(
        *(drafted.group.customer_code, tuple(notes), drafted.group.currency),
        *(draft.total_ht, draft.sums.tax_amount, draft.total_ttc),
    )


def _numbered(shown: FutureInvoice, made: MadeInvoice) -> FutureInvoice:
    return replace(shown, number=made.number, issue_date=made.issue_date, due_date=made.due_date)


_LAST_DAY = select(NumberSeries.last_date).where(NumberSeries.code == bindparam("series"))
_COUNT = (
    update(InvoiceRun)
    .where(InvoiceRun.id == bindparam("run"))
    .values(invoices=InvoiceRun.invoices + bindparam("more"), notes=InvoiceRun.notes + bindparam("notes_more"))
)
