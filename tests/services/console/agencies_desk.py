"""The three agencies of the source document before their console: 1/AB, 2/RD and 3/ABL."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from anyio.from_thread import BlockingPortal

from intergestan_db.database import Database
from intergestan_erp.people.passwords import set_password
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.databases import as_service
from tests.erp.agencies.three_agencies import Agencies
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import HASH, PEOPLE, Desk, let_in
from tests.site_factories import NOW


@dataclass
class AgenciesDesk(Desk):
    """A desk whose site has them. :ivar agencies: to do by the libraries what a test begins with."""

    agencies: Agencies

    def at(self, browser: Browser, place: str) -> Answer:
        """The person of this browser chooses a place."""
        number, depot = place.split("/")
        form = {**browser.get("/position").form_at("/position"), "etablissement": number, "depot": depot}
        return browser.post("/position", form)

    def person_at(self, login: str, place: str) -> Browser:
        """A browser of somebody who is at a place."""
        browser = self.browser(login)
        answer = self.at(browser, place)
        assert answer.status == 303, answer.said
        return browser


@pytest.fixture
def agencies(database: Database, portal: BlockingPortal) -> AgenciesDesk:
    """Ten ALB0002 lie in each depot, and each has its two third parties."""
    made = Agencies(database, opening=10, parties=True)
    with database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@agences.test", by="marie", at=NOW)
        set_password(connection, made.site.user_id, HASH, by="marie", at=NOW)
    console = Console(as_service(database, "console"), ConsoleSettings(), answer_hours=4)
    return AgenciesDesk(made.site, console, portal, made)
