"""Two orders for each pair of establishments, and goods handed over without a free moment (A12 to A18, A40 to A45)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import (
    AccountingFolder,
    AgencyOrder,
    Depot,
    Dossier,
    Establishment,
    Event,
    OperationCode,
    Party,
    PriceLine,
    PriceList,
    PurchaseOrder,
    PurchaseOrderLine,
    Reservation,
    SalesOrder,
    SalesOrderLine,
    Stock,
)
from intergestan_erp.order_files.order_export import PURCHASE, SALES, to_export
from intergestan_erp.pairs.pairing import Obstacle
from intergestan_erp.pairs.pending import Wanted
from intergestan_erp.pairs.preview import preview
from intergestan_exchange.outbox.changes import read_base
from tests.erp.pairs.agencies import Agencies
from tests.site_factories import NOW, SiteToTest


def test_case_3_of_the_seed(a_site: SiteToTest) -> None:
    """A37, A40, A42, A43, A45: 1 of AB, and 2 of RD by way of AB; as the model of the three cases has it."""
    agencies = Agencies(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    with a_site.database.read() as connection:
        (seen,) = preview(connection, Wanted(order=number), NOW).pairs
    assert (seen.pair.requesting.number, seen.pair.supplying.number) == (1, 2)
    (line,) = seen.lines
    assert (line.pending.order, line.pending.line, line.pending.goods.code) == (number, "L1", "ALB0002")
    assert [line.pending.quantity, line.price, line.total] == [2, 6, 12]
    assert agencies.orders() == (0, 1)
    (made,) = agencies.order_pairs(order=number)
    assert (made.purchase_order, made.sales_order) == ("CFR1", "CCL2")
    purchase, sale = a_site.row(PurchaseOrder, number="CFR1"), a_site.row(SalesOrder, number="CCL2")
    codes = {row.id: row.code for row in a_site.rows(OperationCode)}
    assert (codes[purchase.operation_code_id], codes[sale.operation_code_id]) == ("F0", "C0")  # A14
    assert (purchase.state, sale.state, sale.partner_id) == ("accepted", "accepted", None)
    assert (purchase.total_ht, sale.total_ht, sale.total_ttc) == (12, 12, 12)
    assert (sale.customer_order_number, sale.delivery_name) == ("CFR1", "AB")
    assert purchase.depot_id == agencies.ids["AB"]
    assert sale.depot_id == agencies.ids["RD"]
    assert agencies.set_aside() == {f"{number} AB stock 1", f"{number} AB inbound 2", "CCL2 RD stock 2"}
    assert agencies.stand() == "AB 10/1, RD 10/2, ABL 10/0"
    assert {(row.subject, row.new) for row in a_site.rows(Event, name="pair")} == {
        ("purchase_order", "accepted"),
        ("sales_order", "accepted"),
    }


def test_once_more_there_is_nothing(a_site: SiteToTest) -> None:
    """A43: 2 orders in all, however often it is asked for."""
    agencies = Agencies(a_site)
    number = agencies.for_customer("ALB0002=3", L1="RD=2:indirect ABL=1")
    assert len(agencies.order_pairs(order=number)) == 1
    for wanted in ({"order": number}, {}):
        assert agencies.order_pairs(**wanted) == []
    assert agencies.orders() == (1, 2)  # what is direct is no matter between agencies


def test_all_that_waits_in_a_period(a_site: SiteToTest) -> None:
    """A41, A43, I6: three customers' orders, two pairs, four orders; the lines of both orders are equal."""
    agencies = Agencies(a_site)
    first = agencies.for_customer("ALB0002=3", L1="RD=2:indirect ABL=1:indirect")
    agencies.for_customer("ALB0002=2", "ALB0002=1", L1="RD=2:indirect", L2="RD=1:indirect")
    agencies.for_customer("ALB0002=1", L1="ABL=1:indirect")
    day = a_site.row(SalesOrder, number=first).issue_date
    assert agencies.order_pairs(last=day.replace(year=day.year - 1)) == []
    made = agencies.order_pairs(first=day, last=day)
    assert [(pair.requesting.number, pair.supplying.number, len(pair.lines)) for pair in made] == [(1, 2, 3), (1, 3, 2)]
    assert agencies.orders() == (2, 5)
    bought = [(row.line_id, row.product_code, row.quantity, row.price) for row in a_site.rows(PurchaseOrderLine)]
    sold = [
        (row.line_id, row.product_code, row.quantity, row.price)
        for row in a_site.rows(SalesOrderLine)
        if row.sales_order_id > 3
    ]
    assert bought == sold
    assert len({row.run for row in a_site.rows(AgencyOrder)}) == 1
    assert agencies.stand() == "AB 10/0, RD 10/5, ABL 10/2"
    assert sum(agencies.reserved().values()) == 7


def becomes_a_company(site: SiteToTest) -> None:
    """Establishment 2 has books of its own."""
    with site.database.transaction() as connection:
        folder = insert(AccountingFolder).values(number=2, name="Agence 2").returning(AccountingFolder.id)
        own = connection.execute(folder).scalar_one()
        connection.execute(update(Establishment).where(Establishment.number == 2).values(accounting_folder_id=own))
        connection.execute(update(Dossier).values(establishments_are_companies=True))


