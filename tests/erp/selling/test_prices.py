"""Price lists (A07, D42): the most particular one counts, as a slow, plain function says; and what a document asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select

from intergestan_db.enums import PriceSide
from intergestan_db.tables import (
    Dossier,
    Partner,
    PartnerPrice,
    PriceLine,
    PriceList,
    Product,
    ProductFamily,
    QuoteLine,
    SalesOrderLine,
)
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.selling.drafts import Typed, price
from intergestan_erp.selling.prices import Decided, ListedPrice, Wanted, decide_price, read_listed
from intergestan_erp.selling.quotes import accept_quote, enter_quote
from tests.erp.selling.agencies import Agencies
from tests.erp.selling.by_hand import Counter, a_line
from tests.site_factories import NOW, SiteToTest
from tests.statements import noted

MONDAY = date(2020, 1, 6)


def slow_price(listed: Sequence[ListedPrice], wanted: Wanted) -> Decided:
    """D42 word for word: list by list, kind of line by kind of line."""
    for of_party, of_establishment in ((True, True), (True, False), (False, True), (False, False)):
        if not of_party and wanted.agreed is not None:
            return Decided(wanted.agreed)
        of_this_rank = [
            line for line in listed if (line.of_party, line.of_establishment) == (of_party, of_establishment)
        ]
        for code in sorted({line.list_code for line in of_this_rank}):
            for kind in ("product", "family", "all"):
                fitting = [
                    line
                    for line in of_this_rank
                    if line.list_code == code and kind_of(line, wanted) == kind and line.min_quantity <= wanted.quantity
                ]
                if fitting:
                    best = max(fitting, key=lambda line: line.min_quantity)
                    before = wanted.own_price if best.price is None else best.price
                    after = before * (100 - best.discount) / 100
                    return Decided(after.quantize(Decimal("0.000001"), ROUND_HALF_UP), code)
    return Decided(wanted.own_price if wanted.agreed is None else wanted.agreed)


def kind_of(line: ListedPrice, wanted: Wanted) -> str | None:
    if line.product_id is not None:
        return "product" if line.product_id == wanted.product_id else None
    if line.family_id is not None:
        return "family" if line.family_id == wanted.family_id else None
    return "all"


@st.composite
def a_listed_line(draw: st.DrawFn) -> ListedPrice:
    product, family = draw(st.sampled_from([(1, None), (2, None), (None, 1), (None, 2), (None, None)]))
    return ListedPrice(
        list_code=draw(st.sampled_from("AB")),
        of_party=draw(st.booleans()),
        of_establishment=draw(st.booleans()),
        since=MONDAY,
        product_id=product,
        family_id=family,
        min_quantity=Decimal(draw(st.sampled_from(["0", "1", "2.5", "10"]))),
        price=draw(st.one_of(st.none(), st.decimals("0", "999999", places=6))),
        discount=draw(st.sampled_from([Decimal(0), Decimal("33.333333"), Decimal(100)])),
    )


def once(lines: Sequence[ListedPrice]) -> list[ListedPrice]:
    """As the base holds it: in a list no two lines for the same from the same quantity."""
    found = {
        (
            *(line.list_code, line.of_party, line.of_establishment),
            *(line.product_id, line.family_id, line.min_quantity),
        ): line
        for line in lines
    }
    return list(found.values())


@given(
    listed=st.lists(a_listed_line(), max_size=12).map(once),
    wanted=st.builds(
        Wanted,
        product_id=st.sampled_from([1, 2]),
        family_id=st.sampled_from([None, 1, 2]),
        quantity=st.decimals("0.000001", "20", places=6),
        own_price=st.decimals("0", "1000", places=6),
        agreed=st.one_of(st.none(), st.decimals("0", "1000", places=6)),
    ),
)
def test_the_most_particular_price_counts(listed: list[ListedPrice], wanted: Wanted) -> None:
    """A07: whatever lists there are."""
    assert decide_price(listed, wanted) == slow_price(listed, wanted)


def test_of_two_lists_of_one_rank_the_newer_counts() -> None:
    """A07: then the one whose code comes first."""
    old = ListedPrice("A", True, False, MONDAY, 1, None, Decimal(0), Decimal(9), Decimal(0))
    new = ListedPrice("B", True, False, MONDAY + timedelta(1), 1, None, Decimal(0), Decimal(8), Decimal(0))
    assert decide_price([old, new], Wanted(1, None, Decimal(1), Decimal(10))) == Decided(Decimal(8), "B")


@pytest.fixture
def listed(counter: Counter) -> Counter:
    """The general list: CAS16 at 9, from 10 at 8; all of family FAM 10 % less. That of DUP: CAS16 at 7 until 21/11."""
    with counter.site.database.transaction() as connection:
        product = connection.execute(select(Product.id).where(Product.code == "CAS16")).scalar_one()
        family = insert(ProductFamily).values(code="FAM", name="Famille").returning(ProductFamily.id)
        family_id = connection.execute(family).scalar_one()
        connection.execute(Product.__table__.update().where(Product.code == "CAS20").values(family_id=family_id))
        place = connection.execute(select(Dossier.default_establishment_id)).scalar_one()
        general = a_list(connection, "GENERAL")
        a_price(connection, general, product_id=product, price=Decimal(9))
        a_price(connection, general, product_id=product, price=Decimal(8), min_quantity=Decimal(10))
        a_price(connection, general, family_id=family_id, discount=Decimal(10))
        mine = a_list(
            connection, "DUP", party_id=counter.customer_id, establishment_id=place, valid_until=date(2020, 11, 21)
        )
        a_price(connection, mine, product_id=product, price=Decimal(7))
        bought = a_list(connection, "ACHAT", side=PriceSide.PURCHASE)
        a_price(connection, bought, price=Decimal(1))
    return counter


def a_list(connection: Any, code: str, **values: Any) -> int:
    usual = {"side": PriceSide.SALE, "valid_from": date(2020, 1, 1)}
    made = insert(PriceList).values(code=code, **{**usual, **values}).returning(PriceList.id)
    return int(connection.execute(made).scalar_one())


def a_price(connection: Any, list_id: int, **values: Any) -> None:
    connection.execute(insert(PriceLine).values(price_list_id=list_id, **values))


def test_orders_and_quotes_take_them(listed: Counter) -> None:
    """A07: on the order's day, unless a person says a price."""
    listed.enter(a_line("CAS16", 2), a_line("CAS20", 1), a_line("CAS16", 1, "3"))
    assert [line.price for line in listed.rows(SalesOrderLine)] == [Decimal(7), Decimal("0.3"), Decimal(3)]
    listed.now = NOW + timedelta(days=2)
    listed.quote(a_line("CAS16", 2), a_line("CAS16", 10))
    assert [line.price for line in listed.rows(QuoteLine)] == [Decimal(9), Decimal(8)]


