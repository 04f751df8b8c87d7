"""The end of a year: what it hands on, what it refuses, and that nothing enters it any more."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from intergestan_db.database import Database
from intergestan_db.enums import Journal, Role
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Entry, EntryLine, Event, FiscalYear, Invoice
from intergestan_erp.books.closing import close_year, set_last_day
from intergestan_erp.books.folders import lock_until
from intergestan_erp.paying import payments
from intergestan_erp.people.rights import change_rights
from intergestan_erp.site.setup import add_user
from tests.at_once import at_once
from tests.clock import Clock
from tests.erp.books import oracles
from tests.erp.books.keeping import Keeper

TODAY, END = date(2026, 11, 20), date(2026, 12, 31)


@pytest.fixture
def keeper(base: Database) -> Keeper:
    return Keeper(base)


def test_a_paid_year_hands_on_its_profit(keeper: Keeper, clock: Clock) -> None:
    """D61: case 1, paid by transfer; AN 1 of the next year's first day, by account, without letters."""
    keeper.bill(("6", "10", "20"))
    keeper.pay("72")
    clock.move(days=42)
    closed = keeper.close("2026")
    assert (closed.result, closed.entry.name if closed.entry else None) == (Decimal(60), "AN1")
    assert keeper.entries(Journal.OPENING) == {"AN1": ["C 120000 60.00", "C 445710 12.00", "D 512000 72.00"]}
    with keeper.base.read() as connection:
        days = connection.execute(select(Entry.day).where(Entry.journal_code == "AN")).scalars().all()
        names = connection.execute(select(Event.name, Event.detail).where(Event.subject == "fiscal_year")).all()
    assert days == [date(2027, 1, 1)]
    assert [tuple(row) for row in names] == [("close", {"folder": 1, "last": "2026-12-31", "result": "60.00"})]
    assert keeper.wrong() == []


def test_an_unpaid_year_hands_on_who_owes(keeper: Keeper, clock: Clock) -> None:
    """D61: and what was bought; the year after begins with the opening, too."""
    keeper.bill(("6", "10", "20"))
    supplier = keeper.supplier()
    keeper.enter("607000=40", "445660=8", "401000/AG2=-48", journal=Journal.PURCHASES, titles=PURCHASED)
    keeper.enter("186000=5", "187000=-5", titles={"186000": "Liaison", "187000": "Liaison"})
    clock.move(days=42)
    keeper.close("2026")
    assert keeper.entries(Journal.OPENING)["AN1"] == [
        *("C 120000 20.00", f"C 401000/{supplier} 48.00", "D 411000/~ 72.00", "D 445660 8.00", "C 445710 12.00"),
    ]
    keeper.pay("72")
    assert keeper.entries()["VE1"][0] == "D 411000/~ 72.00 AA"  # a letter joins lines of two years
    keeper.enter("607000=100", "512000=-100")
    clock.move(days=365)
    year = date(2027, 1, 1), date(2027, 12, 31)
    expected = oracles.opening(keeper.left(*year))
    assert keeper.close("2027").result == -100
    assert keeper.left(date(2028, 1, 1), date(2028, 1, 1)) == expected
    assert ("120000", "", Decimal(-20)) in expected
    assert ("129000", "", Decimal(100)) in expected
    assert keeper.wrong() == []


PURCHASED = {"607000": "Achats de marchandises", "445660": "TVA déductible"}


def test_a_year_without_entries_is_closed_without_one(keeper: Keeper, clock: Clock) -> None:
    keeper.pay("1", received_on=TODAY)
    keeper.act(payments.cancel, "RG1")
    clock.move(days=42)
    assert keeper.close("2026").entry is None
    clock.move(days=365)
    assert keeper.close("31/12/2027", date(2027, 12, 31)).entry is None


def test_nothing_enters_a_closed_year(keeper: Keeper, clock: Clock) -> None:
    """D61: neither a document nor a person, and it is not opened again."""
    keeper.bill(("6", "10", "20"))
    clock.move(days=42)
    keeper.close("2026")
    for refused in (
        lambda: keeper.pay("72", received_on=TODAY),
        lambda: keeper.enter("512000=1", "530000=-1", day=END),
        lambda: keeper.act_in(set_last_day, "2026", None, date(2026, 11, 30)),
    ):
        with pytest.raises(Problem) as caught:
            refused()
        assert caught.value.code in {ProblemCode.BOOKS_CLOSED, ProblemCode.YEAR_CLOSED}
    keeper.pay("72", received_on=date(2027, 1, 1))
    with keeper.base.transaction() as connection, pytest.raises(DBAPIError, match="frozen"):
        connection.execute(update(FiscalYear).where(FiscalYear.closed_by == "marie").values(closed_at=None))
    assert keeper.count("payment") == 1


