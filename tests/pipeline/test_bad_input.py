"""Issue 2, bad input: each with its clear error, nothing booked or answered that must not be, nothing lost."""

from __future__ import annotations

import os
import re
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.tables import (
    Answer,
    Event,
    Hold,
    InboundTransfer,
    Ledger,
    OutboundMail,
    PartnerKey,
    PurchaseOrder,
    PurchaseOrderChange,
    SalesOrder,
)
from intergestan_exchange.changes.answer_seller_change import What, accept, list_seller_changes, said_otherwise
from intergestan_exchange.findings.finding import read_findings
from intergestan_exchange.findings.findings import explain, explain_all
from intergestan_exchange.keys import pairing
from intergestan_msg.answer import AnswerCode, AnswerLine, LineCode, OrderAnswer
from intergestan_msg.card import Card
from intergestan_msg.order import Item, Order, Period
from intergestan_msg.plain_text import MOST_QUOTED
from intergestan_msg.seal import SigningKey
from intergestan_msg.ubl import write_order, write_order_response
from tests.factories import BUYER, STAUBER, a_line, cfr1, cfr2
from tests.patience import patient
from tests.pipeline.conftest import MakePair, Pair
from tests.pipeline.forge import Forge, Listed, listed
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")

CPU_SECONDS = patient(3 * 2.0)
"""A verdict on one mail costs 2 s of CPU at most, as `cheaply` takes them; a reader is killed after 20 s."""
STRANGER = SigningKey(bytes(range(32)))


@pytest.fixture
def forge(sqlite_sites: Pair) -> Forge:
    """Signs as the buyer, to the seller, on SQLite."""
    return forge_of(sqlite_sites)


def forge_of(sites: Pair) -> Forge:
    sites.seller.put_products(*products_of(cfr1(), cfr2()))
    return Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)


def receive(site: SiteUnderTest, raw: bytes) -> Any:
    """Take it in, in time; it stays in the archive whatever it is."""
    before = cpu_seconds()
    row = site.receive(raw)
    assert cpu_seconds() - before < CPU_SECONDS
    assert site.archive.get(row.sha256) == raw
    assert row.lease_owner is None
    return row


def cpu_seconds() -> float:
    """Of this process and of all its readers, also of those that have ended: their parent is the fork server."""
    parent = str(forkserver._forkserver._forkserver_pid or "")  # type: ignore[attr-defined]
    if not parent:
        return time.process_time()
    readers = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return time.process_time() + _cpu_of(parent, ended=True) + sum(map(_cpu_of, readers))


