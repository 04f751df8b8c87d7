"""Orders by mail below their customer's minimum, and charges that we complete: the buyer is told (T24, D33)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.enums import FeeKind
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Answer,
    Event,
    Partner,
    Party,
    PurchaseOrder,
    ReviewReply,
    SalesOrder,
    SalesOrderCharge,
)
from intergestan_erp.inputs.vat import StatedVat
from intergestan_erp.parties.fees import FeeValues, add_fee
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_exchange.changes.charge_vat import set_charge_vat
from intergestan_exchange.holds import review
from intergestan_msg.money import AllowanceCharge
from intergestan_msg.typography import french
from intergestan_msg.ubl import write_order
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.test_changes import answer, edit, ordered, sent
from tests.pipeline.test_holds_and_replay import act
from tests.pipeline.two_sites import products_of

pytestmark = pytest.mark.mainly_on("postgresql")

PETITE = FeeValues("PETITE", "Petite commande", FeeKind.OTHER, Decimal(15), Decimal(0), "S", Decimal(20))
S20 = StatedVat("S", Decimal(20))


def asks_for(sites: Pair, minimum: str, action: str = "note") -> None:
    """The seller has a minimum for the buyer, and the fee PETITE."""
    with sites.seller.database.transaction() as connection:
        connection.execute(update(Party).values(minimum_order=Decimal(minimum)))
        connection.execute(update(Partner).values(minimum_order_action=action))
        add_fee(connection, PETITE, by="jean", at=sites.clock.now)


def small_ones(sites: Pair) -> list[dict[str, Any]]:
    return [row.detail for row in sites.seller.rows(Event, name="below_minimum")]


def told(sites: Pair) -> list[tuple[str, list[str], str | None]]:
    """What the seller answered: the code, those of the lines, and the note."""
    rows = sites.seller.rows(Answer)
    return [(row.code, [line["code"] for line in row.lines or ()], row.note) for row in rows]


@pytest.mark.parametrize(("minimum", "is_small"), [("180.01", True), ("180", False)])
def test_a_small_order_is_noted(sites: Pair, *, minimum: str, is_small: bool) -> None:
    """T24, D18: it is accepted as it is, without a fee of ours."""
    asks_for(sites, minimum)
    ordered(sites)
    order = sites.seller.row(SalesOrder)
    assert (order.state, order.below_minimum, order.total_ttc) == ("accepted", is_small, 216)
    assert small_ones(sites) == ([{"minimum": "180.01", "amount": "180.00"}] if is_small else [])
    assert sites.seller.rows(SalesOrderCharge) == []


def test_a_change_may_make_an_order_small(sites: Pair) -> None:
    """T24: what is below the minimum follows the buyer's changes; it is written down once."""
    asks_for(sites, "150")
    ordered(sites)
    for quantity, is_small in ((1, True), (2, False), (1, True)):
        assert sites.seller.receive(edit(sites, quantities={"L1": Decimal(quantity)})).state == "done"
        answer(sites)
        assert sites.seller.row(SalesOrder).below_minimum is is_small
    assert small_ones(sites) == [{"minimum": "150.00", "amount": "135.00"}] * 2


def test_a_fee_is_added_to_a_small_order(sites: Pair) -> None:
    """T24: the clerk adds it to an order in review; CA with all lines as ordered, the note names fee and total."""
    asks_for(sites, "200", "review")
    sites.seller.receive(sent(sites))
    answer(sites)
    order = sites.seller.row(SalesOrder)
    assert (order.state, order.below_minimum) == ("review", True)
    with pytest.raises(Problem, match="no fee «PETIT»"):
        act_with_fee(sites, "PETIT")
    act_with_fee(sites, "petite")
    answer(sites)
    order = sites.seller.row(SalesOrder)
    assert (order.state, order.below_minimum, order.total_ht, order.total_ttc) == ("accepted", True, 195, 234)
    note = french("Frais ajoutés : Petite commande, 15,00 EUR HT. Nouveau total : 234,00 EUR TTC.")
    assert told(sites) == [("AB", [], None), ("CA", ["5", "5"], note)]
    bought = sites.buyer.row(PurchaseOrder)
    assert (bought.state, bought.answer_code, bought.answer_note) == ("changed", "CA", note)
    assert sites.seller.rows(ReviewReply) == []
    assert len(small_ones(sites)) == 1


