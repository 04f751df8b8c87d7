"""*Comptabilité* in the pages: entries shown, typed, reversed and checked; over ASGI."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import Connection, text, update

from intergestan_db.tables import Dossier, Entry, Event
from intergestan_erp.books.folders import lock_until
from services.console.pages.books import PARTS
from tests.services.console.books_desk import LINES, Keeping, lines_in, send
from tests.services.console.desk import Desk, counted_by
from tests.services.console.test_selling import fields_of
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")
NEW = f"{LINES}/nouvelle"


def break_number(connection: Connection) -> None:
    """As no statement of ours may: VE1 is VE3 now."""
    connection.execute(text("ALTER TABLE entry DISABLE TRIGGER USER"))
    connection.execute(text("UPDATE entry SET number = 3 WHERE journal_code = 'VE'"))


def test_case_1_is_read_from_the_page(keeping: Keeping) -> None:
    """A04, A08 (§8, §10): the entry of one invoice of three agencies, without the axis; sums; filters; one entry."""
    keeping.bill()
    adele = keeping.browser("adele")
    page = adele.get(LINES)
    assert lines_in(page) == ["VE 1 411000/411C4 D 72,00", "VE 1 707000 C 60,00", "VE 1 445710 C 12,00"]
    assert "Total de ce qui est demandé 72,00 72,00" in page.said
    assert "Dossier comptable 1" in page.said
    assert '<a href="/factures/FA1">FA1</a>' in page.text
    for query, expected in (
        ("journal=BQ", []),
        ("compte=4457", ["VE 1 445710 C 12,00"]),
        ("compte=411C4&ouvertes=1", ["VE 1 411000/411C4 D 72,00"]),
        ("montant=60", ["VE 1 707000 C 60,00"]),
        ("piece=FA1&journal=VE&du=20/11/2020&au=20/11/2020", lines_in(page)),
        ("etablissement=1", []),
        ("au=19/11/2020", []),
    ):
        assert lines_in(adele.get(f"{LINES}?{query}")) == expected, query
    assert adele.get(f"{LINES}?du=jamais").status == 422
    assert adele.get(f"{LINES}?dossier=7").status == 422
    one = adele.get(f"{LINES}/VE/1?dossier=1")
    assert (one.status, "Écriture VE1" in one.said, "Contre-passer" in one.said) == (200, True, False)
    assert adele.get(f"{LINES}/VE/2").status == adele.get(f"{LINES}/XX/1").status == 404
    file = adele.get(f"{LINES}.csv?compte=411").text
    assert ("411C4" in file, "707000" in file) == (True, False)


def test_cases_2_and_3_establishments_and_companies(keeping: Keeping) -> None:
    """A08, A47 (§8): with the axis 707 says whose goods went; another company's books are another page."""
    keeping.agencies.folder(2, "Agence 2 SA")
    with keeping.site.database.transaction() as connection:
        connection.execute(update(Dossier).values(analytic_axis=True))
    keeping.bill()
    adele = keeping.browser("adele")
    found = lines_in(adele.get(LINES))
    assert found[1:4] == ["VE 1 707000 C 10,00 [1]", "VE 1 707000 C 20,00 [2]", "VE 1 707000 C 30,00 [3]"]
    assert lines_in(adele.get(f"{LINES}?etablissement=2&compte=707")) == ["VE 1 707000 C 20,00 [2]"]
    other = adele.get(f"{LINES}?dossier=2")
    assert (lines_in(other), "2 : Agence 2 SA" in other.said) == ([], True)
    assert "Aucune écriture : la première facture en fait une." in other.said
    assert adele.get(f"{LINES}/VE/1?dossier=2").status == 404


