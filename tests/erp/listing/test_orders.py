"""Purchase and sales orders in pages: the rows and the order of the whole lists, in two statements."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from intergestan_db.enums import PurchaseState, SalesState
from intergestan_erp.listing.purchase import ListedPurchase, choices, list_purchases
from intergestan_erp.listing.sales import ListedSale, WhichSales, list_sales_page
from intergestan_erp.purchasing.purchase_orders import Selection, select_orders
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.sales import show_sales_order
from tests.erp.purchasing.test_purchase_orders import shop
from tests.erp.selling.by_hand import Counter, a_line
from tests.site_factories import NOVEMBER, NOW, SiteToTest
from tests.statements import noted

__all__ = ["shop"]


def purchases(site: SiteToTest, size: int, **wanted: Any) -> list[ListedPurchase]:
    """All pages, each in two statements."""
    found: list[ListedPurchase] = []
    after, more = None, True
    with site.database.read() as connection:
        while more:
            with noted(connection) as asked:
                page = list_purchases(connection, after=after, size=size, **wanted)
            assert len(asked) == 2
            found += page.rows
            after, more = page.after, page.after is not None
    return found


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_show_what_the_sending_screen_shows(shop: SiteToTest, size: int, *, everything: bool) -> None:
    """G09, G10, G12: the same orders with the same columns, by date and number."""
    first, last = NOVEMBER
    wanted = Selection(first=first, last=last, everything=everything)
    with shop.database.read() as connection:
        whole = select_orders(connection, wanted)
    columns = ("number", "version", "issue_date", "note", "total_ht", "total_ttc", "currency", "state", "contact")
    address = ("supplier_code", "supplier", "line1", "postcode", "city", "followed_by")
    found = purchases(shop, size, wanted=wanted)
    assert [tuple(getattr(row, name) for name in columns + address) for row in found] == [
        tuple(getattr(row, name) for name in columns + address) for row in whole
    ]


def test_orders_are_narrowed_by_state_and_turned_round(shop: SiteToTest) -> None:
    states = [PurchaseState.DRAFT, PurchaseState.WAITING]
    found = purchases(shop, 1, wanted=Selection(), states=states, newest_first=True)
    assert [row.number for row in found] == ["CFR9", "CFR7"]
    assert [row.number for row in purchases(shop, 9, wanted=Selection(), states=[PurchaseState.ACCEPTED])] == ["CFR10"]
    with shop.database.read() as connection:
        assert choices(connection) == (
            [("MULLER", "Muller"), ("STAUBER", "STAUBER")],
            [("marie", "Marie Durand"), ("paul", "Paul")],
        )


def test_sales_orders_say_how_far_they_are(a_site: SiteToTest) -> None:
    counter = Counter(a_site)
    numbers = [counter.enter().number for _ in range(3)]
    with a_site.database.transaction() as connection:
        deliver(connection, numbers[1], None, by="marie", at=NOW)
        shown = [show_sales_order(connection, number) for number in numbers]
    found: list[ListedSale] = []
    after, more = None, True
    with a_site.database.read() as connection:
        while more:
            with noted(connection) as asked:
                page = list_sales_page(connection, WhichSales(states=[SalesState.ACCEPTED]), size=2, after=after)
            assert len(asked) == 2
            found += page.rows
            after, more = page.after, page.after is not None
        assert list_sales_page(connection, WhichSales(first=date(2020, 11, 21))).rows == ()
    names = ("number", "customer", "total_ttc", "state", "below_minimum", "delivered", "invoiced")
    assert [tuple(getattr(row, name) for name in names) for row in found] == [
        tuple(getattr(row, name) for name in names) for row in reversed(shown) if row is not None
    ]
    assert {row.delivered for row in found} == {"none", "all"}


def test_what_is_settled_may_be_left_out(a_site: SiteToTest) -> None:
    """Cancelled ones, and those of which nothing is left to invoice; the rest is listed in either order."""
    counter = Counter(a_site)
    numbers = [counter.enter().number for _ in range(3)]
    with a_site.database.transaction() as connection:
        deliver(connection, numbers[0], None, by="marie", at=NOW)
        invoice(connection, [numbers[0]], by="marie", at=NOW)
        cancel_order(connection, numbers[1], None, by="marie", at=NOW)
    with a_site.database.read() as connection:
        open_ones = list_sales_page(connection, WhichSales(settled=False), newest_first=False)
        whole = list_sales_page(connection, WhichSales(), newest_first=False)
    assert [row.number for row in open_ones.rows] == [numbers[2]]
    assert [row.number for row in whole.rows] == numbers


def test_one_order_costs_as_many_statements_whatever_it_has(a_site: SiteToTest) -> None:
    """What belongs to one order is read, and by a number of statements that does not grow."""
    counter = Counter(a_site)
    counts = []
    for lines in (1, 40):
        number = counter.enter(*(a_line("CAS16", 1) for _ in range(lines))).number
        with a_site.database.transaction() as connection:
            deliver(connection, number, None, by="marie", at=NOW)
        with a_site.database.read() as connection, noted(connection) as asked:
            assert show_sales_order(connection, number) is not None
        counts.append(len(asked))
    assert counts[0] == counts[1]
