"""*FEC*, *Clôture* and *Plan* in the pages; over ASGI."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from intergestan_db.tables import AccountingFolder, Entry, Event, FecExport, FiscalYear, Invoice
from intergestan_erp.books.fec import description, fec_bytes
from intergestan_erp.books.fec_rows import fec_entries
from intergestan_erp.books.typed import unletter_by_hand
from intergestan_erp.selling.invoicing import invoice
from tests.services.console.books_desk import LINES, Keeping, lines_in
from tests.services.console.browser import Answer, Browser, fields_in
from tests.services.console.desk import PASSWORD

pytestmark = pytest.mark.mainly_on("postgresql")
FILES, YEARS, CHART = "/comptabilite/fec", "/comptabilite/cloture", "/comptabilite/plan"
YEAR = date(2020, 1, 1), date(2020, 12, 31)
LAST = "2020-12-31"


def form(page: Answer, action: str) -> dict[str, str]:
    """What the first form that goes there sends, if nobody touches it."""
    found = re.search(rf'(?s)<form method="post" action="{re.escape(action)}".*?</form>', page.text)
    assert found, page.said
    return fields_in(found[0])


def fec_of(keeping: Keeping) -> bytes:
    """The file of the year, as the library writes it."""
    with keeping.site.database.snapshot() as connection:
        return b"".join(fec_bytes(fec_entries(connection, keeping.folder(), *YEAR)))


def close(browser: Browser, typed: str = "2020", **changes: str) -> Answer:
    page = browser.get(f"{YEARS}/{LAST}")
    fields = {**form(page, f"{YEARS}/{LAST}"), "annee": typed, "mot_de_passe": PASSWORD, **changes}
    return browser.post(f"{YEARS}/{LAST}", fields)


def test_the_file_is_the_librarys_byte_for_byte(keeping: Keeping) -> None:
    """A04, D61: produced once for a form, taken by its link, described; refused without a SIREN or after a change."""
    keeping.bill()
    adele = keeping.browser("adele")
    fields = {**form(adele.get(FILES), FILES), "exercice": LAST}
    refused = adele.post(FILES, fields)
    assert (refused.status, "SIREN" in refused.said, "Fiche du dossier comptable" in refused.said) == (422, True, True)
    keeping.with_siren()
    assert [adele.post(FILES, fields).status for _ in range(2)] == [303, 303]
    page = adele.get(FILES)
    row = keeping.site.row(FecExport)
    assert ([row.by, row.lines], page.rows()[0][1:3]) == (["adele", 3], [row.sha256, "3"])
    assert "provisoire" in page.rows()[0][0]
    file = adele.get(f"{FILES}/{row.id}?dossier=1")
    assert (file.body, hashlib.sha256(file.body).hexdigest()) == (fec_of(keeping), row.sha256)
    assert file.headers["content-disposition"] == 'attachment; filename="123456782FEC20201231.txt"'
    told = adele.get(f"{FILES}/description?dossier=1&exercice={LAST}")
    assert told.body == description()
    export = adele.get("/comptabilite/export.txt?dossier=1&du=01/01/2020&au=31/12/2020")
    assert export.body == fec_of(keeping)
    assert adele.get("/comptabilite/export.txt?dossier=1&du=01/01/2020").status == 422
    assert adele.get(f"{FILES}/99?dossier=1").status == adele.get(f"{FILES}/{10**19}").status == 404
    assert "mêmes octets" in adele.get(f"{FILES}?comparer={row.id}").said
    keeping.pay("72")
    changed = adele.get(f"{FILES}?comparer={row.id}")
    assert ("Lignes lettrées depuis : 2" in changed.said, "VE1 411000 411C4 AA" in changed.said) == (True, True)
    gone = adele.get(f"{FILES}/{row.id}?dossier=1")
    assert (gone.status, "produisez-le de nouveau" in gone.said) == (409, True)
    again = {**form(adele.get(FILES), FILES), "exercice": LAST}
    assert adele.post(FILES, again).status == 303
    assert "n'est plus ce qui avait été produit : 2 lignes lettrées depuis." in adele.get(FILES).said
    with keeping.site.database.transaction() as connection:
        unletter_by_hand(connection, keeping.folder(), "411C4", "AA", by="adele", at=keeping.now)
    assert adele.post(FILES, {**again, "exercice": "1999-12-31", "jeton_acte": "b" * 20}).status == 422


def test_a_year_is_closed_for_ever(keeping: Keeping) -> None:
    """D61 (§10, oracle): case 1 paid by transfer; previewed, typed, by password; once; then nothing enters."""
    keeping.bill()
    keeping.pay("72")
    early = keeping.browser("adele").get(f"{YEARS}/{LAST}")
    assert "L'exercice est terminé" in early.said
    assert form_is_missing(early)
    keeping.move(days=42)
    adele = keeping.browser("adele")
    page = adele.get(f"{YEARS}/{LAST}")
    assert "Bénéfice de 60,00, au 120." in page.said
    assert [row[0] for row in page.rows()] == ["120000", "445710", "512000"]
    assert ("Tapez 2020" in page.said, "ne se rouvre jamais" in page.said) == (True, True)
    assert close(adele, "2019").status == 422
    keeping.move(hours=2)
    adele = keeping.browser("adele")
    keeping.move(hours=2)
    without = close(adele, mot_de_passe="")
    assert (without.status, keeping.site.row(FiscalYear, first=YEAR[0]).closed_at) == (422, None)
    assert close(adele, mot_de_passe="faux").status == 422
    wanted = {**form(adele.get(f"{YEARS}/{LAST}"), f"{YEARS}/{LAST}"), "annee": "2020", "mot_de_passe": PASSWORD}
    assert [adele.post(f"{YEARS}/{LAST}", wanted).status for _ in range(2)] == [303, 303]
    found = lines_in(adele.get(f"{LINES}?journal=AN"))
    assert found == ["AN 1 120000 C 60,00", "AN 1 445710 C 12,00", "AN 1 512000 D 72,00"]
    listed = adele.get(YEARS)
    assert ("clos le" in listed.said, "par adele" in listed.said) == (True, True)
    assert form_is_missing(adele.get(f"{YEARS}/{LAST}"))
    late = {"journal": "OD", "date": LAST, "piece": "P", "libelle": "L", "l1_compte": "512000", "l1_debit": "1"}
    late |= {"l2_compte": "530000", "l2_credit": "1"}
    late = {**form(adele.get(f"{LINES}/nouvelle"), f"{LINES}/nouvelle"), **late}
    refused = adele.post(f"{LINES}/nouvelle", late)
    assert (refused.status, "sont arrêtés au 31/12/2020" in refused.said) == (422, True)
    assert adele.get(f"{YEARS}/1999-12-31").status == 404


def form_is_missing(page: Answer) -> bool:
    return f'action="{YEARS}/{LAST}"' not in page.text


def test_an_unpaid_year_hands_on_who_owes(keeping: Keeping) -> None:
    """D61 (§10, oracle): unpaid, and 40,00 bought with 8,00 of VAT; 186 and 187 stop it, named with their lines."""
    keeping.bill()
    keeping.supplier()
    keeping.enter("607000=40", "445660=8", "401000/AG2=-48")
    keeping.enter("186000=5", "512000=-5")
    keeping.move(days=42)
    adele = keeping.browser("adele")
    page = adele.get(f"{YEARS}/{LAST}")
    assert ("186 et 187" in page.said, form_is_missing(page)) == (True, True)
    keeping.enter("187000=-5", "512000=5", day=YEAR[1])
    assert close(adele).status == 303
    found = [
        re.sub(r"401\w*AG2|401AGE\w*|/401\S*", "/AG2", each) for each in lines_in(adele.get(f"{LINES}?journal=AN"))
    ]
    assert found == [
        "AN 1 120000 C 20,00",
        "AN 1 401000/AG2 C 48,00",
        "AN 1 411000/411C4 D 72,00",
        "AN 1 445660 D 8,00",
        "AN 1 445710 C 12,00",
    ]


def test_books_are_shut_and_years_moved_from_what_was_seen(keeping: Keeping) -> None:
    """Locked months say so; a year's end moves; of two accountants the second one is told; both with the password."""
    keeping.bill()
    adele, adam = keeping.browser("adele"), keeping.browser("adam")
    seen = form(adam.get(YEARS), YEARS)
    shut = {**form(adele.get(YEARS), "/comptabilite/arreter"), "arrete": "19/11/2020", "mot_de_passe": PASSWORD}
    assert adele.post("/comptabilite/arreter", {**shut, "arrete": "jamais"}).status == 422
    assert adele.post("/comptabilite/arreter", shut).status == 303
    assert "arrêté au 19/11/2020" in adele.get(YEARS).said
    moved = {**seen, f"au.{LAST}": "30/11/2020"}
    clash = adam.post(YEARS, moved)
    assert (clash.status, 'value="30/11/2020"' in clash.text) == (409, True)
    assert adam.post(YEARS, {**form(clash, YEARS), f"au.{LAST}": "30/11/2020"}).status == 303
    years = sorted(keeping.site.rows(FiscalYear), key=lambda row: row.first)
    assert years[0].last == date(2020, 11, 30)
    again = form(adele.get(YEARS), YEARS)
    field = next(name for name in again if name.startswith("au."))
    assert adele.post(YEARS, {**again, field: "30/11/2029"}).status == 422
    assert adele.post(YEARS, {**again, field: ""}).status == 422
    opened = {**form(adele.get(YEARS), "/comptabilite/arreter"), "arrete": "", "mot_de_passe": PASSWORD}
    assert adele.post("/comptabilite/arreter", opened).status == 303
    assert keeping.site.row(AccountingFolder).locked_until is None
    names = [row.name for row in keeping.site.rows(Event, subject="accounting_folder")]
    assert names == ["lock", "lock"]


