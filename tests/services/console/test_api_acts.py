"""Calls that change something: once for each key, by whom that may, from the version that was seen."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from intergestan_db import leases
from intergestan_db.enums import HoldReason, Scope
from intergestan_db.problem import ProblemCode
from intergestan_db.tables import (
    Event,
    Hold,
    Idempotency,
    Mailbox,
    OutboundMail,
    Partner,
    PollRun,
    Product,
    PurchaseOrder,
    SalesOrder,
)
from intergestan_exchange.findings.finding import Finding
from services.console.api.caller import WRITES_A_MINUTE
from services.console.api.problems import Word
from tests.services.console.deciding_desk import DecidingDesk
from tests.services.console.desk import Desk
from tests.services.console.programs import API, Program, Told, program
from tests.services.console.sending_desk import SendingDesk
from tests.services.console.test_collecting import add

pytestmark = pytest.mark.mainly_on("postgresql")

KEY = {"idempotency-key": "0193-a-key"}
DRAFT = {"supplier": "STAUBER", "lines": [{"product": "CAS16", "quantity": "2"}], "note": "par programme"}


def versions(desk: SendingDesk, *numbers: str) -> list[dict[str, Any]]:
    found = {row.number: row.version for row in desk.buyer.rows(PurchaseOrder)}
    return [{"number": number, "version": found[number]} for number in numbers]


def asked(desk: SendingDesk) -> dict[str, Any]:
    return {"orders": versions(desk, "CFR1", "CFR2"), "order_address": None}


def test_orders_leave_in_one_mail_once(sending: SendingDesk) -> None:
    """G14, G19: the mail that was looked at; the same key, the same answer."""
    carl = program(sending)
    body = asked(sending)
    shown = carl.post("/sendings/preview", body).json
    assert [each["name"] for each in shown["attachments"]]
    assert not sending.mails()
    first = carl.post("/sendings", body, **KEY)
    assert (first.status, first.json["state"], first.json["orders"]) == (202, "requested", ["CFR1", "CFR2"])
    assert first.headers["location"] == f"{API}/sendings/{first.json['ref']}"
    again = carl.post("/sendings", body, **KEY)
    assert (again.status, again.json) == (first.status, first.json)
    assert again.headers["location"] == first.headers["location"]
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    (mail,) = sending.mails()
    assert carl.get(f"/sendings/{first.json['ref']}").json == first.json
    assert carl.get("/sendings/CFR1").json["ref"] == first.json["ref"]
    happened = sending.buyer.rows(Event, subject="outbound_mail", subject_id=mail.id)
    assert {event.who for event in happened} == {"carl/erp"}


def test_a_key_that_comes_with_something_else_does_nothing(sending: SendingDesk) -> None:
    carl, body = program(sending), asked(sending)
    assert carl.post("/sendings", {"orders": versions(sending, "CFR1")}, **KEY).status == 202
    before = sending.states()
    assert carl.post("/sendings", body, **KEY).problem == (422, Word.KEY_REUSED)
    assert carl.post("/purchase-orders", DRAFT, **KEY).problem == (422, Word.KEY_REUSED)
    assert sending.states() == before


def test_what_is_refused_leaves_its_key_free(sending: SendingDesk) -> None:
    carl, body = program(sending), asked(sending)
    stale = {"orders": [{**each, "version": each["version"] + 1} for each in body["orders"]]}
    refused = carl.post("/sendings", stale, **KEY)
    assert refused.problem == (409, ProblemCode.CHANGED_MEANWHILE)
    assert not sending.mails()
    assert not sending.buyer.rows(Idempotency)
    assert carl.post("/sendings", body, **KEY).status == 202


@pytest.mark.parametrize("key", [None, "", "é", "a b", "x" * 256])
def test_sending_wants_a_key(sending: SendingDesk, key: str | None) -> None:
    headers = {} if key is None else {"idempotency-key": key}
    assert program(sending).post("/sendings", asked(sending), **headers).status == 422
    assert not sending.mails()


@pytest.mark.race
def test_two_at_once_with_one_key_send_one_mail(sending: SendingDesk) -> None:
    carl, body, together = program(sending), asked(sending), Barrier(2)
    answers: list[Told] = []

    def send() -> None:
        together.wait()
        answers.append(carl.post("/sendings", body, **KEY))

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.status for each in answers] == [202, 202]
    assert answers[0].json == answers[1].json
    assert len(sending.mails()) == 1


def test_an_address_is_asked_for_once(sending: SendingDesk) -> None:
    """G17: the card's proposal is told; what is given is kept."""
    sending.put(Partner, order_address=None, proposed_order_address="commandes@stauber.test")
    carl = program(sending)
    refused = carl.post("/sendings", {"orders": versions(sending, "CFR1")}, **KEY)
    assert refused.problem == (409, ProblemCode.NO_ADDRESS)
    assert (refused.json["next"], refused.json["proposed"]) == ("give_order_address", "commandes@stauber.test")
    given = {"orders": versions(sending, "CFR1"), "order_address": "autre@stauber.test"}
    assert carl.post("/sendings", given, **KEY).status == 202
    assert sending.buyer.row(Partner).order_address == "autre@stauber.test"


