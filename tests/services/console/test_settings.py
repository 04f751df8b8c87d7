"""*Réglages*: people, their roles, who the site is, what is chosen for it, the password that is asked for again."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from intergestan_db.enums import Right, Role
from intergestan_db.tables import ApiToken, Event, Invitation, Session, Setting, Site, User, UserRight, UserRole
from intergestan_erp.people.rights import read_person
from intergestan_erp.site.preferences import read_texts
from services.console.pages import choices, site_settings, tiers_settings, tokens
from services.console.pages.changed_by_others import SEEN
from tests.services.console.browser import Answer, Browser, fields_in
from tests.services.console.desk import PASSWORD, Desk

pytestmark = pytest.mark.mainly_on("postgresql")

CARL = "/reglages/utilisateurs/carl"
NEW = "/reglages/nouvel-utilisateur"
CODES = f"{tiers_settings.PATH}/codes"


def whole(page: Answer, path: str, having: str = "") -> dict[str, str]:
    """A form as a browser sends it, with what is chosen of its lists."""
    forms = re.findall(rf'(?s)<form method="post" action="{re.escape(path)}".*?</form>', page.text)
    (form,) = [each for each in forms if having in each]
    fields = fields_in(form)
    for name, options in re.findall(r'(?s)<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options) or re.search(r'value="([^"]*)"', options)
        assert chosen
        fields[name] = html.unescape(chosen[1])
    return fields


def send(browser: Browser, page: str, path: str, **fields: str | None) -> Answer:
    """A form of a page with other values; None takes a box's tick away."""
    filled = {**whole(browser.get(page), path), **{name.replace("__", "."): value for name, value in fields.items()}}
    return browser.post(path, {name: value for name, value in filled.items() if value is not None})


def events_of(desk: Desk, **values: Any) -> list[tuple[str, str]]:
    return [(each.who, each.name) for each in desk.site.rows(Event, **values)]


def test_a_person_is_entered_and_enters_by_a_link(desk: Desk) -> None:
    """From nothing to the first page, by what the pages say alone; the secret stands nowhere but on one page."""
    browser = desk.browser("adam")
    answer = send(
        browser, NEW, NEW, identifiant="zoe", nom="Zoé", adresse="zoe@arts.test", role__clerk="1", role__operator="1"
    )
    assert answer.status == 303, answer.said
    card = browser.get(answer.headers["location"])
    assert "Zoé" in card.said
    link = send(browser, answer.headers["location"], "/reglages/utilisateurs/zoe/inviter")
    (secret,) = re.findall(r">http://127\.0\.0\.1:8470/invitation#([a-z2-7]+)<", link.text)
    with desk.site.database.read() as connection:
        person = read_person(connection, "zoe")
        kept = connection.execute(select(Invitation.hash)).scalars().all()
        assert all(secret not in str(row) for row in connection.execute(select(Event.__table__)))
    assert (set(person.roles), person.named, len(kept)) == ({Role.CLERK, Role.OPERATOR}, frozenset(), 1)
    assert secret not in kept
    newcomer = desk.browser()
    entered = newcomer.submit("/invitation", "/invitation", {"code": secret, "mot_de_passe_nouveau": "un chien noir"})
    assert (entered.status, newcomer.get("/envoyer").status, newcomer.get("/reglages").status) == (303, 200, 403)
    assert ("adam", "add") in events_of(desk, subject="user")


def test_a_login_that_is_taken_or_none_is_said_at_its_field(desk: Desk) -> None:
    browser = desk.browser("adam")
    for fields, field in (
        ({"identifiant": "carl", "adresse": "c@arts.test"}, "identifiant"),
        ({"identifiant": "zoe", "adresse": "no address"}, "adresse"),
    ):
        back = send(browser, NEW, NEW, nom="Zoé «2»", role__clerk=None, role__reader="1", **fields)
        assert back.status == 422
        assert f'href="#{field}"' in back.text
        assert 'value="Zoé «2»"' in back.text
        assert re.findall(r'name="role\.(\w+)" value="1" checked', back.text) == ["reader"]
    assert not desk.site.rows(User, login="zoe")


def test_roles_and_rights_are_given_and_taken(desk: Desk) -> None:
    browser, carl = desk.browser("adam"), desk.browser("carl")
    assert (carl.get("/envoyer").status, carl.get("/journal").status) == (200, 403)
    fields = {"role__clerk": None, "role__operator": "1", "droit__override_credit": "1", "nom": "Carl Dupont"}
    assert send(browser, CARL, CARL, **fields).status == 303
    assert (carl.get("/envoyer").status, carl.get("/journal").status) == (403, 200)
    with desk.site.database.read() as connection:
        person = read_person(connection, "carl")
    assert (person.roles, person.named) == ((Role.OPERATOR,), frozenset({Right.OVERRIDE_CREDIT}))
    assert desk.site.row(User, login="carl").name == "Carl Dupont"
    assert [name for who, name in events_of(desk, subject="user", subject_id=person.id) if who == "adam"] == [
        "set",
        "roles",
    ]


