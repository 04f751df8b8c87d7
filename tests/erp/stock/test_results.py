"""What establishments earned, with goods that went between them and what lies in their depots (A08, D58)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import AccountingFolder, Entry, EntryLine, GoodsReceipt, StockMove
from intergestan_erp.agencies.places import place_called
from intergestan_erp.books.check import check_books
from intergestan_erp.books.folders import folder_called
from intergestan_erp.stock.entry import Goods, receive, transfer
from intergestan_erp.stock.results import results
from tests.erp.pairs.agencies import Arrivals
from tests.site_factories import NOW, SiteToTest

DAY = NOW.date()


def said(site: SiteToTest) -> list[str]:
    """Each line of all entries: `OD1 D 607000 12.00 [1]`, by establishment."""
    query = select(EntryLine.__table__, Entry.journal_code, Entry.number).join(Entry, Entry.id == EntryLine.entry_id)
    with site.database.read() as connection:
        rows = connection.execute(query.order_by(Entry.id, EntryLine.position)).all()
        assert check_books(connection, folder_called(connection, None)) == []
    return [
        f"{row.journal_code}{row.number} {'D' if row.debit else 'C'} {row.account} {row.debit or row.credit:.2f} "
        f"[{row.establishment_id}]"
        for row in rows
    ]


def earned(site: SiteToTest, *days: object) -> list[tuple[int | None, str]]:
    with site.database.read() as connection:
        folder = connection.execute(select(AccountingFolder.id)).scalar_one()
        found = results(connection, folder, *days, by_place=True)  # type: ignore[arg-type]
        (whole,) = results(connection, folder, *days, by_place=False)  # type: ignore[arg-type]
    assert whole.result == sum((each.result for each in found), Decimal(0))
    return [(each.establishment, f"{each.income - each.expenses:.2f} {each.stock:+.2f}") for each in found]


def test_what_is_not_invoiced_between_agencies(a_site: SiteToTest) -> None:
    """A08, D58: what RD sent cost it nothing, and AB as much as came: goods that lie there still are no loss."""
    agencies = Arrivals(a_site)
    agencies.sets(analytic_axis=True)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect"))
    note = agencies.send()
    assert said(a_site) == []
    agencies.receive(note)
    assert said(a_site) == ["OD1 D 607000 12.00 [1]", "OD1 C 607000 12.00 [2]"]
    entry, receipt = a_site.row(Entry), a_site.row(GoodsReceipt)
    assert (entry.source, entry.piece, entry.day) == (f"receipt:{receipt.id}", "BR1", receipt.issue_date)
    assert earned(a_site) == [(1, "-12.00 +12.00"), (2, "12.00 -12.00")]
    assert earned(a_site, DAY + timedelta(days=1)) == []
    agencies.send("CCL1")
    assert earned(a_site, None, DAY) == [(1, "-12.00 -6.00"), (2, "12.00 -12.00")]


def test_without_results_by_establishment_nothing_is_entered(a_site: SiteToTest) -> None:
    """A08: goods that stay in a company are no business of its books."""
    agencies = Arrivals(a_site)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    agencies.receive(agencies.send())
    assert said(a_site) == []


def test_goods_that_are_moved_to_another_establishment(a_site: SiteToTest) -> None:
    """A08, D58: at what they cost, by each move; what lay there before stock was managed is no result."""
    agencies = Arrivals(a_site)
    agencies.sets(analytic_axis=True)
    with a_site.database.transaction() as connection:
        here = place_called(connection, "1/AB")
        receive(connection, here, [Goods("VRAC", Decimal(10), Decimal("0.335"))], by="m", at=NOW, opening=True)
        for quantity in ("1", "2"):
            transfer(connection, here, [Goods("VRAC", Decimal(quantity))], "RD", by="m", at=NOW)
    assert said(a_site) == [
        *("OD1 D 607000 0.34 [2]", "OD1 C 607000 0.34 [1]"),
        *("OD2 D 607000 0.67 [2]", "OD2 C 607000 0.67 [1]"),
    ]
    assert a_site.rows(Entry)[0].piece == "AB-RD"
    assert earned(a_site) == [(1, "1.01 -1.01"), (2, "-1.01 +1.01")]


def test_goods_come_on_a_day_on_which_the_books_are_open(a_site: SiteToTest) -> None:
    """A08, D61, I13: in a month that is locked nothing comes in, where an entry would have to say so."""
    agencies = Arrivals(a_site)
    agencies.sets(analytic_axis=True)
    agencies.order_pairs(order=agencies.for_customer("ALB0002=2", L1="RD=2:indirect"))
    note = agencies.send()
    with a_site.database.transaction() as connection:
        connection.execute(update(AccountingFolder).values(locked_until=DAY))
    with pytest.raises(Problem) as refused:
        agencies.receive(note)
    assert refused.value.code is ProblemCode.BOOKS_CLOSED
    assert not a_site.rows(StockMove, reason="receipt")