def test_what_was_asked_for_is_taken_back_or_sent_again(sending: SendingDesk) -> None:
    carl = program(sending)
    ref = carl.post("/sendings", {**asked(sending), "undo_seconds": 60}, **KEY).json["ref"]
    given_up = carl.post(f"/sendings/{ref}/abandon")
    assert (given_up.status, given_up.json["state"]) == (200, "abandoned")
    assert sending.states()["CFR1"] == "confirmed"
    assert carl.post(f"/sendings/{ref}/abandon").status == 422 or carl.post(f"/sendings/{ref}/abandon").status == 409
    assert carl.post(f"/sendings/{ref}/resend", **{"idempotency-key": "again"}).status in {409, 422}
    assert carl.post(f"/sendings/{ref}/resend").problem == (422, Word.KEY_MISSING)
    assert carl.post("/sendings/out-99/abandon").status == 404


def test_who_may_send(sending: SendingDesk) -> None:
    for who in ("nadia", "odile"):
        assert program(sending, who).post("/sendings", asked(sending), **KEY).problem == (403, Word.NOT_ALLOWED)
    reading = program(sending, "carl", [Scope.ORDERS_READ, Scope.ORDERS_WRITE], name="reading")
    assert reading.post("/sendings", asked(sending), **KEY).problem == (403, Word.NO_SCOPE_FOR_IT)
    assert not sending.mails()


