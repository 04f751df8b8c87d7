"""Two sites that trade, and the console of the one that orders: the orders of the seed are in it, confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from sqlalchemy import select, update

from intergestan_db.enums import Role, Security
from intergestan_db.tables import OutboundMail, Partner, Party, PurchaseOrder, Relay
from intergestan_erp.people.passwords import set_password
from intergestan_exchange.mail_accounts.accounts import NewRelay, set_relay
from intergestan_exchange.partners.partners import set_partner
from intergestan_msg.ubl import write_order
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.factories import cfr1, cfr2
from tests.pipeline.conftest import Pair
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import HASH, Desk, let_in

NOVEMBER = "du=01/11/2020&au=30/11/2020"


@dataclass
class SendingDesk(Desk):
    """The buyer's desk. `code` is the supplier's."""

    pair: Pair
    code: str = "STAUBER"

    @property
    def buyer(self) -> SiteUnderTest:
        return self.pair.buyer

    @property
    def seller(self) -> SiteUnderTest:
        return self.pair.seller

    @property
    def list(self) -> str:
        """The address of the seed's list."""
        return f"/envoyer?{NOVEMBER}&fournisseur={self.code}"

    def mails(self) -> Any:
        return self.buyer.rows(OutboundMail, kind="orders")

    def states(self) -> dict[str, str]:
        return {row.number: row.state for row in self.buyer.rows(PurchaseOrder)}

    def put(self, table: Any, **values: Any) -> None:
        with self.buyer.database.transaction() as connection:
            connection.execute(update(table).values(**values))

    def move(self, **span: float) -> None:
        """Let time pass on both sites."""
        self.pair.clock.move(**span)


def look(browser: Browser, desk: SendingDesk, **others: str) -> Answer:
    """From the list to the mail, with all that is ticked."""
    page = browser.get(desk.list)
    return browser.post("/envoyer/apercu", {**page.form_at("/envoyer/apercu"), **others})


def send(browser: Browser, mail: Answer, **others: str) -> Answer:
    """*Valider* on the page of the mail."""
    return browser.post("/envoyer", {**mail.form_at("/envoyer"), **others})


def make_sending_desk(pair: Pair, portal: BlockingPortal, own: Mapping[str, Any] | None = None) -> SendingDesk:
    """The seed's screen: STAUBER, its contact and its town, CFR1 and CFR2."""
    buyer, orders = pair.buyer, [cfr1(), cfr2()]
    for site in (buyer, pair.seller):
        site.put_products(*products_of(*orders))
    buyer.import_orders(*(write_order(order) for order in orders))
    now = buyer.database.now()
    with buyer.database.transaction() as connection:
        partner = connection.execute(select(Partner.id, Partner.party_id)).one()
        place = {"postcode": "88100", "city": "PAIR ET GRANDRUPT", "line1": None, "contact": "M. Wilfried ZWILLIG"}
        set_partner(connection, partner.id, place, by="anne", at=now)
        connection.execute(update(Party).where(Party.id == partner.party_id).values(name="STAUBER", code="STAUBER"))
        set_relay(
            connection, NewRelay(name="relay", host="127.0.0.1", port=25, security=Security.NONE), by="anne", at=now
        )
        set_password(connection, buyer.user_id, HASH, by="anne", at=now)
        people = {"carl": Role.CLERK, "nadia": Role.READER, "odile": Role.OPERATOR}
        let_in(connection, people, "{}@mulhouse.test", by="anne", at=now)
        assert connection.execute(select(Relay.id)).scalar_one()
    console = Console(as_service(buyer.database, "console"), ConsoleSettings(**(own or {})), answer_hours=4)
    return SendingDesk(buyer, console, portal, pair)


@pytest.fixture
def sending(sites: Pair, portal: BlockingPortal) -> SendingDesk:
    return make_sending_desk(sites, portal)
