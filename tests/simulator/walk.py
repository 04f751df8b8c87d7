"""`python -m tests.simulator.walk FOLDER URL URL HOURS`: one order's whole way, in a process that may die.

Two sites on any kind of base, with archives and mailboxes in FOLDER: an order goes, is answered, changed, changed by
the seller, agreed to, delivered; another one is cancelled; the statements of a day follow. Each act is done once,
however often the process was killed at it (INTERGESTAN_CRASH=commit:K counts the commits of both sites). HOURS is how
late it began. At the end it prints how many commits it made.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from intergestan_db.database import Database, Moment
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_exchange.changes.change_sales_order import OwnChanges
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.crashpoint import dying_at_commit
from services.sender.outcome import Outcome
from tests.simulator.calm import Calm, be_silent
from tests.simulator.clock import SiteClock
from tests.simulator.outside import ACCEPTED, MailboxOnServer, Posted
from tests.simulator.people import People
from tests.simulator.processes import Process
from tests.simulator.site import NAMES, SIRETS, Ground, Site, key_of
from tests.site_factories import SiteToTest

FIRST, SECOND = "M1", "M2"


class FolderMailbox(MailboxOnServer):
    """A mailbox that outlives the process: a file for each mail."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        for file in sorted(folder.glob("*.eml")):
            super().put(file.read_bytes())

    def put(self, raw: bytes) -> None:
        (self._folder / f"{self.next_uid:06}.eml").write_bytes(raw)
        super().put(raw)


class Walk(Calm):
    """Two sites and what happens to two orders."""

    def __init__(self, folder: Path, urls: Sequence[str], late: timedelta) -> None:
        super().__init__(random.Random(late.total_seconds()))  # another draw than that of the process before
        self.time.now += late
        self.commits = 0
        die = dying_at_commit()
        self._die: Callable[[str], object] = die or str
        self.sites = [self._site(folder, number, url) for number, url in enumerate(urls)]
        self.people = People(random.Random(0), self.sites, itertools.count(1), self.note)

    def _site(self, folder: Path, number: int, url: str) -> Site:
        clock = SiteClock()
        clock.world = self.time
        database = Database(url, clock)
        key = key_of(number)
        with database.read() as connection:
            code = connection.exec_driver_sql("SELECT code FROM site").scalar_one()
        place = folder / NAMES[number]
        for each in ("archive", "mailbox"):
            (place / each).mkdir(parents=True, exist_ok=True)
        return Site(
            Ground(clock, SiteToTest(database, key, code, 1), place),
            NAMES[number],
            SIRETS[number],
            fate=self,
            talk=self.talk,
            archive=FolderArchive(place / "archive", min_free_bytes=0, min_free_share=0),
            mailbox=FolderMailbox(place / "mailbox"),
        )

    def at_commit(self, _process: Process, moment: Moment) -> None:
        """The process dies here, if the environment says so."""
        self.commits += moment == "after"
        self._die(moment)

    def talk(self, _process: Process, recipient: str, mime: bytes, before_dot: Callable[[], None]) -> Outcome:
        """What the relay has taken is in a mailbox, and outlives us."""
        before_dot()
        self.arrive(Posted(recipient, mime, "mail", self.time.now))
        return ACCEPTED

    def go(self) -> None:
        """All acts that are not done yet, and rest after each."""
        buyer, seller = self.sites
        self.come_to_rest(days=0)
        for number in (FIRST, SECOND):
            if not buyer.ask("SELECT id FROM purchase_order WHERE number = ?", number):
                self.people.numbers = iter([int(number[1:])])
                self.people.order(buyer, seller, 1)
            self.come_to_rest(days=0)
        if not self._asked(FIRST):
            self.people.ask_change(buyer, FIRST, Edits(quantities={"L1": Decimal(31)}, note="Noël"))
            self.come_to_rest(days=0)
        if not seller.ask("SELECT id FROM event WHERE subject = 'sales_order' AND name = 'change'"):
            self.people.change_own(seller, self._sale(FIRST), OwnChanges(prices={"L2": Decimal(3)}))
            self.come_to_rest(days=0)
        if not seller.ask("SELECT id FROM delivery_note"):
            self.people.deliver(seller, self._sale(FIRST), {"L1": Decimal(1)})
            self.come_to_rest(days=0)
        if not self._asked(SECOND):
            self.people.ask_cancellation(buyer, SECOND)
        self.come_to_rest()

    def _asked(self, number: str) -> bool:
        query = "SELECT c.id FROM purchase_order_change c JOIN purchase_order o ON o.id = c.purchase_order_id"
        return bool(self.sites[0].ask(f"{query} WHERE o.number = ?", number))

    def _sale(self, number: str) -> str:
        (row,) = self.sites[1].ask("SELECT number FROM sales_order WHERE customer_order_number = ?", number)
        return str(row["number"])


def main(argv: Sequence[str]) -> int:
    """Walk; the exit code."""
    be_silent()
    folder, *urls, hours = argv
    walk = Walk(Path(folder), urls, timedelta(hours=int(hours)))
    walk.go()
    print(walk.commits)
    for site in walk.sites:
        site.ground.database.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
