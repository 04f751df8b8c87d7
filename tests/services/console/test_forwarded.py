"""A proxy that lets people in (`[console] forwarded_user`): whom it names enters, and nobody else names anybody."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from anyio.from_thread import BlockingPortal

from intergestan_db.tables import Session
from intergestan_erp.site.setup import use_user
from intergestan_runtime.sections import Invalid
from intergestan_runtime.settings import ConsoleSettings
from services.console.access.peers import Peers
from services.console.worker import Console
from tests.databases import as_service
from tests.services.console.browser import HOST, Answer, Browser
from tests.services.console.desk import PASSWORD, Desk

pytestmark = pytest.mark.mainly_on("postgresql")
PROXY = "10.0.0.1"
BEHIND = {"behind_proxy": True, "trusted_proxies": [PROXY], "public_url": f"https://{HOST}"}
OWN = ConsoleSettings(**BEHIND, forwarded_user="X-Remote-User", second_factor="required")
SESSION = "__Host-intergestan-8470"
KNOWN = "Le serveur placé devant ce site vous connaît comme « carl »."


class Proxied(Browser):
    """A browser behind the proxy, which says who sits before it."""

    user: str | None = "carl"

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        said = {} if self.user is None else {"x-remote-user": self.user}
        forwarded = {"x-forwarded-for": "192.0.2.99", "x-forwarded-proto": "https"}
        return super().ask(method, path, body, {**headers, **said, **forwarded})


@pytest.fixture
def proxied(desk: Desk, portal: BlockingPortal) -> Proxied:
    console = Console(as_service(desk.site.database, "console"), OWN, 4)
    return Proxied(Peers(console.application, OWN), portal, address=PROXY)


def follow(browser: Browser, path: str) -> Answer:
    """As a browser does: on, as long as it is sent on."""
    answer = browser.get(path)
    for _ in range(6):
        if answer.status != 303:
            break
        answer = browser.get(answer.headers["location"])
    return answer


def test_whom_the_proxy_names_is_in_without_a_question(proxied: Proxied, desk: Desk) -> None:
    """Also where all need a second factor: what the proxy asks for is its affair. The browser's own address counts."""
    answer = follow(proxied, "/commandes?etat=a-envoyer")
    assert (answer.status, "Carl" in answer.said) == (200, True)
    session = desk.site.row(Session)
    assert session.address == "192.0.2.99"
    assert proxied.get("/").status == 200
    assert desk.sessions() == 1


def test_a_form_of_whoever_was_out_comes_back_filled(proxied: Proxied) -> None:
    """Nothing typed is lost; a foreign page's form does not enter."""
    answer = proxied.post("/moi", {"langue": "en", "fuseau": "Europe/Athens", "jeton": "of-yesterday"})
    assert (answer.status, KNOWN in answer.said.replace("\xa0", " ")) == (401, True)
    refused = proxied.post("/entrer", {**answer.kept(), "jeton": "x"})
    assert refused.status == 403
    entered = proxied.post("/entrer", answer.kept())
    assert (entered.status, "Europe/Athens" in entered.text) == (200, True)


def test_somebody_else_before_the_same_browser_is_somebody_else(proxied: Proxied) -> None:
    assert "Carl" in follow(proxied, "/").said
    proxied.user = "odile"
    answer = follow(proxied, "/")
    assert ("Odile" in answer.said, "Carl" in answer.said) == (True, False)


def test_whom_nobody_entered_here_is_told(proxied: Proxied, desk: Desk) -> None:
    """Neither a mail address nor somebody out of use enters."""
    for user in ("stranger", "carl@arts.test", "CARL"):
        proxied.user = user
        answer = follow(proxied, "/")
        assert (answer.status, "personne ne s'appelle ainsi ici" in answer.said) == (403, True), user
    with desk.site.database.transaction() as connection:
        use_user(connection, "odile", active=False, by="adam", at=desk.console.database.now())
    proxied.user = "odile"
    assert follow(proxied, "/").status == 403
    assert desk.sessions() == 0


@pytest.mark.parametrize("user", ["", " ", "a\tb", "\xff\xfe", "x" * 300])
def test_what_is_no_login_is_nobody(proxied: Proxied, user: str) -> None:
    """They may still log in as anybody does."""
    proxied.user = user
    page = follow(proxied, "/")
    assert (page.status, "Mot de passe" in page.said) == (200, True)
    assert proxied.post("/entrer", {**page.kept(), "login": "carl", "mot_de_passe": PASSWORD}).status == 303


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.2", "127.0.0.1"])
def test_nobody_but_the_proxy_names_anybody(proxied: Proxied, desk: Desk, address: str) -> None:
    """Nor by what they say of where they are."""
    proxied.address = address
    page = follow(proxied, "/")
    assert (page.status, "Mot de passe" in page.said) == (200, True)
    assert proxied.post("/entrer", page.kept()).status == 401
    assert desk.sessions() == 0


def test_a_browser_without_cookies_is_asked_and_not_sent_round_for_ever(proxied: Proxied, desk: Desk) -> None:
    class Forgetful(Proxied):
        def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
            self.cookies.clear()
            return super().ask(method, path, body, headers)

    page = follow(Forgetful(proxied.application, proxied.portal, address=PROXY), "/")
    assert (page.status, KNOWN in page.said.replace("\xa0", " ")) == (200, True)
    assert desk.sessions() == 0


def test_without_the_setting_the_header_is_nothing(desk: Desk, portal: BlockingPortal) -> None:
    own = ConsoleSettings(**BEHIND)
    console = Console(as_service(desk.site.database, "console"), own, 4)
    browser = Proxied(Peers(console.application, own), portal, address=PROXY)
    assert "Mot de passe" in follow(browser, "/").said


@pytest.mark.parametrize(
    "values",
    [
        {"forwarded_user": "X-Remote-User"},
        {**BEHIND, "forwarded_user": "X-Remote-User", "trusted_proxies": ["*"]},
        {**BEHIND, "forwarded_user": "Remote User"},
    ],
)
def test_what_would_let_anybody_name_anybody_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        ConsoleSettings(**values)


def test_roles_count_as_ever(proxied: Proxied) -> None:
    follow(proxied, "/")
    assert proxied.get("/reglages/utilisateurs").status == 403
