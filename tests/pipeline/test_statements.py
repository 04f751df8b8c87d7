"""Statements between sites, through the real composer and importer, on both bases (`design.md` §11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.enums import Budget
from intergestan_db.tables import (
    Answer,
    Event,
    InboundMail,
    InboundTransfer,
    Ledger,
    MissingNumber,
    OutboundMail,
    Partner,
    PurchaseOrder,
    SalesOrder,
)
from intergestan_exchange.budgets import spending
from intergestan_exchange.holds.hold_acts import refuse, release
from intergestan_exchange.outbox import outbound
from intergestan_exchange.statements import pauses, statement_requests
from intergestan_exchange.statements.restored import take_up
from intergestan_exchange.statements.statements import count_missing
from intergestan_msg.ubl import write_order
from services.dispatcher.statements import Statements
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_holds_and_replay import act
from tests.pipeline.test_keys import order, place, send
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")


def partner(site: SiteUnderTest) -> Any:
    return site.row(Partner)


def answer_of(site: SiteUnderTest) -> bytes:
    """The one answers mail that is requested, as the relay takes it."""
    (mail,) = site.rows(OutboundMail, state="requested", kind="answers")
    return send(site, mail.id)


def exchange(sites: Pair, number: str) -> None:
    """An order that arrives, and its answer that arrives."""
    sites.seller.receive(order(sites, number))
    sites.buyer.receive(answer_of(sites.seller))


def say(site: SiteUnderTest, **how: bool) -> bytes:
    """A statement of this site, sent."""
    with site.database.transaction() as connection:
        (mail_id,) = statement_requests.request(connection, [partner(site).id], at=site.database.now(), **how)
    return send(site, mail_id)


def due_again(site: SiteUnderTest) -> list[bytes]:
    """The mails that a statement brought back to sending: the same frozen bytes, taken by the relay."""
    mails = site.rows(OutboundMail, state="composed")
    return [send_again(site, mail.id) for mail in mails]


def send_again(site: SiteUnderTest, mail_id: int) -> bytes:
    from intergestan_db.tables import OutboundBody

    site.mark_sent(mail_id)
    return bytes(site.row(OutboundBody, outbound_mail_id=mail_id).mime)


def replies(site: SiteUnderTest) -> list[bytes]:
    """The statements that this site makes of itself."""
    return [send(site, row.id) for row in site.rows(OutboundMail, state="requested", kind="statement")]


def dispatcher(site: SiteUnderTest, hours: int = 24) -> Statements:
    return Statements(site.database, site.broker, hours)


def orders_of(site: SiteUnderTest) -> dict[str, str]:
    return {row.number: row.state for row in site.rows(PurchaseOrder)}


def test_a_lost_mail_of_orders_is_healed_by_one_statement(sites: Pair) -> None:
    """F12: the relay took it, nobody got it; the partner's statement lacks it, and the same bytes go again."""
    exchange(sites, "CFR1")
    lost = order(sites, "CFR2")
    exchange(sites, "CFR3")
    sites.clock.move(hours=2)
    mail = sites.buyer.row(OutboundMail, seq=2)
    received = sites.buyer.receive(say(sites.seller))
    assert place(received) == ("done", None)
    (again,) = due_again(sites.buyer)
    assert again == lost
    assert sites.buyer.row(OutboundMail, id=mail.id).transfer_digest == mail.transfer_digest
    sites.seller.receive(again)
    sites.buyer.receive(answer_of(sites.seller))
    assert orders_of(sites.buyer) == dict.fromkeys(["CFR1", "CFR2", "CFR3"], "accepted")
    assert [row.customer_order_number for row in sites.seller.rows(SalesOrder)] == ["CFR1", "CFR3", "CFR2"]


