"""Where a person is: chosen in the pages, shown in the head of each, and carried by forms; over ASGI."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
from sqlalchemy import update
from starlette.requests import Request

from intergestan_db.problem import Problem
from intergestan_db.tables import Depot, Event, User
from intergestan_erp.agencies.depots import add_depot
from intergestan_erp.agencies.dossiers import add_dossier
from intergestan_erp.agencies.establishments import add_establishment
from intergestan_erp.agencies.places import elsewhere
from intergestan_erp.agencies.standing import Standing
from intergestan_erp.people.rights import change_rights, read_person
from services.console import place
from services.console.access.sessions import who_is_there
from services.console.menu import When
from services.console.place import Place
from services.console.visit import Visit
from tests.services.console.agencies_desk import AgenciesDesk
from tests.services.console.browser import HOST, Browser
from tests.services.console.desk import Desk

pytestmark = pytest.mark.mainly_on("postgresql")

PAGE = "/position"


def head(browser: Browser, page: str = "/moi") -> str:
    """What the head of a page says of the place."""
    found = re.search(r"data-position[^>]*>(.*?)</a>", browser.get(page).text)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])) if found else ""


def plain(text: str) -> str:
    """With usual blanks."""
    return html.unescape(text).replace("\u202f", " ").replace("\u00a0", " ")


def depot_of(desk: AgenciesDesk, login: str) -> int | None:
    found: int | None = desk.site.row(User, login=login).depot_id
    return found


def test_a_place_is_chosen(agencies: AgenciesDesk) -> None:
    """A24, A49: establishment and depot bring the accounting folder along; it is noted, and the next pages show it."""
    carl = agencies.browser("carl")
    assert head(carl) == "1/AB · Siège" or head(carl).startswith("1/AB · "), head(carl)
    agencies.agencies.set(establishments_are_companies=True)
    agencies.agencies.own_books(2, 2)
    agencies.look_anew()
    page = carl.get(f"{PAGE}?etablissement=2&retour=/ventes")
    for words in ("Options de l'utilisateur", "Établissement", "Dépôt", "Dossier comptable : 2"):
        assert words in plain(page.text), words
    assert '<option value="RD" selected>' in page.text
    assert '<option value="AB"' not in page.text
    form = {**page.form_at(PAGE), "etablissement": "2", "depot": "RD"}
    done = carl.post(PAGE, form)
    assert (done.status, done.headers["location"]) == (303, "/ventes")
    after = carl.get("/ventes")
    assert "Établissement 2 (Agence 2), dépôt RD, dossier comptable 2" in after.said
    assert head(carl) == "2/RD · Agence 2"
    assert 'Dossier 1, dossier comptable 2"' in after.text
    assert depot_of(agencies, "carl") == agencies.agencies.depot_id("RD")
    assert [each.who for each in agencies.site.rows(Event, subject="user", name="set")][-1] == "carl"
    again = carl.post(PAGE, form)
    assert (again.status, len(agencies.site.rows(Event, subject="user", name="set", who="carl"))) == (303, 1)
    assert head(agencies.browser("carl")) == "2/RD · Agence 2", "in another browser, too"
    assert head(agencies.browser("nadia")).startswith("1/AB"), "of nobody else"


def test_what_cannot_be_chosen(agencies: AgenciesDesk) -> None:
    """An establishment without depot, a depot of another one, nothing: it is said, and nothing changes."""
    agencies.agencies.did(add_establishment, 9, {"name": "Sans dépôt"})
    carl = agencies.browser("carl")
    form = carl.get(PAGE).form_at(PAGE)
    for fields in (
        {"etablissement": "9"},
        {"etablissement": "1", "depot": "RD"},
        {"etablissement": "1", "depot": "NONE"},
        {"etablissement": ""},
        {"etablissement": "x" * 50},
        {"etablissement": "9999999999", "depot": "AB"},
    ):
        refused = carl.post(PAGE, {**form, **fields})
        assert (refused.status, "Votre position reste" in refused.said) == (422, True), (fields, refused.said)
    assert depot_of(agencies, "carl") is None
    shown = carl.post(PAGE, {**form, "etablissement": "3", "depot": "AB", "faire": "montrer"})
    assert (shown.status, '<option value="ABL" selected>' in shown.text) == (200, True), "without scripts"
    assert carl.post(PAGE, {**form, "etablissement": "3"}).status == 303
    assert depot_of(agencies, "carl") == agencies.agencies.depot_id("ABL"), "one depot needs no choice"
    evil = carl.post(PAGE, {**carl.get(PAGE).form_at(PAGE), "etablissement": "3", "retour": "//evil.test"})
    assert evil.headers["location"] == "/"


def test_a_place_that_went_out_of_use(agencies: AgenciesDesk) -> None:
    """The usual one is proposed in its stead."""
    carl = agencies.person_at("carl", "3/ABL")
    assert head(carl).startswith("3/ABL")
    with agencies.site.database.transaction() as connection:  # no matter how: goods lie there
        connection.execute(update(Depot).where(Depot.code == "ABL").values(active=False))
    agencies.look_anew()
    assert head(carl).startswith("1/AB")


def test_the_dialog(agencies: AgenciesDesk) -> None:
    """A script gets the form alone, without the title of a page; a choice reloads the page below it."""
    carl = agencies.browser("carl")
    given = {"hx-request": "true", "hx-target": "dialogue"}
    part = carl.get(f"{PAGE}?retour=/bl", **given)
    assert part.status == 200
    assert "<html" not in part.text
    assert "<title" not in part.text
    assert 'id="dialogue-titre"' in part.text
    form = {**part.form_at(PAGE), "etablissement": "2", "depot": "RD"}
    done = carl.post(PAGE, form, **given)
    assert (done.status, done.headers["hx-redirect"]) == (204, "/bl")


def test_the_place_of_books(agencies: AgenciesDesk) -> None:
    """A50: folder and establishment propose the first dossier that has them; another one may be chosen."""
    made = agencies.agencies
    made.did(add_dossier, 7, "Second dossier")
    made.did(add_establishment, 2, {"name": "Agence 2 bis"}, 7)
    made.did(add_depot, "BIS", 2, {"name": "Dépôt bis"}, 7)
    adele = agencies.browser("adele")
    page = adele.get(f"{PAGE}?retour=/comptabilite/ecritures&dossier_comptable=1&etablissement=2")
    for words in ("Dossier comptable", "Établissement", "Dossier Commerce et Logistique"):
        assert words in plain(page.text), words
    assert [f'<option value="{n}"' in page.text.split("position-dossier")[-1] for n in (1, 7)] == [True, True]
    form = {**page.form_at(PAGE), "dossier_comptable": "1", "etablissement": "2"}
    assert adele.post(PAGE, form).status == 303
    assert depot_of(agencies, "adele") == made.depot_id("RD"), "the first found"
    form = {**adele.get(f"{PAGE}?retour=/comptabilite").form_at(PAGE), "dossier_comptable": "1", "etablissement": "2"}
    assert adele.post(PAGE, {**form, "dossier": "7"}).status == 303
    assert depot_of(agencies, "adele") == made.depot_id("BIS")
    none = adele.post(
        PAGE,
        {**adele.get(f"{PAGE}?retour=/comptabilite").form_at(PAGE), "dossier_comptable": "8", "etablissement": "2"},
    )
    assert none.status == 422


def visit_with(desk: AgenciesDesk, browser: Browser, query: str = "", **form: str) -> Visit:
    """A visit of the person of a browser to a page that acts somewhere, as its function would get it."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/bp",
        "headers": [
            (b"cookie", "; ".join(f"{n}={v}" for n, v in browser.cookies.items()).encode()),
            (b"host", HOST.encode()),
        ],
        "query_string": query.encode(),
        "scheme": "http",
        "server": ("127.0.0.1", 8470),
    }
    request = Request(scope)
    site = desk.console.site.read()
    return who_is_there(Visit(desk.console, request, site, "fr", site.zone, form=form))