def test_what_keeps_a_year_open(keeper: Keeper, clock: Clock) -> None:
    """D61: it has not ended, the one before is open, an entry does not balance or is missing, links do not close."""
    keeper.bill(("6", "10", "20"))
    said = []

    def close(year: str) -> None:
        with pytest.raises(Problem) as caught:
            keeper.close(year)
        said.append(str(caught.value))

    close("2026")
    close("2031")
    clock.move(days=42 + 365)
    keeper.pay("72")
    close("2027")
    keeper.enter("186000=5", "512000=-5", day=TODAY, titles={"186000": "Liaison"})
    close("2026")
    keeper.enter("187000=-5", "512000=5", day=TODAY, titles={"187000": "Liaison"})
    thawed = ("frozen_rows_entry_line" if keeper.base.is_sqlite else "frozen_rows ON entry_line",)
    with keeper.base.transaction() as connection:
        connection.execute(text(f"DROP TRIGGER {thawed[0]}"))
        first = select(Entry.id).where(Entry.journal_code == "VE").scalar_subquery()
        connection.execute(delete(EntryLine).where(EntryLine.entry_id == first, EntryLine.position == 3))
    close("2026")
    begin = "Year 2026 of folder 1 cannot be closed: "
    assert said == [
        begin + "it ends on 2026-12-31 only, and nothing could be entered any more until then. Nothing was written.",
        "There is no year 2031 in these books, or more than one: a day in it says which. Nothing was done.",
        "Year 2027 of folder 1 cannot be closed: a year before it is open. Nothing was written.",
        begin + "the accounts that link establishments, 186 and 187, come to 5.00. Nothing was written.",
        begin + "the entry VE1 is not in order. Nothing was written.",
    ]
    assert keeper.wrong() == ["unbalanced VE1"]
    with keeper.base.read() as connection:
        assert connection.execute(select(FiscalYear.closed_at)).scalars().all() == [None] * 3


def test_a_locked_month_is_shut_and_opened_again(keeper: Keeper, clock: Clock) -> None:
    """D61: months before the closing; an invoice whose day is locked is not made, and uses no number."""
    keeper.bill(("6", "10", "20"))
    keeper.act_in(lock_until, TODAY, TODAY)
    for refused in (lambda: keeper.bill(("1", "1", "0")), lambda: keeper.pay("1")):
        with pytest.raises(Problem) as caught:
            refused()
        assert str(caught.value) == "The books of folder 1 are closed until 2026-11-20."
    keeper.act_in(lock_until, None, TODAY)
    assert keeper.bill(("1", "1", "0")) == "FA2"
    clock.move(days=42)
    keeper.act_in(lock_until, date(2027, 1, 31), date(2027, 1, 1))
    keeper.close("2026")  # its opening entry is of a locked day, and enters all the same
    assert keeper.wrong() == []


def test_a_year_of_its_own_length(keeper: Keeper, clock: Clock) -> None:
    """D61: the last day of an open year can be another; entries lie in the years as these are now."""
    june = date(2027, 6, 30)
    years = keeper.act_in(set_last_day, "2026", None, june)
    assert [(year.first, year.last) for year in years] == [(date(2026, 1, 1), june)]
    keeper.bill(("6", "10", "20"))
    clock.move(days=300)
    keeper.bill(("6", "10", "20"))
    keeper.close("2027")
    assert keeper.left(date(2027, 7, 1), date(2027, 7, 1))[0] == ("120000", "", Decimal(-60))
    assert keeper.wrong() == []


def test_who_may_keep_and_close_books(keeper: Keeper, clock: Clock) -> None:
    """D31: accountants and administrators enter and close; whoever may not is told who may."""
    with keeper.base.transaction() as connection:
        for login, role in (("paul", Role.ADMINISTRATOR), ("lea", Role.ACCOUNTANT), ("marie", Role.CLERK)):
            if login != "marie":
                add_user(connection, login, login, f"{login}@stauber.test", by="marie", at=keeper.base.now())
            change_rights(connection, login, roles=[role], by="marie", at=keeper.base.now())
    with pytest.raises(Problem, match="marie may not keep the books; lea, paul may"):
        keeper.enter("512000=1", "530000=-1")
    with pytest.raises(Problem, match="marie may not close the books; lea, paul may"):
        keeper.close("2026")
    clock.move(days=42)
    for login in ("lea", "paul"):
        with keeper.base.transaction() as connection, pytest.raises(Problem, match="no year 2031"):
            close_year(connection, keeper.folder, "2031", by=login, at=keeper.base.now())


@pytest.mark.race
def test_an_invoice_is_in_the_year_before_it_is_closed_or_refused(base: Database) -> None:
    """D61: processes invoice and close at once; what the opening says is what the year holds."""
    keeper = Keeper(base)
    for _each in range(12):
        keeper.order(("1", "10", "20"))
    billed, closed = at_once("tests.erp.books.closing", (base.url, "bill"), (base.url, "close"))
    assert closed == ["closed"]
    refused = billed.count("refused")
    assert len(billed) == 12
    assert keeper.count(Invoice.__tablename__) == 12 - refused
    year = date(2026, 1, 1), END
    assert keeper.left(date(2027, 1, 1), date(2027, 1, 1)) == oracles.opening(keeper.left(*year))
    assert len(keeper.entries(Journal.SALES)) == 12 - refused
    assert keeper.wrong() == []
