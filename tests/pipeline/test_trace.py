"""The story of an order, at the buyer and at the seller, as the services themselves write it down."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, update

from intergestan_db import states
from intergestan_db.problem import Problem
from intergestan_db.tables import Event, InboundMail, OutboundBody, OutboundMail, PurchaseOrder
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_exchange.holds import hold_acts, notices
from intergestan_exchange.outbox import changes
from intergestan_exchange.tracing.trace import Story, trace
from intergestan_msg.ubl import write_order
from services.demo.bounce import write_report
from tests.factories import cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")

HOUR = timedelta(hours=1)


def stories(site: SiteUnderTest, text: str) -> list[Story]:
    with site.database.read() as connection:
        return trace(connection, text)


def story(site: SiteUnderTest, text: str) -> Story:
    (found,) = stories(site, text)
    return found


def told(found: Story) -> list[tuple[str, str]]:
    return [(each.subject, each.event) for each in found.happened]


def order(sites: Pair, *, known: bool = True) -> bytes:
    """CFR1 and CFR2 in one mail, which the buyer's server took."""
    orders = [cfr1(), cfr2()]
    sites.buyer.put_products(*products_of(*orders))
    if known:
        sites.seller.put_products(*products_of(*orders))
    sites.buyer.import_orders(*(write_order(each) for each in orders))
    mail_id = sites.buyer.request(sites.seller.code, "CFR1", "CFR2")
    mail = sites.buyer.compose(mail_id)
    sites.clock.move(seconds=2)
    sites.buyer.mark_sent(mail_id)
    return mail


def test_both_sides_of_an_order(sites: Pair) -> None:
    """From the composing at one site to the answer at the other, in order, with the mails and who did it."""
    buyer, seller = sites.buyer, sites.seller
    mail = order(sites)
    sites.clock.move(minutes=3)
    seller.receive(mail)
    seller.receive(b"Received: by another way\r\n" + mail)
    sites.clock.move(minutes=1)
    (answer,) = seller.compose_requested()
    buyer.receive(answer)

    bought = story(buyer, "CFR1")
    assert (bought.role, bought.number, bought.their_number, bought.partner) == ("buyer", "CFR1", "CCL1", "Stauber")
    assert (bought.state, bought.answer) == ("accepted", "AP")
    assert told(bought)[0] == ("purchase_order", "import")
    assert {"request", "compose", "transmit", "accept", "answers", "finish"} <= {event for _, event in told(bought)}
    assert [each.at for each in bought.happened] == sorted(each.at for each in bought.happened)
    assert bought.happened[-1].at - bought.happened[0].at == timedelta(minutes=4, seconds=2)
    assert {each.site for each in bought.happened} == {"Mulhouse", "Stauber"}
    assert {each.who for each in bought.happened} >= {"test", "composer", "sender", "importer"}
    out, back = bought.mails
    assert (out.direction, out.kind, back.direction, back.kind) == ("out", "orders", "in", "answers")
    assert out.message_id == f"<{out.transfer_id}@mulhouse.test>"
    assert back.message_id == f"<{back.transfer_id}@stauber.test>"
    assert len(back.archived) == 1

    sold = story(seller, "CCL1")
    assert (sold.role, sold.number, sold.their_number, sold.partner) == ("seller", "CCL1", "CFR1", "Mulhouse")
    assert told(sold)[0] == ("transfer", "orders")
    assert "anne@mulhouse.test" in (sold.happened[0].who or "")
    assert [event for subject, event in told(sold) if subject in {"sales_order", "answer"}] == ["create", "AP"]
    first, second = sold.mails
    assert (first.transfer_id, second.transfer_id) == (out.transfer_id, back.transfer_id)
    assert len(first.archived) == 2

    assert {each.number for each in stories(buyer, out.transfer_id)} == {"CFR1", "CFR2"}
    assert {each.number for each in stories(buyer, back.transfer_id)} == {"CFR1", "CFR2"}
    assert {each.number for each in stories(seller, out.transfer_id)} == {"CCL1", "CCL2"}
    assert {each.number for each in stories(seller, back.transfer_id)} == {"CCL1", "CCL2"}
    assert story(buyer, "CCL1") == bought
    assert story(seller, " CFR1 ") == sold


