"""Quotes: offered, accepted once, refused, or expired with the day (D17)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.enums import QuoteState
from intergestan_db.problem import Problem
from intergestan_db.tables import Event, Product, Quote, SalesOrder, SalesOrderCharge, SalesOrderLine
from intergestan_erp.selling.quotes import EXPIRED, foresee_accepting, list_quotes, refuse_quote, show_quote, state_on
from intergestan_erp.selling.sales import show_sales_order
from tests.erp.selling.acting import told
from tests.erp.selling.by_hand import Counter, a_line
from tests.site_factories import NOW

TODAY = NOW.date()


@pytest.mark.parametrize(
    ("state", "until", "stands"),
    [
        (QuoteState.OPEN, None, "open"),
        (QuoteState.OPEN, TODAY, "open"),
        (QuoteState.OPEN, TODAY - timedelta(1), EXPIRED),
        (QuoteState.ACCEPTED, TODAY - timedelta(1), "accepted"),
        (QuoteState.REFUSED, TODAY - timedelta(1), "refused"),
    ],
)
def test_a_quote_stands_until_its_last_day(state: str, until: date | None, stands: str) -> None:
    """D17: it expires with the day after; what people decided stays."""
    assert state_on(TODAY, state, until) == stands


def test_a_quote_becomes_one_order_at_its_own_prices(counter: Counter) -> None:
    """D17: with its lines, prices and fees, whatever these are meanwhile; the minimum counts when the order is made."""
    counter.bears({"PORT": None})
    made = counter.quote(a_line("CAS16", 2), a_line("CAS20", "1.5"), note="Franco Lyon")
    assert (made.number, made.total_ttc) == ("DV1", Decimal("33.60"))
    counter.bears({"GESTION": None}, minimum="100")
    with counter.site.database.transaction() as connection:
        connection.execute(update(Product).values(sale_price=Decimal(99), active=False))
        small = foresee_accepting(connection, "dv1", NOW).small
    assert small is not None
    entered = counter.accept("dv1", add_fee=True)
    assert (entered.number, entered.total_ttc, entered.small) == ("CCL1", Decimal("51.60"), small)
    (order,) = counter.rows(SalesOrder)
    (quote,) = counter.rows(Quote)
    assert (order.quote_id, order.note, order.state, quote.state) == (quote.id, "Franco Lyon", "accepted", "accepted")
    assert [(row.line_id, row.price) for row in counter.rows(SalesOrderLine)] == [
        ("L1", 10),
        ("L2", Decimal("0.333333")),
    ]
    assert [row.reason for row in counter.rows(SalesOrderCharge)] == ["Port", "Petite"]
    with pytest.raises(Problem, match="DV1 was accepted already: it is the sales order CCL1"):
        counter.accept("DV1")
    assert [row.name for row in counter.rows(Event, subject="quote")] == ["create", "accept"]
    with counter.site.database.read() as connection:
        shown = show_quote(connection, "DV1", TODAY)
        sold = show_sales_order(connection, "CCL1")
    assert (shown.order, shown.state, len(shown.lines), len(shown.charges)) == ("CCL1", "accepted", 2, 1)
    assert [charge.fee for charge in shown.charges] == ["PORT"]
    assert sold is not None
    assert (sold.quote, [charge.fee for charge in sold.charges]) == ("DV1", ["PORT", "PETITE"])


def test_a_quote_that_is_not_taken(counter: Counter) -> None:
    """D17: refused by a person, or expired with its last day in the site's own days; neither becomes an order."""
    for days in (None, 3, 0):
        counter.quote(days=days)
    with counter.site.database.transaction() as connection:
        assert refuse_quote(connection, "DV1", "trop cher", by="marie", at=NOW) == "DV1"
    with pytest.raises(Problem, match="cannot end before"):
        counter.quote(days=-1)
    counter.now = NOW + timedelta(1)
    with counter.site.database.read() as connection:
        day = counter.now.date()
        assert [row.number for row in list_quotes(connection, day).rows] == ["DV2"]
        page = list_quotes(connection, day, everything=True, size=2)
        assert [(row.number, row.state) for row in page.rows] == [("DV3", "expired"), ("DV2", "open")]
        (last,) = list_quotes(connection, day, everything=True, after=page.after).rows
        assert (last.number, last.state, last.order) == ("DV1", "refused", None)
        assert [row.number for row in list_quotes(connection, day, customer_id=99).rows] == []
    for number, words in (("DV1", "DV1 was refused"), ("DV3", "was valid until"), ("DV9", "no quote DV9")):
        with pytest.raises(Problem, match=words):
            counter.accept(number)
    with pytest.raises(Problem, match="was valid until"), counter.site.database.transaction() as connection:
        refuse_quote(connection, "DV3", None, by="marie", at=counter.now)
    assert counter.rows(SalesOrder) == []
    assert counter.accept("DV2").number == "CCL1"


@pytest.mark.race
def test_two_clerks_accept_at_once(counter: Counter) -> None:
    """D17: one quote, one order; the other clerk is told."""
    counter.quote()
    first, *others = told(counter.site.database, counter.now, *[("accept", "DV1")] * 4)
    assert first == "CCL1"
    assert ["it is the sales order CCL1" in text for text in others] == [True] * 3
    assert len(counter.rows(SalesOrder)) == 1


@pytest.mark.race
def test_two_clerks_enter_at_once(counter: Counter) -> None:
    """D17: each order has its own number, and none is left out."""
    found = told(counter.site.database, counter.now, *[("enter", counter.customer_id)] * 4)
    assert found == ["CCL1", "CCL2", "CCL3", "CCL4"]
