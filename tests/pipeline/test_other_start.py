"""A change that starts from an order that is not ours is held whole, however well the lines that it touches fit.

Other makes of software sign here; what a site of ours whose database came back from a backup sends is at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.tables import Answer, Ledger, Partner, Product, PurchaseOrder, PurchaseOrderLine, SalesOrder
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_msg.business_hash import change_hash
from intergestan_msg.change import ChangeCode, OrderChange
from intergestan_msg.money import ONE, AllowanceCharge, Price, TaxCategory, line_total, totals_of
from intergestan_msg.order import Item, OrderLine
from intergestan_msg.ubl import write_order_change
from tests.factories import a_line, cfr1
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge, Listed, listed
from tests.pipeline.test_changes import answer, bought, change_states, edit, ordered, own, sold
from tests.pipeline.test_holds_and_replay import act, holds
from tests.pipeline.two_sites import products_of
from tests.site_factories import a_product

pytestmark = pytest.mark.mainly_on("postgresql")

L1, L2 = cfr1().lines
FIVE = replace(L1, quantity=Decimal(5), line_total=Decimal(225))
Line = tuple[ChangeCode, OrderLine]


def changed(*lines: Line, sequence: int = 1, stated: bool = True, **head: Any) -> OrderChange:
    """CFR1 as another make writes it: with the totals of its lines, or with no totals at all."""
    stay = [line for code, line in lines if code is not ChangeCode.DELETED]
    sums = totals_of([(line.line_total or Decimal(0), line.item.tax) for line in stay])
    order = replace(
        cfr1(),
        lines=tuple(line for _, line in lines),
        customization_id="urn:another-make:order-change",
        tax_amount=sums.tax_amount if stated else None,
        totals=sums.totals if stated else None,
    )
    return OrderChange(
        id=f"CFR1-{sequence}",
        sequence=sequence,
        issue_date=order.issue_date,
        order=replace(order, **head),
        codes=tuple(code for code, _ in lines),
    )


def in_mail(forge: Forge, change: OrderChange) -> bytes:
    claims = {"revision": change.sequence}
    content = write_order_change(change)
    return forge.orders(Listed(change.order.id, content, change_hash(change), type="change", claims=claims))


@pytest.fixture
def forge(sites: Pair) -> Forge:
    """CFR1 of another make is booked here: L1 2 × 45, L2 6 × 15."""
    sites.seller.put_products(*products_of(cfr1()), a_product("CAS16", "15"))
    forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    assert sites.seller.receive(forge.orders(cfr1())).state == "done"
    return forge


def unchanged(line: OrderLine, **values: Any) -> Line:
    """The line as it stays, with what it says differently, and the amount that follows."""
    new = replace(line, **values)
    if "line_total" not in values:
        price = new.price or Price(Decimal(0))
        total = line_total(new.quantity or Decimal(0), price.amount, price.base_quantity, new.allowances)
        new = replace(new, line_total=total)
    return ChangeCode.UNCHANGED, new


def another(line: OrderLine, **values: Any) -> OrderLine:
    return replace(line, item=replace(line.item, **values))


DISCOUNT = AllowanceCharge(is_charge=False, amount=Decimal(3), reason="Remise")
MIS_STATED: dict[str, Line] = {
    "quantity": unchanged(L2, quantity=Decimal(7)),
    "quantity_alone": (ChangeCode.UNCHANGED, replace(L2, quantity=Decimal(7), price=None, line_total=None)),
    "unit": unchanged(L2, unit="DZN"),
    "price": unchanged(L2, price=Price(Decimal(16))),
    "base_quantity": unchanged(L2, price=Price(Decimal(15), Decimal(2))),
    "vat_rate": unchanged(another(L2, tax=TaxCategory("S", Decimal(10)))),
    "vat_category": unchanged(another(L2, tax=TaxCategory("AE", Decimal(20)))),
    "allowance": unchanged(L2, allowances=(DISCOUNT,)),
    "line_total": unchanged(L2, line_total=Decimal(91)),
    "product": unchanged(another(L2, sellers_id="CAS16", buyers_id="CAS16", standard_id=None)),
}


def texts(sites: Pair) -> str:
    return " ".join(hold.what("en") + hold.what("fr") for hold in holds(sites.seller))


def assert_held(sites: Pair, change: bytes) -> str:
    """Nothing of it is booked and the buyer is answered that it came; the words of the hold."""
    before, sale = sold(sites), sites.seller.row(SalesOrder)
    assert sites.seller.receive(change).state == "done"
    assert [hold.reason for hold in holds(sites.seller)] == ["other_start"]
    assert sold(sites) == before
    assert sites.seller.row(SalesOrder) == sale
    assert sites.seller.rows(Answer)[-1].code == "AB"
    return texts(sites)


@pytest.mark.parametrize("what", MIS_STATED)
def test_a_line_that_stays_and_is_not_ours(sites: Pair, forge: Forge, what: str) -> None:
    """The line that is touched fits, and the totals are those of the document; what stays is another line."""
    stated = what != "quantity_alone"
    change = changed((ChangeCode.CHANGED, FIVE), MIS_STATED[what], stated=stated)
    words = assert_held(sites, in_mail(forge, change))
    assert "6 C62 × 15 = 90.00" in words


@pytest.mark.parametrize(
    ("lines", "head", "words"),
    [
        ([(ChangeCode.CHANGED, FIVE)], {}, "do not name this line"),
        ([(ChangeCode.CHANGED, FIVE), unchanged(L2), unchanged(a_line(3))], {}, "no such line"),
        ([(ChangeCode.CHANGED, FIVE), unchanged(L2)], {"tax_amount": Decimal(64)}, "63"),
        ([(ChangeCode.CHANGED, FIVE), unchanged(L2)], {"totals": "six"}, "315.00"),
        ([(ChangeCode.CHANGED, FIVE), unchanged(L2)], {"totals": "payable"}, "378.00"),
    ],
)
def test_a_document_that_is_not_the_order_as_it_would_be(
    sites: Pair, forge: Forge, lines: list[Line], head: dict[str, Any], words: str
) -> None:
    """A line of ours is missing, one is unknown here, or a total is not that of its lines."""
    change = changed(*lines)
    totals = change.order.totals
    assert totals is not None
    wrong: dict[str, Any] = {
        "six": replace(totals, lines=totals.lines + 6),
        "payable": replace(totals, payable=totals.payable + 6),
    }
    head = {name: wrong.get(str(value), value) for name, value in head.items()}
    assert words in assert_held(sites, in_mail(forge, replace(change, order=replace(change.order, **head))))


def test_released_it_counts_as_a_whole(sites: Pair, forge: Forge) -> None:
    """What the person read is what is booked: the order is the document, line by line, and the answer is AP."""
    change = changed((ChangeCode.ADDED, a_line(3, "2", "15.00", code="CAS16")), unchanged(L1, quantity=Decimal(3)))
    assert_held(sites, in_mail(forge, change))
    (hold,) = holds(sites.seller)
    act(sites.seller, release, [hold.ref])
    assert sold(sites) == {"L1": ("FAI01", 3, 45), "L3": ("CAS16", 2, 15)}
    sale, totals = sites.seller.row(SalesOrder), change.order.totals
    assert totals is not None
    assert (sale.total_ht, sale.total_ttc) == (totals.tax_exclusive, totals.payable)
    assert sites.seller.rows(Answer)[-1].code == "AP"
    again = changed(unchanged(L1, quantity=Decimal(3)), (ChangeCode.DELETED, change.order.lines[0]), sequence=2)
    sites.seller.receive(in_mail(forge, again))
    assert sold(sites) == {"L1": ("FAI01", 3, 45)}


def test_refused_it_leaves_the_order(sites: Pair, forge: Forge) -> None:
    """The buyer is told; a change that starts from what was refused is told line by line what the order is."""
    before = sold(sites)
    assert_held(sites, in_mail(forge, changed((ChangeCode.CHANGED, FIVE), MIS_STATED["quantity"])))
    (hold,) = holds(sites.seller)
    act(sites.seller, refuse, [hold.ref], None)
    told = sites.seller.rows(Answer)[-1]
    assert (told.code, sold(sites)) == ("RE", before)
    assert "n'est pas la nôtre" in told.note


HONEST: dict[str, Callable[[], OrderChange]] = {
    "to_the_letter": lambda: changed((ChangeCode.CHANGED, FIVE), unchanged(L2)),
    "without_totals": lambda: changed((ChangeCode.CHANGED, FIVE), unchanged(L2), stated=False),
    "tersely": lambda: changed(
        (ChangeCode.CHANGED, FIVE),
        (
            ChangeCode.UNCHANGED,
            OrderLine("L2", Item("Louche", buyers_id="LOU02"), Decimal(6), None),
        ),
        stated=False,
    ),
    "tersely_with_totals": lambda: replace(
        changed((ChangeCode.CHANGED, FIVE), unchanged(L2)),
        order=replace(
            changed((ChangeCode.CHANGED, FIVE), unchanged(L2)).order,
            lines=(FIVE, OrderLine("L2", Item("Louche", buyers_id="LOU02"), Decimal(6), None)),
        ),
    ),
    "in_dozens": lambda: changed(
        (ChangeCode.CHANGED, FIVE),
        unchanged(L2, quantity=Decimal("0.5"), unit="DZN", price=Price(Decimal(180), ONE, "DZN")),
    ),
    "with_a_line_that_goes": lambda: changed((ChangeCode.CHANGED, FIVE), (ChangeCode.DELETED, L2)),
    "a_deleted_line_may_say_anything": lambda: changed(
        (ChangeCode.CHANGED, FIVE), (ChangeCode.DELETED, replace(L2, quantity=Decimal(99), line_total=Decimal(1485)))
    ),
    "only_the_head": lambda: changed(unchanged(L1), unchanged(L2), note="Noël"),
}


@pytest.mark.parametrize("how", HONEST)
def test_what_starts_from_ours_is_applied(sites: Pair, forge: Forge, how: str) -> None:
    """However it is written; what is not said of a line that stays is not mis-stated."""
    change = HONEST[how]()
    assert sites.seller.receive(in_mail(forge, change)).state == "done"
    assert holds(sites.seller) == []
    assert sites.seller.rows(Answer)[-1].code == "AP"
    assert sites.seller.row(SalesOrder).revision == 1


def test_a_change_follows_an_order_that_has_a_later_place_and_a_later_series(sites: Pair) -> None:
    """It was composed anew, and sent again after a restore of its buyer: that alone overtakes no change of it."""
    sites.seller.put_products(*products_of(cfr1()))
    forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    assert sites.seller.receive(forge.orders(listed(cfr1(), revision=1), epoch=2, seq=1)).state == "done"
    change = changed((ChangeCode.CHANGED, FIVE), (ChangeCode.UNCHANGED, L2), sequence=2)
    assert sites.seller.receive(in_mail(forge, change)).state == "done"
    assert holds(sites.seller) == []
    assert [(row.revision, row.code) for row in sites.seller.rows(Answer)] == [(1, "AP"), (2, "AP")]
    assert sites.seller.row(SalesOrder).revision == 2


def test_what_we_booked_otherwise_may_be_stated_as_they_asked(sites: Pair) -> None:
    """Our price and our VAT were booked and told (CA); the buyer need not agree before they change another line."""
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Partner).values(price_policy="take_ours"))
    sites.seller.put_products(a_product("FAI01", "47"), a_product("LOU02", "16"))
    forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    sites.seller.receive(forge.orders(cfr1()))
    sites.seller.receive(in_mail(forge, changed((ChangeCode.CHANGED, FIVE), unchanged(L2))))
    assert holds(sites.seller) == []
    assert sold(sites) == {"L1": ("FAI01", 5, 47), "L2": ("LOU02", 6, 16)}
    told = sites.seller.rows(Answer)[-1]
    assert (told.code, {line["id"]: line["code"] for line in told.lines}) == ("CA", {"L1": "3", "L2": "3"})
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Product).values(sale_price=Decimal(99)))
    theirs = unchanged(L2, price=Price(Decimal(16)))  # they agreed meanwhile, without a word
    sites.seller.receive(in_mail(forge, changed((ChangeCode.DELETED, FIVE), theirs, sequence=2)))
    assert (holds(sites.seller), sold(sites)) == ([], {"L2": ("LOU02", 6, 16)})
    third = changed(unchanged(L2, price=Price(Decimal(14))), sequence=3, note="x")
    assert "16" in assert_held(sites, in_mail(forge, third))


def test_what_we_changed_ourselves_may_be_stated_as_it_was_or_as_we_said(sites: Pair, forge: Forge) -> None:
    """And nothing else; twice changed, it is still what they asked."""
    for quantity in (4, 3):
        own_change(sites, L2=quantity)
    sites.seller.receive(in_mail(forge, changed((ChangeCode.CHANGED, FIVE), unchanged(L2))))
    assert holds(sites.seller) == []
    told = sites.seller.rows(Answer)[-1]
    assert told.code == "CA"
    assert {line["id"]: (line["code"], line["quantity"]) for line in told.lines}["L2"] == ("3", "3")
    ours = unchanged(L2, quantity=Decimal(3))
    sites.seller.receive(in_mail(forge, changed(unchanged(FIVE), ours, sequence=2, note="x")))
    assert holds(sites.seller) == []
    strange = unchanged(L2, quantity=Decimal(8))
    assert_held(sites, in_mail(forge, changed(unchanged(FIVE), strange, sequence=3, note="y")))


def own_change(sites: Pair, **quantities: int) -> None:
    from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order

    seller = sites.seller
    wanted = OwnChanges(quantities={line: Decimal(quantity) for line, quantity in quantities.items()})
    with seller.database.transaction() as connection:
        change_sales_order(connection, "CCL1", wanted, by="jean", at=seller.database.now())


@pytest.mark.parametrize("quantity", [6, 7])
def test_orders_of_a_release_that_kept_nothing(sites: Pair, forge: Forge, quantity: int) -> None:
    """What they asked then is unknown: only quantities are compared."""
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Ledger).values(stated=None))
    second = unchanged(L2, quantity=Decimal(quantity), price=Price(Decimal("14.5")))
    change = in_mail(forge, changed((ChangeCode.CHANGED, FIVE), second))
    if quantity == 7:
        assert_held(sites, change)
    else:
        sites.seller.receive(change)
        assert holds(sites.seller) == []


# -- sites of ours -----------------------------------------------------------------------------------------------


def test_a_buyer_whose_database_came_back(sites: Pair) -> None:
    """They believe 7 where 5 was agreed, and change another line: nothing is accepted that was not booked."""
    ordered(sites)
    sites.seller.receive(edit(sites, quantities={"L1": Decimal(5)}))
    answer(sites)
    with sites.buyer.database.transaction() as connection:
        first = PurchaseOrderLine.line_id == "L1"
        connection.execute(update(PurchaseOrderLine).where(first).values(quantity=Decimal(7), total=Decimal(315)))
    mail = edit(sites, quantities={"L2": Decimal(9)})
    words = assert_held(sites, mail)
    assert "7 C62 × 45 = 315.00" in words
    assert "5 C62 × 45 = 225.00" in words
    answer(sites)
    assert change_states(sites)[-1] == ("waiting", "AB")
    (hold,) = holds(sites.seller)
    act(sites.seller, release, [hold.ref])
    answer(sites)
    assert bought(sites) == sold(sites) == {"L1": ("FAI01", 7, 45), "L2": ("LOU02", 9, 15)}
    order, sale = sites.buyer.row(PurchaseOrder), sites.seller.row(SalesOrder)
    assert (order.total_ht, order.total_ttc) == (sale.total_ht, sale.total_ttc)


def test_the_sellers_word_and_the_buyers_change_cross(sites: Pair) -> None:
    """The change was written before our word came: it is applied, and CA says our word again."""
    ordered(sites)
    mail = edit(sites, quantities={"L1": Decimal(3)})
    own(sites, quantities={"L2": Decimal(4)})
    sites.seller.receive(mail)
    answer(sites)
    assert holds(sites.seller) == []
    assert change_states(sites) == [("changed", "CA")]
    assert sold(sites) == {"L1": ("FAI01", 3, 45), "L2": ("LOU02", 4, 15)}
    assert sites.buyer.row(PurchaseOrder).state == "changed"
