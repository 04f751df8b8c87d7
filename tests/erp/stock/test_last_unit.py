"""Processes that take the last pieces at once: each piece goes once, and nobody waits for ever."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from intergestan_db.database import Database
from intergestan_db.tables import Product, StockMove
from intergestan_erp.catalogue.catalogue import ProductRow
from intergestan_erp.stock.entry import Goods, receive
from intergestan_erp.stock.listing import list_stock
from tests.at_once import at_once
from tests.erp.agencies.three_agencies import Agencies

COUNT = 12
PIECES = 16
TO = ("RD", "ABL")


@pytest.mark.race
def test_the_last_piece_goes_once(base: Database) -> None:
    """Stock: 2 × 12 want two products in opposite order, 16 of each are there: 16 get both, 8 neither."""
    agencies = Agencies(base)
    other = ProductRow(code="ALB0003", name="Autre", sale_price=Decimal(1), vat_rate=Decimal(20))
    agencies.site.put_products(other, replace(other, code="ALB0002"))
    goods = [Goods(code, Decimal(PIECES), Decimal(6)) for code in ("ALB0002", "ALB0003")]
    agencies.did(receive, agencies.at("AB"), goods, opening=True)
    said = at_once("tests.erp.stock.moving", *((base.url, COUNT, depot) for depot in TO))
    assert sum(lines.count("moved") for lines in said) == PIECES
    assert sum(lines.count("refused") for lines in said) == len(TO) * COUNT - PIECES
    lying = {(row.depot, row.product): row.on_hand for row in agencies.asked(list_stock).rows}
    for product in ("ALB0002", "ALB0003"):
        assert lying["AB", product] == 0
        assert sum(lying.get((depot, product), 0) for depot in TO) == PIECES
    ids = [row.id for row in agencies.rows(Product)]
    moves = agencies.rows(StockMove)
    assert [sum(move.quantity for move in moves if move.product_id == each) for each in ids] == [PIECES] * len(ids)