def test_the_second_of_two_sees_both_and_keeps_what_they_typed(desk: Desk) -> None:
    first, second = desk.browser("adam"), desk.browser("marie")
    page = second.get(CARL)
    assert send(first, CARL, CARL, nom="Carl I", role__reader="1").status == 303
    typed = {**whole(page, CARL), "nom": "Carl II", "role.operator": "1"}
    back = second.post(CARL, typed)
    assert (back.status, "Garder la mienne" in back.said) == (409, True)
    versions = re.search(r'(?s)<table class="versions">.*?</table>', back.text)
    assert versions
    assert "Carl I<" in versions[0]
    assert "Carl II<" in versions[0]
    assert desk.site.row(User, login="carl").name == "Carl I"
    kept = second.post(CARL, whole(back, CARL))
    assert kept.status == 303
    with desk.site.database.read() as connection:
        assert set(read_person(connection, "carl").roles) == {Role.CLERK, Role.OPERATOR}
    assert desk.site.row(User, login="carl").name == "Carl II"


def test_somebody_must_be_able_to_give_roles(desk: Desk) -> None:
    browser = desk.browser("adam")
    assert (
        send(browser, "/reglages/utilisateurs/marie", "/reglages/utilisateurs/marie", role__administrator=None).status
        == 303
    )
    own = "/reglages/utilisateurs/adam"
    back = send(browser, own, own, role__administrator=None)
    assert (back.status, "dernier administrateur" in back.said) == (422, True)
    back = send(browser, f"{own}/desactiver", f"{own}/desactiver")
    assert (back.status, "dernier administrateur" in back.said) == (422, True)
    assert desk.site.row(User, login="adam").active


def test_who_is_out_of_use_is_out_at_once(desk: Desk) -> None:
    browser, carl = desk.browser("adam"), desk.browser("carl")
    asked = browser.get(f"{CARL}/desactiver")
    assert "sessions" in asked.said
    assert send(browser, f"{CARL}/desactiver", f"{CARL}/desactiver").status == 303
    assert carl.get("/").headers.get("location", "").startswith("/entrer")
    assert desk.browser().enter("carl", PASSWORD).status == 401
    assert send(browser, CARL, f"{CARL}/activer").status == 303
    assert desk.browser("carl").get("/").status == 200


def test_sessions_end_one_by_one_or_all(desk: Desk) -> None:
    carl, other, third = (desk.browser("carl") for _ in range(3))
    page = carl.get("/moi")
    refs = re.findall(r'name="seance" value="([0-9a-f]+)"', page.text)
    assert len(refs) == 2
    assert carl.post("/moi/session", {"jeton": page.token, "seance": refs[0]}).status == 303
    assert sorted(each.get("/").status for each in (carl, other, third)) == [200, 200, 303]
    nadia = desk.browser("nadia")
    assert nadia.post("/moi/session", {"jeton": nadia.get("/moi").token, "seance": refs[1]}).status == 303
    assert sorted(each.get("/").status for each in (carl, other, third)) == [200, 200, 303], "only one's own"
    adam = desk.browser("adam")
    assert send(adam, CARL, f"{CARL}/sessions").status == 303
    assert [each.get("/").status for each in (carl, other, third)] == [303] * 3
    assert not desk.site.rows(Session, user_id=desk.site.row(User, login="carl").id)


def test_after_ten_minutes_the_password_is_asked_for_again(desk: Desk) -> None:
    """What is about people needs it; reading them does not. What was typed stays, and the password is nowhere."""
    browser, _carl = desk.browser("adam"), desk.browser("carl")
    assert 'name="mot_de_passe"' not in browser.get(CARL).text
    desk.move(minutes=11)
    assert browser.get(CARL).text.count('name="mot_de_passe"') >= 1
    for typed, said in (("", "encore une fois"), ("trois petits chiens", "pas votre mot de passe")):
        back = send(browser, CARL, CARL, nom="Carl XI", mot_de_passe=typed)
        assert (back.status, said in back.said) == (422, True), back.said
        assert 'value="Carl XI"' in back.text
        assert "petits" not in back.text
    for path in (f"{CARL}/inviter", f"{CARL}/sessions", f"{CARL}/desactiver"):
        page = browser.get(f"{CARL}/desactiver" if path.endswith("desactiver") else CARL)
        assert browser.post(path, {**whole(page, path), "mot_de_passe": ""}).status == 422, path
    assert not desk.site.rows(Invitation)
    assert desk.site.row(User, login="carl").active
    assert send(browser, CARL, CARL, nom="Carl XI", mot_de_passe=PASSWORD).status == 303
    assert 'name="mot_de_passe"' not in browser.get(CARL).text
    for _ in range(6):
        desk.move(minutes=11)
        last = send(browser, CARL, CARL, nom="Carl XII", mot_de_passe="wrong")
    assert "pas votre mot de passe" in last.said
    for _ in range(6):
        last = send(browser, CARL, CARL, nom="Carl XII", mot_de_passe="wrong")
    assert "Trop d'essais" in last.said.replace("\u2019", "'")


