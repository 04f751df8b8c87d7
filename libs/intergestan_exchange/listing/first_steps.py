"""How far a new site is on its way to a first order: by what is in the database, so that nobody ticks anything off."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from intergestan_db.enums import PurchaseState
from intergestan_db.tables import Mailbox, Partner, Party, Product, PurchaseOrder, Relay

_PROPOSED = 3
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


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """What a first order may be of: the supplier who became a partner first, and a few products that have a price."""

    supplier: str | None
    products: tuple[str, ...]


def propose_first_order(connection: Connection) -> FirstOrder:
    """For a form that a person changes as they like."""
    party = select(Party.code).join(Partner, Partner.party_id == Party.id)
    supplier = connection.execute(party.where(Party.is_supplier).order_by(Partner.id).limit(1)).scalar_one_or_none()
    priced = (Product.active, Product.purchase_price.is_not(None))
    codes = connection.execute(select(Product.code).where(*priced).order_by(Product.code).limit(_PROPOSED)).scalars()
    return FirstOrder(supplier, tuple(codes))
