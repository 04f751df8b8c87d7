"""Document numbers without gaps: one UPDATE, last in its transaction, so that a rollback gives them back.

The one gap is that of a restore, which is told and noted: a number is never given twice (`design.md` §16.7).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import BigInteger, Connection, Date, bindparam, case, or_, select, text, update

from intergestan_db.tables import NumberSeries

PURCHASE_ORDERS = "purchase_order"
SALES_ORDERS = "sales_order"
DELIVERY_NOTES = "delivery_note"
GOODS_RECEIPTS = "goods_receipt"
GOODS_RETURNS = "goods_return"
PICKING_SLIPS = "picking_slip"
INVOICES = "invoice"
QUOTES = "quote"
CREDIT_NOTES = "credit_note"
PAYMENTS = "payment"
INTERNAL_INVOICES = "internal"
PREFIXES = {
    PURCHASE_ORDERS: "CFR",
    SALES_ORDERS: "CCL",
    DELIVERY_NOTES: "BL",
    GOODS_RECEIPTS: "BR",
    GOODS_RETURNS: "RT",
    PICKING_SLIPS: "BP",
    INVOICES: "FA",
    INTERNAL_INVOICES: "FI",
    CREDIT_NOTES: "AV",
    PAYMENTS: "RG",
    QUOTES: "DV",
}

OF_FOLDERS = (INVOICES, INTERNAL_INVOICES, CREDIT_NOTES)
"""The series of which each accounting folder has its own (D54)."""
FIRST_FOLDER = 1

_GAP = 1000

_TAKE = (
    update(NumberSeries)
    .where(NumberSeries.code == bindparam("series"))
    .values(next_number=NumberSeries.next_number + bindparam("count"))
    .returning(NumberSeries.prefix, NumberSeries.next_number)
)


def of_folder(series: str, folder: int) -> str:
    """The series of an accounting folder, by the folder's number: `invoice`, of others such as `invoice:2`."""
    return series if folder == FIRST_FOLDER else f"{series}:{folder}"


def series_of_folder(folder: int) -> dict[str, str]:
    """The prefixes of the series that a folder needs, by their codes, such as `FA2-`."""
    ends = "" if folder == FIRST_FOLDER else f"{folder}-"
    return {of_folder(series, folder): PREFIXES[series] + ends for series in OF_FOLDERS}


def take(connection: Connection, series: str, count: int) -> list[str]:
    """Take `count` consecutive numbers, such as `["CCL7", "CCL8"]`.

    The series stays locked until the transaction ends: take numbers as late as possible.
    """
    if count == 0:
        return []
    prefix, following = connection.execute(_TAKE, {"series": series, "count": count}).one()
    return [f"{prefix}{number}" for number in range(following - count, following)]


@dataclass(frozen=True, slots=True)
class Dated:
    """A number, and the day that its document is dated."""

    number: str
    day: date


_DAY = bindparam("day", type_=Date())
_TAKE_DATED = (
    update(NumberSeries)
    .where(NumberSeries.code == bindparam("series"))
    .values(
        next_number=NumberSeries.next_number + bindparam("count"),
        last_date=case(
            (or_(NumberSeries.last_date.is_(None), NumberSeries.last_date < _DAY), _DAY), else_=NumberSeries.last_date
        ),
    )
    .returning(NumberSeries.prefix, NumberSeries.next_number, NumberSeries.last_date)
)


def take_dated(connection: Connection, series: str, day: date) -> Dated:
    """Take the next number of a series whose documents' dates rise with their numbers (D21, CGI ann. II 242 nonies A).

    The document bears the day that comes back, never the one asked for: whoever waited for the series past midnight, or
    whose clock was set back, gets the day of the number before. All that follows from its day is computed from it.
    The series stays locked until the transaction ends: it is the last lock that is taken.
    """
    (taken,) = take_dated_together(connection, series, 1, day)
    return taken


def take_dated_together(connection: Connection, series: str, count: int, day: date) -> list[Dated]:
    """Take `count` consecutive numbers of such a series, for documents of one day."""
    if count == 0:
        return []
    row = connection.execute(_TAKE_DATED, {"series": series, "count": count, "day": day}).one()
    return [Dated(f"{row.prefix}{n}", row.last_date) for n in range(row.next_number - count, row.next_number)]


ENTRIES = "e:"
"""How the series of journals begin, which are of no document."""
_TAKE_ENTRIES = (
    text(
        "INSERT INTO number_series (code, prefix, next_number, last_date) VALUES (:series, :prefix, 1 + :count, :day) "
        "ON CONFLICT (code) DO UPDATE SET next_number = number_series.next_number + :count, "
        "last_date = CASE WHEN number_series.last_date > :day THEN number_series.last_date ELSE :day END "
        "RETURNING next_number - :count AS first, last_date"
    )
    .bindparams(bindparam("count", type_=BigInteger()), bindparam("day", type_=Date()))
    .columns(first=BigInteger(), last_date=Date())
)


@dataclass(frozen=True, slots=True)
class EntryNumbers:
    """Consecutive numbers of entries in a journal, from `first` on, and the day on which they are validated."""

    first: int
    day: date


def entry_series(folder: int, journal: str) -> str:
    """The series of a journal in the books of a folder, by the folder's number."""
    return f"{ENTRIES}{folder}:{journal}"


def take_entries(connection: Connection, folder: int, journal: str, count: int, day: date) -> EntryNumbers:
    """Take `count` numbers of a journal; the first ones make the series. 0: the series is locked, and that is all.

    The days of validation rise with the numbers, as in `take_dated`. The series stays locked until the transaction
    ends, and comes after those of documents.
    """
    asked = {"series": entry_series(folder, journal), "prefix": journal, "count": count, "day": day}
    row = connection.execute(_TAKE_ENTRIES, asked).one()
    return EntryNumbers(row.first, row.last_date)


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a series that were left out, from `first` to `last`; `following` is the next that is given."""

    series: str
    first: str
    last: str
    following: str


def beyond(following: int, seen: int, share: float) -> int:
    """The next number of a series whose last numbers are forgotten.

    It is above all that can have been given since: twice as many as the years until then let expect, a thousand at
    least; and it begins a new thousand, so that people see that something happened.

    :param following: the next number as far as the database knows; `seen`: as far as anything else does.
    :param share: how long the forgotten time is, as a share of the time that the database remembers.
    """
    known = max(following, seen)
    at_least = known + max(_GAP, math.ceil(2 * share * following))
    return math.ceil(at_least / _GAP) * _GAP + 1


def leave_gaps(connection: Connection, seen: Mapping[str, int], share: float) -> tuple[Gap, ...]:
    """Leave out the numbers that were perhaps given after a backup, in every series (`beyond`).

    The series stay locked until the transaction ends. Journals go on without a gap: nobody else ever saw the numbers of
    their entries, and the tax office asks for all of them.
    """
    of_documents = select(NumberSeries.__table__).where(NumberSeries.code.not_like(f"{ENTRIES}%"))
    rows = connection.execute(of_documents.order_by(NumberSeries.code).with_for_update()).all()
    gaps = []
    for row in rows:
        new = beyond(row.next_number, seen.get(row.code, 0), share)
        connection.execute(update(NumberSeries).where(NumberSeries.code == row.code).values(next_number=new))
        gaps.append(Gap(row.code, *(f"{row.prefix}{number}" for number in (row.next_number, new - 1, new))))
    return tuple(gaps)