def test_who_the_site_is(desk: Desk) -> None:
    """All that `site set` knows; code and key stay; what follows is said."""
    browser, path = desk.browser("adam"), site_settings.PATH
    before = desk.site.row(Site)
    page = browser.get(path)
    assert all(f'name="{field}"' in page.text for field in site_settings.FIELDS.values())
    assert before.key_fingerprint in page.said
    answer = send(browser, path, path, nom="Arts & Cie", pays="Belgique", fuseau="Europe/Brussels", ville="Namur")
    assert answer.status == 303
    told = browser.get(path)
    assert "nouvelle carte" in told.said
    now = desk.site.row(Site)
    assert (now.name, now.country, now.timezone, now.city) == ("Arts & Cie", "BE", "Europe/Brussels", "Namur")
    assert (now.code, now.key_fingerprint, now.currency) == (before.code, before.key_fingerprint, before.currency)
    assert ("adam", "set") in events_of(desk, subject="site")
    page = browser.get(path)
    wrong = {"nom": "", "siret": "12", "fuseau": "Mars/Olympus", "courriel_commandes": "nobody"}
    back = browser.post(path, {**whole(page, path), **wrong})
    assert back.status == 422
    assert all(f'href="#{field}"' in back.text for field in wrong)
    assert all(f'value="{value}"' in back.text for value in wrong.values())
    assert desk.site.row(Site).name == "Arts & Cie"
    stale = browser.post(path, {**whole(page, path), SEEN: "0" * 16, "ville": "Dinant"})
    assert (stale.status, "Namur" in stale.said, 'value="Dinant"' in stale.text) == (409, True, True)


def test_what_is_chosen_for_the_site(desk: Desk) -> None:
    """What no other page has is stored together; a value that is none is refused; of two who choose one is told."""
    browser, marie, path = desk.browser("adam"), desk.browser("marie"), choices.PATH
    shift, split = (f"{choices.CHOICE}{name}" for name in choices.NAMES)
    mine = whole(browser.get(path), path)
    assert browser.post(path, {**mine, split: "perhaps"}).status == 422
    theirs = {**whole(marie.get(path), path), shift: "next_working_day", split: "false"}
    assert marie.post(path, theirs).status == 303
    stale = browser.post(path, {**mine, shift: "none", split: "true"})
    assert (stale.status, "Garder la mienne" in stale.said, "jours ouvrés seulement" in stale.said) == (409, True, True)
    with desk.site.database.read() as connection:
        texts = read_texts(connection)
    assert [texts[name] for name in choices.NAMES] == ["next_working_day", "false"]
    assert browser.post(path, whole(stale, path)).status == 303
    with desk.site.database.read() as connection:
        assert [read_texts(connection)[name] for name in choices.NAMES] == ["none", "true"]


def test_the_console_sets_what_people_choose_and_no_more(desk: Desk) -> None:
    """The PostgreSQL role: no code, no key, no login, no setting of a service, no event in another's name."""
    database = desk.console.database
    if database.is_sqlite:
        return
    for statement in (
        update(Site).values(code="other"),
        update(Site).values(key_fingerprint="x"),
        update(Site).values(currency="USD"),
        update(User).values(login="other"),
        insert(Setting).values(name="epoch", value="1"),
        insert(Event).values(
            at=database.now(), who="importer", subject="site", subject_id=1, name="set", old=None, new=None
        ),
        text("DELETE FROM event"),
        text('DELETE FROM "user"'),
        text("DELETE FROM setting"),
    ):
        with pytest.raises(DBAPIError), database.transaction() as connection:
            connection.execute(statement)


