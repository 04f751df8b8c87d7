"""What an order of other software says beside our columns is kept at the seller, for people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.tables import SalesOrder, SalesOrderLine
from intergestan_msg.ubl import read_order
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge, listed
from tests.pipeline.two_sites import products_of

pytestmark = pytest.mark.mainly_on("postgresql")

DETAILS = Path(__file__).parents[1] / "cases" / "interop_docs" / "e1-line-details.xml"


def test_what_people_need_is_kept_with_the_sales_order(sites: Pair) -> None:
    """Type, references, costs, terms, days and descriptions of lines; a change does not lose them."""
    order = replace(read_order(DETAILS.read_bytes()), buyer=an_order().buyer, seller=an_order().seller)
    sites.seller.put_products(*products_of(order))
    forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    document = listed(order)
    assert sites.seller.receive(forge.orders(document)).state == "done"
    sale = sites.seller.row(SalesOrder)
    said: dict[str, Any] = sale.carried
    assert (said["customer_reference"], said["quotation_id"], said["accounting_cost"]) == ("Dept 7", "DEV-77", "PROJ-9")
    assert said["accounting_costs"] == {"1": "P-42"}
    assert said["references"] == [["contract", "CADRE-1"], ["attachment", "plan.pdf"]]
    assert said["payment_terms"] == "30 jours fin de mois"
    first, second = sites.seller.rows(SalesOrderLine)
    assert first.note == "RAL 7016, 3 m, left hand\nSize: XL"
    assert (first.wanted_date, second.wanted_date) == (date(2026, 12, 2), date(2027, 3, 31))
