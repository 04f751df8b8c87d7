"""What is written about an order, all of it or nothing, on both bases."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import HoldEnd
from intergestan_db.tables import (
    Answer,
    Event,
    Hold,
    InboundMail,
    InboundTransfer,
    Ledger,
    NumberSeries,
    OutboundMail,
    Partner,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_exchange.holds.hold_acts import refuse
from intergestan_exchange.inbox.book import book
from intergestan_exchange.inbox.booking.ledger import DecidedMeanwhile
from tests.clock import Clock
from tests.desk import Desk
from tests.factories import an_order, cfr1, cfr2

WRITTEN = (InboundTransfer, Ledger, SalesOrder, SalesOrderLine, SalesOrderCharge, Hold, Answer, OutboundMail)


@pytest.fixture
def desk(base: Database) -> Desk:
    return Desk(base)


def written(desk: Desk) -> list[int]:
    return [len(desk.rows(table)) for table in WRITTEN]


def test_sales_order_ledger_answer_and_mail_are_one_transaction(desk: Desk) -> None:
    """D5, `design.md` §9: what breaks it off leaves nothing at all, and no gap in the numbers."""
    desk.know_products_of(cfr1(), cfr2())
    facts, mail, transfer = desk.facts(cfr2(), cfr1()), desk.mail(), desk.transfer()
    settled = desk.settle(facts, cfr2(), cfr1())
    with contextlib.suppress(KeyboardInterrupt), desk.base.transaction() as connection:
        book(connection, mail, transfer, settled, facts, desk.base.now())
        raise KeyboardInterrupt
    assert written(desk) == [0] * len(WRITTEN)
    assert desk.rows(InboundMail)[0].state == "archived"

    with desk.base.transaction() as connection:
        booked = book(connection, mail, transfer, settled, facts, desk.base.now())
    assert booked.outcomes == ("created", "created")
    assert [(row.number, row.customer_order_number) for row in desk.rows(SalesOrder)] == [
        ("CCL1", "CFR1"),
        ("CCL2", "CFR2"),
    ]
    assert written(desk) == [1, 2, 2, 4, 0, 0, 2, 1]
    (row,) = desk.rows(InboundMail)
    assert (row.state, row.lease_owner, row.strikes) == ("done", None, 0)
    (outbound,) = desk.rows(OutboundMail)
    assert (outbound.id,) == booked.compose
    assert (outbound.kind, outbound.state, outbound.in_reply_to_id) == ("answers", "requested", booked.transfer_id)
    assert [event.name for event in desk.rows(Event, subject="sales_order")] == ["create", "create"]


def test_who_decided_on_old_facts_writes_nothing(desk: Desk) -> None:
    """Crash table: the UNIQUE key decides; the loser finds a duplicate when it looks again."""
    desk.know_products_of(cfr1())
    facts, transfer, mail = desk.facts(cfr1()), desk.transfer(), desk.mail()
    settled = desk.settle(facts, cfr1())
    desk.book(cfr1())
    before = written(desk)
    with pytest.raises(IntegrityError), desk.base.transaction() as connection:
        book(connection, mail, transfer, settled, facts, desk.base.now())
    assert written(desk) == before
    booked, _ = desk.book(cfr1(), transfer=transfer)
    assert booked.outcomes == ("duplicate",)
    assert [row.number for row in desk.rows(SalesOrder)] == ["CCL1"]
    assert desk.rows(NumberSeries, code="sales_order")[0].next_number == 2


def test_a_held_order_becomes_a_sales_order_when_it_is_tried_again(desk: Desk) -> None:
    """`design.md` §9: the ledger row gets its new outcome, the hold is closed, the answer has n = 2."""
    held, transfer = desk.book(cfr1())
    assert held.outcomes == ("held",)
    (hold,) = desk.rows(Hold)
    assert (hold.reason, hold.closed_at, hold.number) == ("unknown_product", None, "CFR1")
    desk.know_products_of(cfr1())
    created, _ = desk.book(cfr1(), transfer=transfer)
    assert created.outcomes == ("created",)
    (row,), (order,) = desk.rows(Ledger), desk.rows(SalesOrder)
    assert (row.outcome, row.sales_order_id) == ("created", order.id)
    assert desk.rows(Hold)[0].closed_how == HoldEnd.TRIED_AGAIN
    assert [(answer.n, answer.code, answer.sales_order_number) for answer in desk.rows(Answer)] == [
        (1, "AB", None),
        (2, "AP", "CCL1"),
    ]


def test_an_order_that_still_waits_is_not_answered_again(desk: Desk) -> None:
    """A mail that comes ten times makes one hold and one answer."""
    _, transfer = desk.book(cfr1())
    for _ in range(3):
        again, _ = desk.book(cfr1(), transfer=transfer)
        assert (again.outcomes, again.compose) == (("held",), ())
    assert (len(desk.rows(Hold)), len(desk.rows(Answer))) == (1, 1)


def test_a_conflict_leaves_the_sales_order_and_the_ledger_as_they_are(desk: Desk) -> None:
    """P06: the same number with other content waits for a person, and is answered AB with a note."""
    desk.know_products_of(cfr1())
    desk.book(cfr1())
    before = [desk.rows(table) for table in (Ledger, SalesOrder, SalesOrderLine)]
    other = replace(cfr1(), note="other content")
    booked, transfer = desk.book(other)
    assert booked.outcomes == ("conflict",)
    assert [desk.rows(table) for table in (Ledger, SalesOrder, SalesOrderLine)] == before
    assert [(row.reason, row.closed_at) for row in desk.rows(Hold)] == [("conflict", None)]
    answer = desk.rows(Answer)[-1]
    assert (answer.n, answer.code, answer.sales_order_number) == (2, "AB", "CCL1")
    assert "CFR1" in answer.note
    desk.book(other, transfer=transfer)
    assert (len(desk.rows(Hold)), len(desk.rows(Answer))) == (1, 2)


def test_another_revision_of_a_booked_order_is_a_conflict_once(desk: Desk) -> None:
    """`design.md` §4: ≤ 1 sales order per partner and order number."""
    desk.know_products_of(cfr1())
    desk.book(cfr1())
    booked, transfer = desk.book(cfr1(), revision=1)
    assert booked.outcomes == ("conflict",)
    desk.book(cfr1(), revision=1, transfer=transfer)
    assert (len(desk.rows(SalesOrder)), len(desk.rows(Ledger)), len(desk.rows(Hold))) == (1, 1, 1)


def test_a_contradicting_revision_can_be_refused(desk: Desk) -> None:
    """The order that stands keeps standing, and the answer names it."""
    desk.know_products_of(cfr1())
    desk.book(cfr1())
    desk.book(cfr1(), revision=1)
    before = desk.rows(Ledger)
    with desk.base.transaction() as connection:
        refuse(connection, [f"order-{desk.rows(Hold)[0].id}"], None, by="anne", at=desk.base.now())
    assert desk.rows(Hold)[0].closed_how == HoldEnd.REFUSED
    assert desk.rows(Ledger) == before
    answer = desk.rows(Answer)[-1]
    assert (answer.n, answer.code, answer.sales_order_number) == (3, "AB", "CCL1")


def test_a_duplicate_in_a_new_transfer_gets_a_new_answers_mail(desk: Desk) -> None:
    """P12: the stored answer with the next n, quoting the new transfer."""
    desk.know_products_of(cfr1())
    desk.book(cfr1())
    booked, _ = desk.book(cfr1())
    assert booked.outcomes == ("duplicate",)
    first, second = desk.rows(Answer)
    assert (first.n, second.n) == (1, 2)
    assert (first.code, first.sales_order_number, first.lines) == (second.code, second.sales_order_number, second.lines)
    assert first.outbound_mail_id != second.outbound_mail_id
    assert [row.in_reply_to_id for row in desk.rows(OutboundMail)] == [row.id for row in desk.rows(InboundTransfer)]
    assert len(desk.rows(SalesOrder)) == 1


@pytest.mark.parametrize(
    ("state", "sent_minutes_ago", "due"),
    [
        ("sent", 9, False),
        ("sent", 11, True),
        ("unknown", 11, True),
        ("unknown", None, True),
        ("composed", None, False),
        ("held", None, False),
        ("sending", 11, False),
    ],
)
def test_the_same_answers_go_out_again_at_most_every_ten_minutes(
    sqlite_base: Database, clock: Clock, state: str, sent_minutes_ago: int | None, *, due: bool
) -> None:
    """`design.md` §9: for a duplicate in a transfer that was answered already, the same bytes."""
    desk = Desk(sqlite_base)
    desk.know_products_of(cfr1())
    _, transfer = desk.book(cfr1())
    sent_at = None if sent_minutes_ago is None else clock.now - timedelta(minutes=sent_minutes_ago)
    with desk.base.transaction() as connection:
        connection.execute(update(OutboundMail).values(state=state, sent_at=sent_at, next_attempt_at=None))
    before = desk.rows(OutboundMail)[0]
    booked, _ = desk.book(cfr1(), transfer=transfer)
    assert (booked.outcomes, booked.compose) == (("duplicate",), ())
    (after,) = desk.rows(OutboundMail)
    assert len(desk.rows(Answer)) == 1
    expected: dict[str, Any] = {"next_attempt_at": clock.now, "rung_at": None} if due else {}
    assert after._asdict() == before._asdict() | expected


def test_who_lost_the_lease_writes_nothing(desk: Desk) -> None:
    """`design.md` §12: every later write carries the fence."""
    desk.know_products_of(cfr1())
    facts, mail = desk.facts(cfr1()), desk.mail()
    with desk.base.transaction() as connection:
        connection.execute(update(InboundMail).values(lease_fence=mail.fence + 1))
    with pytest.raises(states.StaleState), desk.base.transaction() as connection:
        book(connection, mail, desk.transfer(), desk.settle(facts, cfr1()), facts, desk.base.now())
    assert written(desk) == [0] * len(WRITTEN)


def test_what_a_person_decided_meanwhile_stands(desk: Desk) -> None:
    _, transfer = desk.book(cfr1())
    desk.know_products_of(cfr1())
    facts, mail = desk.facts(cfr1()), desk.mail()
    settled = desk.settle(facts, cfr1())
    with desk.base.transaction() as connection:
        connection.execute(update(Ledger).values(outcome="rejected"))
    with pytest.raises(DecidedMeanwhile), desk.base.transaction() as connection:
        book(connection, mail, transfer, settled, facts, desk.base.now())
    assert desk.rows(SalesOrder) == []


def test_a_refused_order_is_in_the_ledger_and_answered_re(desk: Desk) -> None:
    with desk.base.transaction() as connection:
        connection.execute(update(Partner).values(unknown_product="reject"))
    booked, _ = desk.book(cfr1())
    assert booked.outcomes == ("rejected",)
    (row,), (answer,) = desk.rows(Ledger), desk.rows(Answer)
    assert (row.outcome, row.sales_order_id, answer.code, answer.lines) == ("rejected", None, "RE", None)
    assert "FAI01" in answer.note
    assert desk.rows(Hold) == []
    assert desk.book(cfr1())[0].outcomes == ("duplicate",)


def test_each_order_of_a_mail_has_its_own_outcome(desk: Desk) -> None:
    """One that waits does not hold up the others; the numbers have no gap for it."""
    orders = [an_order(f"CFR{number}", 1) for number in range(1, 4)]
    unknown = replace(cfr1(), id="CFR9")
    desk.know_products_of(*orders)
    booked, _ = desk.book(orders[0], unknown, *orders[1:])
    assert booked.outcomes == ("created", "created", "created", "held")
    assert [row.number for row in desk.rows(SalesOrder)] == ["CCL1", "CCL2", "CCL3"]
    assert [(row.order_number, row.code) for row in desk.rows(Answer)] == [
        ("CFR1", "AP"),
        ("CFR2", "AP"),
        ("CFR3", "AP"),
        ("CFR9", "AB"),
    ]