@pytest.mark.race
def test_a_closing_against_an_invoice_of_that_year_at_once(keeping: Keeping) -> None:
    """D61: the invoice is in the year that is closed, or is refused; both are told, and the opening says the same."""
    keeping.bill()
    keeping.agencies.delivered_from_all()
    with keeping.site.database.transaction() as connection:
        connection.execute(update(FiscalYear).where(FiscalYear.first == YEAR[0]).values(last=keeping.now.date()))
        connection.execute(
            update(FiscalYear).where(FiscalYear.first > YEAR[0]).values(first=keeping.now.date() + timedelta(days=1))
        )
    adele, last = keeping.browser("adele"), keeping.now.date().isoformat()
    path = f"{YEARS}/{last}"
    wanted = {**form(adele.get(path), path), "annee": "2020", "mot_de_passe": PASSWORD}

    def bill() -> str:
        with keeping.site.database.transaction() as connection:
            return invoice(connection, ["CCL2"], by="marie", at=keeping.now)

    def finish() -> int:
        return adele.post(path, wanted).status

    with ThreadPoolExecutor(2) as pool:
        billing, closing = pool.submit(bill), pool.submit(finish)
    closed, made = closing.result(), billing.exception() is None
    assert closed == 303
    invoices, entries = keeping.site.rows(Invoice), keeping.site.rows(Entry)
    inside = [each for each in entries if each.journal_code == "VE"]
    assert len(invoices) == len(inside)
    opening = lines_in(keeping.browser("adele").get(f"{LINES}?journal=AN"))
    assert f"AN 1 120000 C {60 * len(inside)},00" in opening
    assert (len(inside) == 2) is made