def test_a_lost_mail_of_answers_is_healed_by_one_statement(sites: Pair) -> None:
    """reliability.md §1: even lost answers are found by arithmetic; the last of them, too, which leaves no gap."""
    exchange(sites, "CFR1")
    sites.seller.receive(order(sites, "CFR2"))
    lost = answer_of(sites.seller)
    sites.clock.move(hours=2)
    sites.seller.receive(say(sites.buyer))
    (again,) = due_again(sites.seller)
    assert again == lost
    sites.buyer.receive(again)
    assert orders_of(sites.buyer) == {"CFR1": "accepted", "CFR2": "accepted"}


def test_what_we_lack_is_asked_for_at_once(sites: Pair) -> None:
    """Their statement shows the loss before ours does: ours goes out at once and asks; the gauge says how many."""
    exchange(sites, "CFR1")
    order(sites, "CFR2")
    sites.clock.move(hours=2)
    sites.seller.receive(say(sites.buyer))
    (asking,) = replies(sites.seller)
    with sites.seller.database.read() as connection:
        assert count_missing(connection) == {sites.buyer.code: 1}
    sites.buyer.receive(asking)
    (again,) = due_again(sites.buyer)
    sites.seller.receive(again)
    with sites.seller.database.read() as connection:
        assert count_missing(connection) == {sites.buyer.code: 0}
    sites.clock.move(hours=2)
    sites.seller.receive(say(sites.buyer))
    say(sites.seller)
    assert sites.seller.rows(MissingNumber) == []


def test_statements_that_agree_change_nothing(sites: Pair) -> None:
    exchange(sites, "CFR1")
    sites.clock.move(hours=2)
    for site, other in ((sites.buyer, sites.seller), (sites.seller, sites.buyer)):
        assert place(other.receive(say(site))) == ("done", None)
        assert (due_again(other), replies(other)) == ([], [])
        assert other.rows(OutboundMail, kind="statement", state="requested") == []


def test_a_mail_that_may_be_under_way_is_left_alone(sites: Pair) -> None:
    """Sent less than an hour before the statement: nobody misses it yet. The answer of the order stays applied."""
    exchange(sites, "CFR1")
    order(sites, "CFR2")
    sites.clock.move(minutes=50)
    sites.buyer.receive(say(sites.seller, newest=True))
    assert due_again(sites.buyer) == []
    sites.clock.move(minutes=20)
    sites.buyer.receive(say(sites.seller, newest=True))
    sites.clock.move(minutes=40)
    sites.buyer.go_on()
    assert len(due_again(sites.buyer)) == 1


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_a_mail_that_was_answered_since_is_left_alone(sites: Pair, state: str) -> None:
    """Their statement is older than their answer: it arrived since, whatever our sender knows of its sending.

    Sent again it would be a copy that nobody answers, sent again day after day.
    """
    exchange(sites, "CFR1")
    mail = order(sites, "CFR2")
    if state == "unknown":
        mail_id = sites.buyer.row(OutboundMail, seq=2).id
        with sites.buyer.database.transaction() as connection:
            unsure = update(OutboundMail).where(OutboundMail.id == mail_id).values(state=state, sent_at=None)
            connection.execute(unsure)
    sites.clock.move(hours=2)
    late = say(sites.seller, newest=True)
    sites.clock.move(minutes=1)
    sites.seller.receive(mail)
    sites.buyer.receive(answer_of(sites.seller))
    assert place(sites.buyer.receive(late)) == ("done", None)
    assert due_again(sites.buyer) == []
    assert orders_of(sites.buyer) == {"CFR1": "accepted", "CFR2": "accepted"}


def test_an_older_statement_does_nothing(sites: Pair) -> None:
    exchange(sites, "CFR1")
    order(sites, "CFR2")
    sites.clock.move(hours=2)
    old = say(sites.seller)
    sites.clock.move(hours=2)
    sites.buyer.receive(say(sites.seller))
    assert len(due_again(sites.buyer)) == 1
    sites.clock.move(hours=2)
    assert place(sites.buyer.receive(old)) == ("done", None)
    assert due_again(sites.buyer) == []


