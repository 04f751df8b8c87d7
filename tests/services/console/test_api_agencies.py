"""Three agencies order from each other, deliver and receive by the API alone (A33, A40 to A46)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from anyio.from_thread import BlockingPortal

from intergestan_db.database import Database
from intergestan_db.problem import ProblemCode
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.erp.pairs.agencies import Arrivals
from tests.services.console.desk import PEOPLE, Desk, let_in
from tests.services.console.programs import program
from tests.site_factories import NOW, make_site

pytestmark = pytest.mark.mainly_on("postgresql")


def key(text: str) -> dict[str, str]:
    return {"idempotency-key": text}


@pytest.fixture
def agencies(database: Database, portal: BlockingPortal) -> Desk:
    """The seed's three agencies, where 1, 5 and 5 of ALB0002 lie, with their people."""
    site = make_site(database)
    Arrivals(site, "1 5 5")
    with database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@arts.test", by="marie", at=NOW)
    return Desk(site, Console(as_service(database, "console"), ConsoleSettings(), answer_hours=4), portal)


def test_agencies_order_from_each_other_and_receive(agencies: Desk) -> None:
    """A33, A40 to A46: the seed's first case by programs alone, each act at the place that it names."""
    carl = program(agencies)
    at_1, at_2 = {"establishment": 1, "depot": "AB"}, {"establishment": 2, "depot": "RD"}
    body = {"customer": "C0000004", "here": at_1, "lines": [{"product": "ALB0002", "quantity": "3"}]}
    order = carl.post("/sales-orders", body, **key("a")).json["number"]
    shares = [
        {"depot": "AB", "quantity": "1", "route": "direct"},
        {"depot": "RD", "quantity": "2", "route": "indirect"},
    ]
    (line,) = carl.get(f"/sales-orders/{order}/allocations").json["lines"]
    put = carl.ask(
        "PUT", f"/sales-orders/{order}/allocations", {"lines": [{"line": line["line"], "take": shares}]}
    ).json
    assert [(each["depot"], each["route"]) for each in put["lines"][0]["allocations"]] == [
        ("AB", "direct"),
        ("RD", "indirect"),
    ]
    (seen,) = carl.get(f"/agency-orders/preview?order={order}").json["pairs"]
    assert (seen["requesting"], seen["supplying"], seen["billable"]) == (1, 2, False)
    assert [(each["order"], each["product"], Decimal(each["quantity"])) for each in seen["lines"]] == [
        (order, "ALB0002", Decimal(2))
    ]
    ordered = carl.post("/agency-orders", {"order": order}, **key("b"))
    (pair,) = ordered.json["pairs"]
    assert ordered.status == 201
    assert carl.post("/agency-orders", {"order": order}, **key("b")).json == ordered.json
    assert carl.post("/agency-orders", {"order": order}, **key("c")).json["pairs"] == []
    assert [each["purchase_order"] for each in carl.get("/agency-orders").json["items"]] == [pair["purchase_order"]]
    elsewhere = carl.post("/picking-slips", {"orders": [pair["sales_order"]], "here": at_1}, **key("d"))
    assert elsewhere.problem == (409, ProblemCode.WRONG_PLACE)
    (slip,) = carl.post("/picking-slips", {"orders": [pair["sales_order"]], "here": at_2}, **key("e")).json["slips"]
    assert carl.post(f"/picking-slips/{slip}/enter", {"here": at_1, "accept": True}).problem == (
        409,
        ProblemCode.WRONG_PLACE,
    )
    assert carl.post(f"/picking-slips/{slip}/enter", {"here": at_2, "accept": True}).status == 200
    assert carl.post(f"/picking-slips/{slip}/finish", {"here": at_2}).status == 200
    (left,) = carl.post(f"/picking-slips/{slip}/validate", {"here": at_2}, **key("f")).json["done"]
    (on_way,) = carl.get("/stock/transit").json["items"]
    assert (on_way["delivery_note"], on_way["source"], on_way["destination"]) == (left["delivery_note"], "RD", "AB")
    receipt = {"delivery_note": left["delivery_note"], "here": at_1, "lines": [{"line": 1, "quantity": "2"}]}
    came = carl.post("/goods-receipts", receipt, **key("g"))
    assert (came.status, came.json["purchase_order"], came.json["depot"]) == (201, pair["purchase_order"], "AB")
    assert Decimal(came.json["lines"][0]["for_customers"]) == 2
    assert carl.post("/goods-receipts", receipt, **key("g")).json == came.json
    assert carl.get("/stock/transit").json["items"] == []
    assert carl.post(f"/agency-orders/{pair['purchase_order']}/cancel", {}).status in {409, 422}
    (own,) = carl.post("/picking-slips", {"orders": [order], "here": at_1}, **key("h")).json["slips"]
    assert {each["depot"] for each in carl.get(f"/picking-slips?order={order}").json["items"]} == {"AB"}
    assert carl.get(f"/picking-slips/{own}").json["order"] == order
