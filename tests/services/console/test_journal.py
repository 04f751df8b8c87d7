"""*Journal*: everything that happened, narrowed in the address, page by page, and the same as a file."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from intergestan_db.tables import Event, PurchaseOrder, User
from intergestan_exchange.listing.events import ALL_SERVICES
from services.console.app import ROUTES
from services.console.pages import journal
from tests.services.console.browser import Answer
from tests.services.console.desk import PASSWORD, Desk, counted_by

pytestmark = pytest.mark.mainly_on("postgresql")


def put(desk: Desk, count: int, **values: Any) -> None:
    """So many events, a minute apart, the last of them now."""
    now = desk.site.database.now()
    usual = {
        "who": "importer",
        "subject": "purchase_order",
        "subject_id": 1,
        "name": "import",
        "old": None,
        "new": None,
    }
    rows = [{**usual, "detail": None, **values, "at": now - timedelta(minutes=count - n)} for n in range(1, count + 1)]
    with desk.site.database.transaction() as connection:
        connection.execute(insert(Event), rows)


def every(desk: Desk, address: str) -> list[Answer]:
    """All pages of a list, by their links."""
    browser, pages = desk.browser("odile"), []
    while address:
        pages.append(browser.get(address))
        following = re.search(r'rel="next" href="([^"]+)"', pages[-1].text)
        address = html.unescape(following[1]) if following else ""
    return pages


def test_what_happened_says_who_when_what_and_of_what(desk: Desk) -> None:
    """Words, never the names that are stored; links where there is a page for whoever looks."""
    carl = desk.browser("carl")
    carl.submit(
        "/moi", "/moi/mot-de-passe", {"mot_de_passe": PASSWORD, "mot_de_passe_nouveau": "un chien noir et blanc"}
    )
    desk.browser().enter("carl", "wrong")
    page = desk.browser("odile").get("/journal")
    lines = {row[2]: row for row in reversed(page.rows())}
    assert lines["mot de passe changé"][1:4] == ["carl", "mot de passe changé", "carl"]
    assert lines["connexion refusée"][1] == "console"
    assert "192.0.2.7" in lines["connexion"][5]
    roles = [row for row in page.rows() if row[2] == "rôles et droits changés"]
    assert any("rôles : commercial → administrateur" in row[5].replace("\xa0", " ") for row in roles), roles
    assert "chien" not in page.text
    assert 'href="/reglages/utilisateurs/carl"' not in page.text, "an operator has no such page"
    assert 'href="/reglages/utilisateurs/carl"' in desk.browser("adam").get("/journal").text


def test_what_is_kept_of_names_has_words(desk: Desk) -> None:
    for name in ("match", "forget match"):
        put(desk, 1, who="carl", subject="party", name=name, detail={"name": "Vis", "product": "CAS-16"})
    said = {row[2] for row in desk.browser("odile").get("/journal?quoi=tiers").rows()}
    assert said >= {"le sens d'un nom du fournisseur a été retenu", "le sens d'un nom du fournisseur a été oublié"}


def test_the_filter_stands_in_the_address(desk: Desk) -> None:
    put(desk, 3)
    put(desk, 2, who="anne", subject="user", subject_id=1, name="profile")
    put(desk, 1, who="carl", name="confirm", old="draft", new="confirmed", subject_id=2)
    browser = desk.browser("odile")
    with desk.site.database.read() as connection:
        numbers = {row.id: row.number for row in connection.execute(select(PurchaseOrder.id, PurchaseOrder.number))}
    for query, whose in {
        "qui=anne": {"anne"},
        "qui=importer&quoi=commandes": {"importer"},
        f"sur={numbers[2]}": {"carl"},
        f"sur={numbers[2]}&quoi=personnes": set(),
        "sur=none": set(),
        "qui=nobody": set(),
        "quoi=commandes&gens=1": {"carl"},
        "au=01/01/2001": set(),
        "qui=moi": {"odile"},
    }.items():
        page = browser.get(f"/journal?{query}")
        assert (page.status, {row[1] for row in page.rows()}) == (200, whose), query
        for name, value in (part.split("=") for part in query.split("&") if part not in {"gens=1", "quoi=commandes"}):
            assert f'value="{value}"' in page.text, name
    people = {row[1] for row in browser.get("/journal?gens=1&lignes=200").rows()}
    assert people
    assert not people & set(ALL_SERVICES)
    for bad in ("au=31/12/9999", "du=0001-01-01"):
        assert browser.get(f"/journal?{bad}").status == 422, bad
    led = browser.get("/journal.csv?du=x&path=1&self=2")
    assert (led.status, led.headers["location"]) == (303, "/journal?du=x&path=1&self=2")
    assert browser.get("/journal?sur=%00").status == 400
    wrong = browser.get("/journal?du=32/13/2020")
    assert (wrong.status, 'href="#du"' in wrong.text, 'value="32/13/2020"' in wrong.text) == (422, True, True)
    today = desk.site.database.now().astimezone(desk.console.site.read().zone).date()
    assert len(browser.get(f"/journal?du={today}&au={today}&qui=carl&quoi=commandes").rows()) == 1
    tomorrow = today + timedelta(days=1)
    assert not browser.get(f"/journal?du={tomorrow}").rows()


def test_pages_are_whole_and_cost_the_same_and_the_file_is_what_is_shown(desk: Desk) -> None:
    put(desk, 130, who="anne", name="edit", detail={"note": "=cmd|' /C calc'!A0"})
    pages = every(desk, "/journal?qui=anne&lignes=25")
    shown = [row for page in pages for row in page.rows()]
    assert (len(pages), len(shown)) == (6, 130)
    assert len({(row[0], row[3]) for row in shown}) > 100
    browser = desk.browser("odile")
    costs = set()
    for page in (pages[0], pages[3]):
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        assert following
        with counted_by(desk.console) as statements:
            browser.get(html.unescape(following[1]))
        costs.add(len(statements))
    assert len(costs) == 1
    back = re.search(r'rel="prev" href="([^"]+)"', pages[2].text)
    assert back
    assert browser.get(html.unescape(back[1])).rows() == pages[1].rows()
    export = re.search(r'href="(/journal\.csv[^"]*)"', pages[0].text)
    assert export
    text = browser.get(html.unescape(export[1])).body.decode("utf-8-sig")
    head, titles, *rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert (head[0], titles[0], len(rows)) == ("Journal", "Quand", 130)
    assert [(row[1], row[2], row[3]) for row in rows] == [(row[1], row[2], row[3]) for row in shown]
    assert not [row for row in rows if row[6].startswith("=")]


def test_nobody_changes_what_happened(desk: Desk) -> None:
    """No page does, and no form of one: there is only the list."""
    browser = desk.browser("adam")
    token = browser.get("/moi").token
    for path in ("/journal", "/journal.csv"):
        assert browser.post(path, {"jeton": token}).status == 405
    assert desk.browser("carl").get("/journal").status == 403
    assert desk.site.row(User, login="carl").active


def test_every_link_of_the_journal_is_a_page_of_ours() -> None:
    for subject, (path, access) in journal.LINKS.items():
        scope = {"type": "http", "method": "GET", "path": f"{path}x", "root_path": ""}
        found = next(page for page in ROUTES if page.match(scope) is not None)
        assert (found.get is not None, found.access) == (True, access), subject
