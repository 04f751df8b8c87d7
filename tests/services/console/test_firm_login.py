"""The firm's own login (OpenID Connect) before the pages: who is in by it, and all that does not prove who is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from anyio.from_thread import BlockingPortal
from joserfc.jwk import RSAKey

from intergestan_db.tables import Event, Identity, Session, User, UserRole
from intergestan_runtime.sections import Invalid
from intergestan_runtime.settings import ConsoleSettings, SiteSettings
from services.console.worker import Console, NothingSet
from tests.databases import as_service
from tests.servers.openid import CLIENT, SECRET, Alter, OpenIdServer
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, Desk
from tests.site_factories import write_secret

pytestmark = pytest.mark.mainly_on("postgresql")
CARL = {"sub": "9f-carl", "preferred_username": "carl.dupond", "name": "Carl Dupond", "email": "carl@arts.test"}
IDENTITIES = "/reglages/identites"


@pytest.fixture
def firm(desk: Desk) -> Iterator[OpenIdServer]:
    with OpenIdServer(dict(CARL), clock=lambda: desk.console.database.now().timestamp()) as server:
        yield server


@pytest.fixture
def own(firm: OpenIdServer) -> ConsoleSettings:
    return ConsoleSettings(oidc_issuer=firm.url, oidc_client_id=CLIENT, oidc_secret="firm", oidc_name="Clé de la firme")


@pytest.fixture
def before(desk: Desk, own: ConsoleSettings, portal: BlockingPortal, tmp_path: Any) -> Browser:
    """A browser before a console with that login."""
    desk.console = console_of(desk, own, tmp_path)
    return Browser(desk.console.application, portal)


def console_of(desk: Desk, own: ConsoleSettings, folder: Any) -> Console:
    (folder / "secrets").mkdir(mode=0o700)
    write_secret(folder / "secrets" / "firm", f"{SECRET}\n".encode())
    checked = NothingSet()
    checked.site = SiteSettings(data_dir=folder)
    return Console(as_service(desk.site.database, "console"), own, 4, checked=checked)


def come(browser: Browser, firm: OpenIdServer, retour: str = "/") -> Answer:
    """Press the button, log in there, and come back."""
    left = browser.get(f"/entrer/firme?retour={retour}")
    assert left.status == 303, left.said
    return browser.get(path_of(firm.log_in(left.headers["location"])))


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def confirm_carl(desk: Desk, browser: Browser) -> None:
    """As an administrator does it on the page."""
    admin = Browser(browser.application, browser.portal)
    admin.enter("adam", PASSWORD)
    page = admin.get(IDENTITIES)
    fields = {**page.form_at(IDENTITIES), "personne": "carl"}
    assert admin.post(IDENTITIES, fields).status == 303
    assert desk.site.row(Identity).user_id == desk.site.row(User, login="carl").id


def test_an_administrator_says_who_it_is_once(desk: Desk, before: Browser, firm: OpenIdServer) -> None:
    """Never by the mail address alone: it is that of Carl, and may be anybody's."""
    assert "Se connecter avec Clé de la firme" in before.get("/entrer").said
    waits = come(before, firm, "/commandes")
    assert (waits.status, "carl@arts.test" in waits.said, desk.sessions()) == (403, True, 0)
    confirm_carl(desk, before)
    (told,) = desk.site.rows(Event, name="identity add")
    assert (told.who, told.detail) == ("adam", {"subject": "9f-carl", "email": "carl@arts.test"})
    entered = come(before, firm, "/commandes")
    assert (entered.status, entered.headers["location"]) == (303, "/commandes")
    assert before.get("/").status == 200
    assert desk.site.row(Session, user_id=desk.site.row(User, login="carl").id)


def test_a_name_that_changed_is_the_same_person_and_a_name_that_moved_is_another(
    desk: Desk, before: Browser, firm: OpenIdServer
) -> None:
    come(before, firm)
    confirm_carl(desk, before)
    firm.person = {"sub": "9f-carl", "preferred_username": "c.martin", "email": "c.martin@arts.test"}
    assert come(before, firm).status == 303
    other = Browser(before.application, before.portal)
    firm.person = {**CARL, "sub": "somebody-new"}
    assert come(other, firm).status == 403