def test_an_abandoned_number_is_void(sites: Pair) -> None:
    """Given up before it was sent: nobody asks for it, though it leaves a gap between others."""
    exchange(sites, "CFR1")
    document = an_order("CFR2", 1)
    sites.buyer.import_orders(write_order(document))
    mail_id = sites.buyer.request(sites.seller.code, "CFR2")
    sites.buyer.compose(mail_id)
    with sites.buyer.database.transaction() as connection:
        outbound.abandon(connection, [mail_id], by="test", at=sites.clock.now)
    exchange(sites, "CFR3")
    sites.clock.move(hours=2)
    sites.seller.receive(say(sites.buyer))
    say(sites.seller)
    assert sites.seller.rows(MissingNumber) == []


def test_a_mail_that_was_asked_for_may_be_of_any_age(sites: Pair) -> None:
    """`design.md` §9: composed more than 30 days ago, but our own statement asked for it."""
    exchange(sites, "CFR1")
    lost = order(sites, "CFR2")
    exchange(sites, "CFR3")
    sites.clock.move(days=31)
    early = sites.seller.receive(b"X-Way: another\r\n" + lost)
    assert place(early) == ("held", "too_old")
    with sites.seller.database.transaction() as connection:
        connection.execute(update(InboundMail).where(InboundMail.id == early.id).values(seq=None, epoch=None))
    say(sites.seller)
    assert [row.seq for row in sites.seller.rows(MissingNumber)] == [2]
    assert place(sites.seller.receive(lost)) == ("done", None)
    assert len(sites.seller.rows(SalesOrder)) == 3


def test_a_mail_that_waits_here_is_not_asked_for(sites: Pair) -> None:
    """It arrived, and a person decides: sending it again every day would only make more of it."""
    exchange(sites, "CFR1")
    late = order(sites, "CFR2")
    sites.clock.move(days=31)
    row = sites.seller.receive(late)
    assert (*place(row), row.seq) == ("held", "too_old", 2)
    sites.buyer.receive(say(sites.seller))
    assert due_again(sites.buyer) == []
    act(sites.seller, refuse, [f"in-{row.id}"], None)
    sites.clock.move(days=1)
    sites.buyer.receive(say(sites.seller))
    assert due_again(sites.buyer) == []


def test_other_content_under_the_same_number_waits_for_a_person(sites: Pair) -> None:
    """F20: equivocation. The hold says so, is told once, and goes when the statements agree again."""
    exchange(sites, "CFR1")
    sites.clock.move(hours=2)
    with sites.seller.database.transaction() as connection:
        connection.execute(update(InboundTransfer).values(transfer_digest="0" * 64))
    first = sites.buyer.receive(say(sites.seller))
    assert place(first) == ("held", "statement")
    sites.clock.move(days=1)
    assert place(sites.buyer.receive(say(sites.seller))) == ("done", None), "one hold is enough"
    assert place(sites.buyer.row(InboundMail, id=first.id)) == ("held", "statement")
    act(sites.buyer, refuse, [f"in-{first.id}"], "seen")
    sites.clock.move(days=1)
    assert place(sites.buyer.receive(say(sites.seller))) == ("done", None), "a person knows"


def test_a_held_statement_goes_when_a_newer_one_agrees(sites: Pair) -> None:
    exchange(sites, "CFR1")
    sites.clock.move(hours=2)
    digest = sites.seller.row(InboundTransfer).transfer_digest
    for value, state in (("0" * 64, "held"), (digest, "done")):
        with sites.seller.database.transaction() as connection:
            connection.execute(update(InboundTransfer).values(transfer_digest=value))
        assert sites.buyer.receive(say(sites.seller)).state == state
        sites.clock.move(days=1)
    (old,) = sites.buyer.rows(InboundMail, state="archived")
    sites.buyer.importer.take_in(old.id)
    assert sites.buyer.rows(InboundMail, state="held") == []


