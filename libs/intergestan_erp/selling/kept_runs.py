"""Runs of deferred invoicing as they are kept: what each was asked to make, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.tables import Category, Establishment, Invoice, InvoiceRun, Party
from intergestan_db.tables.types import UtcDateTime
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.selling.open_goods import NotesWanted


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run is to make. :ivar day: that its invoices bear. :ivar notes: of how many delivery notes."""

    wanted: NotesWanted
    day: date | None
    invoices: int
    notes: int


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as it is kept.

    :ivar establishment: by its number. :ivar customer, category: codes; all of them where there is none.
    :ivar invoices, notes: what it made so far; `planned`, `planned_notes`: what it was to make.
    :ivar refused: how many delivery notes could not be invoiced.
    """

    id: int
    establishment_id: int
    establishment: int
    by: str
    at: datetime
    wanted: NotesWanted
    customer: str | None
    category: str | None
    day: date | None
    invoices: int
    notes: int
    planned: int
    planned_notes: int
    refused: int
    worked_at: datetime | None
    ended_at: datetime | None

    @property
    def gone(self) -> int:
        """How many of its delivery notes somebody else invoiced, or took back, before their turn came."""
        return 0 if self.ended_at is None else max(self.planned_notes - self.notes - self.refused, 0)


def keep_run(connection: Connection, establishment_id: int, planned: Planned, *, by: str, at: datetime) -> int:
    """Write down what is to be made; the id of the run."""
    wanted = planned.wanted
    values: dict[str, Any] = {"first": wanted.first, "last": wanted.last, "day": planned.day}
    values |= {"customer_id": wanted.customer_id, "category_id": wanted.category_id}
    values |= {"left_out": list(wanted.without) or None, "newest_note_id": wanted.newest}
    values |= {"planned": planned.invoices, "planned_notes": planned.notes, "worked_at": at}
    new = insert(InvoiceRun).values(
        **values, establishment_id=establishment_id, by=by, at=at, invoices=0, notes=0, refused=0
    )
    run_id = int(connection.execute(new.returning(InvoiceRun.id)).scalar_one())
    states.record(connection, InvoiceRun.__tablename__, [(run_id, None, None)], "create", by=by, at=at)
    return run_id


def planned_of(connection: Connection, run_id: int) -> tuple[int, datetime, Planned]:
    """What a run is to make: for which establishment, since when, and what."""
    row = connection.execute(select(InvoiceRun.__table__).where(InvoiceRun.id == run_id)).one()
    return row.establishment_id, row.at, Planned(_wanted(row), row.day, row.planned, row.planned_notes)


def count_made(connection: Connection, run_id: int, invoices: int, notes: int, refused: int, at: datetime) -> None:
    """Note what a batch made of a run, and how many delivery notes it had to leave."""
    more = {"run": run_id, "more": invoices, "notes_more": notes, "refused_more": refused, "now": at}
    connection.execute(_COUNT, more)


def end_run(connection: Connection, run_id: int, at: datetime) -> None:
    """Note that nothing is left to do of a run."""
    connection.execute(_END, {"run": run_id, "now": at})


def find_run(connection: Connection, run_id: int) -> KeptRun | None:
    """One of them; None: there is none."""
    row = connection.execute(_RUNS.where(InvoiceRun.id == run_id)).one_or_none()
    return None if row is None else _kept(row)


def list_runs(
    connection: Connection, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[KeptRun]:
    """A page of the runs, the newest first.

    :raises Problem: `after` or `before` is of no such page.
    """
    place: Any = {"size": size, "after": after, "before": before}
    return read_page(connection, _RUNS, [InvoiceRun.id], _kept, descending=True, **place)


def totals_of_runs(connection: Connection, run_ids: list[int]) -> dict[int, dict[str, Decimal]]:
    """What the invoices of runs come to, with VAT, by currency."""
    found: dict[int, dict[str, Decimal]] = {}
    for row in connection.execute(_TOTALS.where(Invoice.invoice_run_id.in_(run_ids))):
        found.setdefault(row.invoice_run_id, {})[row.currency] = row.total
    return found


def _wanted(row: AnyRow) -> NotesWanted:
    return NotesWanted(
        *(row.first, row.last, row.customer_id, row.category_id),
        without=tuple(row.left_out or ()),
        newest=row.newest_note_id,
    )


def _kept(row: AnyRow) -> KeptRun:
    return KeptRun(
        *(row.id, row.establishment_id, row.number, row.by, row.at, _wanted(row), row.customer, row.category),
        *(row.day, row.invoices, row.notes, row.planned, row.planned_notes, row.refused, row.worked_at, row.ended_at),
    )


_COUNT: Final = (
    update(InvoiceRun)
    .where(InvoiceRun.id == bindparam("run"))
    .values(
        invoices=InvoiceRun.invoices + bindparam("more"),
        notes=InvoiceRun.notes + bindparam("notes_more"),
        refused=InvoiceRun.refused + bindparam("refused_more"),
        worked_at=bindparam("now", type_=UtcDateTime()),
    )
)
_END: Final = (
    update(InvoiceRun)
    .where(InvoiceRun.id == bindparam("run"), InvoiceRun.ended_at.is_(None))
    .values(ended_at=bindparam("now", type_=UtcDateTime()))
)
_RUNS: Final[Select[*tuple[Any, ...]]] = (
    select(
        InvoiceRun.__table__,
        Establishment.number,
        Party.code.label("customer"),
        Category.code.label("category"),
    )
    .join(Establishment, Establishment.id == InvoiceRun.establishment_id)
    .outerjoin(Party, Party.id == InvoiceRun.customer_id)
    .outerjoin(Category, Category.id == InvoiceRun.category_id)
)
_TOTALS: Final[Select[*tuple[Any, ...]]] = select(
    Invoice.invoice_run_id, Invoice.currency, func.sum(Invoice.total_ttc).label("total")
).group_by(Invoice.invoice_run_id, Invoice.currency)