def act_with_fee(sites: Pair, code: str) -> None:
    with sites.seller.database.transaction() as connection:
        review.accept(connection, "CCL1", {}, fee=code, by="jean", at=sites.clock.now)


def test_a_small_order_is_accepted_without_a_fee(sites: Pair) -> None:
    """T24: the clerk may let it pass; the buyer is answered AP."""
    asks_for(sites, "200", "review")
    sites.seller.receive(sent(sites))
    answer(sites)
    act(sites.seller, review.accept, "CCL1", {})
    answer(sites)
    assert [code for code, _, _ in told(sites)] == ["AB", "AP"]
    assert sites.buyer.row(PurchaseOrder).state == "accepted"


def test_our_fee_stays_when_the_buyer_changes_the_order(sites: Pair) -> None:
    """T24: their document does not know it; also once goods have left, where charges can change no more."""
    asks_for(sites, "200", "review")
    sites.seller.receive(sent(sites))
    act_with_fee(sites, "PETITE")
    answer(sites)
    assert sites.seller.receive(edit(sites, quantities={"L1": Decimal(4)})).state == "done"
    answer(sites)
    order = sites.seller.row(SalesOrder)
    assert (order.total_ht, order.total_ttc, order.below_minimum) == (285, 342, False)
    with sites.seller.database.transaction() as connection:
        deliver(connection, "CCL1", {"L1": Decimal(1)}, by="jean", at=sites.clock.now)
    assert sites.seller.receive(edit(sites, quantities={"L2": Decimal(5)})).state == "done"
    answer(sites)
    assert (sites.seller.row(SalesOrder).total_ht, sites.buyer.row(PurchaseOrder).total_ht) == (270, 255)
    (charge,) = sites.seller.rows(SalesOrderCharge)
    assert (charge.reason, charge.fee_id is None) == ("Petite commande", False)


def with_port(sites: Pair) -> None:
    """CFR1 with a charge that has no VAT category, booked and answered."""
    order = an_order("CFR1", 2, charges=(AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port"),))
    for site in (sites.buyer, sites.seller):
        site.put_products(*products_of(order))
    sites.buyer.import_orders(write_order(order))
    mail_id = sites.buyer.request(sites.seller.code, "CFR1")
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    sites.seller.receive(mail)
    answer(sites)


def test_a_charge_gets_its_vat_category(sites: Pair) -> None:
    """D33: the total changes by that VAT, the buyer is told, and their next change leaves it; then it is invoiced."""
    with_port(sites)
    seller = sites.seller
    before = seller.row(SalesOrder)
    with seller.database.transaction() as connection:
        bells = set_charge_vat(connection, "CCL1", 1, S20, by="jean", at=sites.clock.now)
    assert len(bells.compose) == 1
    answer(sites)
    order = seller.row(SalesOrder)
    assert order.total_ttc - before.total_ttc == Decimal("2.50")
    code, lines, note = told(sites)[-1]
    total = f"{order.total_ttc:.2f}".replace(".", ",")
    assert (code, lines) == ("CA", ["5", "5"])
    assert note == french(f"Les frais « Port » portent la TVA S 20 %. Nouveau total : {total} EUR TTC.")
    assert seller.receive(edit(sites, quantities={"L1": Decimal(4)})).state == "done"
    answer(sites)
    (charge,) = seller.rows(SalesOrderCharge)
    assert (charge.vat_category, charge.vat_rate) == ("S", 20)
    for place, words in ((0, "no charge 0"), (2, "no charge 2"), (1, "category S already")):
        with pytest.raises(Problem, match=words), seller.database.transaction() as connection:
            set_charge_vat(connection, "CCL1", place, S20, by="jean", at=sites.clock.now)
    with seller.database.transaction() as connection:
        deliver(connection, "CCL1", None, by="jean", at=sites.clock.now)
        assert invoice(connection, ["CCL1"], by="jean", at=sites.clock.now) == "FA1"


@pytest.mark.parametrize("state", ["review", "cancelled"])
def test_a_charge_of_an_order_that_is_not_accepted(sites: Pair, state: str) -> None:
    """D33."""
    with_port(sites)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state=state))
        with pytest.raises(Problem, match=f"state {state}"):
            set_charge_vat(connection, "CCL1", 1, S20, by="jean", at=sites.clock.now)
