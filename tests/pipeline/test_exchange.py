"""The main job, step by step, on both bases: an order batch becomes sales orders once, and is answered."""

from __future__ import annotations

from sqlalchemy import event, select, update

from intergestan_db.tables import (
    Answer,
    Event,
    InboundTransfer,
    Ledger,
    OutboundMail,
    PurchaseOrder,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_exchange.inbox.booking.answers import request_answers
from intergestan_msg.ubl import write_order
from tests.factories import cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of

MOST_STATEMENTS = {"buyer": 44, "seller": 36}
"""Of two orders in a mail, from its composing until the answer is applied, as they were when this was written."""


def _order(sites: Pair) -> int:
    """The two reference orders of G11, requested."""
    orders = [cfr1(), cfr2()]
    sites.buyer.put_products(*products_of(*orders))
    sites.seller.put_products(*products_of(*orders))
    sites.buyer.import_orders(*(write_order(order) for order in orders))
    return sites.buyer.request(sites.seller.code, "CFR1", "CFR2")


def test_orders_become_sales_orders_and_are_answered(sites: Pair) -> None:
    """G01, G04, G14, G19, G23: by mail alone, a sales order per purchase order, and the answer comes back."""
    buyer, seller = sites.buyer, sites.seller
    mail_id = _order(sites)
    mail = buyer.compose(mail_id)
    buyer.mark_sent(mail_id)
    assert [row.state for row in buyer.rows(PurchaseOrder)] == ["waiting", "waiting"]

    received = seller.receive(mail)
    assert (received.state, received.reason) == ("done", None)
    assert [(row.number, row.customer_order_number, row.state) for row in seller.rows(SalesOrder)] == [
        ("CCL1", "CFR1", "accepted"),
        ("CCL2", "CFR2", "accepted"),
    ]
    assert [str(row.total_ttc) for row in seller.rows(SalesOrder)] == ["216.00", "144.00"]
    assert all(row.product_id for row in seller.rows(SalesOrderLine))

    (answer,) = seller.compose_requested()
    applied = buyer.receive(answer)
    assert (applied.state, applied.reason) == ("done", None)
    assert [(row.state, row.answer_code, row.supplier_order_number) for row in buyer.rows(PurchaseOrder)] == [
        ("accepted", "AP", "CCL1"),
        ("accepted", "AP", "CCL2"),
    ]
    assert buyer.row(OutboundMail, id=mail_id).state == "answered"
    assert buyer.row(OutboundMail, id=mail_id).next_attempt_at is None
    assert len(seller.rows(Event, subject="sales_order")) == 2


def test_the_same_mail_again_changes_nothing(sites: Pair) -> None:
    """P12: a duplicate is booked once, and the stored answer is due again after ten minutes."""
    buyer, seller = sites.buyer, sites.seller
    mail = buyer.compose(_order(sites))
    seller.receive(mail)
    seller.compose_requested()
    (answers,) = seller.rows(OutboundMail)
    seller.mark_sent(answers.id)

    seller.receive(b"Received: from elsewhere\r\n" + mail)
    assert len(seller.rows(SalesOrder)) == len(seller.rows(Ledger)) == len(seller.rows(Answer)) == 2
    assert seller.row(OutboundMail).next_attempt_at is None

    sites.clock.move(minutes=11)
    seller.receive(b"Received: from elsewhere again\r\n" + mail)
    assert seller.row(OutboundMail).next_attempt_at == sites.clock.now
    assert len(seller.rows(SalesOrder)) == 2


def _answer_in_two_mails(seller: SiteUnderTest) -> None:
    """What the importer leaves behind when it books the orders one by one."""
    answers = seller.rows(Answer)
    with seller.database.transaction() as connection:
        transfer = connection.execute(select(InboundTransfer.id)).scalar_one()
        own = request_answers(connection, answers[1].partner_id, transfer, seller.database.now())
        connection.execute(update(Answer).where(Answer.id == answers[1].id).values(outbound_mail_id=own))


def test_a_mail_is_answered_when_all_its_orders_are(sites: Pair) -> None:
    """A seller that booked its orders one by one answers in several mails; if one is lost, the ladder goes on."""
    buyer, seller = sites.buyer, sites.seller
    mail_id = _order(sites)
    mail = buyer.compose(mail_id)
    buyer.mark_sent(mail_id)
    seller.receive(mail)
    _answer_in_two_mails(seller)

    one, other = seller.compose_requested()
    buyer.receive(one)
    assert buyer.row(OutboundMail, id=mail_id).state == "sent"
    assert [row.state for row in buyer.rows(PurchaseOrder)] == ["accepted", "waiting"]
    buyer.receive(other)
    assert buyer.row(OutboundMail, id=mail_id).state == "answered"


def test_third_parties_cost_the_exchange_nothing(sites: Pair) -> None:
    """T09, T20: codes, accounts, words, debts and their settings get no statement of their own on an order's way.

    What an order costs is counted, so that whoever adds a statement to its way sees it.
    """
    asked: dict[str, list[str]] = {"buyer": [], "seller": []}
    mail_id = _order(sites)
    for site, statements in ((sites.buyer, asked["buyer"]), (sites.seller, asked["seller"])):
        event.listen(
            site.database.engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_others, to=statements: to.append(statement),
        )
    mail = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    assert sites.seller.receive(mail).state == "done"
    (answer,) = sites.seller.compose_requested()
    assert sites.buyer.receive(answer).state == "done"
    new = ("party_word", "account", "party_code_counter")
    for who, every in asked.items():
        statements = [each for each in every if each.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]
        assert MOST_STATEMENTS[who] // 2 < len(statements) <= MOST_STATEMENTS[who], (who, len(statements))
        assert not [each for each in statements if any(f"{name} " in each for name in new)], who
        of_settings = [each for each in statements if "setting " in each]
        assert all(each.startswith("SELECT partner_key.") for each in of_settings), (
            "whether credit is on comes with the key"
        )