def test_who_is_taken_out_of_use_or_forgotten_is_out(desk: Desk, before: Browser, firm: OpenIdServer) -> None:
    come(before, firm)
    confirm_carl(desk, before)
    admin = Browser(before.application, before.portal)
    admin.enter("adam", PASSWORD)
    card = admin.get("/reglages/utilisateurs/carl")
    assert "9f-carl" in card.said
    fields = card.form_at(IDENTITIES) | {"oublier": str(desk.site.row(Identity).id)}
    assert admin.post(IDENTITIES, fields).status == 303
    assert come(before, firm).status == 403
    again = admin.post(IDENTITIES, {**admin.get(IDENTITIES).form_at(IDENTITIES), "identite": "999", "personne": "carl"})
    assert (again.status, "Rien n'a été changé" in again.said) == (409, True)


def _claim(name: str, value: object) -> Alter:
    return lambda _header, claims: claims.update({name: value})


def _algorithm(name: str) -> Alter:
    return lambda header, _claims: header.update({"alg": name})


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(_claim("iss", "https://elsewhere.example"), id="issuer"),
        pytest.param(_claim("aud", "another"), id="audience"),
        pytest.param(_claim("aud", [CLIENT, "another"]), id="two audiences"),
        pytest.param(_claim("azp", "another"), id="azp"),
        pytest.param(_claim("nonce", "another"), id="nonce"),
        pytest.param(_claim("exp", 1_000_000), id="expired"),
        pytest.param(_claim("exp", "never"), id="no time"),
        pytest.param(_claim("iat", 9_000_000_000), id="of tomorrow"),
        pytest.param(_claim("sub", ""), id="nobody"),
        pytest.param(_claim("sub", 7), id="no text"),
        pytest.param(_algorithm("none"), id="none"),
        pytest.param(_algorithm("HS256"), id="our own secret"),
    ],
)
def test_what_does_not_prove_who_is_there_lets_nobody_in(
    desk: Desk, before: Browser, firm: OpenIdServer, alter: Alter
) -> None:
    """OpenID Connect Core 1.0 §3.1.3.7; nothing of it is even noted."""
    come(before, firm)
    confirm_carl(desk, before)
    sessions, firm.alter = desk.sessions(), alter
    answer = come(before, firm)
    assert (answer.status, "Clé de la firme ne vous a pas laissé entrer." in answer.said) == (401, True)
    assert (desk.sessions(), len(desk.site.rows(Identity))) == (sessions, 1)


def test_a_key_of_somebody_else_counts_for_nothing(desk: Desk, before: Browser, firm: OpenIdServer) -> None:
    come(before, firm)
    confirm_carl(desk, before)
    real = firm.key
    desk.move(minutes=2)

    def forge(_header: dict[str, Any], _claims: dict[str, Any]) -> None:
        firm.key = RSAKey.generate_key(2048, {"kid": str(real.kid)})

    firm.alter = forge
    left = before.get("/entrer/firme")
    back = firm.log_in(left.headers["location"])
    firm_answers = firm._answer

    def with_real_keys(path: str, request: Any) -> tuple[int, Any]:
        return (200, {"keys": [real.as_dict(private=False)]}) if path == "/keys" else firm_answers(path, request)

    firm._answer = with_real_keys  # type: ignore[method-assign]
    assert before.get(path_of(back)).status == 401


def test_a_new_key_is_fetched_when_something_is_signed_by_it(desk: Desk, before: Browser, firm: OpenIdServer) -> None:
    """Once a minute at most: whoever sends nonsense does not make us ask."""
    come(before, firm)
    confirm_carl(desk, before)
    firm.renew_key()
    assert come(before, firm).status == 401
    assert firm.asked.count("/keys") == 1
    desk.move(minutes=2)
    assert come(before, firm).status == 303
    assert firm.asked.count("/keys") == 2