@pytest.mark.parametrize(
    ("ahead", "then"),
    [(timedelta(0), timedelta(0)), (timedelta(hours=2), timedelta(0)), (timedelta(hours=2), timedelta(hours=-2))],
    ids=["of one second", "of a clock that is ahead", "of a clock that is set right between them"],
)
def test_two_statements_that_contradict_do_not_give_each_other_back(
    sites: Pair, ahead: timedelta, then: timedelta
) -> None:
    """Nobody knows which was composed first where a clock is ahead: what comes later takes the other's place."""
    exchange(sites, "CFR1")
    sites.clock.move(hours=2)
    said = []
    sites.clock.now += ahead
    for values in ({"transfer_digest": "0" * 64}, {"seq": 7}):
        with sites.seller.database.transaction() as connection:
            connection.execute(update(InboundTransfer).values(**values))
        said.append(say(sites.seller))
        sites.clock.now += then if len(said) == 1 else timedelta(0)
    sites.clock.now -= ahead + then
    first = sites.buyer.receive(said[0])
    with sites.buyer.database.transaction() as connection:
        spending.release(connection, partner(sites.buyer).id, Budget.STATEMENTS, sites.clock.now)
    second = sites.buyer.receive(said[1])
    assert (place(first), place(second)) == (("held", "statement"), ("held", "statement"))
    for mail in sites.buyer.rows(InboundMail, state="archived"):
        sites.buyer.importer.take_in(mail.id)
    assert [(mail.id, mail.state) for mail in sites.buyer.rows(InboundMail) if mail.id >= first.id] == [
        (first.id, "done"),
        (second.id, "held"),
    ]


@pytest.mark.parametrize("variant", ["lost", "ahead"])
def test_the_buyer_is_restored(sites: Pair, forget: Callable[..., Any], variant: str) -> None:
    """F20, F22: what was sent after the backup is told; sent again it is known by its number, and answered again.

    `ahead`: nobody typed `intergestan restored` yet, and the statement tells that, too.
    """
    exchange(sites, "CFR1")
    document = an_order("CFR2", 1)
    sites.buyer.import_orders(write_order(document))
    sites.buyer.put_products(*products_of(document))
    restore = forget(sites.buyer)
    mail_id = sites.buyer.request(sites.seller.code, "CFR2")
    raw = sites.buyer.compose(mail_id)
    sites.seller.receive(raw)
    booked = sites.seller.row(SalesOrder, customer_order_number="CFR2")
    answer_of(sites.seller)
    sites.clock.move(hours=2)
    restore()
    assert orders_of(sites.buyer) == {"CFR1": "accepted", "CFR2": "confirmed"}
    if variant == "lost":
        with sites.buyer.database.transaction() as connection:
            take_up(connection, by="test", at=sites.clock.now)
    told = sites.buyer.receive(say(sites.seller))
    assert place(told) == ("held", "statement")
    assert f'"{variant}"' in told.detail
    if variant == "ahead":
        with sites.buyer.database.transaction() as connection:
            take_up(connection, by="test", at=sites.clock.now)
    mail_id = sites.buyer.request(sites.seller.code, "CFR2")
    again = sites.buyer.compose(mail_id)
    sites.buyer.mark_sent(mail_id)
    assert place(sites.seller.receive(again)) == ("done", None)
    sites.buyer.receive(answer_of(sites.seller))
    assert orders_of(sites.buyer) == {"CFR1": "accepted", "CFR2": "accepted"}
    assert sites.seller.row(SalesOrder, customer_order_number="CFR2") == booked
    assert len(sites.seller.rows(Ledger, type="order")) == 2
    assert [row.code for row in sites.seller.rows(Answer, order_number="CFR2")] == ["AP", "AP"]


