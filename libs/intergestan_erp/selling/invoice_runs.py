"""Deferred invoicing: all that was delivered in a period, invoiced in one run or shown before (A20, A23 to A31, A36).

A run writes transactions of some hundred invoices, each of which stands by itself. In between others may invoice, and
who finds goods invoiced leaves them out: a run that was killed is simply started again, and two at once make what one
would have made. The preview is drafted by the same code from the same rows, and writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.database import Database
from intergestan_db.enums import InvoiceKind, Stage
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import NumberSeries
from intergestan_erp.books.folders import Books, read_period
from intergestan_erp.books.years import missing_years
from intergestan_erp.credit.gate import Gate, let_pass, open_gates
from intergestan_erp.selling.deferred import Group, Scope, group_notes, in_batches, late_doubts
from intergestan_erp.selling.deliveries import as_sold
from intergestan_erp.selling.invoice_draft import InvoiceDraft, Running, by_order
from intergestan_erp.selling.invoice_writing import MadeInvoice, NewInvoice, series_of, write_invoices
from intergestan_erp.selling.issuer import Billed, Issuer, read_billed, read_issuer
from intergestan_erp.selling.kept_runs import Planned, count_made, end_run, keep_run, planned_of
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
from intergestan_erp.terms.due import Shift, as_it_is, last_due
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
    :ivar due_date: of a preview that which it would have. :ivar term: the code of its payment term.
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
    term: str = ""


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
class Begun:
    """A run that was begun, by its id. :ivar is_over: all that it takes is invoiced; else `go_on` does it."""

    run_id: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run does: in which scope, by which rules, and the future invoices of all that it takes.

    :ivar digest: of what a person saw, which is made and nothing else; None where nobody looked before.
    """

    scope: Scope
    rules: _Rules
    planned: Planned
    groups: Sequence[Group]
    digest: str | None = None


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
        now = today(connection, database.now())
        on = check_day(connection, issuer, day, now)
        for batch in _of_whole_customers(_groups(connection, scope, wanted, rules)):
            gates = open_gates(connection, _customers(batch), database.now(), lock=False)
            drafts, orders = _draft(connection, issuer, batch, gates, lock=False)
            for each in drafts:
                if isinstance(each, _Drafted):
                    due_date = last_due(on, rules.terms[each.group.term_id].lines, rules.shift)
                    yield replace(_shown(each, orders, rules), due_date=due_date)
                else:
                    yield each


def digest_of(outcomes: Iterable[Outcome]) -> str:
    """What a preview comes to, in 64 digits: another one if any delivery note, quantity, price or reason is another."""
    found = hashlib.sha256()
    for each in outcomes:
        notes = repr(each.notes)
        if isinstance(each, FutureInvoice):
            text = f"{each.customer} {notes} {each.currency} {each.total_ht} {each.total_vat} {each.total_ttc}"
        else:
            text = f"{each.customer} {notes} {each.why.code}"
        found.update(f"{text}\n".encode())
    return found.hexdigest()


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
        work = _plan(connection, establishment_id, wanted, day=day, at=at)
    yield from _work_off(database, work, None, by=by, at=at)


def begin(
    connection: Connection,
    establishment_id: int,
    wanted: NotesWanted,
    *,
    day: date | None = None,
    digest: str,
    by: str,
    at: datetime,
) -> Begun:
    """Begin a run of what a person saw. What one transaction can write is made at once, and exactly that.

    :param digest: of the preview that they saw. A run that is too large for one transaction is only written down:
        whoever begins it compares the preview, and each batch takes what is open when its turn comes.
    :raises Problem: as `run` does; what is to be invoiced is not what they saw; nothing is to be invoiced.
    """
    work = _plan(connection, establishment_id, wanted, day=day, at=at)
    batches = list(in_batches(work.groups))
    if len(batches) > 1:
        return Begun(keep_run(connection, establishment_id, work.planned, by=by, at=at), is_over=False)
    _check_still(connection, work.scope)
    issuer = read_issuer(connection, establishment_id)
    run_id: int | None = None
    for batch in batches:
        _made, run_id = _write(connection, issuer, batch, replace(work, digest=digest), None, by=by, at=at, now=at)
    if run_id is None:
        raise _changed()
    end_run(connection, run_id, at)
    return Begun(run_id, is_over=True)