@pytest.mark.parametrize(
    ("lists", "price"),
    [
        ({"side": "sale", "party": "AG1", "establishment": 2}, "8"),
        ({"side": "purchase", "party": "AG2", "establishment": 1}, "8"),  # nothing that is sold says it
        ({"side": "purchase", "party": "AG2", "establishment": 2}, "10"),
        ({"side": "sale", "party": "AG2", "establishment": 2}, "10"),
    ],
)
def test_what_a_pair_costs(a_site: SiteToTest, lists: dict[str, Any], price: str) -> None:
    """A07, D42: a list of the requesting side as a customer of the supplying one, else one of what it buys there."""
    agencies = Agencies(a_site)
    becomes_a_company(a_site)
    with a_site.database.transaction() as connection:
        party = connection.execute(select(Party.id).where(Party.code == lists["party"])).scalar_one()
        place = select(Establishment.id).where(Establishment.number == lists["establishment"])
        head = {"code": "T", "side": lists["side"], "party_id": party, "valid_from": date(2020, 1, 1)}
        made = insert(PriceList).values(**head, establishment_id=connection.execute(place).scalar_one())
        list_id = connection.execute(made.returning(PriceList.id)).scalar_one()
        connection.execute(insert(PriceLine).values(price_list_id=list_id, price=Decimal(8)))
    agencies.order_pairs(order=agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect"))
    (line,) = a_site.rows(PurchaseOrderLine)
    assert line.price == Decimal(price)


def test_a_billable_pair(a_site: SiteToTest) -> None:
    """A15, A47, A48, D37: with a folder of its own, codes of what is invoiced, at the sale price with VAT."""
    agencies = Agencies(a_site)
    becomes_a_company(a_site)
    number = agencies.for_customer("ALB0002=3", L1="AB=1 RD=2:indirect")
    (made,) = agencies.order_pairs(order=number)
    assert made.billable
    purchase, sale = a_site.row(PurchaseOrder), a_site.row(SalesOrder, number="CCL2")
    codes = {row.id: row.code for row in a_site.rows(OperationCode)}
    assert (codes[purchase.operation_code_id], codes[sale.operation_code_id]) == ("F+", "C+")
    (line,) = a_site.rows(PurchaseOrderLine)
    assert purchase.total_ht == 2 * line.price
    assert purchase.total_vat > 0


def test_a_depot_without_a_party_takes_no_part(a_site: SiteToTest) -> None:
    """A16: it is named before anything is written; the other pair is ordered."""
    agencies = Agencies(a_site)
    number = agencies.for_customer("ALB0002=3", L1="RD=2:indirect ABL=1:indirect")
    with a_site.database.transaction() as connection:
        connection.execute(update(Depot).where(Depot.code == "RD").values(supplier_party_id=None))
    with a_site.database.read() as connection:
        seen = preview(connection, Wanted(order=number), NOW)
    (refused,) = seen.refused
    assert (refused.obstacle, refused.depot, refused.side) == (Obstacle.NO_PARTY, "RD", "supplier")
    assert [made.supplying.number for made in agencies.order_pairs(order=number)] == [3]
    assert f"{number} RD stock 2" in agencies.set_aside()


@pytest.mark.parametrize("quantity", ["0.000001", "12345.678901"])
def test_six_decimals_are_ordered_exactly(a_site: SiteToTest, quantity: str) -> None:
    agencies = Agencies(a_site)
    agencies.comes("RD", "20000", "VRAC")
    number = agencies.for_customer(f"VRAC={quantity}", L1=f"RD={quantity}:indirect")
    (made,) = agencies.order_pairs(order=number)
    assert [line.pending.quantity for line in made.lines] == [Decimal(quantity)]
    assert f"CCL2 RD stock {quantity}" in agencies.set_aside()


def test_one_side_alone_is_not_changed(a_site: SiteToTest) -> None:
    """A43: neither by a cancellation nor by a change; both are told what to do in its place."""
    agencies = Agencies(a_site)
    agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    acts: tuple[Callable[[], object], ...] = (
        lambda: agencies.cancel("CCL2"),
        lambda: agencies.change("CCL2", **{"1": "1"}),
        lambda: read_bought(a_site, "CFR1"),
    )
    for act in acts:
        with pytest.raises(Problem) as refused:
            act()
        assert refused.value.code is ProblemCode.OF_A_PAIR
    assert agencies.set_aside() == {"CCL1 AB inbound 2", "CCL2 RD stock 2"}


def read_bought(site: SiteToTest, number: str) -> object:
    with site.database.transaction() as connection:
        return read_base(connection, number)


def test_other_software_does_not_get_them(a_site: SiteToTest) -> None:
    """A43: both sides are ours; who names one gets it."""
    agencies = Agencies(a_site)
    agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    with a_site.database.read() as connection:
        assert [len(to_export(connection, kind, [], again=True)) for kind in (PURCHASE, SALES)] == [0, 1]
        assert len(to_export(connection, PURCHASE, ["CFR1"], again=False)) == 1


def test_the_other_agency_serves_it_from_its_own_depots(a_site: SiteToTest) -> None:
    """A12, A45: what it lacks is its remainder, and never asked of the agency that asked for it."""
    agencies = Agencies(a_site, "10 2 0")
    agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs()
    with a_site.database.transaction() as connection:
        connection.execute(
            update(Reservation).where(Reservation.kind == "stock").values(state="released", ended_at=NOW)
        )
        connection.execute(update(Stock).where(Stock.depot_id == agencies.ids["RD"]).values(reserved=Decimal(0)))
        connection.execute(update(Stock).where(Stock.depot_id == agencies.ids["RD"]).values(on_hand=Decimal(1)))
    assert agencies.allocate("CCL2").short == 1
    assert agencies.stand() == "AB 10/0, RD 1/1, ABL 0/0"
