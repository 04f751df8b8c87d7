"""A site that orders and one that delivers, each with its console: real processes, real mail servers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.console.trade import settings
from tests.factories import cfr1, cfr2
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.service_process import ServiceProcess
from tests.pipeline.two_sites import products_of
from tests.servers.process import HOST, free_port
from tests.services.console.desk import PEOPLE, let_in

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
        with site.database.transaction() as connection:
            let_in(connection, PEOPLE, "{}@site.test", by="anne", at=site.database.now())
        console = ServiceProcess("console", site.folder)
        console.start()
        consoles.append(console)
    for console in consoles:
        console.wait_ready()
    buying, selling = consoles
    return Counter(pair, (buying, selling), f"http://{HOST}:{ports[0]}", f"http://{HOST}:{ports[1]}")
