"""Whatever quantity a person gives an act of goods or money, it is done or refused in words; what is refused changes
nothing (I13).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection

from intergestan_db.enums import Journal, PaymentMethod
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.places import Place, in_depot
from intergestan_erp.books.typed import TypedEntry, TypedLine, enter
from intergestan_erp.pairs.receiving import receive
from intergestan_erp.paying import payments
from intergestan_erp.paying.shares import Share
from intergestan_erp.picking import entering
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.picking.returning import enter_return
from intergestan_erp.selling import credit_notes, drafts
from intergestan_erp.selling.drafts import Typed
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.quotes import enter_quote
from intergestan_erp.stock import entry
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.entry import Goods
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from tests.erp.pairs import held
from tests.erp.picking.preparing import Preparing
from tests.site_factories import NOW, SiteToTest

pytestmark = pytest.mark.mainly_on("sqlite")
WHO: Any = {"by": "marie", "at": NOW}
MANY = Decimal(10) ** 30
STRANGE = [Decimal(each) for each in ("-1", "0.0000001", "NaN", "Infinity")] + [MANY]


class Desk(Preparing):
    """All that there may be to do: CCL1 is open, CCL2 on a slip, CCL3 comes from RD by CCL4, CCL5 is invoiced."""

    def ready_for_all(self) -> None:
        self.open("10")
        self.for_customer("ALB0002=3")
        self.make(self.for_customer("ALB0002=2"))
        self.order_pairs(order=self.for_customer("ALB0002=2", L1="RD=2:indirect"))
        self.send("CCL4")
        self.send(self.for_customer("ALB0002=2"))
        with self.site.database.transaction() as connection:
            invoice(connection, ["CCL5"], **WHO)
            paid = payments.NewPayment(amount=Decimal(5), method=PaymentMethod.CASH)
            payments.add(connection, self.customer_id, paid, [], place=in_depot(connection, "AB"), **WHO)

    def do(self, act: Act, quantity: Decimal) -> None:
        with self.site.database.transaction() as connection:
            act(self, connection, in_depot(connection, "AB"), quantity)

    def refuses(self, act: Act, quantity: Decimal) -> bool:
        """Whether an act is refused in words; anything else that is wrong with it fails."""
        try:
            self.do(act, quantity)
        except Problem:
            return True
        return False


Act = Callable[[Desk, Connection, Place, Decimal], object]


def _typed(desk: Desk, quantity: Decimal, **values: Any) -> Typed:
    return Typed(customer_id=desk.customer_id, lines=(drafts.TypedLine("ALB0002", quantity),), **values)


def _share(quantity: Decimal) -> dict[str, tuple[TypedShare, ...]]:
    return {"L1": (TypedShare("AB", quantity),)}


def _beside(quantity: Decimal) -> dict[str, tuple[TypedShare, ...]]:
    """What is chosen beside it makes up for what is below zero."""
    return {"L1": (TypedShare("RD", Decimal(4)), TypedShare("AB", quantity))}


def _entry(quantity: Decimal) -> TypedEntry:
    lines = (TypedLine("512000", quantity), TypedLine("530000", -quantity))
    return TypedEntry(journal=Journal.OTHER, lines=lines, piece="P1", label="Typed")


ABOVE_ZERO: Mapping[str, Act] = {
    "order": lambda desk, c, here, q: enter_order(c, _typed(desk, q), place=here, **WHO),
    "quote": lambda desk, c, _here, q: enter_quote(c, _typed(desk, q), **WHO),
    "share": lambda desk, c, here, q: enter_order(c, _typed(desk, Decimal(3)), place=here, choices=_share(q), **WHO),
    "shares": lambda desk, c, here, q: enter_order(c, _typed(desk, Decimal(3)), place=here, choices=_beside(q), **WHO),
    "allocate": lambda _desk, c, _here, q: allocate_order(c, "CCL1", _share(q), **WHO),
    "allocate beside": lambda _desk, c, _here, q: allocate_order(c, "CCL1", _beside(q), **WHO),
    "deliver": lambda _desk, c, here, q: deliver(c, "CCL1", {"L1": q}, place=here, **WHO),
    "come": lambda _desk, c, here, q: entry.receive(c, here, [Goods("ALB0002", q)], **WHO),
    "transfer": lambda _desk, c, here, q: entry.transfer(c, here, [Goods("ALB0002", q)], "RD", **WHO),
    "return": lambda _desk, c, here, q: enter_return(c, "BL2", {1: q}, "Broken", here, **WHO),
    "credit": lambda _desk, c, _here, q: credit_notes.credit(c, "FA1", "Broken", {1: q}, **WHO),
    "pay": lambda desk, c, here, q: payments.add(
        c, desk.customer_id, payments.NewPayment(amount=q, method=PaymentMethod.CASH), place=here, **WHO
    ),
    "settle": lambda _desk, c, _here, q: payments.settle(c, "RG1", [Share("FA1", None, q)], **WHO),
}
AT_LEAST_ZERO: Mapping[str, Act] = {
    "slip": lambda _desk, c, here, q: entering.enter(c, "BP1", here, {1: q}, **WHO),
    "count": lambda _desk, c, here, q: entry.count(c, here, {"ALB0002": q}, **WHO),
    "receive": lambda _desk, c, here, q: receive(c, here, "BL1", {1: q}, **WHO),
    "change": lambda _desk, c, _here, q: change_sales_order(c, "CCL1", OwnChanges(quantities={"L1": q}), **WHO),
    "cost": lambda _desk, c, here, q: entry.receive(c, here, [Goods("ALB0002", Decimal(1), q)], **WHO),
}
NOT_ZERO: Mapping[str, Act] = {"entry": lambda desk, c, _here, q: enter(c, desk.folder(), _entry(q), **WHO)}
NOTHING: Mapping[str, Act] = {
    "order": lambda desk, c, here, _q: enter_order(c, Typed(customer_id=desk.customer_id, lines=()), place=here, **WHO),
    "deliver": lambda _desk, c, here, _q: deliver(c, "CCL1", {}, place=here, **WHO),
    "come": lambda _desk, c, here, _q: entry.receive(c, here, [], **WHO),
    "count": lambda _desk, c, here, _q: entry.count(c, here, {}, **WHO),
    "transfer": lambda _desk, c, here, _q: entry.transfer(c, here, [], "RD", **WHO),
    "receive": lambda _desk, c, here, _q: receive(c, here, "BL1", {}, **WHO),
    "return": lambda _desk, c, here, _q: enter_return(c, "BL2", {}, "Broken", here, **WHO),
    "entry": lambda desk, c, _here, _q: enter(c, desk.folder(), replace(_entry(Decimal(1)), lines=()), **WHO),
}


@pytest.fixture
def desk(a_site: SiteToTest) -> Desk:
    made = Desk(a_site, "0 0 0")
    made.ready_for_all()
    return made


def test_no_quantity_is_too_strange(desk: Desk) -> None:
    """I13: each act by hand with each quantity that cannot be, and with none."""
    tried = [
        *((name, act, each) for name, act in ABOVE_ZERO.items() for each in (Decimal(0), *STRANGE)),
        *((name, act, each) for name, act in AT_LEAST_ZERO.items() for each in STRANGE),
        *((name, act, each) for name, act in NOT_ZERO.items() for each in (Decimal(0), *STRANGE[1:])),
        *((f"{name} of nothing", act, Decimal(0)) for name, act in NOTHING.items()),
    ]
    before = held.image(desk.site.database)
    for name, act, quantity in tried:
        assert desk.refuses(act, quantity), (name, quantity)
        assert held.image(desk.site.database) == before, (name, quantity)
    for name, act in {**ABOVE_ZERO, **AT_LEAST_ZERO, **NOT_ZERO}.items():
        if name not in {"allocate beside", "shares"}:  # with these more is chosen than is needed
            desk.do(act, Decimal(9 if name == "count" else 1))  # no less than is set aside


def test_a_choice_for_a_line_that_needs_nothing(desk: Desk) -> None:
    """A32: what is on a slip is chosen already; to choose for it once more is refused, and not passed over."""
    with pytest.raises(Problem) as refused:
        desk.allocate("CCL2", L1="RD=1")
    assert refused.value.code is ProblemCode.NO_VALUE
    desk.allocate("CCL2")