def test_which_account_is_for_what(keeping: Keeping) -> None:
    """D60, A08: by use, family and rate of VAT; the next invoice is posted there; the usual one again; two at once."""
    keeping.bill()
    adele, adam = keeping.browser("adele"), keeping.browser("adam")
    page = adele.get(CHART)
    assert any(row[2:] == ["411000", "Clients", "habituel"] for row in page.rows())
    fields = form(page, CHART)
    other = form(adam.get(CHART), CHART)
    new = {"usage": "sales", "tva": "S:20", "compte": "707100", "intitule": "Ventes 20 %"}
    for change, field in (
        ({"compte": "9"}, "compte"),
        ({"intitule": ""}, "intitule"),
        ({"famille": "BOUL"}, "famille"),
        ({"usage": "bank"}, "tva"),
        ({"tva": "XX"}, "tva"),
        ({"usage": "none"}, "usage"),
    ):
        refused = adele.post(CHART, {**fields, **new, **change})
        assert (refused.status, f'href="#{field}"' in refused.text) == (422, True), change
    assert adele.post(CHART, {**fields, **new}).status == 303
    clash = adam.post(CHART, {**other, **new, "compte": "707200"})
    assert (clash.status, 'value="707200"' in clash.text) == (409, True)
    assert ["ventes", "S:20", "707100", "Ventes 20 %", "oui"] in [
        [row[0].lower(), *row[1:]] for row in adele.get(CHART).rows()
    ]
    keeping.bill()
    assert "VE 2 707100 C 60,00" in lines_in(adele.get(LINES))
    assert "VE 1 707000 C 60,00" in lines_in(adele.get(LINES))
    back = {**form(adele.get(CHART), CHART), "usage": "sales", "tva": "S:20", "faire": "usuel"}
    assert adele.post(CHART, back).status == 303
    assert keeping.site.row(AccountingFolder).chart == {}
    assert "411C4" in adele.get(CHART).said