def test_whoever_sets_no_site_and_no_people_changes_neither(desk: Desk) -> None:
    """Hidden buttons posted by hand, with all that the form of an administrator has."""
    adam, counts = desk.browser("adam"), (User, UserRole, UserRight, Invitation, Setting)
    forms = {
        NEW: {"identifiant": "eve", "adresse": "eve@arts.test", "role.administrator": "1"},
        CARL: {**whole(adam.get(CARL), CARL), "role.administrator": "1"},
        f"{CARL}/inviter": whole(adam.get(CARL), f"{CARL}/inviter"),
        site_settings.PATH: {**whole(adam.get(site_settings.PATH), site_settings.PATH), "nom": "Evil"},
        choices.PATH: {**whole(adam.get(choices.PATH), choices.PATH), "choix.terms.shift": "next_working_day"},
        CODES: {**whole(adam.get(tiers_settings.PATH), CODES), "codes_mode": "automatic"},
    }
    before = [len(desk.site.rows(each)) for each in counts]
    for login in ("nadia", "carl", "odile", "adele"):
        browser = desk.browser(login)
        token = browser.get("/moi").token
        for path, fields in forms.items():
            assert browser.post(path, {**fields, "jeton": token}).status == 403, (login, path)
    assert [len(desk.site.rows(each)) for each in counts] == before
    assert desk.site.row(Site).name != "Evil"


def test_a_token_is_made_shown_once_and_ended(desk: Desk) -> None:
    """What a program opens the API with: its secret is on one page, its digest in the base; ended it opens nothing."""
    browser, path, new = desk.browser("adam"), tokens.PATH, tokens.NEW
    back = send(browser, new, new, personne="carl", nom="E R P", **{"portee.orders:read": "1", "jours": "30"})
    assert (back.status, 'href="#nom"' in back.text, 'value="E R P"' in back.text) == (422, True, True)
    assert re.findall(r'name="portee\.([\w:]+)" value="1" checked', back.text) == ["orders:read"]
    assert 'value="30" selected' in back.text
    made = send(browser, new, new, personne="carl", nom="erp", **{"portee.orders:read": "1"})
    (secret,) = re.findall(r"<code>(ig_[a-z0-9]{8}_[\w-]{43})</code>", made.text)
    call = {"authorization": f"Bearer {secret}"}
    assert browser.ask("GET", "/api/v1/me", b"", call).status == 200
    (token,) = desk.site.rows(ApiToken)
    assert secret not in str(token)
    page = browser.get(path)
    assert "lit les commandes fournisseur" in page.said
    assert secret not in page.text
    desk.move(minutes=11)
    fields = {**whole(browser.get(path), path), "lequel": "carl/erp"}
    assert browser.post(path, {**fields, "mot_de_passe": ""}).status == 422
    assert browser.ask("GET", "/api/v1/me", b"", call).status == 200
    assert browser.post(path, {**fields, "mot_de_passe": PASSWORD}).status == 303
    assert browser.ask("GET", "/api/v1/me", b"", call).status == 401
    assert [name for who, name in events_of(desk, subject="user") if "token" in name] == ["token", "end token"]
    assert secret not in desk.browser("odile").get("/journal").text


@pytest.mark.parametrize(
    ("path", "having", "typed"),
    [
        (CARL, "", {"nom": "Carl «X»", "role.operator": "1"}),
        (NEW, "", {"identifiant": "zoe", "nom": "Zoé", "role.reader": "1"}),
        (site_settings.PATH, "", {"ville": "Saint-Dié", "localite": "88100"}),
        (choices.PATH, "", {"choix.terms.shift": "next_working_day"}),
        (CODES, "", {"codes_length": "12"}),
        (tokens.NEW, "", {"nom": "erp", "portee.orders:read": "1"}),
    ],
    ids=["person", "new person", "site", "choices", "third parties", "token"],
)
def test_a_session_that_ended_loses_nothing_that_was_typed(
    desk: Desk, path: str, having: str, typed: dict[str, str]
) -> None:
    """Whoever enters again finds the form filled, and not sent; then it is stored."""
    browser = desk.browser("adam")
    page = browser.get(path)
    desk.move(hours=13)
    asked = browser.post(path, {**whole(page, path, having), **typed})
    assert asked.status == 401
    before = len(desk.site.rows(Event))
    filled = browser.post("/entrer", {**asked.kept(), "login": "adam", "mot_de_passe": PASSWORD})
    assert filled.status == 200
    fields = whole(filled, path, having)
    assert typed.items() <= fields.items()
    assert len(desk.site.rows(Event)) == before + 1, "only the login"
    if path != tokens.NEW:
        sent = browser.post(path, {**fields, **({"adresse": "z@arts.test"} if path == NEW else {})})
        assert sent.status == 303, sent.said
