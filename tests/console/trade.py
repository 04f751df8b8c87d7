"""A site that orders by its console and one that delivers: real processes, real mail servers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select, update

from intergestan_db.enums import Role
from intergestan_db.tables import OutboundMail, OutboundOrder, PurchaseOrder
from intergestan_erp.people.passwords import set_password
from tests.factories import cfr1, cfr2
from tests.journey.journey_site import QUICK, JourneySite
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.service_process import ServiceProcess
from tests.servers.process import HOST, free_port
from tests.services.console.desk import HASH, let_in


@dataclass
class Trade:
    """The pair, the buyer's console, and where that is."""

    pair: PairOfSites
    console: ServiceProcess
    url: str

    @property
    def buyer(self) -> JourneySite:
        return self.pair.buyer

    @property
    def list(self) -> str:
        """The seed's list: November 2020, the one supplier."""
        return f"{self.url}/envoyer?du=01/11/2020&au=30/11/2020"

    @property
    def other_list(self) -> str:
        """That of December, with CFR11 and CFR12: of these no test waits for the answer."""
        return f"{self.url}/envoyer?du=01/12/2020&au=31/12/2020"

    def mails(self) -> Any:
        return self.buyer.rows(OutboundMail, kind="orders")

    def confirm_again(self) -> None:
        """As if nothing of the other list had ever been sent; the mails of before stay."""
        others = PurchaseOrder.number.in_(["CFR11", "CFR12"])
        with self.buyer.database.transaction() as connection:
            ids = list(connection.execute(select(PurchaseOrder.id).where(others)).scalars())
            of_them = OutboundOrder.purchase_order_id.in_(ids)
            connection.execute(update(OutboundOrder).where(of_them).values(live=False))
            connection.execute(update(PurchaseOrder).where(others).values(state="confirmed", outbound_mail_id=None))

    def stop(self) -> None:
        self.console.stop()
        self.pair.stop()
        assert self.console.exit_code == 0


def settings(port: int, undo_seconds: int) -> dict[str, dict[str, object]]:
    """Those of a pair of which one site has a console."""
    return {
        **{name: dict(table) for name, table in QUICK.items()},
        "console": {"port": port, "undo_seconds": undo_seconds},
    }


def open_trade(make_pair: Any, undo_seconds: int) -> Trade:
    """Both sites run, and the buyer's console; the seed's orders wait to be sent."""
    port = free_port()
    pair: PairOfSites = make_pair("sqlite", settings(port, undo_seconds))
    orders = [cfr1(), cfr2()]
    orders += [replace(each, id=f"CFR1{n}", issue_date=date(2020, 12, n)) for n, each in enumerate(orders, 1)]
    for site in pair.sites:
        site.know_products_of(orders)
    buyer = pair.buyer
    buyer.enter(orders)
    now = buyer.database.now()
    with buyer.database.transaction() as connection:
        set_password(connection, buyer.user_id, HASH, by="anne", at=now)
        let_in(connection, {"carl": Role.CLERK}, buyer.mail_user.address, by="anne", at=now)
    console = ServiceProcess("console", buyer.folder)
    console.start()
    console.wait_ready()
    return Trade(pair, console, f"http://{HOST}:{port}")