def _cpu_of(pid: str, *, ended: bool = False) -> float:
    """What a process has used (proc(5)), and what its children that have ended had."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11 : 15 if ended else 13])) / os.sysconf("SC_CLK_TCK")


def assert_nothing_happened(site: SiteUnderTest) -> None:
    for table in (SalesOrder, Ledger, Hold, Answer, InboundTransfer, OutboundMail):
        assert site.rows(table) == [], table


def assert_held(row: Any, reason: str) -> None:
    """It waits, and says why in both languages."""
    assert (row.state, row.reason) == ("held", reason)
    findings = read_findings(row.detail)
    assert explain_all(findings, "fr") != explain_all(findings, "en")


# -- whole mails ---------------------------------------------------------------------------------------------


def _flipped(raw: bytes) -> bytes:
    """One character of the first document is another one."""
    start = raw.index(b"\r\n\r\n", raw.index(b"Content-Type: application/xml")) + 100
    return raw[:start] + (b"A" if raw[start : start + 1] != b"A" else b"B") + raw[start + 1 :]


def _without_manifest(raw: bytes) -> bytes:
    return (
        raw.replace(b"application/jose", b"text/plain")
        .replace(b"intergestan.jws", b"notes.txt")
        .replace(b"ZXlK", b"AAAA")
    )


def _parts(raw: bytes) -> bytes:
    boundary = re.search(rb'boundary="(=_[^"]+_1)"', raw)
    assert boundary is not None
    mark = b"--" + boundary[1] + b"\r\n"
    return raw.replace(mark, (mark + b"\r\n") * 100_000, 1)


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "the signature is gone": (_without_manifest, "damaged"),
    "an attachment was altered": (_flipped, "damaged"),
    "it ends in the middle": (lambda raw: raw[: len(raw) // 2], "damaged"),
    "it ends in the manifest": (lambda raw: raw[:-300], "damaged"),
    "100 000 parts": (_parts, "bad_message"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_mail_is_held_and_its_next_sending_heals_it(sqlite_sites: Pair, forge: Forge, name: str) -> None:
    """`design.md` §9: nothing of it is booked, nobody is answered; the ladder brings it again."""
    damage, reason = DAMAGES[name]
    raw = forge.orders(cfr1())
    assert_held(receive(sqlite_sites.seller, damage(raw)), reason)
    assert_nothing_happened(sqlite_sites.seller)
    assert receive(sqlite_sites.seller, raw).state == "done"
    assert len(sqlite_sites.seller.rows(SalesOrder)) == 1


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "another recipient": ({"aud": "35600000000048"}, "wrong_recipient"),
    "another sender": ({"iss": "35600000000048"}, "bad_signature"),
    "a newer version": ({"v": 2}, "newer_release"),
    "an unknown kind": ({"kind": "payment"}, "newer_release"),
    "a kind of a later release": ({"kind": "catalogue"}, "newer_release"),
    "no sequence number": ({"seq": 0}, "bad_message"),
    "an instant after the end of all days": ({"iat": 2**53 - 1}, "too_old"),
    "no transfer id": ({"jti": "01a1ffe6-0000-4000-8000-000000000000"}, "bad_message"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_signed_manifest_that_is_not_for_us_is_held(sqlite_sites: Pair, forge: Forge, name: str) -> None:
    """H2, P10: signed by a partner, and all the same nothing is booked or answered."""
    claims, reason = CLAIMS[name]
    assert_held(receive(sqlite_sites.seller, forge.orders(cfr1(), **claims)), reason)
    assert_nothing_happened(sqlite_sites.seller)


def test_a_stranger_without_a_manifest_is_left_alone(sites: Pair) -> None:
    """`design.md` §8: an alien, on both bases, whatever its headers hold."""
    subject = b64encode("Win \x00 now \ud83d\ude00".encode("utf-8", "surrogatepass"))
    for raw in (
        b"From: spam@x.test\r\nSubject: Order CFR1\r\n\r\nBuy.\r\n",
        b"From: spam@x.test\r\nSubject: =?utf-8?b?" + subject + b"?=\r\n\r\nBuy \x00 now.\r\n",
        b"From: \x00\xff\xfe\r\nSubject: \x00\r\n\r\n",
        b"",
    ):
        row = receive(sites.seller, raw)
        assert (row.state, row.reason) == ("alien", None)
    assert_nothing_happened(sites.seller)


def test_a_key_that_nobody_pinned_is_held_until_it_is(sqlite_sites: Pair, forge: Forge) -> None:
    """`design.md` §6: never imported, never answered; pinning the key brings the mail back to the importer."""
    forge.key = STRANGER
    row = receive(sqlite_sites.seller, forge.orders(cfr1()))
    assert_held(row, "unknown_signer")
    assert row.kid == STRANGER.public.kid
    assert_nothing_happened(sqlite_sites.seller)


def _change_key(site: SiteUnderTest, **values: Any) -> None:
    with site.database.transaction() as connection:
        connection.execute(update(PartnerKey).values(**values))


def test_a_revoked_key_never_counts(sqlite_sites: Pair, forge: Forge) -> None:
    _change_key(sqlite_sites.seller, revoked_at=sqlite_sites.clock.now)
    assert_held(receive(sqlite_sites.seller, forge.orders(cfr1())), "revoked_key")
    assert_nothing_happened(sqlite_sites.seller)


def test_a_key_that_anybody_can_sign_for_counts_no_more(sqlite_sites: Pair, forge: Forge) -> None:
    """An earlier release pinned it: the neutral element of the curve."""
    with sqlite_sites.seller.database.transaction() as connection:
        connection.exec_driver_sql("DROP TRIGGER frozen_partner_key")
    _change_key(sqlite_sites.seller, public_key=bytes([1]) + bytes(31))
    assert_held(receive(sqlite_sites.seller, forge.orders(cfr1())), "unknown_signer")


@pytest.mark.parametrize("window", [{"valid_until": -1}, {"valid_from": 1}])
def test_a_key_counts_only_inside_its_window(sqlite_sites: Pair, forge: Forge, window: dict[str, int]) -> None:
    days = {name: sqlite_sites.clock.now + timedelta(days=value) for name, value in window.items()}
    _change_key(sqlite_sites.seller, **days)
    assert_held(receive(sqlite_sites.seller, forge.orders(cfr1())), "bad_signature")
    assert_nothing_happened(sqlite_sites.seller)


@pytest.mark.parametrize(
    ("age", "held"),
    [
        (timedelta(days=30), False),
        (timedelta(days=30, seconds=1), True),
        (timedelta(days=-4000), False),
        (timedelta(days=-36525, seconds=-1), True),
    ],
)
def test_age_is_judged_when_the_mail_first_comes(
    sqlite_sites: Pair, forge: Forge, age: timedelta, *, held: bool
) -> None:
    composed = int((sqlite_sites.clock.now - age).timestamp())
    row = receive(sqlite_sites.seller, forge.orders(cfr1(), iat=composed))
    assert (row.state, row.reason) == (("held", "too_old") if held else ("done", None))
    assert len(sqlite_sites.seller.rows(SalesOrder)) == int(not held)


def test_a_known_transfer_may_come_again_at_any_age(sites: Pair) -> None:
    """H2: after a year, with other headers, by another mailbox: nothing new, and not too old either."""
    seller, raw = sites.seller, forge_of(sites).orders(cfr1())
    receive(seller, raw)
    sites.clock.move(days=400)
    row = receive(seller, b"Received: from elsewhere\r\nSubject: urgent\r\n" + raw.replace(b"Subject:", b"X-Old:", 1))
    assert (row.state, row.reason) == ("done", None)
    assert [len(seller.rows(table)) for table in (SalesOrder, Ledger, Answer, InboundTransfer)] == [1] * 4


def test_a_transfer_number_stands_for_one_content(sites: Pair) -> None:
    """`design.md` §11: the same number with other content, or another transfer in the same place, is a conflict."""
    seller, forge = sites.seller, forge_of(sites)
    claims = {"jti": "01a1ffe6-18fe-7a57-b65d-63ab49cfb6d9", "seq": 5}
    receive(seller, forge.orders(cfr1(), **claims))
    assert_held(receive(seller, forge.orders(cfr2(), **(claims | {"seq": 6}))), "transfer_conflict")
    other = forge.orders(cfr2(), seq=5)
    assert_held(receive(seller, other), "transfer_conflict")
    again = receive(seller, b"X-Again: 1\r\n" + other)
    assert (again.state, again.reason) == ("done", None), "one hold, not one per resend"
    assert [row.customer_order_number for row in seller.rows(SalesOrder)] == ["CFR1"]
    assert (len(seller.rows(Answer)), len(seller.rows(InboundTransfer))) == (1, 1)


def test_a_mail_for_another_of_the_partners_sites_is_not_ours(sqlite_sites: Pair) -> None:
    """P10: an honest mail, in the wrong mailbox."""
    raw = Forge(sqlite_sites.buyer.key, sqlite_sites.buyer.code, "other-site", sqlite_sites.clock).orders(cfr1())
    row = receive(sqlite_sites.seller, raw)
    assert_held(row, "wrong_recipient")
    assert "other-site" in explain_all(read_findings(row.detail), "fr")


# -- one order of a mail -------------------------------------------------------------------------------------


def _dear() -> Order:
    return replace(cfr1(), lines=(a_line(1, "2", "999.00", code="FAI01"),), totals=None)


def _with(content: bytes) -> Listed:
    return Listed("CFR1", content)


XML = write_order(cfr1())
ORDERS: dict[str, tuple[Order | Listed, str, str]] = {
    "no UBL": (_with(b"<order/>"), "bad_document", "AB"),
    "no XML": (_with(b"CFR1;12;pieces"), "bad_document", "AB"),
    "a DOCTYPE": (_with(XML.replace(b"<Order", b"<!DOCTYPE Order [<!ENTITY x 'y'>]><Order", 1)), "bad_document", "AB"),
    "a laugh": (
        _with(b"<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><Order>&b;</Order>"),
        "bad_document",
        "AB",
    ),
    "an unknown product": (replace(cfr1(), lines=(a_line(1, code="NEW"),), totals=None), "unknown_product", "AB"),
    "another price": (_dear(), "price_difference", "AB"),
    "another number than listed": (listed(replace(cfr1(), id="CFR7"), id="CFR1"), "claim_mismatch", "AB"),
    "another content than claimed": (listed(cfr1(), business_hash="bh1:0000"), "claim_mismatch", "AB"),
    "an order listed as a change": (listed(cfr1(), type="change"), "bad_document", "AB"),
    "another buyer": (replace(cfr1(), buyer=STAUBER), "claim_mismatch", "AB"),
    "another currency": (replace(cfr1(), currency="CHF"), "currency", "AB"),
    "a name of 500 characters": (
        replace(cfr1(), lines=(a_line(1, code="FAI01", price="45", name="x" * 500),), totals=None),
        "bad_document",
        "AB",
    ),
    "an amount beyond all columns": (
        replace(
            cfr1(),
            lines=(replace(a_line(1, code="FAI01"), quantity=Decimal(10**11), line_total=None, price=None),),
            totals=None,
        ),
        "bad_document",
        "AB",
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_one_order_that_waits_does_not_hold_up_the_others(sites: Pair, name: str) -> None:
    """P05: the other one is booked and answered AP; this one waits for a person and is answered AB with why."""
    bad, reason, code = ORDERS[name]
    seller, raw = sites.seller, forge_of(sites).orders(bad, cfr2())
    if name == "an amount beyond all columns":
        seller.put_products(*(replace(row, sale_price=Decimal(999_999)) for row in products_of(cfr1())))
    row = receive(seller, raw)
    assert (row.state, row.reason) == ("done", None)
    assert [order.customer_order_number for order in seller.rows(SalesOrder)] == ["CFR2"]
    (hold,) = seller.rows(Hold)
    assert (hold.number, hold.reason) == ("CFR1", reason)
    answers = {each.order_number: (each.code, each.note) for each in seller.rows(Answer)}
    assert answers["CFR2"] == ("AP", None)
    assert answers["CFR1"] == (code, explain_all(read_findings(hold.detail), "fr"))
    assert {entry.number: entry.outcome for entry in seller.rows(Ledger)} == {"CFR1": "held", "CFR2": "created"}
    (composed,) = seller.compose_requested()
    assert b"auto-replied" in composed


def test_the_same_number_with_other_content_is_a_conflict(sites: Pair) -> None:
    """P06: the sales order stays as it is; the others of that mail are booked."""
    seller, forge = sites.seller, forge_of(sites)
    receive(seller, forge.orders(cfr1()))
    before = seller.rows(SalesOrder)
    row = receive(seller, forge.orders(replace(cfr1(), note="and quickly"), cfr2()))
    assert row.state == "done"
    first, second = seller.rows(SalesOrder)
    assert [first] == before
    assert second.customer_order_number == "CFR2"
    assert [hold.reason for hold in seller.rows(Hold)] == ["conflict"]


def test_one_number_twice_in_a_mail_holds_the_mail(sqlite_sites: Pair, forge: Forge) -> None:
    """Two revisions side by side could not be answered in one mail."""
    other = replace(cfr1(), note="or rather")
    row = receive(sqlite_sites.seller, forge.orders(cfr1(), listed(other, revision=1), cfr2()))
    assert_held(row, "bad_message")
    assert_nothing_happened(sqlite_sites.seller)


REFUSALS = {
    "sqlite": (
        "CREATE TRIGGER refuse BEFORE INSERT ON sales_order WHEN new.customer_order_number = 'CFR1' "
        "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    ),
    "postgresql": "ALTER TABLE sales_order ADD CONSTRAINT refuse CHECK (customer_order_number <> 'CFR1')",
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_an_order_that_the_base_refuses_does_not_hold_up_the_others(make_pair: MakePair, kind: str) -> None:
    """`design.md` §4: one transaction per mail; if that fails, one per order. The partner reads no SQL."""
    sites = make_pair(kind)
    seller, raw = sites.seller, forge_of(sites).orders(cfr1(), cfr2())
    with seller.database.transaction() as connection:
        connection.exec_driver_sql(REFUSALS[kind])
    assert receive(seller, raw).state == "done"
    assert [order.customer_order_number for order in seller.rows(SalesOrder)] == ["CFR2"]
    assert [(hold.number, hold.reason) for hold in seller.rows(Hold)] == [("CFR1", "failed")]
    assert {each.order_number: each.code for each in seller.rows(Answer)} == {"CFR1": "AB", "CFR2": "AP"}
    assert not any("INSERT" in (each.note or "") for each in seller.rows(Answer))
    assert [row.number for row in seller.rows(SalesOrder)] == ["CCL1"]
    assert len(seller.compose_requested()) == 2


# -- answers -------------------------------------------------------------------------------------------------


def answer(number: str, code: AnswerCode = AnswerCode.ACCEPTED, **values: Any) -> OrderAnswer:
    return OrderAnswer(f"{number}-1", cfr1().issue_date, number, code, BUYER, STAUBER, **values)


@pytest.fixture
def waiting(sqlite_sites: Pair) -> tuple[Pair, Forge, tuple[str, str]]:
    """CFR1 and CFR2 wait for their answer: the sites, who signs as the seller, and what is to be quoted."""
    buyer, seller = sqlite_sites.buyer, sqlite_sites.seller
    buyer.put_products(*products_of(cfr1(), cfr2()))
    buyer.import_orders(write_order(cfr1()), write_order(cfr2()))
    mail_id = buyer.request(seller.code, "CFR1", "CFR2")
    buyer.compose(mail_id)
    buyer.mark_sent(mail_id)
    mail = buyer.row(OutboundMail)
    forge = Forge(seller.key, seller.code, buyer.code, sqlite_sites.clock)
    return sqlite_sites, forge, (mail.transfer_id, mail.transfer_digest)


Waiting = tuple[Pair, Forge, tuple[str, str]]


def states(site: SiteUnderTest) -> list[tuple[str, int, str | None]]:
    return [(row.state, row.answer_n, row.supplier_order_number) for row in site.rows(PurchaseOrder)]


UNTOUCHED = [("waiting", 0, None), ("waiting", 0, None)]


def test_an_answer_with_another_digest_changes_nothing(waiting: Waiting) -> None:
    """F22: an answer to bytes that we did not send."""
    sites, forge, (jti, _) = waiting
    assert_held(receive(sites.buyer, forge.answers((jti, "ab" * 32), (1, answer("CFR1")))), "unmatched_answer")
    assert states(sites.buyer) == UNTOUCHED
    assert sites.buyer.row(OutboundMail).state == "sent"


def test_an_answer_to_an_order_that_was_not_in_the_mail_changes_nothing(waiting: Waiting) -> None:
    sites, forge, quoted = waiting
    raw = forge.answers(quoted, (1, answer("CFR1")), (1, answer("CFR9")))
    assert_held(receive(sites.buyer, raw), "unmatched_answer")
    assert states(sites.buyer) == UNTOUCHED


def test_an_answer_by_another_partner_changes_nothing(waiting: Waiting) -> None:
    """`design.md` §10: the signer must be the addressee of the mail that is quoted."""
    sites, _, quoted = waiting
    buyer = sites.buyer
    card = Card(
        code="third",
        name="Third",
        orders_address="o@third.test",
        answers_address="o@third.test",
        siret=None,
        vat=None,
        key=STRANGER.public,
        iat=0,
    )
    with buyer.database.transaction() as connection:
        pairing.add_partner(connection, card, by="test", at=sites.clock.now)
    third = Forge(STRANGER, "third", buyer.code, sites.clock)
    assert_held(receive(buyer, third.answers(quoted, (1, answer("CFR1")))), "unmatched_answer")
    assert states(buyer) == UNTOUCHED


def test_an_answer_by_a_stranger_changes_nothing(waiting: Waiting) -> None:
    sites, forge, quoted = waiting
    forge.key = STRANGER
    assert_held(receive(sites.buyer, forge.answers(quoted, (1, answer("CFR1")))), "unknown_signer")
    assert states(sites.buyer) == UNTOUCHED


def test_an_answer_for_another_order_than_listed_changes_nothing(waiting: Waiting) -> None:
    """`design.md` §9: number differing between manifest and document."""
    sites, forge, quoted = waiting
    raw = forge.answers(quoted, (1, answer("CFR2")), answers=[{"order_id": "CFR1", "n": 1}])
    assert_held(receive(sites.buyer, raw), "claim_mismatch")
    assert states(sites.buyer) == UNTOUCHED


def test_an_answer_that_is_no_document_changes_nothing(waiting: Waiting) -> None:
    sites, forge, quoted = waiting
    own = {"kind": "answers", "in_reply_to": {"jti": quoted[0], "digest": quoted[1]}}
    raw = forge.mail([Listed("CFR1", b"<no/>", type="response")], answers=[{"order_id": "CFR1", "n": 1}], **own)
    assert_held(receive(sites.buyer, raw), "bad_document")
    assert states(sites.buyer) == UNTOUCHED


def test_an_answer_may_split_a_line(waiting: Waiting) -> None:
    """Peppol lets several lines answer one line of the order: people see each part, and agree to all of it."""
    sites, forge, quoted = waiting
    parts = tuple(
        AnswerLine("L1", code, Item("FAI01"), Decimal(1), "C62", promised=Period(None, day), number=number)
        for code, day, number in (
            (LineCode.CHANGED, date(2020, 12, 1), "1"),
            (LineCode.ADDED, date(2020, 12, 20), "2"),
        )
    )
    other = AnswerLine("L2", LineCode.ACCEPTED, Item("B"), number="3")
    split = answer("CFR1", AnswerCode.CHANGED, lines=(*parts, other))
    assert receive(sites.buyer, forge.answers(quoted, (1, split), (1, answer("CFR2")))).state == "done"
    with sites.buyer.database.read() as connection:
        (change,) = list_seller_changes(connection)
    said = [(each.what, each.value, each.day) for each in said_otherwise(change)]
    assert said == [(What.PART, Decimal(1), day) for day in (date(2020, 12, 1), date(2020, 12, 20))]
    with sites.buyer.database.transaction() as connection:
        accept(connection, "CFR1", (), sites.buyer.user_id, by="anne", at=sites.clock.now)
    document = sites.buyer.row(PurchaseOrderChange).document
    line = next(line for line in document["order"]["lines"] if line["id"] == "L1")
    assert (line["quantity"], line["wanted"]["end"]) == ("2", "2020-12-20")


def test_an_answer_may_say_yes_or_no_alone(waiting: Waiting) -> None:
    """OrderResponseSimple, of software that knows no other."""
    sites, forge, quoted = waiting
    simple = (
        write_order_response(answer("CFR1", note="Épuisé"))
        .replace(b"OrderResponse", b"OrderResponseSimple")
        .replace(b"<cbc:OrderResponseSimpleCode>AP</cbc:OrderResponseSimpleCode>", b"")
        .replace(b"<cac:OrderReference>", b"<cbc:AcceptedIndicator>false</cbc:AcceptedIndicator><cac:OrderReference>")
    )
    own = {"kind": "answers", "in_reply_to": {"jti": quoted[0], "digest": quoted[1]}}
    raw = forge.mail([Listed("CFR1", simple, type="response")], answers=[{"order_id": "CFR1", "n": 1}], **own)
    assert receive(sites.buyer, raw).state == "done"
    assert states(sites.buyer) == [("rejected", 1, None), UNTOUCHED[1]]
    assert sites.buyer.rows(PurchaseOrder)[0].answer_note == "Épuisé"


def test_only_a_higher_n_is_applied(waiting: Waiting) -> None:
    """`design.md` §10: answers may come late, twice and in any order."""
    sites, forge, quoted = waiting
    accepted = answer("CFR1", sales_order_id="CCL1")
    receive(sites.buyer, forge.answers(quoted, (3, accepted)))
    after = [("accepted", 3, "CCL1"), ("waiting", 0, None)]
    assert states(sites.buyer) == after
    for n in (1, 2):
        row = receive(sites.buyer, forge.answers(quoted, (n, answer("CFR1", AnswerCode.REJECTED))))
        assert row.state == "done"
        assert states(sites.buyer) == after
    assert receive(sites.buyer, forge.answers(quoted, (3, accepted))).state == "done", "the same, once more"
    other = receive(sites.buyer, forge.answers(quoted, (3, answer("CFR1", AnswerCode.REJECTED))))
    assert_held(other, "transfer_conflict")
    assert states(sites.buyer) == after
    receive(sites.buyer, forge.answers(quoted, (4, answer("CFR1", AnswerCode.RECEIVED, note="look again"))))
    assert states(sites.buyer)[0] == ("accepted", 4, "CCL1")
    receive(sites.buyer, forge.answers(quoted, (5, answer("CFR1", AnswerCode.REJECTED))))
    assert states(sites.buyer)[0][0] == "rejected"


def test_nobody_answers_an_answer(waiting: Waiting) -> None:
    """`formats.md` §1: no loop, whatever the answer is."""
    sites, forge, quoted = waiting
    receive(sites.buyer, forge.answers(quoted, (1, answer("CFR1"))))
    receive(sites.buyer, forge.answers(quoted, (1, answer("CFR9"))))
    assert [row.kind for row in sites.buyer.rows(OutboundMail)] == ["orders"]


LONG = b"@LONG@"
"""Stands for 200 000 digits: as a part of what `re` puts in they would cost half a second."""
LONG_ONES = {
    "a quantity": (rb"(<cbc:Quantity[^>]*>)[^<]*", rb"\g<1>" + LONG),
    "a price": (rb"(<cbc:PriceAmount[^>]*>)[^<]*", rb"\g<1>-" + LONG),
    "a total": (rb"(<cbc:PayableAmount[^>]*>)[^<]*", rb"\g<1>" + LONG),
    "a unit": (rb'unitCode="[^"]*"', b'unitCode="' + LONG + b'"'),
    "a currency": (rb"(<cbc:DocumentCurrencyCode>)[^<]*", rb"\g<1>" + LONG),
    "a day": (rb"(<cbc:IssueDate>)[^<]*", rb"\g<1>" + LONG),
    "a line's id": (rb"(<cac:LineItem><cbc:ID>)[^<]*", rb"\g<1>" + LONG),
    "a code": (rb"(<cac:SellersItemIdentification><cbc:ID>)[^<]*", rb"\g<1>" + LONG),
    "a name": (rb"(<cac:Item>.*?<cbc:Name>)[^<]*", rb"\g<1>" + LONG),
    "an element": (rb"<cbc:Quantity(.*?)</cbc:Quantity>", rb"<cbc:Quantity\g<1><x" + LONG + rb"/></cbc:Quantity>"),
    "the document": (rb"(</?)Order\b", rb"\g<1>Order" + LONG),
}


@pytest.mark.parametrize("name", LONG_ONES)
def test_what_is_quoted_of_an_order_is_cut(sqlite_sites: Pair, forge: Forge, name: str) -> None:
    """In the hold, its sentences, what happened, and our answer; the mail itself stays in the archive."""
    pattern, longer = LONG_ONES[name]
    content, changed = re.subn(pattern, longer, XML, flags=re.DOTALL)
    assert changed > 0
    content = content.replace(LONG, b"9" * 200_000)
    seller = sqlite_sites.seller
    seller.put_products(*products_of(cfr1()))
    assert receive(seller, forge.orders(_with(content))).state == "done"
    (hold,) = seller.rows(Hold)
    (given,) = seller.rows(Answer)
    findings = read_findings(hold.detail)
    for text in (*(explain(each, "fr") for each in findings), *(explain(each, "en") for each in findings)):
        assert len(text) < 4 * MOST_QUOTED
    assert len(given.note or "") < 4 * MOST_QUOTED * len(findings)
    assert len(hold.detail) < 8 * MOST_QUOTED * len(findings)
    for event in seller.rows(Event):
        assert len(str(event.detail)) < 8 * MOST_QUOTED * len(findings)
