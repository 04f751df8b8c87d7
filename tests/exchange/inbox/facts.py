"""Facts and policies for tests of what is decided about an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from intergestan_exchange.inbox.facts import DocumentKey, Facts, Known, ProductFacts
from intergestan_exchange.partners.policy import PartnerFacts
from intergestan_msg.order import Order

PARTNER = PartnerFacts(
    id=1, party_id=1, site_code="73282932000074", name="Mulhouse", siret="73282932000074", vat_id="FR44732829320"
)


def product(code: str, price: str = "10", rate: str = "20", row_id: int = 1) -> ProductFacts:
    return ProductFacts(row_id, code, "C62", Decimal(price), "S", Decimal(rate))


def products_of(*orders: Order) -> dict[str, ProductFacts]:
    """The products that these orders name, at the prices that they state."""
    found: dict[str, ProductFacts] = {}
    for line in (line for order in orders for line in order.lines):
        assert line.price is not None
        code = line.item.sellers_id or line.item.buyers_id or ""
        found[code] = product(code, str(line.price.amount / line.price.base_quantity), row_id=len(found) + 1)
    return found


def facts(
    products: Mapping[str, ProductFacts],
    *,
    by_gtin: Mapping[str, ProductFacts] | None = None,
    known: Mapping[DocumentKey, Known] | None = None,
    currency: str = "EUR",
    **policy: Any,
) -> Facts:
    """Facts for one order; `policy` changes the partner."""
    return Facts(replace(PARTNER, **policy), currency, products, by_gtin or {}, known or {}, {})
