"""How far a new site is on its way to a first order: by what is in the database, so that nobody ticks anything off."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from intergestan_db.enums import PurchaseState
from intergestan_db.tables import Mailbox, Partner, Product, PurchaseOrder, Relay

_NOT_SENT = (PurchaseState.DRAFT, PurchaseState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What there is. `addressed`: a partner to whom orders may be sent; `sent`: an order left, or is about to."""

    mailbox: bool
    relay: bool
    partner: bool
    product: bool
    entered: bool
    sent: bool

    @property
    def done(self) -> int:
        """How many of the four steps after site and person are done: mail, partner, products, order."""
        return sum((self.mail, self.partner, self.product, self.sent))

    @property
    def mail(self) -> bool:
        """Whether mail comes and goes."""
        return self.mailbox and self.relay

    @property
    def is_over(self) -> bool:
        """Whether this site needs no guide any more: an order left, or all else is there and orders only come in."""
        return self.sent or (self.mail and self.partner and self.product and self.entered)


def read_first_steps(connection: Connection) -> FirstSteps:
    """Look."""
    tables = (Mailbox, Relay, Partner, Product, PurchaseOrder)
    found = [exists(select(table.id)) for table in tables]
    sent = exists(select(PurchaseOrder.id).where(PurchaseOrder.state.not_in(_NOT_SENT)))
    return FirstSteps(*map(bool, connection.execute(select(*found, sent)).one()))
