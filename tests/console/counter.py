"""A site that orders and one that delivers, each with its console: real processes, real mail servers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from intergestan_db.enums import Role
from intergestan_erp.people.passwords import set_password
from intergestan_erp.people.rights import change_rights
from intergestan_erp.site.setup import add_user
from tests.console.trade import settings
from tests.factories import cfr1, cfr2
from tests.journey.journey_site import JourneySite
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.service_process import ServiceProcess
from tests.pipeline.two_sites import products_of
from tests.servers.process import HOST, free_port
from tests.services.console.desk import HASH

OURS = "NOTRE1"
"""What the seller calls the product that the buyer calls FAI01."""


@dataclass
class Counter:
    """Both sites and their consoles."""

    pair: PairOfSites
    consoles: tuple[ServiceProcess, ServiceProcess]
    bought_at: str
    sold_at: str

    def send(self, *numbers: str) -> None:
        """These leave, and wait at the seller."""
        self.pair.buyer.send(self.pair.seller.code, numbers)

    def stop(self) -> None:
        for console in self.consoles:
            console.stop()
        self.pair.stop()
        assert [console.exit_code for console in self.consoles] == [0, 0]


def open_counter(make_pair: Any) -> Counter:
    """The seller knows FAI01 by another code, and nothing of CFR2 and CFR3: all wait there once sent."""
    ports = free_port(), free_port()
    pair: PairOfSites = make_pair("sqlite", settings(ports[0], 0))
    orders = [cfr1(), cfr2(), replace(cfr2(), id="CFR3")]
    pair.buyer.know_products_of(orders)
    first, *others = products_of(cfr1())
    pair.seller.put_products(replace(first, code=OURS), *others)
    pair.buyer.enter(orders)
    config = pair.seller.folder / "intergestan.toml"
    config.write_text(config.read_text().replace(f"port = {ports[0]}", f"port = {ports[1]}"))
    consoles = []
    for site in pair.sites:
        _let_in(site)
        console = ServiceProcess("console", site.folder)
        console.start()
        consoles.append(console)
    for console in consoles:
        console.wait_ready()
    buying, selling = consoles
    return Counter(pair, (buying, selling), f"http://{HOST}:{ports[0]}", f"http://{HOST}:{ports[1]}")


def _let_in(site: JourneySite) -> None:
    now = site.database.now()
    with site.database.transaction() as connection:
        for login, role in (("carl", Role.CLERK), ("nadia", Role.READER), ("adam", Role.ADMINISTRATOR)):
            user_id = add_user(connection, login, login.title(), f"{login}@site.test", by="anne", at=now)
            set_password(connection, user_id, HASH, by="anne", at=now)
            change_rights(connection, login, roles=[role], by="anne", at=now)