def test_an_order_is_entered_changed_confirmed_and_deleted(sending: SendingDesk) -> None:
    carl = program(sending)
    code = str(sending.buyer.rows(Product)[0].code)
    body = {"supplier": "STAUBER", "lines": [{"product": code, "quantity": "2", "price": "12.50"}], "note": "a"}
    made = carl.post("/purchase-orders", body, **KEY)
    assert (made.status, made.json["state"], made.json["total_ht"]) == (201, "draft", "25.00")
    number = made.json["number"]
    assert made.headers["location"] == f"{API}/purchase-orders/{number}"
    assert carl.post("/purchase-orders", body, **KEY).json == made.json
    path = f"/purchase-orders/{number}"
    seen = carl.get(path).headers["etag"]
    assert seen == made.headers["etag"]
    body["lines"][0]["quantity"] = "3"  # type: ignore[index]
    assert carl.ask("PUT", path, body).problem == (428, Word.VERSION_NEEDED)
    changed = carl.ask("PUT", path, body, **{"if-match": seen})
    assert (changed.status, changed.json["total_ht"]) == (200, "37.50")
    put = {"if-match": changed.headers["etag"], "idempotency-key": "put"}
    changed = carl.ask("PUT", path, body, **put)
    assert carl.ask("PUT", path, body, **put).headers["idempotency-replayed"] == "true"
    assert carl.ask("PUT", path, body, **{"if-match": seen}).problem == (412, Word.STALE)
    assert carl.post(f"{path}/confirm", **{"if-match": seen}).problem == (412, Word.STALE)
    confirmed = carl.post(f"{path}/confirm", **{"if-match": changed.headers["etag"]})
    assert confirmed.json["state"] == "confirmed"
    assert carl.ask("DELETE", path, **{"if-match": "*"}).problem == (409, ProblemCode.OTHER_STATE)
    draft = carl.post(f"{path}/unconfirm", **{"if-match": confirmed.headers["etag"]})
    assert carl.ask("DELETE", path, **{"if-match": '"99"'}).problem == (412, Word.STALE)
    gone = carl.ask("DELETE", path, **{"if-match": draft.headers["etag"]})
    assert (gone.status, gone.answer.body) == (204, b"")
    assert carl.get(path).status == 404
    assert {event.who for event in sending.buyer.rows(Event, name="enter")} == {"carl/erp"}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"supplier": "STAUBER"}, "/lines"),
        ({"supplier": "STAUBER", "lines": []}, "/lines"),
        ({"supplier": "STAUBER", "lines": [{"product": "x", "quantity": 2.5}]}, "/lines/0/quantity"),
        ({"supplier": "STAUBER", "lines": [{"product": "x", "quantity": "1e3"}]}, "/lines/0/quantity"),
        ({**DRAFT, "secret": 1}, "/secret"),
        ({**DRAFT, "issue_date": 0}, "/issue_date"),
        ({**DRAFT, "lines": [{"product": "nothing", "quantity": "1"}]}, "/lines/0/product"),
    ],
)
def test_each_fault_has_its_place(sending: SendingDesk, body: Any, place: str) -> None:
    refused = program(sending).post("/purchase-orders", body)
    assert refused.problem == (422, Word.WRONG_FIELDS)
    assert refused.json["errors"][0]["pointer"] == place


@pytest.mark.parametrize(
    ("body", "kind", "problem"),
    [
        (b"{", "application/json", (400, Word.UNREADABLE_REQUEST)),
        (b"\xff", "application/json", (400, Word.UNREADABLE_REQUEST)),
        (b"[" * 100_000, "application/json", (400, Word.UNREADABLE_REQUEST)),
        (b"{}", "text/plain", (422, Word.WRONG_FIELDS)),
        (b"x" * 1_000_001, "application/json", (413, Word.TOO_LONG)),
    ],
)
def test_what_cannot_be_read(desk: Desk, body: bytes, kind: str, problem: tuple[int, str]) -> None:
    assert program(desk).post("/purchase-orders", body, **{"content-type": kind}).problem == problem


def test_a_version_is_a_version(sending: SendingDesk) -> None:
    carl = program(sending)
    for bad in ("3", "x", '"x"', '""', '"9999999999999999999"'):
        assert carl.post("/purchase-orders/CFR1/unconfirm", **{"if-match": bad}).problem == (412, Word.STALE), bad


def test_who_writes_too_often_waits(desk: Desk) -> None:
    carl = program(desk)
    statuses = [carl.post("/purchase-orders/CFR9/confirm", **{"if-match": "*"}).status for _ in range(WRITES_A_MINUTE)]
    assert set(statuses) == {404}
    refused = carl.post("/purchase-orders/CFR9/confirm", **{"if-match": "*"})
    assert refused.problem == (429, Word.TOO_MANY_REQUESTS)
    assert program(desk, "adam").post("/purchase-orders/CFR9/confirm", **{"if-match": "*"}).status == 404
    desk.move(minutes=1)
    assert carl.post("/purchase-orders/CFR9/confirm", **{"if-match": "*"}).status == 404


def test_a_base_that_takes_no_writes_says_when_to_come_back(desk: Desk) -> None:
    carl = program(desk)
    desk.let_write(allowed=False)
    try:
        refused = carl.post("/purchase-orders/CFR1/unconfirm", **{"if-match": "*"})
    finally:
        desk.let_write(allowed=True)
    assert refused.problem == (503, Word.BASE_AWAY)
    assert refused.headers["retry-after"] == "5"


