"""The way of an order, from a mail's bytes to a sales order: the files that docs/architecture.md names, no others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event

from intergestan_db.tables import PurchaseOrder, SalesOrder
from intergestan_msg.ubl import write_order
from tests.factories import cfr1, cfr2
from tests.here_reader import HereReader
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/architecture.md"
MOST = 12

VALUES = "libs/intergestan_msg/"
"""The message: values, and functions of values."""
PLUMBING = ("libs/intergestan_runtime/", "libs/intergestan_db/")
"""What every step of every service runs through: transactions, states, leases, numbers, bells, counters."""
PURE_VERBS = {"libs/intergestan_exchange/inbox/read.py", "libs/intergestan_exchange/inbox/decide.py"}
"""Two verbs of the way that ask nothing and write nothing."""
RING = ("libs/intergestan_runtime/broker.py", "ring")


def listed() -> list[str]:
    """The files that the page names, in the order of the way."""
    _, _, below = PAGE.read_text(encoding="utf-8").partition("\n## The way of an order\n")
    part, _, _ = below.partition("\n## ")
    rows = [line for line in part.splitlines() if line.startswith("| **")]
    return [path for row in rows for path in re.findall(r"`((?:libs|services)/[\w/]+\.py)`", row)]


def name_of(frame: FrameType) -> str:
    """The path of a frame's file in the repository; empty for what is not ours."""
    file = frame.f_code.co_filename
    name = file.removeprefix(f"{ROOT}/")
    return name if name != file and name.startswith(("libs/", "services/")) else ""


class Walk:
    """What takes part while a mail is taken in.

    :ivar ran: files in which anything ran.
    :ivar acts: of these, those at work while the base is asked or written to, or a bell is rung.
    """

    def __init__(self, site: SiteUnderTest) -> None:
        self.ran: set[str] = set()
        self.acts: set[str] = set()
        self._site = site

    def take_in(self, mail: bytes) -> Any:
        row = self._site.receive(mail, take_in=False)
        engine = self._site.importer._parts.database.engine
        event.listen(engine, "before_cursor_execute", self._note)
        sys.setprofile(self._called)
        try:
            self._site.importer.take_in(row.id)
        finally:
            sys.setprofile(None)
            event.remove(engine, "before_cursor_execute", self._note)
        return row.id

    def _called(self, frame: FrameType, what: str, _: Any) -> None:
        name = name_of(frame) if what == "call" else ""
        if name:
            self.ran.add(name)
        if (name, frame.f_code.co_name) == RING:
            self._note()

    def _note(self, *_: Any) -> None:
        for name in stack():
            if not name.startswith((VALUES, *PLUMBING)):
                self.acts.add(name)


def stack() -> Iterator[str]:
    """The files of ours that are at work."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if name := name_of(frame):
            yield name
        frame = frame.f_back


def test_an_order_walks_through_the_files_that_the_page_names(sites: Pair) -> None:
    """An ordinary order, of a partner that sent one before: whatever else runs on its way computes from values."""
    buyer, seller = sites.buyer, sites.seller
    orders = [cfr1(), cfr2()]
    for site in (buyer, seller):
        site.put_products(*products_of(*orders))
    buyer.import_orders(*(write_order(order) for order in orders))
    first, second = (buyer.compose(buyer.request(seller.code, order.id)) for order in orders)
    assert [row.state for row in buyer.rows(PurchaseOrder)] == ["transmitting", "transmitting"]
    seller.receive(first)

    seller.importer._pool = HereReader()  # type: ignore[assignment]
    walk = Walk(seller)
    walk.take_in(second)

    assert [row.customer_order_number for row in seller.rows(SalesOrder)] == ["CFR1", "CFR2"]
    assert walk.ran >= PURE_VERBS
    assert sorted(walk.acts | PURE_VERBS) == sorted(listed())
    assert len(listed()) <= MOST