def test_an_agreed_price_is_the_partys_own(listed: Counter) -> None:
    """A07: it goes before lists that are not the party's, and after one that is."""
    with listed.site.database.transaction() as connection:
        values = {"site_code": "dup", "name": "Dupont", "answer_address": "a@dup.test", "created_at": NOW}
        partner = insert(Partner).values(party_id=listed.customer_id, **values).returning(Partner.id)
        partner_id = connection.execute(partner).scalar_one()
        product = connection.execute(select(Product.id).where(Product.code == "CAS16")).scalar_one()
        agreed = {"partner_id": partner_id, "product_id": product, "price": Decimal("6.50")}
        connection.execute(insert(PartnerPrice).values(**agreed))
    listed.enter(a_line("CAS16", 2))
    listed.now = NOW + timedelta(days=2)
    listed.enter(a_line("CAS16", 2))
    assert [line.price for line in listed.rows(SalesOrderLine)] == [Decimal(7), Decimal("6.5")]


def test_all_lines_are_priced_by_one_statement(listed: Counter) -> None:
    """A07: however many lines an order has, and however many products the lists."""
    few = listed.typed(a_line("CAS16", 2))
    many = listed.typed(*(a_line(code, n) for n in range(1, 20) for code in ("CAS16", "CAS20")))
    with listed.site.database.read() as connection:
        counts = []
        for typed in (few, many):
            with noted(connection) as asked:
                price(connection, typed, NOW.date())
            counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_establishment_has_its_own(a_site: SiteToTest) -> None:
    """A07: where an order or a quote is entered decides; without a place it is the usual establishment's."""
    agencies = Agencies(a_site)
    with a_site.database.transaction() as connection:
        a_price(connection, a_list(connection, "RD", establishment_id=agencies.ids[2]), price=Decimal(8))
        a_price(connection, a_list(connection, "ALL"), discount=Decimal(50))
    for number in (2, 1):
        agencies.order(establishment=number)
    with a_site.database.transaction() as connection:
        typed = Typed(customer_id=agencies.customer_id, lines=(a_line("ALB0002", 1),))
        place = in_depot(connection, "RD")
        quote = enter_quote(connection, typed, place=place, by="m", at=NOW)
        assert accept_quote(connection, quote.number, place=place, by="m", at=NOW).total_ht == Decimal(8)
    assert [line.price for line in a_site.rows(SalesOrderLine)] == [Decimal(8), Decimal(5), Decimal(8)]


def test_other_sides_parties_and_places_do_not_matter(listed: Counter, a_site: SiteToTest) -> None:
    """A07: what is read are the lists of this party and this establishment, and those for all."""
    with a_site.database.read() as connection:
        (product,) = connection.execute(select(Product.id).where(Product.code == "CAS16")).scalars()
        ask: dict[str, Any] = {"establishment_id": None, "day": NOW.date(), "products": [(product, None)]}
        sale = read_listed(connection, PriceSide.SALE, party_id=listed.customer_id + 1000, **ask)
        assert {line.list_code for line in sale} == {"GENERAL"}
        bought = read_listed(connection, PriceSide.PURCHASE, party_id=listed.customer_id, **ask)
        assert [(line.list_code, line.price) for line in bought] == [("ACHAT", Decimal(1))]
        elsewhere = read_listed(
            connection, PriceSide.SALE, party_id=listed.customer_id, **{**ask, "establishment_id": 1000}
        )
        assert {line.list_code for line in elsewhere} == {"GENERAL"}
