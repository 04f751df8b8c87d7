"""Hours and days of a flood: by strangers, and by a partner whose valid key somebody uses, at one site at once.

What floods is drawn by a seed; between it honest orders come. Whatever was drawn: each order is booked when it comes,
what leaves stays within the budgets, what people see and what is kept stay bounded, and an order costs at the end what
it cost at the beginning. When the flood ends, what waits for a budget comes to its end by itself.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from statistics import median

import pytest
from sqlalchemy import select

from intergestan_db.enums import Budget, HoldReason
from intergestan_db.tables import Answer, Heartbeat, InboundMail, OutboundMail, PartnerKey, SalesOrder
from intergestan_exchange.budgets.limits import USUAL_LIMITS
from intergestan_exchange.holds.holds import Shown, list_holds_page
from intergestan_msg.seal import SigningKey
from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.strangers import Strangers
from tests.factories import an_order
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_budgets import Gone, leave_again
from tests.pipeline.test_keys import announced
from tests.pipeline.two_sites import products_of
from tests.statements import counted

ROOM = 26
"""Megabytes of strangers' mails."""
PRODUCTS = an_order("products", lines=1)


class Flood:
    """Who floods the seller. `draw` gives the next mail."""

    def __init__(self, sites: Pair, seed: int, ballast: int) -> None:
        self.drawn = random.Random(seed)
        self.gone = Gone(sites)
        self.sites = sites
        self._ballast = b"x" * 75 + b"\r\n"
        self._lines = ballast
        self._strangers = [self._a_stranger() for _ in range(3)]
        self._booked: list[bytes] = []
        self._count = 0
        self._kinds: list[Callable[[], bytes]] = [
            lambda: self.gone.statement(ahead=self.drawn.choice((0, 3598))),
            self._invented,
            self._again,
            self.gone.heartbeat,
            lambda: self.gone.forge.mail([], **announced(sites)),
            self._signed_by_nobody,
            self._spam,
            self._cut,
        ]

    def draw(self) -> bytes:
        """A mail that nobody needs."""
        self._count += 1
        return self.drawn.choice(self._kinds)()

    def order(self, number: str) -> bytes:
        """A mail that somebody needs."""
        raw = self.gone.forge.orders(an_order(number, lines=1))
        self._booked.append(raw)
        return raw

    def _a_stranger(self) -> Forge:
        return Forge(SigningKey.generate(), "NOBODY", self.sites.seller.code, self.sites.clock)

    def _invented(self) -> bytes:
        most = self.drawn.randrange(2_000, 2**53)
        account = {"epoch": 77, "complete": [[1, most]], "count": most, "digest": "0" * 64}
        return self.gone.statement(sent=[account])

    def _again(self) -> bytes:
        """Another copy of a mail that was booked."""
        if not self._booked:
            return self._spam()
        return b"X-Again: %d\r\n" % self._count + self.drawn.choice(self._booked)

    def _signed_by_nobody(self) -> bytes:
        """By one of three, or by somebody who signs a single mail."""
        forge = self.drawn.choice([*self._strangers, self._a_stranger()])
        return forge.orders(an_order(f"S{self._count}", lines=1))

    def _spam(self) -> bytes:
        lines = self._ballast * self.drawn.randrange(self._lines)
        return b"From: x@nobody.test\r\nSubject: %d\r\n\r\nBuy.\r\n" % self._count + lines

    def _cut(self) -> bytes:
        """A genuine mail of which a gateway, or somebody who found it, left the beginning."""
        raw = self.gone.forge.orders(an_order(f"C{self._count}", lines=1))
        return raw[: self.drawn.randrange(len(raw) // 2)]


def flood(sites: Pair, *, seed: int, hours: int, mails: int, ballast: int) -> None:
    flooding, seller = Flood(sites, seed, ballast), sites.seller
    seller.put_products(*products_of(PRODUCTS))
    settings = DispatcherSettings(stranger_megabytes=ROOM)
    strangers = Strangers(seller.database, seller.archive, seller.metrics, settings)
    costs: list[int] = []
    repeated: list[int] = []
    for hour in range(hours):
        for _ in range(mails):
            assert seller.receive(flooding.draw()).state in {"done", "held", "alien"}
        costs.append(_books(flooding, f"CFR{hour}"))
        answers = seller.rows(OutboundMail, kind="answers", state="requested")
        assert len(answers) == 1, "the order's"
        seller.compose(answers[0].id)
        seller.mark_sent(answers[0].id)
        sites.clock.move(hours=1)
        seller.go_on()
        strangers.tidy()
        repeated.append(leave_again(seller))
        _stays_bounded(flooding, hour)
    assert max(repeated) <= USUAL_LIMITS.repeats
    assert sum(repeated) > 0, "the flood is one"
    assert median(costs[hours // 2 :]) <= costs[0], "an order asks the base as often as the first one did"
    assert max(costs) <= costs[0] + 5, "a new connection begins with some"
    _comes_to_its_end(flooding, hours)


def _books(flooding: Flood, number: str) -> int:
    """An order comes, and is booked at once; how many statements that took."""
    seller = flooding.sites.seller
    raw = flooding.order(number)
    with counted(seller.importer._parts.database) as statements:
        row = seller.receive(raw)
    assert (row.state, row.reason) == ("done", None)
    assert seller.row(SalesOrder, customer_order_number=number).state == "accepted"
    return len(statements)


def _stays_bounded(flooding: Flood, hour: int) -> None:
    """What leaves, what is kept and what people see."""
    seller, days = flooding.sites.seller, hour // 24 + 2
    with seller.database.read() as connection:
        known = list_holds_page(connection, shown=Shown.KNOWN, grouped=True, size=1000).rows
        unproven = connection.scalars(select(InboundMail.size).where(InboundMail.unproven)).all()
    keys = [hold for hold in known if hold.reason is HoldReason.KEY_ANNOUNCED]
    assert len(keys) <= USUAL_LIMITS.announcements * days
    assert len(known) - len(keys) <= len(Budget), [hold.reason for hold in known]
    assert sum(unproven) <= ROOM * 10**6
    assert len(seller.rows(Heartbeat)) <= USUAL_LIMITS.heartbeats * days
    assert len(seller.rows(PartnerKey, pending=True)) <= USUAL_LIMITS.announcements * days
    statements = seller.rows(OutboundMail, kind="statement")
    assert len(statements) <= hour + 2


def _comes_to_its_end(flooding: Flood, orders: int) -> None:
    seller, clock = flooding.sites.seller, flooding.sites.clock
    nothing = {"epoch": 77, "complete": [], "count": 0, "digest": hashlib.sha256(b"").hexdigest()}
    flooding.gone.receive(flooding.gone.statement(sent=[nothing]))  # whose key it is takes the invented numbers back
    for _ in range(60):
        clock.move(hours=12)
        seller.go_on()
        leave_again(seller)
    with seller.database.read() as connection:
        known = list_holds_page(connection, shown=Shown.KNOWN, grouped=True, size=1000).rows
    beyond = [hold.findings[0].variant for hold in known if hold.reason is not HoldReason.KEY_ANNOUNCED]
    assert set(beyond) <= {Budget.ANNOUNCEMENTS}, "keys wait for people, a few a day"
    assert len(seller.rows(SalesOrder)) == len(seller.rows(Answer)) == orders, "nothing twice"


def test_six_hours_of_a_flood(sqlite_sites: Pair) -> None:
    flood(sqlite_sites, seed=19, hours=6, mails=12, ballast=50)


@pytest.mark.campaign
@pytest.mark.timeout(3600)
def test_three_days_of_a_flood(sites: Pair) -> None:
    """With more of strangers' bytes than there is room for."""
    flood(sites, seed=1, hours=3 * 24, mails=40, ballast=3_000)