def test_a_place_in_other_books_is_chosen(keeping: Keeping) -> None:
    """A50: F3 on a page of the books asks for folder and establishment; the page is about those that were chosen."""
    keeping.agencies.folder(2, "Agence 2 SA")
    adele = keeping.browser("adele")
    page = adele.get(f"/position?retour={LINES}%3Fdossier%3D1%26journal%3DVE")
    assert "Dossier Commerce et Logistique" in page.said
    chosen = {**fields_of(page), "dossier_comptable": "2", "etablissement": "2", "dossier": ""}
    done = adele.post("/position", chosen)
    assert (done.status, done.headers["location"]) == (303, f"{LINES}?dossier=2&journal=VE")
    assert "2 : Agence 2 SA" in adele.get(LINES).said
    assert "1 ·" in adele.get(LINES).said.partition("autres comptabilités")[2]


def test_a_list_costs_as_many_statements_whatever_it_has(keeping: Keeping) -> None:
    adele, found = keeping.browser("adele"), []
    for _each in range(2):
        keeping.bill()
        adele.get(LINES)
        with counted_by(keeping.console) as statements:
            adele.get(LINES)
        found.append(len(statements))
    assert found[0] == found[1] <= 6, found


def test_an_entry_is_typed_once(keeping: Keeping) -> None:
    """Lines until the difference is nothing; a fault loses nothing; sent twice it is entered once."""
    keeping.supplier()
    adele = keeping.browser("adele")
    form = fields_of(adele.get(NEW))
    typed = {
        **form,
        "journal": "AC",
        "date": "18/11/2020",
        "piece": "F-77",
        "libelle": "Facture F-77 <b>&",
        "l1_compte": "606100",
        "l1_debit": "40",
        "l2_compte": "445660",
        "l2_debit": "8,00",
        "l3_compte": "401000",
        "l3_tiers": "AG2",
    }
    counted = adele.post(f"{LINES}/calcul", typed, hx_request="true", hx_target="totaux")
    assert "Débit 48,00 Crédit 0,00 Écart 48,00" in counted.said
    rest = adele.post(NEW, {**typed, "faire": "reste"})
    assert fields_of(rest)["l3_credit"] == "48,00"
    here = fields_of(adele.post(NEW, {**typed, "l2_debit": "3", "l3_credit": "48", "faire": "reste-2"}))
    assert (here["l2_debit"], here["l3_credit"]) == ("8,00", "48")
    longer = adele.post(NEW, {**typed, "faire": "ligne"})
    assert "l4_compte" in fields_of(longer)
    assert "l3_compte" not in fields_of(adele.post(NEW, {**typed, "faire": "retirer-1"}))
    unbalanced = adele.post(NEW, {**typed, "l3_credit": "47", "l1_intitule": "Fournitures"})
    assert (unbalanced.status, "48,00" in unbalanced.said, "47,00" in unbalanced.said) == (422, True, True)
    unknown = adele.post(NEW, {**typed, "l3_credit": "48"})
    assert (unknown.status, 'href="#l1_intitule"' in unknown.text) == (422, True)
    assert fields_of(unknown)["libelle"] == html.unescape(typed["libelle"])
    for change, field in (
        ({"l1_debit": "-40"}, "l1_debit"),
        ({"l1_credit": "3"}, "l1_credit"),
        ({"l1_debit": ""}, "l1_debit"),
        ({"l1_compte": ""}, "l1_compte"),
        ({"l1_compte": "9"}, "l1_compte"),
        ({"l3_tiers": "NOBODY"}, "l3_tiers"),
        ({"piece": ""}, "piece"),
        ({"date": "jamais"}, "date"),
        ({"date": "31/12/2020"}, "date"),
        ({"journal": "VE"}, "journal"),
    ):
        refused = adele.post(NEW, {**typed, "l3_credit": "48", "l1_intitule": "Fournitures", **change})
        assert (refused.status, f'href="#{field}"' in refused.text) == (422, True), change
    assert keeping.site.rows(Entry) == []
    whole = {**typed, "l3_credit": "48", "l1_intitule": "Fournitures"}
    answers = [adele.post(NEW, whole) for _ in range(2)]
    assert {(each.status, each.headers["location"]) for each in answers} == {(303, f"{LINES}/AC/1?dossier=1")}
    page = adele.get(f"{LINES}/AC/1?dossier=1")
    assert "déjà fait" in page.said or "AC1" in page.said
    assert "<b>&" not in page.text
    events = [(each.subject, each.name, each.who) for each in keeping.site.rows(Event, subject="entry")]
    assert events == [("entry", "enter", "adele")]
    assert lines_in(adele.get(LINES))[0] == "AC 1 606100 D 40,00"


