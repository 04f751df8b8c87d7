"""What acts of stock lock, and in which order (ADR 0048, 0057)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from intergestan_db.database import Database
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.stock.entry import Goods, count, receive, transfer
from tests.erp.agencies.three_agencies import Agencies
from tests.erp.test_lock_order import RANKS, locked, transactions

__all__ = ["transactions"]

pytestmark = pytest.mark.mainly_on("postgresql")


def test_stock_is_locked_by_product_and_depot(base: Database, transactions: list[list[str]]) -> None:
    """A transaction asks for its levels once, in one order; who ties a third party to a depot locks it before all."""
    agencies = Agencies(base, opening=5)
    party, goods, place = agencies.party("AG9"), [Goods("ALB0002", Decimal(1))], agencies.at("RD")
    acts: dict[str, tuple[list[str], Callable[[], object]]] = {
        "receive": (["stock"], lambda: agencies.did(receive, place, goods)),
        "count": (["stock"], lambda: agencies.did(count, place, {"ALB0002": Decimal(2)})),
        "move": (["stock"], lambda: agencies.did(transfer, place, goods, "AB")),
        "tie": (["party"], lambda: agencies.tie("RD", party)),
        "allow": (["stock"], lambda: agencies.did(set_depot, "RD", {"allow_negative": True})),
    }
    for name, (wanted, act) in acts.items():
        transactions.clear()
        act()
        statements = [text for each in transactions for text in each]
        tables = [table for table in locked(statements) if table in RANKS]
        assert list(dict.fromkeys(tables)) == wanted, (name, tables)
        asked = [text for text in statements if "FROM stock" in text and "FOR UPDATE" in text]
        if base.is_sqlite or name in {"tie", "allow"}:
            continue
        assert len(asked) == 1, name
        assert "ORDER BY stock.product_id, stock.depot_id FOR UPDATE" in asked[0]
