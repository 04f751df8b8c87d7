"""Many importers, the same mails, both bases: every order becomes a sales order exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import update

from intergestan_db.tables import Answer, Hold, InboundMail, InboundTransfer, Ledger, OutboundMail, SalesOrder
from intergestan_msg.answer import AnswerCode, OrderAnswer
from intergestan_runtime.crashpoint import ENVIRONMENT
from tests.at_once import at_once, go, starting
from tests.factories import BUYER, STAUBER, an_order, cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_changes import ordered
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers import RedisServer

MODULE = "tests.pipeline.importer_process"


@pytest.fixture
def forge(sites: Pair) -> Forge:
    """Signs as the buyer, to the seller."""
    return Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)


def copies(site: SiteUnderTest, raw: bytes, count: int) -> list[int]:
    """The same mail as it comes by as many ways; the ids of its rows."""
    return [site.receive(b"Received: %d\r\n" % number + raw, take_in=False).id for number in range(count)]


def take_in_at_once(site: SiteUnderTest, redis: RedisServer, count: int, mails: Sequence[int]) -> None:
    """So many importers, each a process of its own, take the same mails in."""
    at_once(MODULE, *(of_process(site, redis, f"importer-{number}", mails) for number in range(count)))


def of_process(site: SiteUnderTest, redis: RedisServer, worker: str, mails: Sequence[int]) -> list[object]:
    """What an importer is called with."""
    url = site.database.engine.url.render_as_string(hide_password=False)
    return [url, site.archive.root, redis.url, site.database.now().isoformat(), worker, *mails]


def assert_once(site: SiteUnderTest, *numbers: str) -> None:
    """O1, O2: one sales order per order, numbers without gaps, every mail at rest."""
    orders = site.rows(SalesOrder)
    assert sorted(order.customer_order_number for order in orders) == sorted(numbers)
    assert sorted(int(order.number.removeprefix("CCL")) for order in orders) == list(range(1, len(numbers) + 1))
    assert {row.outcome for row in site.rows(Ledger)} == {"created"}
    assert len(site.rows(Ledger)) == len(numbers)
    assert {(row.state, row.lease_owner, row.strikes) for row in site.rows(InboundMail)} == {("done", None, 0)}
    assert site.rows(Hold) == []


@pytest.mark.race
def test_the_same_mail_many_times_at_once(sites: Pair, forge: Forge, session_redis: RedisServer) -> None:
    """D5, F18: one transfer, one answer per order, whoever wins."""
    seller = sites.seller
    seller.put_products(*products_of(cfr1(), cfr2()))
    mails = copies(seller, forge.orders(cfr1(), cfr2()), 4)
    take_in_at_once(seller, session_redis, 3, mails)
    assert_once(seller, "CFR1", "CFR2")
    assert (len(seller.rows(InboundTransfer)), len(seller.rows(Answer)), len(seller.rows(OutboundMail))) == (1, 2, 1)


@pytest.mark.race
def test_one_order_in_two_mails_at_once(sites: Pair, forge: Forge, session_redis: RedisServer) -> None:
    """Each transfer is answered; the answers to one order are numbered 1, 2, …"""
    seller = sites.seller
    seller.put_products(*products_of(cfr1()))
    mails = [copies(seller, forge.orders(cfr1()), 1)[0] for _ in range(3)]
    take_in_at_once(seller, session_redis, 3, mails)
    assert_once(seller, "CFR1")
    answers = seller.rows(Answer)
    assert sorted(answer.n for answer in answers) == [1, 2, 3]
    assert {(answer.code, answer.sales_order_number) for answer in answers} == {("AP", "CCL1")}
    assert len({answer.outbound_mail_id for answer in answers}) == len(seller.rows(InboundTransfer)) == 3


@pytest.mark.race
def test_two_contents_under_one_number_at_once(sites: Pair, forge: Forge, session_redis: RedisServer) -> None:
    """P06: one of them is booked, the other waits for a person, whoever was faster."""
    seller = sites.seller
    seller.put_products(*products_of(cfr1()))
    mails = [copies(seller, forge.orders(replace(cfr1(), note=note)), 1)[0] for note in ("one", "two")]
    take_in_at_once(seller, session_redis, 2, mails)
    (order,), (hold,) = seller.rows(SalesOrder), seller.rows(Hold)
    assert (order.note in {"one", "two"}, hold.reason) == (True, "conflict")
    assert Counter(answer.code for answer in seller.rows(Answer)) == {"AP": 1, "AB": 1}


@pytest.mark.race
def test_many_mails_at_once_leave_no_gap_in_the_numbers(sites: Pair, forge: Forge, session_redis: RedisServer) -> None:
    seller = sites.seller
    orders = [an_order(f"CFR{number}", 1) for number in range(1, 11)]
    seller.put_products(*products_of(*orders))
    mails = [copies(seller, forge.orders(*orders[start : start + 2]), 1)[0] for start in range(0, 10, 2)]
    take_in_at_once(seller, session_redis, 4, mails)
    assert_once(seller, *(order.id for order in orders))


@pytest.mark.parametrize(("point", "booked"), [("commit:1:after", 0), ("commit:2", 0), ("commit:2:after", 1)])
def test_a_killed_importer_leaves_all_or_nothing(
    sites: Pair, forge: Forge, session_redis: RedisServer, point: str, booked: int
) -> None:
    """F1, crash table: when its lease is over another one finds either nothing or a duplicate."""
    seller = sites.seller
    seller.put_products(*products_of(cfr1()))
    (mail_id,) = copies(seller, forge.orders(cfr1()), 1)
    doomed = of_process(seller, session_redis, "doomed", [mail_id])
    with starting(MODULE, *doomed, environment={ENVIRONMENT: point}) as process:
        go([process])
    assert process.returncode == -9
    assert len(seller.rows(SalesOrder)) == len(seller.rows(Ledger)) == len(seller.rows(Answer)) == booked
    assert seller.row(InboundMail).state == ("done" if booked else "archived")
    seller.importer.take_in(mail_id)  # the lease still runs
    assert len(seller.rows(SalesOrder)) == booked
    sites.clock.move(seconds=61)
    seller.importer.take_in(mail_id)
    assert_once(seller, "CFR1")
    assert len(seller.rows(Answer)) == 1


@pytest.mark.parametrize("point", ["commit:1:after", "commit:2", "commit:2:after", "commit:3", "commit:3:after"])
def test_a_killed_importer_forgets_no_mail_whose_answer_waits(
    sites: Pair, session_redis: RedisServer, point: str
) -> None:
    """Once the answer waits for a person, the mail that it answers must be answered, else it is sent for ever."""
    ordered(sites)
    buyer = sites.buyer
    quoted = buyer.row(OutboundMail, kind="orders")
    with buyer.database.transaction() as connection:  # it was sent again, as after a restore
        connection.execute(update(OutboundMail).where(OutboundMail.id == quoted.id).values(state="sent"))
    seller = Forge(sites.seller.key, sites.seller.code, buyer.code, sites.clock)
    other = OrderAnswer(
        id="A",
        order_id="CFR1",
        code=AnswerCode.REJECTED,
        issue_date=sites.clock.now.date(),
        buyer=BUYER,
        seller=STAUBER,
    )
    answers = seller.answers((quoted.transfer_id, quoted.transfer_digest), (1, other))
    mail = buyer.receive(answers, take_in=False)
    doomed = of_process(buyer, session_redis, "doomed", [mail.id])
    with starting(MODULE, *doomed, environment={ENVIRONMENT: point}) as process:
        go([process])
    assert process.returncode == -9
    sites.clock.move(seconds=61)
    buyer.importer.take_in(mail.id)
    held = buyer.row(InboundMail, id=mail.id)
    assert (held.state, held.reason) == ("held", "transfer_conflict")
    assert buyer.row(OutboundMail, id=quoted.id).state == "answered"
