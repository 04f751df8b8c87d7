"""A partner with a valid key gone bad: what it triggers has a budget, and what goes beyond waits in one row."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.enums import Budget
from intergestan_db.tables import Answer, Heartbeat, InboundMail, OutboundMail, Partner, PartnerBudget, PartnerKey
from intergestan_exchange.holds.hold_acts import release
from intergestan_exchange.holds.holds import list_holds_page, same_as
from intergestan_exchange.statements import statement_requests
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_holds_and_replay import act
from tests.pipeline.test_keys import announced, order, place
from tests.pipeline.two_sites import SiteUnderTest, products_of

pytestmark = pytest.mark.mainly_on("postgresql")

BEYOND = ("held", "partner_budget")


class Gone:
    """The buyer, whose key somebody uses against the seller."""

    def __init__(self, sites: Pair) -> None:
        self.sites, self.seller, self.clock = sites, sites.seller, sites.clock
        self.forge = Forge(sites.buyer.key, sites.buyer.code, sites.seller.code, sites.clock)

    def statement(self, ahead: int = 0, **said: Any) -> bytes:
        until = int(self.clock.now.timestamp()) + ahead
        return self.forge.mail([], kind="statement", seq=0, iat=until, statement={"until": until, **said})

    def heartbeat(self) -> bytes:
        return self.forge.mail([], kind="heartbeat", seq=0)

    def receive(self, raw: bytes) -> tuple[str, str | None]:
        return place(self.seller.receive(raw))

    def goes_on(self) -> int:
        """What the dispatcher lets go on, taken in again."""
        return self.seller.go_on()

    def rows(self) -> list[tuple[str, int]]:
        """What `holds list` shows."""
        with self.seller.database.read() as connection:
            return [(hold.findings[0].variant or "", hold.others) for hold in _page(connection)]

    def let_it(self) -> None:
        """A person releases the first row, all of it."""
        with self.seller.database.read() as connection:
            refs = same_as(connection, _page(connection)[0].ref)
        act(self.seller, release, refs)

    def exceeded(self, budget: str) -> float | None:
        return self.seller.metrics.registry.get_sample_value(
            "intergestan_partner_budget_exceeded_total", {"budget": budget}
        )


def _page(connection: Any) -> tuple[Any, ...]:
    return list_holds_page(connection, grouped=True).rows


@pytest.fixture
def gone(sites: Pair) -> Gone:
    return Gone(sites)


def answered_orders(gone: Gone, count: int) -> list[bytes]:
    """So many mails of orders that the seller booked, with an answer of each that its relay took two hours ago."""
    documents = [an_order(f"AMP{n}", 1) for n in range(count)]
    gone.seller.put_products(*products_of(*documents))
    mails = [gone.forge.orders(document, epoch=1, seq=n + 1) for n, document in enumerate(documents)]
    for raw in mails:
        assert gone.receive(raw) == ("done", None)
    gone.seller.compose_requested()
    for row in gone.seller.rows(OutboundMail, kind="answers"):
        gone.seller.mark_sent(row.id)
    gone.clock.move(hours=2)
    return mails


def leave_again(site: SiteUnderTest) -> int:
    """How many mails are due once more; the relay takes them."""
    now = site.database.now()
    with site.database.transaction() as connection:
        due = select(OutboundMail.id).where(OutboundMail.next_attempt_at <= now, OutboundMail.kind == "answers")
        ids = connection.scalars(due).all()
        values = {"state": "sent", "sent_at": now, "next_attempt_at": None}
        connection.execute(update(OutboundMail).where(OutboundMail.id.in_(ids)).values(**values))
    return len(ids)


def test_small_statements_make_no_flood(gone: Gone) -> None:
    """Each says that nothing came, dated an hour ahead; all leave once, 20 an hour."""
    answered_orders(gone, 45)
    places = [gone.receive(gone.statement(ahead=3598)) for _ in range(5)]
    assert leave_again(gone.seller) == 20
    assert places[0] == BEYOND, "there is more to repeat"
    assert set(places[1:]) == {BEYOND}
    assert sorted(gone.rows()) == [("repeats", 0), ("statements", 0)], "of statements the newest waits alone"
    assert gone.goes_on() == 0
    left = []
    for _ in range(3):
        gone.clock.move(hours=1)
        gone.goes_on()
        left.append(leave_again(gone.seller))
    assert (sum(left), max(left)) == (25, 20)
    for _ in range(3):
        gone.clock.move(hours=1)
        gone.goes_on()
    assert gone.rows() == []
    assert [gone.exceeded(budget) for budget in ("statements", "repeats")] == [4, 3]


def test_a_person_lets_a_restored_partner_have_all_at_once(gone: Gone) -> None:
    answered_orders(gone, 45)
    assert gone.receive(gone.statement()) == BEYOND
    assert leave_again(gone.seller) == 20
    gone.clock.move(minutes=5)
    gone.let_it()
    assert leave_again(gone.seller) == 25
    assert gone.rows() == []


def test_an_hour_later_the_next_statement_counts(gone: Gone) -> None:
    """What waits is not lost: the newest of them goes on, and the older ones are done."""
    assert gone.receive(gone.statement()) == ("done", None)
    first = gone.seller.receive(gone.statement())
    second = gone.seller.receive(gone.statement())
    assert (place(gone.seller.row(InboundMail, id=first.id)), place(second)) == (("done", None), BEYOND)
    gone.clock.move(minutes=59)
    assert gone.goes_on() == 0
    gone.clock.move(minutes=1)
    assert gone.goes_on() == 1
    assert place(gone.seller.row(InboundMail, id=second.id)) == ("done", None)


def test_a_statement_that_we_asked_for_is_beside_the_budget(gone: Gone) -> None:
    """After a restore of ours booking rests until it comes: it must not wait for an hour."""
    assert gone.receive(gone.statement()) == ("done", None)
    gone.clock.move(minutes=5)
    with gone.seller.database.transaction() as connection:
        partner_id = connection.execute(select(Partner.id)).scalar_one()
        statement_requests.request(connection, [partner_id], at=gone.clock.now, wanted=True)
    gone.clock.move(minutes=1)
    assert gone.receive(gone.statement()) == ("done", None)
    assert gone.receive(gone.statement()) == BEYOND, "one for each that we asked for"


def test_mails_that_come_again_have_their_answers_repeated_twenty_times_an_hour(gone: Gone) -> None:
    """Each is another copy of a mail that was booked; beyond the budget one copy of each transfer waits."""
    mails = answered_orders(gone, 23)
    places = [gone.receive(b"X-Again: 1\r\n" + raw) for raw in mails]
    assert places == [("done", None)] * 20 + [BEYOND] * 3
    assert gone.receive(b"X-Again: 2\r\n" + mails[-1]) == ("done", None), "the same transfer waits already"
    assert leave_again(gone.seller) == 20
    assert gone.rows() == [("repeats", 2)]
    gone.clock.move(hours=1)
    assert gone.goes_on() == 3
    assert leave_again(gone.seller) == 3
    assert gone.rows() == []
    assert len(gone.seller.rows(Answer)) == 23, "nothing was booked or answered twice"


def test_a_new_order_beside_a_flood_of_repeats_is_booked(gone: Gone) -> None:
    mails = answered_orders(gone, 22)
    for raw in mails:
        gone.receive(b"X-Again: 1\r\n" + raw)
    new = an_order("NEW", 1)
    gone.seller.put_products(*products_of(new))
    assert gone.receive(gone.forge.orders(new)) == ("done", None)


def use_up(gone: Gone, budget: Budget, used: int) -> None:
    with gone.seller.database.transaction() as connection:
        partner_id = connection.execute(select(Partner.id)).scalar_one()
        values = {"partner_id": partner_id, "budget": budget, "since": gone.clock.now, "used": used}
        connection.execute(insert(PartnerBudget).values(**values))


def use_up_again(gone: Gone, budget: Budget, used: int) -> None:
    with gone.seller.database.transaction() as connection:
        values = {"since": gone.clock.now, "used": used}
        connection.execute(update(PartnerBudget).where(PartnerBudget.budget == budget).values(**values))


def test_heartbeats_have_a_budget_of_a_day(gone: Gone) -> None:
    """One of those beyond waits, for people to see; the others are done, without an echo."""
    use_up(gone, Budget.HEARTBEATS, 299)
    assert gone.receive(gone.heartbeat()) == ("done", None)
    assert len(gone.seller.rows(Heartbeat)) == 1
    assert gone.receive(gone.heartbeat()) == BEYOND
    assert [gone.receive(gone.heartbeat()) for _ in range(3)] == [("done", None)] * 3
    assert len(gone.seller.rows(Heartbeat)) == 1
    assert gone.rows() == [("heartbeats", 0)]
    assert len(gone.seller.rows(InboundMail, is_heartbeat=True)) == 4, "what is done may vanish"
    gone.clock.move(days=1)
    assert gone.goes_on() == 1
    assert gone.rows() == []
    assert gone.receive(gone.heartbeat()) == ("done", None)


def test_announcements_go_on_a_day_later(gone: Gone) -> None:
    """What is beyond is not even kept as a key, and not lost either."""
    for _ in range(8):
        gone.seller.receive(gone.forge.mail([], **announced(gone.sites)))
    assert len(gone.seller.rows(PartnerKey, pending=True)) == 5
    assert ("announcements", 2) in gone.rows()
    gone.clock.move(days=1)
    assert gone.goes_on() == 3
    assert len(gone.seller.rows(PartnerKey, pending=True)) == 8


def test_invented_numbers_are_one_hold(gone: Gone) -> None:
    """It says that it sent 2^53 mails; a later statement that says less ends it."""
    account = {"epoch": 77, "complete": [[1, 2**53 - 2]], "count": 2**53 - 2, "digest": "0" * 64}
    assert gone.receive(gone.statement(sent=[account])) == BEYOND
    assert gone.rows() == [("missing_numbers", 0)]
    gone.clock.move(hours=1)
    assert gone.goes_on() == 0, "time brings nothing back"
    assert gone.receive(gone.statement(sent=[account])) == BEYOND
    assert gone.rows() == [("missing_numbers", 0)], "the newest alone"
    gone.clock.move(hours=1)
    nothing = {"epoch": 77, "complete": [], "count": 0, "digest": hashlib.sha256(b"").hexdigest()}
    assert gone.receive(gone.statement(sent=[nothing])) == ("done", None)
    assert gone.rows() == []


def test_a_clock_that_is_set_back_uses_up_no_budget(gone: Gone) -> None:
    assert gone.receive(gone.statement()) == ("done", None)
    gone.clock.move(days=-3)
    assert gone.receive(gone.statement()) == ("done", None)


def test_what_a_person_takes_in_again_has_no_budget(gone: Gone) -> None:
    mails = answered_orders(gone, 3)
    use_up(gone, Budget.REPEATS, 20)
    assert gone.receive(b"X-Again: 1\r\n" + mails[0]) == BEYOND
    gone.let_it()
    assert leave_again(gone.seller) == 1
    assert gone.receive(b"X-Again: 1\r\n" + mails[1]) == ("done", None), "released for an hour"
    gone.clock.move(hours=3)
    use_up_again(gone, Budget.REPEATS, 20)
    assert gone.receive(b"X-Again: 1\r\n" + mails[2]) == BEYOND, "and not for longer"


def test_orders_need_no_budget(gone: Gone, sites: Pair) -> None:
    for budget in Budget:
        use_up(gone, budget, 1000)
    assert gone.receive(order(sites, "CFR1")) == ("done", None)