def test_the_seller_is_restored(sites: Pair, forget: Callable[..., Any]) -> None:
    """`design.md` §11: booking rests, all else goes on; once the buyer's statement agrees, it goes on by itself."""
    exchange(sites, "CFR1")
    restore = forget(sites.seller)
    exchange(sites, "CFR2")
    in_archive = order(sites, "CFR3")
    sites.seller.receive(in_archive)
    sites.clock.move(hours=2)
    restore()
    with sites.seller.database.transaction() as connection:
        take_up(connection, by="test", at=sites.clock.now)
    row = sites.seller.receive(in_archive)
    assert (row.state, row.paused_at, row.seq) == ("archived", sites.clock.now, 3)
    assert len(sites.seller.rows(SalesOrder)) == 1

    (asking,) = replies(sites.seller)
    sites.buyer.receive(asking)
    (lost,) = due_again(sites.buyer)  # CFR2 was answered long ago; CFR3 is in the seller's archive
    (theirs,) = replies(sites.buyer)
    assert place(sites.seller.receive(theirs)) == ("held", "statement"), "the answer to CFR2 is not in our base"
    assert dispatcher(sites.seller).end_pauses() == 0, "CFR2 is not here yet"
    sites.seller.receive(lost)
    assert len(sites.seller.rows(SalesOrder)) == 1
    assert dispatcher(sites.seller).end_pauses() == 2
    for mail in sites.seller.rows(InboundMail, state="archived"):
        sites.seller.importer.take_in(mail.id)
    assert sorted(row.customer_order_number for row in sites.seller.rows(SalesOrder)) == ["CFR1", "CFR2", "CFR3"]
    assert partner(sites.seller).paused_at is None
    for mail in sites.seller.rows(OutboundMail, state="requested", kind="answers"):
        sites.buyer.receive(send(sites.seller, mail.id))
    assert set(orders_of(sites.buyer).values()) == {"accepted"}
    assert {row.state for row in sites.buyer.rows(OutboundMail, kind="orders")} == {"answered"}


def test_both_are_restored_within_minutes(sites: Pair) -> None:
    """What the buyer said when it was restored does not cover what the seller must know: it says it once more."""
    exchange(sites, "CFR1")
    for site in (sites.buyer, sites.seller):
        with site.database.transaction() as connection:
            take_up(connection, by="test", at=sites.clock.now)
        other = sites.seller if site is sites.buyer else sites.buyer
        (asking,) = replies(site)
        other.receive(asking)
        sites.clock.move(minutes=1)
        (answer,) = replies(other)
        site.receive(answer)
        assert dispatcher(site).end_pauses() == 0, "no mail of orders waited"
        assert partner(site).paused_at is None
        assert replies(site) == [], "what nobody asks for is no reason to say it again"


def test_a_pause_that_began_in_our_future_ends_with_the_statement_all_the_same(sites: Pair) -> None:
    """The clock was a day ahead when `restored` was typed, and was set right: nobody waits for that day to come."""
    exchange(sites, "CFR1")
    sites.clock.move(days=1)
    with sites.seller.database.transaction() as connection:
        take_up(connection, by="test", at=sites.clock.now)
    sites.clock.move(days=-1)
    assert dispatcher(sites.seller).end_pauses() == 0
    assert partner(sites.seller).paused_at == sites.clock.now
    (asking,) = replies(sites.seller)
    sites.buyer.receive(asking)
    (theirs,) = replies(sites.buyer)
    sites.seller.receive(theirs)
    dispatcher(sites.seller).end_pauses()
    assert partner(sites.seller).paused_at is None


def test_a_statement_of_our_future_does_not_bring_one_with_every_look(sites: Pair) -> None:
    """It was asked for while the clock was ahead; booking rests, so that theirs is asked for every hour."""
    exchange(sites, "CFR1")
    sites.clock.move(hours=7)
    with sites.seller.database.transaction() as connection:
        take_up(connection, by="test", at=sites.clock.now)
    sites.clock.move(hours=-7)
    asked = [dispatcher(sites.seller).ask_for_statements() for _ in range(3)]
    assert asked == [1, 0, 0]
    sites.clock.move(hours=1)
    assert [dispatcher(sites.seller).ask_for_statements() for _ in range(2)] == [1, 0]


