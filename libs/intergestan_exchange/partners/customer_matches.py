"""Which of our customers an order is for, where the partner alone does not say so.

A partner is one customer of ours, and nearly always its orders are its own. One that sends for several firms, or a
base in which several customers have one VAT number, needs a person's word once (`holds release --customer`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, or_, select, update

from intergestan_db import states
from intergestan_db.tables import CustomerMatch, Partner, Party
from intergestan_erp.parties.company_numbers import compact
from intergestan_msg.electronic_address import SIRET
from intergestan_msg.order import Order
from intergestan_msg.order import Party as DocumentParty


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of ours that an order may be for."""

    id: int
    code: str
    minimum_order: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """How the buyer of an order is known: by SIRET, else by VAT number."""

    siret: str | None
    vat_id: str | None

    @property
    def text(self) -> str:
        """The identifier that counts."""
        return self.siret or self.vat_id or ""


def identity_of(order: Order) -> Identity | None:
    """The buyer's identifiers without white space; None when the order has none."""
    siret, vat_id = siret_of(order.buyer), order.buyer.vat_id
    found = Identity(_compact(siret), _compact(vat_id))
    return found if found.text else None


def siret_of(party: DocumentParty) -> str | None:
    """The SIRET of a party of a document."""
    named = (party.legal_id, party.endpoint, *party.identifiers)
    return next((each.value for each in named if each is not None and each.scheme == SIRET), None)


def read_customers(
    connection: Connection, partner_id: int, party_id: int, siret: str | None, orders: Sequence[Order]
) -> dict[str, tuple[Customer, ...]]:
    """By the buyer's identifier, the customers that orders may be for: only where that is not the partner's own party.

    The partner's own SIRET settles it without a look at the base, which is the usual case.

    :param siret: the partner's.
    """
    wanted = {each.text: each for order in orders if (each := identity_of(order)) and each.siret != (siret or "")}
    if not wanted:
        return {}
    chosen = _read_chosen(connection, partner_id, sorted(wanted))
    sirets = sorted({each.siret for each in wanted.values() if each.siret})
    vat_ids = sorted({each.vat_id for each in wanted.values() if each.vat_id and not each.siret})
    rows = connection.execute(
        select(Party.id, Party.code, Party.minimum_order, Party.siret, Party.vat_id)
        .where(Party.is_customer, or_(Party.siret.in_(sirets), Party.vat_id.in_(vat_ids), Party.id == party_id))
        .order_by(Party.code)
    ).all()
    found: dict[str, tuple[Customer, ...]] = {}
    for text, identity in wanted.items():
        fit = tuple(
            Customer(row.id, row.code, row.minimum_order)
            for row in rows
            if (row.siret == identity.siret if identity.siret else row.vat_id == identity.vat_id)
        )
        own = next((Customer(row.id, row.code, row.minimum_order) for row in rows if row.id == party_id), None)
        if text in chosen:
            found[text] = (chosen[text],)
        elif fit and fit != (own,):
            found[text] = tuple(dict.fromkeys((*((own,) if own else ()), *fit)))
    return found


def remember_customer(
    connection: Connection, partner_id: int, their_id: str, party_id: int, *, by: str, at: datetime
) -> None:
    """From now on orders of this partner's whose buyer has this identifier are this customer's."""
    own = CustomerMatch.partner_id == partner_id, CustomerMatch.their_id == their_id
    if not connection.execute(update(CustomerMatch).where(*own).values(party_id=party_id)).rowcount:
        connection.execute(insert(CustomerMatch).values(partner_id=partner_id, their_id=their_id, party_id=party_id))
    code = connection.execute(select(Party.code).where(Party.id == party_id)).scalar_one()
    detail = {"their id": their_id, "customer": code}
    states.record(connection, Partner.__tablename__, [(partner_id, None, None)], "match", by=by, at=at, detail=detail)


def _read_chosen(connection: Connection, partner_id: int, texts: Sequence[str]) -> Mapping[str, Customer]:
    rows = connection.execute(
        select(CustomerMatch.their_id, Party.id, Party.code, Party.minimum_order)
        .join(Party, Party.id == CustomerMatch.party_id)
        .where(CustomerMatch.partner_id == partner_id, CustomerMatch.their_id.in_(texts))
    )
    return {row.their_id: Customer(row.id, row.code, row.minimum_order) for row in rows}


def _compact(identifier: str | None) -> str | None:
    return compact(identifier) if identifier else None
