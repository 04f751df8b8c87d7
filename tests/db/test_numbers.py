"""Numbers without gaps or doubles, whoever takes them at the same time, whatever is rolled back."""

import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from multiprocessing import get_context

import pytest
from sqlalchemy import insert, select

from intergestan_db import numbers
from intergestan_db.database import Database
from intergestan_db.tables import Event, NumberSeries
from tests.site_factories import NOW, SiteToTest


class Undo(Exception):
    pass


def take_and_keep(database: Database, count: int, *, undo: bool = False) -> list[str]:
    """Take numbers and write each down in the same transaction, as an order would."""
    with database.transaction() as connection:
        taken = numbers.take(connection, numbers.SALES_ORDERS, count)
        rows = [{"at": NOW, "who": "test", "subject": "number", "subject_id": 0, "name": number} for number in taken]
        connection.execute(insert(Event), rows)
        if undo:
            raise Undo
    return taken


def take_in_a_process(url: str, times: int) -> list[str]:
    database = Database(url)
    try:
        return [number for time in range(times) for number in take_and_keep(database, 1 + time % 3)]
    finally:
        database.dispose()


def take_dated_in_a_thread(database: Database, day: date, times: int) -> list[numbers.Dated]:
    taken = []
    for _ in range(times):
        with database.transaction() as connection:
            taken.append(numbers.take_dated(connection, numbers.INVOICES, day))
    return taken


def test_the_day_comes_with_the_number(a_site: SiteToTest) -> None:
    """D21: never an earlier one than that of the number before, whatever the clock says now."""
    days = [date(2026, 6, 9), date(2026, 6, 8), date(2026, 6, 9), date(2026, 7, 1)]
    with a_site.database.transaction() as connection:
        taken = [numbers.take_dated(connection, numbers.INVOICES, day) for day in days]
        assert numbers.take_dated(connection, numbers.CREDIT_NOTES, days[1]) == numbers.Dated("AV1", days[1])
    assert taken == [
        *(numbers.Dated(f"FA{n}", date(2026, 6, 9)) for n in (1, 2, 3)),
        numbers.Dated("FA4", date(2026, 7, 1)),
    ]


@pytest.mark.race
def test_numbers_and_days_rise_together_at_midnight(a_site: SiteToTest) -> None:
    """D21: some take the day that ends, others the one that begins, whoever waits for whom."""
    evening, morning = date(2026, 12, 31), date(2027, 1, 1)
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda day: take_dated_in_a_thread(a_site.database, day, 8), [evening, morning] * 2)
        taken = sorted((each for some in made for each in some), key=lambda each: int(each.number[2:]))
    assert [each.number for each in taken] == [f"FA{n}" for n in range(1, 33)]
    assert [each.day for each in taken] == sorted(each.day for each in taken)


def written(database: Database) -> Sequence[str]:
    with database.read() as connection:
        return connection.execute(select(Event.name).where(Event.subject == "number")).scalars().all()


def without_gaps(found: Sequence[str]) -> bool:
    return sorted(int(number.removeprefix("CCL")) for number in found) == list(range(1, len(found) + 1))


def test_they_start_at_one_without_zeros_before(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        assert numbers.take(connection, numbers.PURCHASE_ORDERS, 2) == ["CFR1", "CFR2"]
        assert numbers.take(connection, numbers.SALES_ORDERS, 1) == ["CCL1"]
        assert numbers.take(connection, numbers.SALES_ORDERS, 0) == []


def test_a_rollback_gives_them_back(a_site: SiteToTest) -> None:
    take_and_keep(a_site.database, 3)
    with pytest.raises(Undo):
        take_and_keep(a_site.database, 5, undo=True)
    assert take_and_keep(a_site.database, 1) == ["CCL4"]


@pytest.mark.race
def test_threads(a_site: SiteToTest) -> None:
    """Some of them undo what they did, as a failed import does."""
    start = threading.Barrier(6)

    def work(worker: int) -> None:
        start.wait()
        for time in range(8):
            try:
                take_and_keep(a_site.database, 1 + time % 3, undo=(worker + time) % 4 == 0)
            except Undo:
                continue

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    found = written(a_site.database)
    assert len(found) > 50
    assert without_gaps(found)


@pytest.mark.race
def test_processes(a_site: SiteToTest) -> None:
    url = a_site.database.url
    a_site.database.dispose()  # nothing open crosses into the others
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        taken = list(pool.map(take_in_a_process, [url] * 3, [12] * 3))
    found = written(a_site.database)
    assert sorted(found) == sorted(number for some in taken for number in some)
    assert without_gaps(found)
    with a_site.database.read() as connection:
        following = select(NumberSeries.next_number).where(NumberSeries.code == numbers.SALES_ORDERS)
        assert connection.execute(following).scalar_one() == len(found) + 1


@pytest.mark.parametrize(
    ("following", "seen", "share", "new"),
    [
        (1, 0, 0.0, 2001),
        (7, 0, 0.0, 2001),
        (1995, 0, 0.0, 3001),
        (2001, 0, 0.0, 4001),
        (7, 5007, 0.0, 7001),
        (7, 3, 0.0, 2001),
        (100_000, 0, 0.01, 102_001),
        (100_000, 0, 0.5, 200_001),
    ],
)
def test_a_gap_is_wide_enough_and_begins_a_thousand(following: int, seen: int, share: float, new: int) -> None:
    """`design.md` §16.7: above all that was given after the backup, and plain to see."""
    assert numbers.beyond(following, seen, share) == new
    assert new > max(following, seen) + 999


def test_after_a_restore_every_series_leaves_numbers_out(a_site: SiteToTest) -> None:
    taken = take_and_keep(a_site.database, 6)
    with a_site.database.transaction() as connection:
        gaps = {gap.series: gap for gap in numbers.leave_gaps(connection, {numbers.INVOICES: 4100}, 0.0)}
    assert set(gaps) == set(numbers.PREFIXES)
    sales = gaps[numbers.SALES_ORDERS]
    assert (sales.first, sales.last, sales.following) == ("CCL7", "CCL2000", "CCL2001")
    assert gaps[numbers.INVOICES].following == "FA6001"
    assert take_and_keep(a_site.database, 1) == ["CCL2001"]
    assert "CCL2001" not in taken