def test_a_person_ends_the_pause(sites: Pair) -> None:
    exchange(sites, "CFR1")
    with sites.seller.database.transaction() as connection:
        take_up(connection, by="test", at=sites.clock.now)
    row = sites.seller.receive(order(sites, "CFR2"))
    with sites.seller.database.transaction() as connection:
        mails = pauses.resume(connection, [partner(sites.seller).id], by="jean", at=sites.clock.now, words="called")
        assert mails == (row.id,)
        assert pauses.resume(connection, [partner(sites.seller).id], by="jean", at=sites.clock.now) == ()
    sites.seller.importer.take_in(row.id)
    assert place(sites.seller.row(InboundMail, id=row.id)) == ("done", None)
    event = sites.seller.row(Event, name="resume")
    assert (event.who, event.detail) == ("jean", {"why": "called"})


def test_only_partners_whose_release_takes_statements_get_them(sites: Pair) -> None:
    """An older release holds each of them: nobody is sent one before a mail of theirs says so."""
    raw = order(sites, "CFR1")
    assert partner(sites.buyer).takes == ""
    sites.clock.move(days=3)
    assert dispatcher(sites.buyer).ask_for_statements() == 0
    sites.seller.receive(raw)
    assert partner(sites.seller).takes == "heartbeat statement"
    assert dispatcher(sites.seller).ask_for_statements() == 1
    assert dispatcher(sites.seller).ask_for_statements() == 0


def test_the_newest_mail_says_what_a_release_takes(sites: Pair) -> None:
    """A partner who goes back to an older release gets no more; a mail from before that comes late changes nothing."""
    first, late = order(sites, "CFR1"), order(sites, "CFR2")
    sites.seller.receive(first)
    assert partner(sites.seller).takes == "heartbeat statement"
    sites.clock.move(days=3)
    older = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)
    sites.seller.receive(older.orders(an_order("CFR9", 9)))
    assert partner(sites.seller).takes == ""
    sites.seller.receive(late)
    assert partner(sites.seller).takes == ""
    assert dispatcher(sites.seller).ask_for_statements() == 0
    sites.clock.move(minutes=1)
    sites.seller.receive(order(sites, "CFR3"))
    assert partner(sites.seller).takes == "heartbeat statement"


def test_each_partner_has_a_time_of_day_of_its_own(sites: Pair) -> None:
    now = sites.clock.now
    due = [
        sum(
            statement_requests.is_time(one, now + timedelta(hours=hour), now + timedelta(hours=hour + 1), 24)
            for hour in range(48)
        )
        for one in range(1, 40)
    ]
    assert set(due) == {2}
    at_noon = [one for one in range(1, 241) if statement_requests.is_time(one, now, now + timedelta(hours=1), 24)]
    assert 8 <= len(at_noon) <= 12


def test_a_statement_that_has_not_left_is_replaced(sites: Pair) -> None:
    exchange(sites, "CFR1")
    with sites.seller.database.transaction() as connection:
        for _ in range(2):
            statement_requests.request(connection, [partner(sites.seller).id], at=sites.clock.now)
    sites.seller.compose(sites.seller.rows(OutboundMail, kind="statement")[1].id)
    assert [row.state for row in sites.seller.rows(OutboundMail, kind="statement")] == ["abandoned", "composed"]


def test_releasing_tries_again(sites: Pair) -> None:
    exchange(sites, "CFR1")
    sites.clock.move(hours=2)
    digest = sites.buyer.row(OutboundMail, kind="orders").transfer_digest
    with sites.buyer.database.transaction() as connection:
        of_table = "_outbound_mail" if sites.buyer.database.is_sqlite else " ON outbound_mail"
        connection.exec_driver_sql(f"DROP TRIGGER frozen{of_table}")
        connection.execute(update(OutboundMail).where(OutboundMail.kind == "orders").values(transfer_digest="0" * 64))
    row = sites.buyer.receive(say(sites.seller))
    assert row.state == "held"
    with sites.buyer.database.transaction() as connection:
        connection.execute(update(OutboundMail).where(OutboundMail.kind == "orders").values(transfer_digest=digest))
    act(sites.buyer, release, [f"in-{row.id}"])
    assert place(sites.buyer.row(InboundMail, id=row.id)) == ("done", None)