def test_what_was_typed_is_reversed_once(keeping: Keeping) -> None:
    """Only what people typed; the books then say both; locked months refuse it."""
    keeping.bill()
    assert keeping.enter("606100=5", "512000=-5", titles={"606100": "Fournitures"}) == "OD1"
    adele, path = keeping.browser("adele"), f"{LINES}/OD/1/contre-passer?dossier=1"
    assert "Contre-passer OD1" in adele.get(f"{LINES}/OD/1").said
    page = adele.get(f"{LINES}/VE/1/contre-passer")
    assert ("Une pièce l'a faite" in page.said, "jeton_acte" in page.text) == (True, False)
    forged = adele.post(f"{LINES}/VE/1/contre-passer", fields_of(adele.get(path)))
    assert forged.status == 422
    assert send(adele, path, date="jamais").status == 422
    with keeping.site.database.transaction() as connection:
        lock_until(connection, keeping.folder(), NOW.date(), NOW.date(), by="adele", at=NOW)
    locked = send(adele, path)
    assert (locked.status, "Les comptes du dossier 1 sont arrêtés au 20/11/2020." in locked.said) == (422, True)
    with keeping.site.database.transaction() as connection:
        lock_until(connection, keeping.folder(), None, NOW.date(), by="adele", at=NOW)
    form = fields_of(adele.get(path))
    assert [adele.post(path.partition("?")[0], form).status for _ in range(2)] == [303, 303]
    assert lines_in(adele.get(f"{LINES}?journal=OD"))[:2] == ["OD 2 606100 C 5,00", "OD 2 512000 D 5,00"]
    again = adele.get(path)
    assert ("déjà contre-passée" in again.said, "OD2" in again.said) == (True, True)
    assert "Contre-passée par OD2" in adele.get(f"{LINES}/OD/1").said


def test_what_is_wrong_is_found_and_leads_there(keeping: Keeping) -> None:
    adele, check = keeping.browser("adele"), "/comptabilite/controle"
    keeping.bill()
    assert "La comptabilité est en ordre" in adele.get(check).said or "en ordre" in adele.get(check).said
    with keeping.site.database.transaction() as connection:
        break_number(connection)
    page = adele.get(check)
    assert (f'href="{LINES}/VE/3?dossier=1"' in page.text, "VE3" in page.said) == (True, True)


def test_accounts_are_found_while_one_types(keeping: Keeping) -> None:
    """§3.1: accounts of the chart, and those of third parties."""
    adele = keeping.browser("adele")
    found = {
        query: adele.get(f"/comptabilite/comptes?{query}", hx_request="true").text.count("<li role")
        for query in ("q=707&genre=general", "q=tva&genre=general", "q=client&genre=tiers", "q=411", "q=zzz")
    }
    assert found == {
        "q=707&genre=general": 1,
        "q=tva&genre=general": 2,
        "q=client&genre=tiers": 1,
        "q=411": 2,
        "q=zzz": 0,
    }


def test_who_sees_the_books(desk: Desk) -> None:
    """Rule 4 of §1: an accountant always, an administrator once there is an entry, nobody else; each leads to all."""
    seen = {who: "/comptabilite/ecritures" in desk.browser(who).get("/").text for who in ("adele", "adam", "carl")}
    assert seen == {"adele": True, "adam": False, "carl": False}
    assert desk.browser("adam").get(LINES).status == 200
    page = desk.browser("adele").get(LINES)
    assert [path for _word, path in PARTS if f'href="{path}?dossier=1"' not in page.text] == []


def test_the_menu_of_an_administrator_has_books(keeping: Keeping) -> None:
    keeping.bill()
    keeping.look_anew()
    assert "/comptabilite/ecritures" in keeping.browser("adam").get("/moi").text
    assert keeping.browser("carl").get(LINES).status == 403