def go_on(database: Database, run_id: int, *, by: str) -> Generator[Outcome]:
    """Do what is left of a run that was begun, and yield what was committed, batch by batch.

    It may die at any moment, and be done once more; two at once make what one would have made.

    :raises Problem: as `run` does.
    """
    with database.read() as connection:
        establishment_id, at, planned = planned_of(connection, run_id)
        work = _plan(connection, establishment_id, planned.wanted, day=planned.day, at=at)
    yield from _work_off(database, work, run_id, by=by, at=at)


def _plan(
    connection: Connection, establishment_id: int, wanted: NotesWanted, *, day: date | None, at: datetime
) -> _Work:
    scope, issuer, rules = _begin(connection, establishment_id)
    check_day(connection, issuer, day, today(connection, at))
    groups = _groups(connection, scope, wanted, rules)
    notes = [note.id for group in groups for note in group.notes]
    limited = replace(wanted, newest=max(notes, default=0)) if wanted.newest is None else wanted
    return _Work(scope, rules, Planned(limited, day, len(groups), len(notes)), groups)


def _work_off(database: Database, work: _Work, run_id: int | None, *, by: str, at: datetime) -> Iterator[Outcome]:
    """Batch by batch, each in a transaction of its own; a run that makes nothing is not written down."""
    for batch in in_batches(work.groups):
        with database.transaction() as connection:
            _check_still(connection, work.scope)
            issuer = read_issuer(connection, work.scope.here.id)
            made, run_id = _write(connection, issuer, batch, work, run_id, by=by, at=at, now=database.now())
        yield from made
    if run_id is not None:
        with database.transaction() as connection:
            end_run(connection, run_id, database.now())


def doubts(made: Iterable[FutureInvoice], day: date) -> Iterator[Problem]:
    """What is to be said of the invoices of a run or of a preview.

    :param day: that those of a preview would bear.
    """
    for each in made:
        issued = each.issue_date or day
        if len(each.notes) > 1 and each.due_date is not None:
            yield from periodic_doubts(issued, each.due_date)
        yield from late_doubts([note.issue_date for note in each.notes], issued)


def check_day(connection: Connection, issuer: Issuer, day: date | None, now: date) -> date:
    """Whether invoices may bear a day, and which day that is.

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
    return on


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
    work: _Work,
    run_id: int | None,
    *,
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
    shown = {id(each): _shown(each, orders, work.rules) for each in good}
    if work.digest is not None:
        seen = (shown[id(each)] if isinstance(each, _Drafted) else each for each in drafts)
        if digest_of(seen) != work.digest:
            raise _changed()
    if not good and run_id is None:
        return list(refused), None
    if run_id is None:
        run_id = keep_run(connection, issuer.establishment_id, work.planned, by=by, at=at)
    terms, day = work.rules.terms, work.planned.day
    new = [
        NewInvoice(each.draft, each.group.customer_id, each.billed, each.group.currency, terms[each.group.term_id])
        for each in good
    ]
    asked = day or today(connection, at)
    made = []
    if new:
        made = write_invoices(connection, issuer, new, day=asked, shift=work.rules.shift, run_id=run_id, by=by, at=now)
    late = next((each for each in made if day is not None and each.issue_date != day), None)
    if late is not None:
        raise Problem(
            "Somebody else has made an invoice of {last} meanwhile, and {day} is before it. The invoices of this "
            "batch were not made.",
            ProblemCode.NO_DAY,
            last=late.issue_date,
            day=day,
        )
    notes = sum(len(each.group.notes) for each in good)
    count_made(connection, run_id, len(made), notes, sum(len(each.notes) for each in refused), now)
    numbered = {id(each): _numbered(shown[id(each)], invoice) for each, invoice in zip(good, made, strict=True)}
    return [numbered[id(each)] if isinstance(each, _Drafted) else each for each in drafts], run_id


def _changed() -> Problem:
    return Problem(
        "What is to be invoiced is not what was shown any more. No invoice was made.",
        ProblemCode.CHANGED_MEANWHILE,
    )


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


def _shown(drafted: _Drafted, orders: Mapping[int, InvoicedOrder], rules: _Rules) -> FutureInvoice:
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
        term=rules.terms[drafted.group.term_id].code,
    )


def _numbered(shown: FutureInvoice, made: MadeInvoice) -> FutureInvoice:
    return replace(shown, number=made.number, issue_date=made.issue_date, due_date=made.due_date)


_LAST_DAY = select(NumberSeries.last_date).where(NumberSeries.code == bindparam("series"))
