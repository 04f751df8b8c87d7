"""An accounting folder as its books need it: number, SIREN, chart, years, lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from intergestan_db import numbers, states
from intergestan_db.enums import Journal
from intergestan_db.tables import AccountingFolder, Dossier, Establishment, FiscalYear
from intergestan_erp.agencies import establishments
from intergestan_erp.agencies.belonging import folder_of, keep_books
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER, Place, usual_place
from intergestan_erp.books.chart import Account, Chart
from intergestan_erp.books.years import Period, Year, missing_years

_FOLDER = select(
    *(AccountingFolder.id, AccountingFolder.number, AccountingFolder.name, AccountingFolder.siren),
    AccountingFolder.chart,
)
_BY_ID = _FOLDER.where(AccountingFolder.id == bindparam("id"))
_AT = _FOLDER.where(AccountingFolder.id == folder_of(bindparam("establishment")))
_KEEP = keep_books(select(Dossier.id).where(Dossier.id == bindparam("dossier")))
_PERIOD = (
    select(FiscalYear.id, FiscalYear.first, FiscalYear.last, FiscalYear.closed_at, AccountingFolder.locked_until)
    .select_from(
        AccountingFolder.__table__.outerjoin(FiscalYear.__table__, FiscalYear.folder_id == AccountingFolder.id)
    )
    .where(AccountingFolder.id == bindparam("id"))
    .order_by(FiscalYear.first)
)
_APART = (
    select(Dossier.id)
    .join(Establishment, Establishment.dossier_id == Dossier.id)
    .where(Dossier.analytic_axis, bindparam("id") == EFFECTIVE_FOLDER)
    .limit(1)
)
_ADD_YEAR = text(
    "INSERT INTO fiscal_year (folder_id, first, last) VALUES (:folder, :first, :last) "
    "ON CONFLICT (folder_id, first) DO NOTHING"
).bindparams(bindparam("first", type_=FiscalYear.first.type), bindparam("last", type_=FiscalYear.last.type))


@dataclass(frozen=True, slots=True)
class Books:
    """The books of an accounting folder."""

    id: int
    number: int


@dataclass(frozen=True, slots=True)
class Folder(Books):
    """An accounting folder: the company whose books they are."""

    name: str
    siren: str | None
    chart: Chart


def folder_by_id(connection: Connection, folder_id: int) -> Folder:
    """A folder that documents refer to."""
    return _made(connection.execute(_BY_ID, {"id": folder_id}).one())


def folder_at(connection: Connection, place: Place) -> Folder:
    """The books of a place, which keeps them until the transaction ends: what is entered is in those that it has (D41).

    Before all other locks.
    """
    connection.execute(_KEEP, {"dossier": place.dossier_id}).all()
    return _made(connection.execute(_AT, {"establishment": place.establishment_id}).one())


def folder_called(connection: Connection, number: int | None) -> Folder:
    """The folder with a number; None: that of the site's usual place.

    :raises Problem: there is none.
    """
    if number is None:
        return folder_by_id(connection, usual_place(connection).folder_id)
    return _made(establishments.folder_called(connection, number))


def list_books(connection: Connection) -> list[Folder]:
    """The books of all companies, by number: there are few."""
    return [_made(row) for row in connection.execute(_FOLDER.order_by(AccountingFolder.number))]


def read_period(connection: Connection, folder: Books) -> Period:
    """The years of a folder, in their order, and until when it is locked."""
    rows = connection.execute(_PERIOD, {"id": folder.id}).all()
    years = (Year(row.first, row.last, row.closed_at is not None, row.id) for row in rows if row.id is not None)
    return Period(folder.number, tuple(years), rows[0].locked_until)


def keeps_results_apart(connection: Connection, folder: Books) -> bool:
    """Whether entries of a folder say whose they are, for results by establishment (A08)."""
    return connection.execute(_APART, {"id": folder.id}).first() is not None


def period_with(connection: Connection, folder: Books, day: date, today: date) -> Period:
    """The years of a folder, of which one has this day if the books reach as far."""
    period = read_period(connection, folder)
    missing = missing_years(period.years, day, today)
    if not missing:
        return period
    add_years(connection, folder, missing)
    return read_period(connection, folder)


def add_years(connection: Connection, folder: Books, years: Sequence[Year]) -> None:
    """Make years that are missing; one that somebody else made meanwhile stays as it is."""
    connection.execute(_ADD_YEAR, [{"folder": folder.id, "first": year.first, "last": year.last} for year in years])


def lock_books(connection: Connection, folder: Books, day: date) -> None:
    """Let nothing be entered into a folder until the transaction ends. After all locks of documents."""
    for journal in sorted(Journal):
        numbers.take_entries(connection, folder.number, journal, 0, day)


def lock_until(connection: Connection, folder: Folder, day: date | None, today: date, *, by: str, at: datetime) -> None:
    """Lock the books until a day, itself in it; None: as far as no year is closed, anything may be entered again."""
    lock_books(connection, folder, today)
    connection.execute(update(AccountingFolder).where(AccountingFolder.id == folder.id).values(locked_until=day))
    detail = {"locked_until": None if day is None else day.isoformat()}
    own = [(folder.id, None, None)]
    states.record(connection, AccountingFolder.__tablename__, own, "lock", by=by, at=at, detail=detail)


def lock_folder(connection: Connection, folder: Books) -> Folder:
    """A folder as it is now; nobody else names its accounts until the transaction ends."""
    return _made(connection.execute(_BY_ID.with_for_update(), {"id": folder.id}).one())


def set_account(
    connection: Connection, folder: Folder, key: str, account: Account | None, *, by: str, at: datetime
) -> Chart:
    """Name the account under a key of the chart; None: the usual one again. What is posted stays where it is."""
    chart = lock_folder(connection, folder).chart.with_account(key, account)
    connection.execute(update(AccountingFolder).where(AccountingFolder.id == folder.id).values(chart=chart.stored()))
    detail = {"use": key, "account": None if account is None else account.number}
    own = [(folder.id, None, None)]
    states.record(connection, AccountingFolder.__tablename__, own, "chart", by=by, at=at, detail=detail)
    return chart


def _made(row: Any) -> Folder:
    return Folder(row.id, row.number, row.name, row.siren, Chart.of(row.chart))
