"""A distributor and a logistics base that trust each other, and the orders that go from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from sqlalchemy import func, select

from intergestan_db.enums import InboundState, OutboundState, PurchaseState
from intergestan_db.tables import InboundMail, OutboundMail, PurchaseOrder, SalesOrder
from intergestan_msg.order import Order
from tests.factories import an_order
from tests.journey.journey_site import JourneySite, Surroundings
from tests.journey.service_process import ServiceProcess
from tests.patience import ENOUGH, eventually
from tests.site_factories import trust

ANSWERED = (PurchaseState.ACCEPTED, PurchaseState.CHANGED, PurchaseState.REJECTED)
UNDER_WAY = (OutboundState.REQUESTED, OutboundState.COMPOSED, OutboundState.SENDING, OutboundState.UNKNOWN)


class PairOfSites:
    """The buyer orders, the seller delivers; each has its own base, key, archive, mailbox and processes."""

    def __init__(self, buyer: JourneySite, seller: JourneySite, servers: Surroundings) -> None:
        self.buyer = buyer
        self.seller = seller
        self.servers = servers
        self._numbers = count(1)
        for us, them in ((buyer, seller), (seller, buyer)):
            us.know_products_of([an_order("catalogue", lines=8)])
            trust(us, them)

    @property
    def sites(self) -> tuple[JourneySite, JourneySite]:
        """Both."""
        return self.buyer, self.seller

    def processes(self) -> Iterator[ServiceProcess]:
        """All processes of both."""
        for site in self.sites:
            yield from site.processes.values()

    def start(self) -> None:
        """Start what does not run, and wait until all of it is ready. The relay is the usual one again."""
        for site in self.sites:
            site.use_relay()
            site.start()
        for site in self.sites:
            site.wait_ready()

    def stop(self) -> None:
        """End all processes of both, and their Redis."""
        for site in self.sites:
            site.stop()
        self.servers.redis.stop()

    def enter(self, orders: int, lines: int = 8) -> list[str]:
        """New orders in the buyer's base; their numbers."""
        made: list[Order] = [an_order(f"CFR-{next(self._numbers)}", lines=lines) for _ in range(orders)]
        self.buyer.enter(made)
        return [order.id for order in made]

    def send(self, numbers: Sequence[str], *, mails: int = 1, ring: bool = True) -> None:
        """Send these orders in so many mails."""
        for start in range(mails):
            self.buyer.send(self.seller.code, numbers[start::mails], ring=ring)

    def answered(self, numbers: Sequence[str]) -> int:
        """How many of these orders have their answer."""
        query = select(func.count()).where(PurchaseOrder.number.in_(numbers), PurchaseOrder.state.in_(ANSWERED))
        with self.buyer.database.read() as connection:
            return connection.execute(query).scalar_one()

    def booked(self, numbers: Sequence[str]) -> int:
        """How many of these orders are sales orders."""
        query = select(func.count()).where(SalesOrder.customer_order_number.in_(numbers))
        with self.seller.database.read() as connection:
            return connection.execute(query).scalar_one()

    def wait_answered(self, numbers: Sequence[str], seconds: float = ENOUGH, every: float = 0.05) -> None:
        """Until every one of these orders has its answer.

        :raises TooLate: with what stands in both bases.
        """
        try:
            eventually(lambda: self.answered(numbers) == len(numbers), seconds, "every order answered", every)
        except AssertionError as late:
            late.add_note(self.picture())
            raise

    def at_rest(self) -> bool:
        """Whether no mail is on its way or waits for a service."""
        return all(_is_at_rest(site) for site in self.sites)

    def wait_at_rest(self, seconds: float = ENOUGH) -> None:
        """Until no mail is on its way."""
        try:
            eventually(self.at_rest, seconds, "both sites at rest")
        except AssertionError as late:
            late.add_note(self.picture())
            raise

    def picture(self) -> str:
        """Where everything stands, and the ends of the logs, for a test that failed."""
        return "\n".join(line for site in self.sites for line in _picture(site))


def _is_at_rest(site: JourneySite) -> bool:
    with site.database.read() as connection:
        out = select(func.count()).where(OutboundMail.state.in_(UNDER_WAY))
        taken = select(func.count()).where(InboundMail.state == InboundState.ARCHIVED)
        return connection.execute(out).scalar_one() + connection.execute(taken).scalar_one() == 0


def _picture(site: JourneySite) -> Iterator[str]:
    yield f"== site {site.code}"
    for table in (PurchaseOrder, OutboundMail, InboundMail):
        yield f"{table.__tablename__}: {_by_state(site, table)}"
    for process in site.processes.values():
        yield f"-- {process.service} (exit code {process.exit_code})\n{process.log()[-1500:]}"


def _by_state(site: JourneySite, table: type[PurchaseOrder | OutboundMail | InboundMail]) -> dict[str, int]:
    with site.database.read() as connection:
        rows = connection.execute(select(table.state, func.count()).group_by(table.state))
        return {str(row[0]): int(row[1]) for row in rows}
