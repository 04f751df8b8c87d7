"""Two sites that trade, and the console of the one that delivers: CFR1 and CFR2 came, and wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import insert, select, update

from intergestan_db import states
from intergestan_db.enums import HoldReason, LedgerOutcome, Role
from intergestan_db.tables import Hold, InboundMail, Ledger, OutboundMail, Partner
from intergestan_erp.people.rights import change_rights
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.findings.findings import WHAT
from intergestan_msg.ubl import write_order
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.factories import cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.services.console.desk import PEOPLE, Desk, let_in

BY_MAIL = (
    *(HoldReason.UNKNOWN_SIGNER, HoldReason.UNCONFIRMED_KEY, HoldReason.REVOKED_KEY, HoldReason.KEY_ANNOUNCED),
    *(HoldReason.PARTNER_BUDGET, HoldReason.BAD_SIGNATURE, HoldReason.BAD_MESSAGE, HoldReason.DAMAGED),
    *(HoldReason.NEWER_RELEASE, HoldReason.WRONG_RECIPIENT, HoldReason.TOO_OLD, HoldReason.TRANSFER_CONFLICT),
    *(HoldReason.POISON, HoldReason.ARCHIVE, HoldReason.UNMATCHED_ANSWER, HoldReason.STATEMENT),
)
"""What a mail that came waits for, as `in-12`."""
BY_OURS = (*(HoldReason.REFUSED_BY_SERVER, HoldReason.UNDELIVERED, HoldReason.NO_ANSWER, HoldReason.NOT_COMPOSED),)
"""What a mail of ours waits for, as `out-3`. All else is of an order."""


@dataclass
class DecidingDesk(Desk):
    """The seller's desk."""

    pair: Pair

    @property
    def seller(self) -> SiteUnderTest:
        return self.pair.seller

    @property
    def buyer(self) -> SiteUnderTest:
        return self.pair.buyer

    def move(self, **span: float) -> None:
        """Let time pass on both sites."""
        self.pair.clock.move(**span)

    def send(self, *numbers: str) -> None:
        """The buyer sends these, and the seller takes them in."""
        mail_id = self.buyer.request(self.seller.code, *numbers)
        mail = self.buyer.compose(mail_id)
        self.buyer.mark_sent(mail_id)
        self.seller.receive(mail)

    def take_in(self) -> None:
        """What the importer is rung for."""
        for row in self.seller.rows(InboundMail, state="archived"):
            self.seller.importer.take_in(row.id)

    def put_order(self, reason: HoldReason, finding: Finding) -> str:
        """The order that waits does so for this reason, anew."""
        with self.seller.database.transaction() as connection:
            hold_id = connection.execute(select(Hold.id).order_by(Hold.id)).scalars().first()
            opened = {"closed_at": None, "closed_by": None, "closed_how": None, "closed_reason": None}
            values = {"reason": reason, "detail": write_findings([finding]), **opened}
            connection.execute(update(Hold).where(Hold.id == hold_id).values(**values))
            number = connection.execute(select(Hold.number).where(Hold.id == hold_id)).scalar_one()
            outcome = LedgerOutcome.HELD
            connection.execute(update(Ledger).where(Ledger.number == number).values(outcome=outcome, waived=None))
            connection.execute(update(InboundMail).where(InboundMail.state == "archived").values(state="done"))
        return f"order-{hold_id}"

    def put_mail(self, reason: HoldReason, finding: Finding, sha: str) -> str:
        """A mail that the importer held."""
        now = self.seller.database.now()
        with self.seller.database.transaction() as connection:
            partner_id = connection.execute(select(Partner.id)).scalar_one()
            row = {"sha256": sha.rjust(64, "0"), "size": 10, "state": "archived", "archived_at": now}
            made = insert(InboundMail).values(**row, partner_id=partner_id).returning(InboundMail.id)
            mail_id = connection.execute(made).scalar_one()
            detail = write_findings([finding])
            who: Any = {"by": "importer", "at": now}
            states.move(connection, states.INBOUND_MAIL, [mail_id], "hold", **who, reason=reason, detail=detail)
        return f"in-{mail_id}"

    def put_ours(self, reason: HoldReason, detail: str = "550 5.1.1 no such user") -> str:
        """A mail of ours that waits."""
        with self.seller.database.transaction() as connection:
            mail_id = connection.execute(select(OutboundMail.id).order_by(OutboundMail.id)).scalars().first()
            held = {"state": "held", "reason": reason, "detail": detail}
            connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(**held))
        return f"out-{mail_id}"


def found(key: str, **values: str) -> Finding:
    """A finding of a reason, or of a `reason.variant`, with a value for all that its sentence speaks of."""
    reason, _, variant = key.partition(".")
    spoken = {name for _, name, _, _ in Formatter().parse(WHAT[key]["en"]) if name}
    told: Mapping[str, str] = dict.fromkeys(spoken, "1") | values
    return Finding(HoldReason(reason), dict(told), "L1" if reason == "unknown_product" else None, variant or None)


def make_deciding_desk(pair: Pair, portal: BlockingPortal) -> DecidingDesk:
    """The seller does not know the products, so that both orders wait."""
    orders = [cfr1(), cfr2()]
    pair.buyer.put_products(*products_of(*orders))
    pair.buyer.import_orders(*(write_order(order) for order in orders))
    seller = pair.seller
    now = seller.database.now()
    with seller.database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@stauber.test", by="jean", at=now)
        change_rights(connection, "adam", roles=[Role.ADMINISTRATOR, Role.OPERATOR], by="jean", at=now)
    console = Console(as_service(seller.database, "console"), ConsoleSettings(), answer_hours=4)
    return DecidingDesk(seller, console, portal, pair)


@pytest.fixture
def deciding(sites: Pair, portal: BlockingPortal) -> DecidingDesk:
    return make_deciding_desk(sites, portal)