def test_collecting_is_asked_for_and_followed(desk: Desk) -> None:
    """G23."""
    odile = program(desk, "odile")
    assert odile.post("/polls", {}, **KEY).problem == (409, ProblemCode.NO_POLLER)
    add(desk, "commandes", "devis")
    asked = odile.post("/polls", {"mailboxes": ["devis"]}, **KEY)
    assert (asked.status, asked.json["over"], asked.json["mailboxes"]) == (
        202,
        False,
        [{"mailbox": "devis", "found": None, "error": None, "archived": 0, "settled": 0}],
    )
    assert odile.post("/polls", {"mailboxes": ["devis"]}, **KEY).json == asked.json
    assert odile.get(asked.headers["location"].removeprefix(API)).json == asked.json
    assert len(desk.site.rows(PollRun)) == 1
    assert odile.post("/polls", {"mailboxes": ["none"]}, **{"idempotency-key": "b"}).status in {404, 409, 422}
    assert odile.get("/polls/99").problem == (404, Word.NOTHING_THERE)
    assert program(desk, "nadia").post("/polls", {}, **KEY).problem == (403, Word.NOT_ALLOWED)
    assert {row.owner for row in desk.site.rows(Mailbox)} == {"poller-1"}
    assert leases is not None


def test_a_hold_is_released_or_refused(deciding: DecidingDesk) -> None:
    deciding.send("CFR1", "CFR2")
    carl = program(deciding)
    waits = [hold["ref"] for hold in carl.get("/holds").json["items"]]
    assert len(waits) == 2
    shown = carl.get(f"/holds/{waits[0]}").json
    assert shown["what"]
    assert shown["next"]
    refused = carl.post(f"/holds/{waits[0]}/refuse", {"reason": "Plus en stock"}, **KEY)
    assert (refused.status, refused.json) == (200, {"ref": waits[0], "done": "refused"})
    assert carl.post(f"/holds/{waits[0]}/refuse", {"reason": "Plus en stock"}, **KEY).json == refused.json
    assert carl.post(f"/holds/{waits[0]}/refuse", {}).problem == (404, ProblemCode.NO_HOLD)
    closed = [row for row in deciding.seller.rows(Hold) if row.closed_at is not None]
    assert {row.closed_by for row in closed} == {"carl/erp"}
    assert carl.post(f"/holds/{waits[1]}/release", {"products": {"1": "none"}}).status == 422
    assert carl.get(f"/holds/{waits[1]}").status == 200


def test_who_may_settle_what(deciding: DecidingDesk) -> None:
    deciding.send("CFR1", "CFR2")
    mail = deciding.put_mail(HoldReason.BAD_SIGNATURE, Finding(HoldReason.BAD_SIGNATURE), "a")
    order = next(hold["ref"] for hold in program(deciding).get("/holds?kind=order").json["items"])
    people: dict[str, Program] = {who: program(deciding, who, name="x") for who in ("carl", "odile", "nadia")}
    forbidden = [("carl", mail), ("odile", order), ("nadia", order), ("nadia", mail)]
    for who, ref in forbidden:
        for act in ("release", "refuse"):
            assert people[who].post(f"/holds/{ref}/{act}", {}).problem == (403, Word.NOT_ALLOWED), (who, ref)
    assert people["odile"].post(f"/holds/{mail}/refuse", {}).status == 200


def test_a_sales_order_in_review_is_accepted_or_refused(desk: Desk) -> None:
    carl = program(desk)
    assert carl.post("/sales-orders/none/accept", {}).status == 404
    number = str(desk.site.rows(SalesOrder)[0].number)
    assert carl.post(f"/sales-orders/{number}/accept", {}).status in {409, 422}
    assert program(desk, "odile").post(f"/sales-orders/{number}/refuse", {}).problem == (403, Word.NOT_ALLOWED)


def test_the_rows_of_answers_are_kept_apart_from_those_of_forms(sending: SendingDesk) -> None:
    """The key of a call is no key of a form, and no text of it is kept."""
    carl = program(sending)
    carl.post("/sendings", asked(sending), **KEY)
    with sending.buyer.database.read() as connection:
        (kept,) = connection.execute(select(Idempotency.key)).scalars()
    assert kept.startswith("api:")
    assert KEY["idempotency-key"] not in kept
    assert sending.buyer.rows(OutboundMail)