def test_a_form_keeps_its_place(agencies: AgenciesDesk) -> None:
    """D62: a form acts where it says, whatever its person chose meanwhile; what names no place is refused."""
    carl = agencies.person_at("carl", "2/RD")
    visit = visit_with(agencies, carl, etablissement="1", depot="AB")
    assert (place.posted_place(visit), place.stored_place(visit)) == (Place(1, "AB"), Place(2, "RD"))
    assert (place.page_place(visit), place.posted_place(visit).words) == (Place(1, "AB"), "1/AB")
    with agencies.site.database.read() as connection:
        assert place.posted_place(visit).find(connection) == agencies.agencies.at("AB")
        assert Place(3, None).find(connection) == agencies.agencies.at("ABL")
        refused = elsewhere(connection, "BP2", agencies.agencies.depot_id("RD"), agencies.agencies.at("AB"))
    assert place.there(visit, refused) == Place(2, "RD")
    assert place.posted_place(visit_with(agencies, carl, etablissement="1", depot="AB", ailleurs="2/RD")) == Place(
        2, "RD"
    )
    assert place.posted_place(visit_with(agencies, carl, etablissement="2", depot="")) == Place(2, None)
    assert place.page_place(visit_with(agencies, carl, urlencode({"ici": "3/ABL"}))) == Place(3, "ABL")
    assert place.page_place(visit_with(agencies, carl, urlencode({"ici": "3/XX"}))) == Place(2, "RD")
    for wrong in (
        {},
        {"etablissement": "1", "depot": "RD"},
        {"etablissement": "8", "depot": ""},
        {"etablissement": "x"},
    ):
        with pytest.raises(Problem):
            place.posted_place(visit_with(agencies, carl, **wrong))


def test_an_open_page_says_that_its_person_moved_on(agencies: AgenciesDesk) -> None:
    """The line of rule 3, which a page asks for when it is looked at again."""
    carl = agencies.person_at("carl", "2/RD")
    given = {"hx-request": "true", "hx-target": "ligne_position"}
    line = carl.get(f"{PAGE}?ici=1/AB", **given)
    assert "Votre position est maintenant 2/RD ; cette page reste en 1/AB." in line.said.replace("\u202f", " ").replace(
        "\u00a0", " "
    )
    assert "Y aller" in line.said
    assert "Votre position" not in carl.get(f"{PAGE}?ici=2/RD", **given).said


def test_the_menu_has_what_is_of_use(desk: Desk) -> None:
    """Rule 4: a site with one establishment, no stock and no books; an accountant sees where these are begun."""
    with desk.site.database.read() as connection:
        adam, adele = read_person(connection, "adam"), read_person(connection, "adele")
    none, all_of_it = Standing(), Standing(establishments=2, manages_stock=True, has_entries=True)
    assert [each.holds(none, adam) for each in When] == [True, False, False, False]
    assert [each.holds(none, adele) for each in When] == [True, False, False, True]
    assert [each.holds(all_of_it, adam) for each in When] == [True] * len(When)
    assert "1/PRINCIPAL" in head(desk.browser("nadia"))
    with desk.site.database.transaction() as connection:
        change_rights(connection, "carl", roles=[], by="marie", at=desk.site.database.now())
    assert head(desk.browser("carl")) == "", "who has no role is nowhere"
