"""Login, logout, invitations and what ends a session; over ASGI, with the rights of the console's role."""

from __future__ import annotations

import re

import pytest

from intergestan_db.tables import Event, Session, User
from intergestan_erp.people.sessions import digest
from intergestan_erp.site.setup import use_user
from services.console.access.cookies import SESSION
from tests.services.console.browser import HOST
from tests.services.console.desk import PASSWORD, Desk

pytestmark = pytest.mark.mainly_on("postgresql")
HOST_COOKIE = "__Host-intergestan-8470"


def test_whoever_has_a_password_enters_and_leaves(desk: Desk) -> None:
    browser = desk.browser()
    first = browser.get("/commandes?etat=a-envoyer")
    assert (first.status, first.headers["location"]) == (303, "/entrer?retour=%2Fcommandes%3Fetat%3Da-envoyer")
    page = browser.get(first.headers["location"])
    entered = browser.post("/entrer", {**page.kept(), "login": "carl", "mot_de_passe": PASSWORD})
    assert (entered.status, entered.headers["location"]) == (303, "/commandes?etat=a-envoyer")
    (cookie,) = (each for each in entered.cookies if each.startswith(HOST_COOKIE + "="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(re.split("; ?", cookie))
    assert "Max-Age" not in cookie
    assert digest(browser.cookies[HOST_COOKIE]) == desk.site.row(Session).id_hash
    assert browser.get("/").status == 200
    left = browser.submit("/", "/quitter")
    assert (left.status, desk.sessions(), HOST_COOKIE in browser.cookies) == (303, 0, False)
    assert browser.get("/").status == 303


def test_a_browser_that_refuses_host_cookies_gets_a_plain_one_on_this_machine(desk: Desk) -> None:
    browser = desk.browser("carl", takes_host_cookies=False)
    assert f"{SESSION}-8470" in browser.cookies
    assert browser.get("/").status == 200


def test_consoles_of_several_sites_on_one_machine_do_not_end_each_others_sessions(desk: Desk) -> None:
    """RFC 6265 §8.5: a browser sends the cookies of one port to the other, too."""
    browser = desk.browser("carl")
    browser.cookies |= {"__Host-intergestan-8471": "another-site", "__Host-intergestan": "of-a-former-release"}
    assert browser.get("/").status == 200
    assert browser.submit("/", "/quitter").status == 303
    assert browser.cookies.keys() >= {"__Host-intergestan-8471"}


def test_the_session_is_a_new_one_at_each_login(desk: Desk) -> None:
    """A secret that somebody put into the browser opens nothing, and the former session ends."""
    browser = desk.browser()
    browser.cookies[HOST_COOKIE] = "chosen-by-an-attacker"
    assert browser.enter("carl", PASSWORD).status == 303
    former = browser.cookies[HOST_COOKIE]
    assert former != "chosen-by-an-attacker"
    page = browser.get("/moi")
    fields = {"jeton": page.token, "login": "carl", "mot_de_passe": PASSWORD}
    assert browser.post("/entrer", fields).status == 303
    assert browser.cookies[HOST_COOKIE] != former
    assert desk.sessions() == 1


@pytest.mark.parametrize("login", ["carl", "nobody", "Carl@arts.test", ""])
def test_a_wrong_password_says_the_same_whoever_is_meant(desk: Desk, login: str) -> None:
    browser = desk.browser()
    answer = browser.enter(login, "x" * 10_000)
    assert answer.status == 401
    assert "L'identifiant et le mot de passe ne vont pas ensemble." in answer.said
    assert desk.sessions() == 0
    (failed,) = desk.site.rows(Event, name="login failed")
    assert failed.detail == {"login": login[:60], "address": browser.address}
    assert "xxx" not in answer.text


def test_accents_are_the_same_whichever_keyboard_made_them(desk: Desk) -> None:
    browser = desk.browser("carl")
    fields = {"mot_de_passe": PASSWORD, "mot_de_passe_nouveau": "été pluvieux à Lyon"}
    assert browser.submit("/moi", "/moi/mot-de-passe", fields).status == 303
    assert desk.browser().enter("carl", "e\u0301te\u0301 pluvieux a\u0300 Lyon").status == 303


def test_tries_take_longer_and_longer_in_two_processes(desk: Desk) -> None:
    from services.console.worker import Console

    other = Desk(desk.site, Console(desk.console.database, desk.console.own, 4), desk.portal)
    for n in range(5):
        assert (desk, other)[n % 2].browser().enter("carl", "wrong").status == 401
    for each in (desk, other):
        refused = each.browser().enter("carl", PASSWORD)
        assert (refused.status, refused.headers["retry-after"]) == (429, "16")
        assert "Trop d'essais." in refused.said
    assert desk.browser("odile").get("/").status == 200, "others are not slowed down"
    desk.move(seconds=15)
    assert desk.browser("carl").get("/").status == 200


def test_many_logins_from_one_address_are_slowed_down(desk: Desk) -> None:
    for n in range(20):
        assert desk.browser().enter(f"nobody{n}", "wrong").status == 401
    assert desk.browser().enter("carl", PASSWORD).status == 429
    assert desk.browser(address="192.0.2.8").enter("carl", PASSWORD).status == 303


def test_sessions_end(desk: Desk) -> None:
    browser = desk.browser("carl")
    desk.move(hours=11, minutes=59)
    assert browser.get("/").status == 200, "and that was a sign of life"
    desk.move(hours=11, minutes=59)
    assert browser.get("/").status == 200
    desk.move(hours=12)
    assert browser.get("/").status == 303
    with desk.site.database.transaction() as connection:
        use_user(connection, "odile", active=False, by="marie", at=desk.site.database.now())
    assert desk.browser().enter("odile", PASSWORD).status == 401


def test_a_link_opens_once_and_its_person_chooses_a_password(desk: Desk) -> None:
    secret = desk.link_for("carl")
    browser = desk.browser()
    for _ in range(2):
        assert browser.get("/invitation").status == 200, "to look at it uses nothing up"
    short = browser.submit("/invitation", "/invitation", {"code": secret, "mot_de_passe_nouveau": "short"})
    assert short.status == 422
    assert "au moins" in short.said
    grouped = "-".join(re.findall("....", secret)).upper()
    taken = browser.submit("/invitation", "/invitation", {"code": grouped, "mot_de_passe_nouveau": "quatre cent coups"})
    assert (taken.status, taken.headers["location"]) == (303, "/")
    assert browser.get("/moi").status == 200
    again = desk.browser().submit("/invitation", "/invitation", {"code": secret})
    assert again.status == 422
    assert "a déjà servi" in again.said
    assert desk.browser().enter("carl", "quatre cent coups").status == 303


def test_a_link_lets_in_without_a_password_too(desk: Desk) -> None:
    browser = desk.browser()
    assert browser.submit("/invitation", "/invitation", {"code": desk.link_for("nadia")}).status == 303
    assert browser.get("/").status == 200


def test_a_password_is_changed_by_who_knows_it_and_other_sessions_end(desk: Desk) -> None:
    browser, other = desk.browser("carl"), desk.browser("carl")
    wrong = browser.submit("/moi", "/moi/mot-de-passe", {"mot_de_passe": "x", "mot_de_passe_nouveau": "y" * 20})
    assert (wrong.status, "mot de passe actuel" in wrong.said) == (422, True)
    fields = {"mot_de_passe": PASSWORD, "mot_de_passe_nouveau": "motdepasse1234"}
    guessed = browser.submit("/moi", "/moi/mot-de-passe", fields)
    assert (guessed.status, "serait vite deviné" in guessed.said) == (422, True)
    fields["mot_de_passe_nouveau"] = "quatre cent coups"
    assert browser.submit("/moi", "/moi/mot-de-passe", fields).status == 303
    assert (browser.get("/").status, other.get("/").status) == (200, 303)


def test_a_person_ends_the_other_sessions(desk: Desk) -> None:
    browser, other = desk.browser("carl"), desk.browser("carl")
    assert browser.get("/moi").text.count("192.0.2.7") == 2
    assert browser.submit("/moi", "/moi/sessions").status == 303
    assert (browser.get("/").status, other.get("/").status) == (200, 303)


def test_language_and_zone_are_the_persons_own(desk: Desk) -> None:
    browser = desk.browser("carl")
    assert 'lang="fr"' in browser.get("/").text
    assert 'lang="en"' in browser.get("/", accept_language="en-GB,en;q=0.9,fr;q=0.1").text
    assert 'lang="en"' in browser.get("/?langue=en").text
    assert 'lang="fr"' in browser.get("/").text, "an address changes nothing"
    answer = browser.submit("/", "/moi/langue", {"langue_choisie": "en", "retour": "/commandes?du=2020-11-01"})
    assert answer.headers["location"] == "/commandes?du=2020-11-01"
    page = browser.get("/commandes")
    assert 'lang="en"' in page.text
    assert "2020-11-15" in page.said
    wrong = browser.submit("/moi", "/moi", {"langue_choisie": "en", "fuseau": "Mars/Olympus"})
    assert wrong.status == 422
    assert 'value="Mars/Olympus"' in wrong.text, "what was typed stands there"
    assert browser.submit("/moi", "/moi", {"langue_choisie": "en", "fuseau": "Indian/Reunion"}).status == 303
    assert "Indian/Reunion" in browser.get("/").said
    row = desk.site.row(User, login="carl")
    assert (row.language, row.timezone, row.shortcuts) == ("en", "Indian/Reunion", False)


def test_nothing_typed_is_lost_when_the_session_has_ended(desk: Desk) -> None:
    """Without scripts the page of the login carries the fields; the form comes back filled, and is not sent."""
    browser = desk.browser("carl")
    page = browser.get("/moi")
    fields = {"jeton": page.token, "langue_choisie": "en", "fuseau": "Indian/Réunion <b>"}
    desk.move(hours=13)
    asked = browser.post("/moi", fields)
    assert asked.status == 401
    assert "Rien n'est perdu" in asked.said
    again = browser.post("/entrer", {**asked.kept(), "login": "carl", "mot_de_passe": PASSWORD})
    assert again.status == 200
    assert 'value="Indian/Réunion &lt;b&gt;"' in again.text
    assert desk.site.row(User, login="carl").timezone is None, "it was not sent"
    sent = browser.post("/moi", {"jeton": again.token, "langue_choisie": "en", "fuseau": "Indian/Reunion"})
    assert sent.status == 303
    assert desk.site.row(User, login="carl").timezone == "Indian/Reunion"


def test_no_password_is_carried_along(desk: Desk) -> None:
    browser = desk.browser("carl")
    token = browser.get("/moi").token
    desk.move(hours=13)
    asked = browser.post("/moi/mot-de-passe", {"jeton": token, "mot_de_passe": "abc", "mot_de_passe_nouveau": "defghi"})
    assert asked.status == 401
    assert "abc" not in asked.kept().values()
    assert "defghi" not in asked.text


def test_a_script_gets_a_dialog_and_the_page_stays(desk: Desk) -> None:
    browser = desk.browser("carl")
    desk.move(hours=13)
    script = {"hx_request": "true", "hx_target": "contenu"}
    asked = browser.post("/moi", {"jeton": "x", "fuseau": "UTC"}, **script)
    assert (asked.status, asked.headers["hx-retarget"], asked.headers["hx-reswap"]) == (401, "#dialogue", "innerHTML")
    assert "<html" not in asked.text
    fields = {**asked.kept(), "login": "carl", "mot_de_passe": "wrong"}
    wrong = browser.post("/entrer", fields, **script)
    assert (wrong.status, "<html" in wrong.text, "ne vont pas ensemble" in wrong.said) == (401, False, True)
    entered = browser.post("/entrer", {**wrong.kept(), "login": "carl", "mot_de_passe": PASSWORD}, **script)
    assert (entered.status, entered.body) == (200, b"")
    (token,) = re.findall(r'"token": "([^"]+)"', entered.headers["hx-trigger"])
    done = browser.post("/moi", {"jeton": token, "fuseau": "UTC"}, **script)
    assert (done.status, done.headers["hx-redirect"]) == (204, "/moi?fait=profil")


@pytest.mark.parametrize(
    "path", ["//evil.test", "https://evil.test/", "/\\evil.test", "/%09/evil.test", "javascript:alert(1)", "/a\nb", ""]
)
def test_nobody_is_sent_to_another_site(desk: Desk, path: str) -> None:
    browser = desk.browser()
    page = browser.get("/entrer")
    fields = {"jeton": page.token, "retour": path, "login": "carl", "mot_de_passe": PASSWORD}
    assert browser.post("/entrer", fields).headers["location"] == "/"


def test_the_address_has_no_secret(desk: Desk) -> None:
    browser = desk.browser("carl")
    secret = browser.cookies[HOST_COOKIE]
    for path in ("/", "/commandes", "/moi"):
        answer = browser.get(path)
        assert secret not in answer.text
        assert desk.site.row(Session).id_hash not in answer.text
        assert HOST not in answer.text
