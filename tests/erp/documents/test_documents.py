"""Our rows as documents: what travels is what stands in the base, and both ends see the same content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from intergestan_db import site_rows
from intergestan_db.database import Database
from intergestan_db.enums import PricePolicy
from intergestan_db.tables import OutboundMail, PurchaseOrder
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.documents import documents
from intergestan_exchange.inbox.book import book
from intergestan_exchange.keys.pairing import add_partner
from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode
from intergestan_msg.business_hash import business_hash
from intergestan_msg.money import AllowanceCharge, Price, TaxCategory, line_total
from intergestan_msg.order import Delivery, Order, OrderLine
from intergestan_msg.ubl import read_order, read_order_response, write_order, write_order_response
from tests.databases import MigratedBases
from tests.desk import Desk
from tests.factories import VAT_20, a_line, an_order, cfr1, cfr2
from tests.msg.strategies import decimals
from tests.order_files import import_file
from tests.site_factories import NOW, SiteToTest, a_product, make_site


@pytest.fixture(scope="module")
def sqlite_pair(migrated: MigratedBases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteToTest]:
    """A distributor with three products, on SQLite, for many examples."""
    folder = tmp_path_factory.mktemp("pair")
    bases = [Database(migrated.new("sqlite", folder, name), lambda: NOW) for name in ("shop", "base")]
    shop = make_site(bases[0], siret="73282932000074")
    base = make_site(bases[1], "STAUBER", siret="80295478500028")
    with shop.database.transaction() as connection:
        add_partner(connection, base.card(), by="marie", at=NOW)
        put_products(connection, [a_product(f"CAS000{number}") for number in (1, 2, 3)])
    yield shop
    for each in bases:
        each.dispose()


def of_base(site: SiteToTest, *numbers: str) -> list[Order]:
    """The documents of these purchase orders."""
    with site.database.read() as connection:
        row = site_rows.read_site(connection)
        partner = site_rows.read_partner(connection, 1)
        ids = connection.execute(select(PurchaseOrder.id).where(PurchaseOrder.number.in_(numbers))).scalars().all()
        buyer, seller = documents.site_party(row), documents.partner_party(connection, partner)
        return documents.purchase_orders(connection, ids, buyer, seller)


def put(site: SiteToTest, *orders: Order) -> None:
    """Enter these orders and their products."""
    codes = {line.item.buyers_id or "" for order in orders for line in order.lines}
    with site.database.transaction() as connection:
        put_products(connection, [a_product(code) for code in sorted(codes)])
    for order in orders:
        import_file(site.database, f"{order.id}.xml", write_order(order), by="marie")


def a_full_order() -> Order:
    """Everything at once: a base quantity, an allowance, a charge, two rates, notes, no unit price of ours."""
    reduced = TaxCategory("S", Decimal("5.5"))
    first, second, third = a_line(1, "2.5", "10.123456"), a_line(2), a_line(3, "7", "3")
    price = Price(Decimal(1000), Decimal(100))
    allowance = AllowanceCharge(is_charge=False, amount=Decimal("1.25"))
    lines = (
        replace(first, note="fragile", unit="KGM"),
        replace(second, price=price, line_total=line_total(Decimal(3), price.amount, price.base_quantity)),
        replace(
            third,
            item=replace(third.item, tax=reduced),
            allowances=(allowance,),
            line_total=line_total(Decimal(7), Decimal(3), Decimal(1), (allowance,)),
        ),
    )
    port = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)
    rebate = AllowanceCharge(is_charge=False, amount=Decimal("3.00"), reason="Remise", tax=reduced)
    return an_order("CFR3", lines, charges=(port, rebate))


@pytest.mark.parametrize("order", [cfr1(), cfr2(), a_full_order()], ids=["CFR1", "CFR2", "full"])
def test_an_order_travels_unchanged(paired_sites: tuple[SiteToTest, SiteToTest], order: Order) -> None:
    """O3: rows → UBL → order gives the same order, and the same business hash at both ends."""
    site, _ = paired_sites
    put(site, order)
    (ours,) = of_base(site, order.id)
    arrived = read_order(write_order(ours))
    assert arrived == ours
    assert business_hash(arrived) == business_hash(ours)
    assert [(line.id, line.quantity, line.price, line.line_total) for line in ours.lines] == [
        (line.id, line.quantity, line.price, line.line_total) for line in order.lines
    ]
    assert ours.totals == order.totals
    assert (ours.tax_amount, ours.note) == (order.tax_amount, order.note)


def test_an_order_names_both_sites(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    """`formats.md` §3: buyer and seller by their SIRET, as the pinned partner knows them."""
    site, other = paired_sites
    put(site, cfr1())
    (order,) = of_base(site, "CFR1")
    assert order.buyer.endpoint is not None
    assert order.seller.endpoint is not None
    assert (order.buyer.endpoint.value, order.seller.endpoint.value) == (site.code, other.code)


def test_orders_come_by_number_and_in_few_queries(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    site, _ = paired_sites
    put(site, cfr2(), cfr1())
    assert [order.id for order in of_base(site, "CFR2", "CFR1")] == ["CFR1", "CFR2"]


def test_a_delivery_address_and_a_date_travel(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    site, _ = paired_sites
    put(site, cfr1(), replace(cfr2(), delivery=None))
    with_delivery, without = of_base(site, "CFR1", "CFR2")
    asked = cfr1().delivery
    assert isinstance(asked, Delivery)
    assert with_delivery.delivery is not None
    assert with_delivery.delivery.address == asked.address
    assert asked.wanted is not None
    assert with_delivery.delivery.wanted is not None
    assert with_delivery.delivery.wanted.end == asked.wanted.end
    assert without.delivery is None


@st.composite
def lines(draw: st.DrawFn) -> tuple[OrderLine, ...]:
    made = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        quantity = draw(decimals(9999, 3).filter(bool))
        price = Price(draw(decimals(999, 6)), draw(st.sampled_from([Decimal(1), Decimal(100), Decimal("0.5")])))
        percent = draw(st.sampled_from([Decimal(20), Decimal("5.5"), Decimal(0)]))
        line = a_line(number, str(quantity))
        item = replace(line.item, tax=TaxCategory("S" if percent else "Z", percent))
        total = line_total(quantity, price.amount, price.base_quantity)
        made.append(replace(line, item=item, unit="KGM", price=price, line_total=total))
    return tuple(made)


@given(lines())
def test_any_figures_travel_unchanged(sqlite_pair: SiteToTest, order_lines: tuple[OrderLine, ...]) -> None:
    """Totals to the cent and prices to the millionth, whatever they are."""
    with sqlite_pair.database.read() as connection:
        number = f"N{len(connection.execute(select(PurchaseOrder.id)).all())}"
    order = an_order(number, order_lines)
    import_file(sqlite_pair.database, "order.xml", write_order(order), by="marie")
    (ours,) = of_base(sqlite_pair, number)
    arrived = read_order(write_order(ours))
    assert business_hash(arrived) == business_hash(ours)
    assert (arrived.totals, arrived.tax_amount) == (order.totals, order.tax_amount)


def test_answers_travel_unchanged(sqlite_desk: Desk) -> None:
    """What the ledger keeps of an answer is what the buyer reads, by order number, with its n."""
    order = an_order("CFR1", 2)
    sqlite_desk.know_products_of(order)
    transfer, mail = sqlite_desk.transfer(), sqlite_desk.mail()
    transfer = replace(transfer, partner=replace(transfer.partner, price_policy=PricePolicy.TAKE_OURS))
    facts = replace(sqlite_desk.facts(order), partner=transfer.partner)
    dearer = {code: replace(product, price=product.price + 1) for code, product in facts.products.items()}
    facts = replace(facts, products=dearer)
    with sqlite_desk.base.transaction() as connection:
        settled = sqlite_desk.settle(facts, order)
        book(connection, mail, transfer, settled, facts, sqlite_desk.base.now())
    (row,) = sqlite_desk.rows(OutboundMail)
    with sqlite_desk.base.read() as connection:
        site = site_rows.read_site(connection)
        partner = documents.partner_party(connection, site_rows.read_partner(connection, sqlite_desk.partner_id))
        ((n, answer),) = documents.answers(
            connection, row.id, partner, documents.site_party(site), "EUR", sqlite_desk.base.now().date()
        )
    arrived = read_order_response(write_order_response(answer))
    assert (n, arrived) == (1, answer)
    assert (arrived.code, arrived.order_id, arrived.sales_order_id) == (AnswerCode.CHANGED, "CFR1", "CCL1")
    assert [(line.id, line.code, line.price) for line in arrived.lines] == [
        ("L1", LineCode.CHANGED, Decimal("11.50")),
        ("L2", LineCode.CHANGED, Decimal("12.50")),
    ]
    assert all(isinstance(line, AnswerLine) for line in arrived.lines)


@pytest.fixture
def sqlite_desk(sqlite_base: Database) -> Desk:
    return Desk(sqlite_base)
