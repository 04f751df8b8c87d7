"""Any order of arrival, any duplication: an order, its changes and its cancellation end in the same state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import (
    Event,
    Hold,
    InboundMail,
    Ledger,
    OutboundMail,
    PurchaseOrder,
    PurchaseOrderChange,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.purchasing.change_edits import Edits, with_totals
from intergestan_erp.selling.deliveries import deliver
from intergestan_exchange.outbox import changes
from intergestan_exchange.outbox.changes import Requested
from intergestan_msg.ubl import write_order
from tests.examples import SPEED, share
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import products_of

pytestmark = pytest.mark.mainly_on("postgresql")

NUMBERS = count(1)
CATALOGUE = an_order("X", 4)

edits = st.one_of(
    st.tuples(st.just("quantity"), st.sampled_from(["L1", "L2", "L3"]), st.integers(1, 9)),
    st.tuples(st.just("delete"), st.sampled_from(["L2", "L3"]), st.just(0)),
    st.tuples(st.just("add"), st.sampled_from(["L2", "L3", "L4"]), st.just(0)),
    st.tuples(st.just("note"), st.just(""), st.integers(1, 9)),
)
Plan = tuple[list[tuple[str, str, int]], bool]
PLANS = st.tuples(st.lists(edits, max_size=4), st.booleans())


@dataclass(frozen=True)
class Course:
    """What becomes of mails on their way. Drawn whole, beforehand: nothing that a site does steers what is drawn.

    :ivar repeated: which mails come more than once.
    :ivar ranks: the places of all arrivals.
    :ivar marks: for each arrival, what a test does after it or not, and with which figures.
    """

    repeated: list[int]
    ranks: list[int]
    marks: list[tuple[bool, str, int]]

    def of(self, mails: Sequence[bytes], *, again: bytes = b"") -> list[bytes]:
        """These mails, and those that come again with `again` before them, in the order of their arrival."""
        arriving = [*mails, *(again + mails[number % len(mails)] for number in self.repeated)]
        assert len(arriving) <= MOST
        return [arriving[rank] for rank in self.ranks if rank < len(arriving)]


MOST = 24
"""More arrivals than there can be: six mails, three of them twice, and what each of these is answered."""


ANY_AGAIN = st.lists(st.integers(0, MOST), max_size=3)


def courses(repeated: st.SearchStrategy[list[int]] = ANY_AGAIN) -> st.SearchStrategy[Course]:
    return st.builds(
        Course,
        repeated=repeated,
        ranks=st.permutations(range(MOST)),
        marks=st.lists(
            st.tuples(st.booleans(), st.sampled_from(["L1", "L2", "L3"]), st.integers(1, 3)),
            min_size=MOST,
            max_size=MOST,
        ),
    )


@dataclass
class Story:
    """One order and what was asked of it; `wanted` is what both sides shall have in the end, as (line, quantity)."""

    sites: Pair
    number: str
    mails: list[bytes] = field(default_factory=list)
    wanted: dict[str, Decimal] = field(default_factory=dict)
    cancelled: bool = False
    others: frozenset[int] = frozenset()
    """The answers of earlier stories."""

    def begin(self) -> None:
        self.others = frozenset(row.id for row in self.sites.seller.rows(OutboundMail, kind="answers"))
        order = an_order(self.number, 3)
        self.wanted = {line.id: line.quantity or Decimal(0) for line in order.lines}
        self.sites.buyer.import_orders(write_order(order))
        mail_id = self.sites.buyer.request(self.sites.seller.code, self.number)
        self._sent(mail_id)

    def ask(self, kind: str, line: str, figure: int) -> None:
        """What is no change is refused here, and nothing is sent."""
        try:
            self._sent(self._request(kind, line, figure).mail_id)
        except Problem:
            return
        if kind == "quantity":
            self.wanted[line] = Decimal(figure)
        elif kind == "delete":
            del self.wanted[line]
        elif kind == "add":
            self.wanted[line] = CATALOGUE.lines[int(line[1]) - 1].quantity or Decimal(0)
        self.cancelled = kind == "cancel"

    def _request(self, kind: str, line: str, figure: int) -> Requested:
        buyer = self.sites.buyer
        with buyer.database.transaction() as connection:
            who: dict[str, Any] = {"by": "anne", "at": buyer.database.now()}
            if kind == "cancel":
                return changes.request_cancellation(connection, self.number, None, buyer.user_id, **who)
            if kind != "add":
                asked = {
                    "quantity": Edits(quantities={line: Decimal(figure)}),
                    "delete": Edits(deleted=(line,)),
                    "note": Edits(note=f"Note {figure}"),
                }[kind]
                return changes.request_edits(connection, self.number, asked, buyer.user_id, **who)
            base = changes.read_base(connection, self.number)
            if any(each.id == line for each in base.order.lines):
                raise Problem("It is there.", ProblemCode.CODE_TAKEN)
            shall_be = replace(base.order, lines=(*base.order.lines, CATALOGUE.lines[int(line[1]) - 1]))
            return changes.request_change(connection, base, with_totals(shall_be), buyer.user_id, **who)

    def _sent(self, mail_id: int) -> None:
        self.mails.append(self.sites.buyer.compose(mail_id))
        self.sites.buyer.mark_sent(mail_id)

    def arrive(self, mail: bytes) -> None:
        """The mail is brought by a delivery of its own, and whatever it makes due is done."""
        seller = self.sites.seller
        seller.receive(b"Received: %d\r\n" % next(NUMBERS) + mail)
        while due := seller.rows(InboundMail, state="archived"):
            for each in due:
                seller.importer.take_in(each.id)

    def leave(self, line: str, quantity: int) -> None:
        """Goods leave, if there are any to leave."""
        seller = self.sites.seller
        for sale in seller.rows(SalesOrder, customer_order_number=self.number):
            try:
                with seller.database.transaction() as connection:
                    at = seller.database.now()
                    deliver(connection, sale.number, {line: Decimal(quantity)}, by="jean", at=at)
            except Problem:
                return

    def answers(self) -> list[bytes]:
        seller = self.sites.seller
        ours = [row.id for row in seller.rows(OutboundMail, kind="answers") if row.id not in self.others]
        return [seller.compose(row_id) for row_id in ours]

    def bought(self) -> dict[str, tuple[Decimal, Decimal]]:
        order = self.sites.buyer.row(PurchaseOrder, number=self.number)
        rows = self.sites.buyer.rows(PurchaseOrderLine, purchase_order_id=order.id)
        return {row.line_id: (row.quantity, row.total) for row in rows}

    def sold(self) -> dict[str, tuple[Decimal, Decimal]]:
        sale = self.sites.seller.row(SalesOrder, customer_order_number=self.number)
        rows = self.sites.seller.rows(SalesOrderLine, sales_order_id=sale.id)
        return {row.line_id: (row.quantity, row.total) for row in rows}

    def assert_settled(self) -> None:
        """Both sides say the same, every document was taken once, and nothing waits."""
        buyer, seller = self.sites.buyer, self.sites.seller
        order = buyer.row(PurchaseOrder, number=self.number)
        sale = seller.row(SalesOrder, customer_order_number=self.number)
        assert self.bought() == self.sold()
        assert (order.total_ht, order.total_ttc) == (sale.total_ht, sale.total_ttc)
        assert (order.note, order.state == "cancelled") == (sale.note, sale.state == "cancelled")
        assert order.revision == len(self.mails) - 1
        documents = [row for row in seller.rows(Ledger) if row.number == self.number]
        assert sorted(row.revision for row in documents) == list(range(len(self.mails)))
        applied = [row for row in documents if row.outcome == "applied"]
        names = [row.name for row in seller.rows(Event, subject="sales_order", subject_id=sale.id)]
        assert sum(name in {"amend", "cancel"} for name in names) == len(applied)
        assert not [row for row in seller.rows(Hold, number=self.number) if row.closed_at is None]
        asked = buyer.rows(PurchaseOrderChange, purchase_order_id=order.id)
        assert all(row.state in {"accepted", "changed", "rejected"} for row in asked)


def begun(sites: Pair) -> Story:
    if not sites.buyer.rows(PurchaseOrder):
        for site in (sites.buyer, sites.seller):
            site.put_products(*products_of(CATALOGUE))
    story = Story(sites, f"N{next(NUMBERS)}")
    story.begin()
    return story


def told(story: Story, plan: Plan) -> Story:
    asked, cancelled = plan
    for each in asked:
        story.ask(*each)
    if cancelled:
        story.ask("cancel", "", 0)
    return story


costly = settings(
    max_examples=share(2),
    suppress_health_check=[*SPEED, HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("base", ["sqlite", "postgresql"])
@given(plan=PLANS, there=courses(), back=courses())
@costly
def test_whatever_comes_first_and_however_often(
    request: pytest.FixtureRequest, base: str, plan: Plan, there: Course, back: Course
) -> None:
    """Nothing is applied twice; the end is what was asked for last; the answers may be shuffled too."""
    sites: Pair = request.getfixturevalue("sqlite_sites" if base == "sqlite" else "postgres_sites")
    story = told(begun(sites), plan)
    early: list[bytes] = []
    for mail, (composes_now, *_) in zip(there.of(story.mails), there.marks, strict=False):
        story.arrive(mail)
        if composes_now:
            early += story.answers()
    answers = list(dict.fromkeys([*early, *story.answers()]))
    for answer in back.of(answers, again=b"Received: again\r\n"):
        sites.buyer.receive(answer)
    story.assert_settled()
    assert {line: quantity for line, (quantity, _) in story.sold().items()} == story.wanted
    order = sites.buyer.row(PurchaseOrder, number=story.number)
    assert order.state == ("cancelled" if story.cancelled else "accepted")


@given(plan=PLANS, there=courses(st.just([0])), back=courses(st.just([])))
@costly
def test_goods_that_leave_in_between(sqlite_sites: Pair, plan: Plan, there: Course, back: Course) -> None:
    """What has left is never taken back, and both sides still agree on every line."""
    story = told(begun(sqlite_sites), plan)
    for mail, (leaves, line, quantity) in zip(there.of(story.mails), there.marks, strict=False):
        story.arrive(mail)
        if leaves:
            story.leave(line, quantity)
    for answer in back.of(story.answers()):
        sqlite_sites.buyer.receive(answer)
    story.assert_settled()
    seller = sqlite_sites.seller
    sale = seller.row(SalesOrder, customer_order_number=story.number)
    with seller.database.read() as connection:
        from intergestan_erp.selling.deliveries import open_lines

        lines = open_lines(connection, sale.id)
    assert all(line.remaining >= 0 for line in lines)
    assert sale.state == "accepted" or not any(line.delivered for line in lines)
