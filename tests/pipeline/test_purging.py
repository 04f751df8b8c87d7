"""G24: which mails may leave the mailbox, judged by what the services really wrote down."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from intergestan_db.enums import InboundState, OutboundState
from intergestan_db.enums import PurgeVerdict as Verdict
from intergestan_db.tables import OutboundMail, SalesOrder
from intergestan_exchange.holds import hold_acts
from intergestan_exchange.mailboxes.purging import Standing, judge, verdicts
from intergestan_msg.ubl import write_order
from tests.clock import Clock
from tests.factories import cfr1
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")


def verdict(site: SiteUnderTest, mail: Any, older_than: timedelta = timedelta(0)) -> Verdict:
    before = site.database.now() - older_than
    with site.database.read() as connection:
        return verdicts(connection, [mail.id], before)[mail.id]


def order(sites: Pair, *, known: bool = True) -> bytes:
    sites.buyer.put_products(*products_of(cfr1()))
    if known:
        sites.seller.put_products(*products_of(cfr1()))
    sites.buyer.import_orders(write_order(cfr1()))
    return sites.buyer.compose(sites.buyer.request(sites.seller.code, "CFR1"))


def test_orders_go_when_their_answer_has_left(sites: Pair) -> None:
    buyer, seller = sites.buyer, sites.seller
    mail = seller.receive(order(sites))
    sites.clock.move(days=1)
    assert verdict(seller, mail) is Verdict.UNANSWERED
    (answer,) = seller.compose_requested()
    assert verdict(seller, mail) is Verdict.UNANSWERED
    seller.mark_sent(seller.row(OutboundMail).id)
    assert verdict(seller, mail) is Verdict.REMOVE
    assert verdict(seller, mail, timedelta(days=2)) is Verdict.YOUNG
    with seller.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="review"))
    assert verdict(seller, mail) is Verdict.HELD
    came = buyer.receive(answer)  # nobody answers an answer
    sites.clock.move(days=1)
    assert verdict(buyer, came) is Verdict.REMOVE


def test_what_waits_for_a_person_stays_until_the_end(sites: Pair) -> None:
    seller = sites.seller
    raw = order(sites, known=False)
    first = seller.receive(raw)
    again = seller.receive(b"Received: by another way\r\n" + raw)
    stranger = seller.receive(b"Subject: x\r\n\r\nx\r\n")
    waiting = seller.receive(b"Subject: y\r\n\r\ny\r\n", take_in=False)
    sites.clock.move(days=1)
    for mail in seller.rows(OutboundMail, state="requested"):
        seller.compose(mail.id)
        seller.mark_sent(mail.id)
    assert [verdict(seller, mail) for mail in (first, again)] == [Verdict.HELD] * 2
    assert [verdict(seller, mail) for mail in (stranger, waiting)] == [Verdict.ALIEN, Verdict.ARCHIVED]
    with seller.database.transaction() as connection:
        hold_acts.refuse(connection, ["order-1"], None, by="jean", at=seller.database.now())
    assert verdict(seller, first) is Verdict.UNANSWERED
    (last,) = seller.rows(OutboundMail, state="requested")
    seller.compose(last.id)
    seller.mark_sent(last.id)
    assert [verdict(seller, mail) for mail in (first, again)] == [Verdict.REMOVE] * 2


STATES = st.sampled_from([str(state) for state in InboundState])
REPLIES = st.frozensets(st.sampled_from([str(state) for state in OutboundState]))


@given(
    STATES, st.sampled_from([None, "orders", "answers"]), REPLIES, st.sampled_from(["", "waits"]), st.integers(-3, 3)
)
def test_nothing_goes_without_every_reason(
    state: str, kind: str | None, replies: frozenset[str], waits: str, days: int
) -> None:
    """G24: archived, imported, answered, settled and older than asked, all at once or not at all."""
    now = Clock().now
    standing = Standing(state, now + timedelta(days=days), kind, replies, bool(waits))
    answered = kind == "answers" or (kind == "orders" and replies and replies <= {"sent", "answered", "abandoned"})
    goes = state == "done" and answered and not waits and days < 0
    assert (judge(standing, now) is Verdict.REMOVE) == bool(goes)
