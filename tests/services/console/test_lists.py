"""Lists whatever their length: as many statements for a thousand rows as for ten; lists as files; the search."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import Mailbox, PurchaseOrder, PurgeMail, PurgeRun, SalesOrder
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk, add_order, counted_by
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")

ROUTES = (
    *("/", "/commandes", "/commandes?etat=a-envoyer", "/commandes/CFR1", "/ventes", "/ventes/CCL1", "/relever"),
    *("/chercher?q=CFR", "/chercher?q=dupont", "/moi", "/accessibilite", "/comptes/boites/boite-1", "/envois"),
    *("/tiers", "/tiers?q=stau", "/tiers?encours=1", "/tiers/chercher?q=stau"),
    *("/exploitation/boites", "/exploitation/boite/boite-1", "/exploitation/relais"),
    *("/exploitation/purge", "/exploitation/purge/1", "/exploitation/rejeu"),
)
MOST = 19
"""Statements of a page, with those that find out who is there, and three that are asked once in five seconds."""
MOST_OF_HOME = 48
"""Those of the first page, which looks at all there is, once in five seconds."""


def fill(desk: Desk, first: int, last: int) -> None:
    """So many purchase orders, sales orders and mailboxes more."""
    numbers = range(first, last)
    with desk.site.database.transaction() as connection:
        bought = [
            {"number": f"CFR{n}", "issue_date": date(2020, 11, n % 28 + 1), "supplier_id": 1, "state": "confirmed"}
            | {"total_ht": Decimal(n), "total_vat": Decimal(0), "total_ttc": Decimal(n), "currency": "EUR"}
            | {"created_at": NOW, "updated_at": NOW}
            for n in numbers
        ]
        connection.execute(insert(PurchaseOrder), bought)
        template = connection.execute(SalesOrder.__table__.select().limit(1)).one()._asdict()
        del template["id"]
        sold = [{**template, "number": f"CCL{n}", "customer_order_number": None, "partner_id": None} for n in numbers]
        connection.execute(insert(SalesOrder), sold)
        boxes = [
            {"name": f"boite-{n}", "host": "imap.test", "port": 993, "login": "a@b.test", "secret": "mail"}
            | {"security": "tls"}
            for n in numbers
        ]
        connection.execute(insert(Mailbox), boxes)


def test_a_thousand_rows_cost_as_many_statements_as_ten(desk: Desk) -> None:
    browser = desk.browser("adam")
    fill(desk, 10, 20)
    with desk.site.database.transaction() as connection:
        box = NewMailbox(name="boite-1", host="imap.test", port=993, login="a@b.test", secret="mail")
        box_id = add_mailbox(connection, box, by="marie", at=NOW)
        run = {"mailbox_id": box_id, "requested_at": NOW, "requested_by": "marie", "archived_before": NOW}
        connection.execute(insert(PurgeRun).values(**run, dry_run=True, ended_at=NOW))
    list_of_purge(desk, 10)
    few = costs(desk, browser)
    fill(desk, 20, 1020)
    list_of_purge(desk, 1000)
    assert costs(desk, browser) == few, "they grow with the rows"
    assert few.pop("/") <= MOST_OF_HOME
    assert max(few.values()) <= MOST, few


def list_of_purge(desk: Desk, count: int) -> None:
    """So many mails more that a look before a purge found."""
    with desk.site.database.transaction() as connection:
        items = [{"purge_run_id": 1, "handle": str(n), "verdict": "remove"} for n in range(count)]
        connection.execute(insert(PurgeMail), items)


def costs(desk: Desk, browser: Browser) -> dict[str, int]:
    found = {}
    for path in ROUTES:
        desk.look_anew()
        with counted_by(desk.console) as statements:
            assert browser.get(path).status in {200, 303}, path
        found[path] = len(statements)
    return found


def table_of(answer: Answer) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig")), delimiter=";"))


def test_a_list_as_a_file_has_the_rows_of_its_address(desk: Desk) -> None:
    """Filter and order are those of the page; what somebody wrote is no formula; amounts stay amounts."""
    with desk.site.database.transaction() as connection:
        connection.execute(update(PurchaseOrder).where(PurchaseOrder.number == "CFR1").values(note="=1+1"))
        for n in range(10, 25):
            add_order(connection, 1, f"CFR{n}", date(2020, 10, 1), "Réassort", Decimal("1234.5"), "draft")
    browser = desk.browser("nadia")
    answer = browser.get("/commandes.csv?du=01/11/2020&fournisseur=stauber")
    assert answer.headers["content-disposition"].startswith('attachment; filename="commandes-')
    head, titles, *rows = table_of(answer)
    assert head == ["Commandes fournisseurs", "/commandes.csv?du=01/11/2020&fournisseur=stauber"]
    assert titles[:5] == ["ID Pièce", "Date", "Nature", "Total HT", "Total TTC"]
    assert [row[:7] for row in rows] == [
        ["CFR2", "19/11/2020", "Casseroles", "120,00", "144,00", "EUR", "confirmée"],
        ["CFR1", "15/11/2020", "'=1+1", "180,00", "216,00", "EUR", "confirmée"],
    ]
    fill(desk, 100, 1250)
    drafts = table_of(browser.get("/commandes.csv?etat=brouillons"))[2:]
    assert [row[0] for row in drafts] == [row[0] for row in browser.get("/commandes?etat=brouillons").rows()]
    assert {row[3] for row in drafts} == {"1234,50"}
    every = [row[0] for row in table_of(browser.get("/commandes.csv"))[2:]]
    assert (len(every), len(set(every))) == (1167, 1167)
    sold = table_of(browser.get("/ventes.csv?client=dupont&langue=en"))
    assert (sold[0][0], len(sold)) == ("Sales orders", 1153)
    wrong = browser.get("/commandes.csv?du=nonsense")
    assert (wrong.status, wrong.headers["location"]) == (303, "/commandes?du=nonsense")
    assert 'href="/commandes.csv?etat=brouillons"' in browser.get("/commandes?etat=brouillons").text


def test_the_search_goes_straight_to_an_exact_number(desk: Desk) -> None:
    browser = desk.browser("nadia")
    for typed, path in (("CFR1", "/commandes/CFR1"), ("cfr2", "/commandes/CFR2"), (" ccl1 ", "/ventes/CCL1")):
        answer = browser.get(f"/chercher?q={typed.replace(' ', '+')}")
        assert (answer.status, answer.headers.get("location")) == (303, path)
    both = browser.get("/chercher?q=CFR")
    assert all(f'href="/commandes/{number}"' in both.text for number in ("CFR1", "CFR2"))


def test_the_search_finds_third_parties(desk: Desk) -> None:
    """Names by their folded words, codes by their beginning."""
    browser = desk.browser("nadia")
    for typed in ("dup", "DUPONT", "St%C3%A2uber"):
        found = browser.get(f"/chercher?q={typed}")
        assert ("Tiers" in found.said, "client=" in found.text) == (True, True), typed
    nothing = browser.get("/chercher?q=%3Cb%3Ezzz")
    assert ("Rien ici ne s'appelle" in nothing.said.replace("’", "'"), "<b>zzz" in nothing.text) == (True, False)
    for odd in ("%F4%8F%BF%BF", "x" * 300, "%25", "_", "\\"):
        assert browser.get(f"/chercher?q={odd}").status == 200, odd
    assert browser.get("/chercher").status == 200