def test_what_comes_back_counts_in_the_browser_that_left_once_and_for_ten_minutes(
    desk: Desk, before: Browser, firm: OpenIdServer
) -> None:
    come(before, firm)
    confirm_carl(desk, before)
    left = before.get("/entrer/firme")
    back = path_of(firm.log_in(left.headers["location"]))
    other = Browser(before.application, before.portal)
    other.get("/entrer")
    assert other.get(back).status == 401, "somebody else's address"
    assert before.get(back).status == 303
    assert before.get(back).status == 401, "the code served"
    page = before.get("/entrer/firme?retour=https://evil.example/").headers["location"]
    desk.move(minutes=11)
    late = before.get(path_of(firm.log_in(page)))
    assert (late.status, "Recommencez" in late.said) == (401, True)
    for state in ("", "x", "x.y", "é.y"):
        assert before.get(f"/entrer/firme/retour?code=1&state={state}").status == 401
    refused = dict(parse_qsl(urlsplit(before.get("/entrer/firme").headers["location"]).query))["state"]
    told = before.get(f"/entrer/firme/retour?error=access_denied&state={refused}")
    assert (told.status, "ne vous a pas laissé entrer" in told.said) == (401, True)


def test_a_login_that_does_not_answer_leaves_the_password(desk: Desk, before: Browser, firm: OpenIdServer) -> None:
    firm.status = 502
    answer = before.get("/entrer/firme")
    assert (answer.status, "ne répond pas comme il faut" in answer.said) == (503, True)
    assert before.enter("carl", PASSWORD).status == 303
    assert desk.sessions() == 1


def test_a_login_that_calls_itself_otherwise_is_not_it(before: Browser, firm: OpenIdServer) -> None:
    """OpenID Connect Discovery 1.0 §4.3; nor does anything go in clear."""
    firm.described["issuer"] = "https://elsewhere.example"
    assert before.get("/entrer/firme").status == 503
    firm.described |= {"issuer": firm.url, "token_endpoint": "http://elsewhere.example/token"}
    assert before.get("/entrer/firme").status == 503


def test_what_was_typed_waits_in_its_tab_for_who_enters_in_another(
    desk: Desk, before: Browser, firm: OpenIdServer
) -> None:
    come(before, firm)
    confirm_carl(desk, before)
    asked = before.post("/moi", {"langue": "en", "fuseau": "Europe/Athens", "jeton": "of-yesterday"})
    assert asked.status == 401
    assert come(before, firm).status == 303
    again = before.post("/entrer", {**asked.kept(), "faire": "suite"})
    assert (again.status, "Europe/Athens" in again.text) == (200, True)


def test_who_comes_first_may_be_entered_without_a_role(
    desk: Desk, own: ConsoleSettings, portal: BlockingPortal, firm: OpenIdServer, tmp_path: Any
) -> None:
    """`oidc_create_users`; whose login somebody has already waits all the same."""
    console = console_of(desk, replace_own(own, oidc_create_users=True), tmp_path)
    browser = Browser(console.application, portal)
    assert come(browser, firm).status == 303
    made = desk.site.row(User, login="carl.dupond")
    assert desk.site.rows(UserRole, user_id=made.id) == []
    assert browser.get("/commandes").status == 403
    assert browser.get("/moi").status == 200
    firm.person = {"sub": "1", "preferred_username": "adam", "name": "Adam", "email": "a@arts.test"}
    other = Browser(console.application, portal)
    assert come(other, firm).status == 403
    firm.person = {"sub": "2", "preferred_username": "", "email": "no address"}
    assert come(Browser(console.application, portal), firm).status == 403


def replace_own(own: ConsoleSettings, **values: Any) -> ConsoleSettings:
    names = ("oidc_issuer", "oidc_client_id", "oidc_secret", "oidc_name")
    return ConsoleSettings(**{name: getattr(own, name) for name in names}, **values)


def test_both_settings_go_together() -> None:
    for values in ({"oidc_issuer": "https://login.example"}, {"oidc_client_id": "x"}):
        with pytest.raises(Invalid):
            ConsoleSettings(**values)
    with pytest.raises(Invalid):
        ConsoleSettings(oidc_issuer="http://login.example", oidc_client_id="x")


def test_without_it_there_is_no_such_page(desk: Desk) -> None:
    assert desk.browser().get("/entrer/firme").status == 404
    assert "Ou avec un mot de passe" not in desk.browser().get("/entrer").said