def test_an_order_that_waited_and_was_refused(sites: Pair) -> None:
    """No sales order came of it: the ledger, the hold and the answers tell what did."""
    seller = sites.seller
    seller.receive(order(sites, known=False))
    sites.clock.move(hours=1)
    with seller.database.transaction() as connection:
        hold_acts.refuse(connection, ["order-1"], "Trop tard.", by="jean", at=seller.database.now())
    found = story(seller, "CFR1")
    assert (found.number, found.their_number, found.answer) == (None, "CFR1", "RE")
    events = [each for each in told(found) if each[0] in {"hold", "answer", "ledger"}]
    assert events[:2] == [("hold", "open"), ("answer", "AB")]
    assert sorted(events[2:]) == [("answer", "RE"), ("hold", "refuse"), ("ledger", "rejected")]
    (refused,) = [each for each in found.happened if each.event == "refuse"]
    assert (refused.who, refused.detail["words"]) == ("jean", "Trop tard.")


def test_changes_and_which_document_an_answer_is_about(sites: Pair) -> None:
    """The change has its own mail, and the answers say which document they answer."""
    buyer, seller = sites.buyer, sites.seller
    seller.receive(order(sites))
    buyer.receive(seller.compose_requested()[0])
    sites.clock.move(minutes=1)
    with buyer.database.transaction() as connection:
        edits = Edits(quantities={"L1": Decimal(5)})
        asked = changes.request_edits(connection, "CFR1", edits, buyer.user_id, by="anne", at=buyer.database.now())
    mail = buyer.compose(asked.mail_id)
    buyer.mark_sent(asked.mail_id)
    seller.receive(mail)
    buyer.receive(seller.compose_requested()[0])

    bought = story(buyer, buyer.row(OutboundMail, id=asked.mail_id).transfer_id)
    assert bought.number == "CFR1"
    of_change = [each for each in bought.happened if each.subject == "purchase_order_change"]
    assert [each.event for each in of_change] == ["request", "transmit", "accept"]
    assert {(each.detail["revision"], each.detail["type"]) for each in of_change} == {(1, "change")}
    assert {"ask change", "amend"} <= {event for _, event in told(bought)}
    assert [letter.kind for letter in bought.mails] == ["orders", "answers", "orders", "answers"]
    sold = story(seller, "CCL1")
    answers = [each for each in sold.happened if each.subject == "answer"]
    assert [(each.event, each.detail["revision"]) for each in answers] == [("AP", 0), ("AP", 1)]
    assert len(sold.mails) == 4


def test_what_the_person_in_charge_was_told_and_what_servers_reported(sites: Pair) -> None:
    buyer, seller = sites.buyer, sites.seller
    seller.receive(order(sites, known=False))
    with seller.database.transaction() as connection:
        now = seller.database.now()
        drafted = notices.draft(connection, notices.compare(connection), "jean@stauber.example", "fr", HOUR, now)
        assert drafted is not None
        notices.write(connection, drafted, now)
    tells = [each for each in story(seller, "CFR1").happened if each.event == "tell"]
    assert {(each.subject, each.who, each.detail["to"]) for each in tells} == {
        ("hold", "dispatcher", "jean@stauber.example")
    }

    mail = buyer.row(OutboundMail)
    report = write_report(bytes(buyer.row(OutboundBody).mime), mail.envelope_from, [mail.recipient])
    buyer.receive(report)
    told_of = [each for each in story(buyer, "CFR1").happened if each.mail == mail.transfer_id]
    (reported,) = [each for each in told_of if each.subject == "delivery_report"]
    assert (reported.event, reported.who, reported.detail["status"]) == ("failed", "demo.localhost", "5.1.2")
    assert reported.detail["archived"] == hashlib.sha256(report).hexdigest()
    assert "bounce" in [each.event for each in told_of]


def test_any_event_is_told(sites: Pair) -> None:
    """Whatever a later release writes down about an order, without this code knowing of it."""
    order(sites)
    row = sites.buyer.row(PurchaseOrder, number="CFR2")
    event = {"subject": states.PURCHASE_ORDER.name, "subject_id": row.id, "name": "amend", "who": "marie"}
    with sites.buyer.database.transaction() as connection:
        connection.execute(insert(Event).values(event | {"at": sites.clock.now, "detail": {"line": "1"}}))
    last = story(sites.buyer, "CFR2").happened[-1]
    assert (last.event, last.who, last.detail) == ("amend", "marie", {"line": "1"})


def test_what_is_not_known(sites: Pair) -> None:
    order(sites)
    with pytest.raises(Problem, match="Nothing is known"):
        stories(sites.buyer, "CFR9")
    transfer = sites.buyer.row(OutboundMail).transfer_id
    mail = sites.seller.receive(b"Subject: x\r\n\r\nx\r\n")
    with sites.seller.database.transaction() as connection:
        held = {"state": "held", "reason": "unknown_signer", "transfer_id": transfer}
        connection.execute(update(InboundMail).where(InboundMail.id == mail.id).values(held))
    with pytest.raises(Problem, match=f"it is in-{mail.id}"):
        stories(sites.seller, transfer)
