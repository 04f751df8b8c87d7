"""A seller's base with one partner: orders are decided and booked on it as the importer does, without a mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any, Self

import uuid_utils
from sqlalchemy import func, insert, select, update

from intergestan_db import leases
from intergestan_db.database import Database
from intergestan_db.enums import InboundState
from intergestan_db.tables import InboundMail, Partner, Product
from intergestan_exchange.inbox.book import Booked, book
from intergestan_exchange.inbox.booking.entries import Settled
from intergestan_exchange.inbox.decide import settle
from intergestan_exchange.inbox.facts import DocumentKey, Facts, read_facts
from intergestan_exchange.keys import pairing
from intergestan_exchange.partners.policy import PARTNER_COLUMNS, PartnerFacts, partner_facts
from intergestan_exchange.transfers.transfer import ClaimedMail, Transfer
from intergestan_msg.business_hash import business_hash
from intergestan_msg.card import Card
from intergestan_msg.order import Order
from intergestan_msg.seal import SigningKey
from tests.exchange.inbox.facts import products_of
from tests.made_once import made_once
from tests.site_factories import make_site, rows_of

BUYER_KEY, SELLER_KEY = SigningKey(bytes(32)), SigningKey(bytes(range(32)))


class Desk:
    """The base with what a test needs around it. The partner is the buyer of `tests.factories`.

    :ivar credit_on: the day on which it is read what customers owe; None: the site does not use credit.
    """

    credit_on: date | None = None

    def __init__(self, base: Database) -> None:
        self.base = base
        self._numbers = count(1)
        self.partner_id = made_once(base, "a desk", self._made)

    @classmethod
    def at(cls, base: Database) -> Self:
        """The desk of a base that has a site already."""
        desk = cls.__new__(cls)
        desk.base = base
        with base.read() as connection:
            mails = connection.execute(select(func.count()).select_from(InboundMail)).scalar_one()
        desk._numbers = count(1 + 2 * mails)  # each of them took two
        desk.partner_id = desk._paired()
        return desk

    def _made(self) -> int:
        make_site(self.base, "Stauber", orders_address="o@stauber.test", key=SELLER_KEY)
        return self._paired()

    def _paired(self) -> int:
        at = self.base.now()
        card = Card(
            code="73282932000074",
            name="Mulhouse",
            orders_address="o@mulhouse.test",
            answers_address="a@mulhouse.test",
            siret="73282932000074",
            vat=None,
            key=BUYER_KEY.public,
            iat=int(at.timestamp()),
        )
        with self.base.transaction() as connection:
            return pairing.add_partner(connection, card, by="test", at=at).partner_id

    def partner(self) -> PartnerFacts:
        with self.base.read() as connection:
            return partner_facts(connection.execute(select(*PARTNER_COLUMNS)).one())

    def rows(self, table: Any, **where: Any) -> Sequence[Any]:
        """All rows of a table with these values, oldest first."""
        return rows_of(self.base, table, **where)

    def know_products_of(self, *orders: Order) -> None:
        """Enter the products of these orders at their prices."""
        with self.base.transaction() as connection:
            for fact in products_of(*orders).values():
                connection.execute(
                    insert(Product).values(
                        code=fact.code, name=fact.code, unit="C62", sale_price=fact.price, vat_rate=fact.vat_rate
                    )
                )

    def set_policy(self, **policy: str) -> None:
        """What was agreed with the partner."""
        with self.base.transaction() as connection:
            connection.execute(update(Partner).values(**policy))

    def mail(self) -> ClaimedMail:
        """A mail that was archived and that we hold the lease of."""
        number = next(self._numbers)
        with self.base.transaction() as connection:
            row_id = connection.execute(
                insert(InboundMail)
                .values(sha256=f"{number:064}", size=1, state=InboundState.ARCHIVED, archived_at=self.base.now())
                .returning(InboundMail.id)
            ).scalar_one()
            row = leases.claim_mail(connection, row_id, "importer", self.base.now())
        assert row is not None
        return ClaimedMail(row_id, row.lease_fence)

    def transfer(self) -> Transfer:
        """A transfer that was never seen before."""
        number = next(self._numbers)
        return Transfer(
            partner=self.partner(),
            kid=BUYER_KEY.public.kid,
            jti=str(uuid_utils.uuid7()),
            epoch=1,
            seq=number,
            kind="orders",
            digest=f"{number:064}",
            composed_at=self.base.now(),
            message_id=None,
            row_id=None,
        )

    def facts(self, *orders: Order, revision: int = 0) -> Facts:
        with self.base.read() as connection:
            keys = [_key(each, revision) for each in orders]
            return read_facts(connection, self.partner(), "EUR", keys, orders, credit_on=self.credit_on)

    def settle(self, facts: Facts, *orders: Order, revision: int = 0) -> list[Settled]:
        """Decide about orders as if they stood in one mail."""
        hashes = [business_hash(order) for order in orders]
        return [
            Settled(_key(order, revision), its, order, settle(_key(order, revision), its, order, facts))
            for order, its in zip(orders, hashes, strict=True)
        ]

    def book(self, *orders: Order, transfer: Transfer | None = None, revision: int = 0) -> tuple[Booked, Transfer]:
        """Read the facts, decide and book; what was booked, and the transfer as it is known from then on."""
        transfer = transfer or self.transfer()
        facts = self.facts(*orders, revision=revision)
        settled = self.settle(facts, *orders, revision=revision)
        mail = self.mail()
        with self.base.transaction() as connection:
            booked = book(connection, mail, transfer, settled, facts, self.base.now())
        return booked, replace(transfer, row_id=booked.transfer_id)


def _key(order: Order, revision: int) -> DocumentKey:
    return ("order", order.id, revision)
