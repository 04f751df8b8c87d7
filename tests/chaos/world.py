"""Two sites, the servers around them, and the network in between."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from tests.chaos.books import NotReadable
from tests.chaos.letters import decoded
from tests.chaos.machine import Disk, Process, Start, processes
from tests.chaos.oracle import Judge, unfinished
from tests.chaos.post import Post
from tests.chaos.site import SERVICES, Site
from tests.chaos.stranger import Stranger
from tests.chaos.typing_people import People, is_weighed
from tests.patience import eventually, patient
from tests.servers import Certificates, Dovecot, FaultProxy, PostgresServer, RedisServer, SmtpServer
from tests.servers.process import HOST

DatabaseKind = Literal["sqlite", "postgresql"]
KINDS: tuple[DatabaseKind, ...] = ("sqlite", "postgresql")
PRODUCTS = 40
SIRETS = {"buyer": "73282932000074", "seller": "55210055400013"}
DURABLE = {"fsync": "on", "full_page_writes": "on", "max_connections": "60"}


class World:
    """A context manager; what it has started is gone after it, and its folder.

    SQLite: the buyer has the embedded Redis, the seller a server behind a proxy. PostgreSQL: each site has a server of
    its own, both behind proxies. `with_disks`: each site's folder and database lie on a disk of their own (root).
    """

    def __init__(self, kind: DatabaseKind, seed: int, start: Start, *, with_disks: bool) -> None:
        self.kind = kind
        self.seed = seed
        self.rng = random.Random(f"world {seed}")
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        self.folder.chmod(0o755)
        self._start = start
        self._with_disks = with_disks
        self._running = ExitStack()
        self._notes: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End everything."""
        self._running.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def sites(self) -> tuple[Site, Site]:
        return self.buyer, self.seller

    def site(self, name: str) -> Site:
        return self.buyer if name == "buyer" else self.seller

    # -- making it -------------------------------------------------------------------------------------------

    def _make(self) -> None:
        enter = self._running.enter_context
        (self.folder / "certificates").mkdir()
        self.dovecot = enter(Dovecot(Certificates(self.folder / "certificates")))
        self.post = Post(self.dovecot.deliver)
        self.smtp = enter(SmtpServer(deliver_to=self.post.take, accepts=self.dovecot.accepts))
        self.buyer, self.seller = (self._make_site(name) for name in SIRETS)
        self._running.callback(self._stop_sites)
        self._pair()
        prices = {f"P{number:03d}": Decimal(100 + 7 * number) / 100 for number in range(1, PRODUCTS + 1)}
        self._fill_catalogues(prices)
        self.signers = [self._public_key(self.buyer)]
        self.people = People(self.buyer, "SELLER", prices, random.Random(f"people {self.seed}"))
        self.judge = Judge(self.buyer.evidence, self.seller.evidence, self.people.known, self.signers)
        addresses = [site.user.address for site in self.sites]
        self.stranger = Stranger(
            self.post.all_passed, self.dovecot.deliver, addresses, random.Random(f"stranger {self.seed}")
        )
        for site in self.sites:
            if site.disk is not None:
                site.disk.write_out()
            site.start()
        eventually(lambda: all(site.is_up() for site in self.sites), what=self.picture, every=0.1)
        first = self.people.order(2)
        left = self.wait_at_rest(300)
        if left or not all(order.entered for order in first):
            raise RuntimeError(f"The first orders do not pass: {left}\n{self.people.heard}\n{self.picture()}")

    def _make_site(self, name: str) -> Site:
        place = self.folder / name
        disk = None
        if self._with_disks:
            disk = Disk(self.folder / f"{name}.img", place)
            self._running.callback(disk.unmount)
        else:
            place.mkdir()
        folder = place / "site"  # of its own: the site closes it to others, such as the database's user
        folder.mkdir()
        postgres = redis_server = None
        if self.kind == "postgresql":
            data = place / "postgresql"
            data.mkdir()
            postgres = self._running.enter_context(PostgresServer(data, DURABLE))
        if self.kind == "postgresql" or name == "seller":
            redis_server = self._running.enter_context(RedisServer(persistence="aof"))
        desk = self.folder / f"{name}-desk"
        mail = self.dovecot
        site = Site(name, folder, desk, self._start, mail, disk=disk, postgres=postgres, redis_server=redis_server)
        targets = {"smtp": self.smtp.port, "imap": self.dovecot.imap}
        targets |= {"postgres": postgres.port} if postgres else {}
        targets |= {"redis": redis_server.port} if redis_server else {}
        for server, port in targets.items():
            site.proxies[server] = self._running.enter_context(FaultProxy(HOST, port, seed=self.seed))
        site.configure()
        return site

    def _pair(self) -> None:
        for site in self.sites:
            mail = site.user.address
            site.must(
                *("init", "--name", site.name.capitalize(), "--orders-address", mail),
                *("--login", "anne", "--user-email", mail, "--siret", SIRETS[site.name]),
            )
            account = ("--host", HOST, "--security", "none", "--login", mail, "--secret", "mail")
            site.must("relay", "set", *account, "--port", str(site.proxies["smtp"].port))
            site.must("mailbox", "add", "inbox", *account, "--port", str(site.proxies["imap"].port))
        for site, other in (self.sites, self.sites[::-1]):
            card = other.must("site", "card", "--json").json()
            file = site.desk / "partner.card"
            file.write_text(card["card"] + "\n")
            words = ("--fingerprint", card["kid"], "--order-address", other.user.address)
            site.must("partner", "add", str(file), *words)

    def _fill_catalogues(self, prices: dict[str, Decimal]) -> None:
        titles = "Code;Désignation;Unité;Prix de vente;Prix d'achat;TVA"
        rows = [
            f"{code};Produit {code};{'KGM' if is_weighed(code) else 'C62'};{price};{price};20".replace(".", ",")
            for code, price in prices.items()
        ]
        for site in self.sites:
            file = site.desk / "catalogue.csv"
            file.write_text("\n".join([titles, *rows]) + "\n")
            site.must("catalog", "import", str(file))

    @staticmethod
    def _public_key(site: Site) -> bytes:
        """Of the key by which a site signs now, from its card."""
        card = site.must("site", "card", "--json").json()["card"]
        return decoded(json.loads(decoded(card.split(".")[1]))["key"]["x"])

    def note_key(self) -> None:
        """The buyer signs with another key from now on; what the one before has signed stays proven."""
        self.signers.append(self._public_key(self.buyer))

    def note(self, text: str) -> None:
        """What a fault has to say about how it was done."""
        self._notes.append(text)

    def take_notes(self) -> list[str]:
        """What was noted since this was asked for."""
        notes, self._notes = self._notes, []
        return notes

    # -- looking at it ---------------------------------------------------------------------------------------

    def wait_at_rest(self, seconds: float) -> list[str]:
        """Until nothing is on its way; after that time, what still is."""
        until = time.monotonic() + patient(seconds)
        left = ["not looked at yet"]
        while True:
            try:
                left = unfinished(self.buyer.evidence(), self.seller.evidence())
            except NotReadable as error:
                left = [f"a database does not answer: {error}"]
            if not left or time.monotonic() > until:
                return left
            time.sleep(0.25)

    def orphans(self) -> list[Process]:
        """Processes of this world's sites whose parent is gone."""
        return [each for each in processes() if each.parent == 1 and str(self.folder) in each.command]

    def picture(self) -> str:
        """How the sites are, for a run that failed."""
        return "\n".join(self._pictures())

    def _pictures(self) -> Iterator[str]:
        for site in self.sites:
            ready = [service for service in SERVICES if site.answers(service, "ready")]
            yield f"== {site.name}: ready are {ready}; the end of its log:"
            yield site.log.read_text(errors="replace")[-2000:] if site.log.exists() else "(none)"

    def _stop_sites(self) -> None:
        for site in self.sites:
            site.end_commands()
            site.stop()
