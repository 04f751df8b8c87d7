"""*Réglages ▸ Dossier* in the pages: three tabs of the source and a fourth, pairs, stock switched on; over ASGI."""

from __future__ import annotations

import html
import re

import pytest

from intergestan_db.enums import CategoryKind
from intergestan_db.tables import Category, Dossier, Event, OperationCode, Stock, StockMove
from intergestan_erp.agencies.codes import Mark, add_category
from intergestan_erp.agencies.depots import set_depot
from tests.services.console.agencies_desk import AgenciesDesk
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.services.console.test_position import plain

pytestmark = pytest.mark.mainly_on("postgresql")

PAGE = "/reglages/dossier/1"
WORDS = {
    "options": "Options|Stocks|Inter-agences|BP-PREPARATIONS|Numéro|Nom|Dossier comptable|Établissement par défaut"
    "|Axe analytique établissement",
    "stocks": "Gérer le stock|Gérer les réservations|Réserver automatiquement à la saisie de pièce"
    "|Arbitrage multi-dépôt|toujours|si le dépôt ne suffit pas|jamais",
    "bp": "Génération BP|Générer des BP|En cas de commande incomplète|Générer un BP|Ne pas traiter",
    "inter-agences": "Etablissement facturation|Gérer les établissements en tant que société|Bloc pièces inter-agences"
    "|Pièces client|Pièces fournisseur|Code opération facturable|Code opération non facturable"
    "|Catégorie tiers agence|Catégorie pièce|Demandeur|Fournisseur|Facturable|Tiers client|Tiers fournisseur|Manque",
}
"""The words of the source document, letter by letter."""


def form_of(page: Answer, action: str = PAGE) -> dict[str, str]:
    """What the form of a page sends, choices with it, if nobody touches it."""
    fields = page.form_at(action)
    for name, options in re.findall(r'(?s)<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page.text):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = html.unescape(chosen[1]) if chosen else ""
    return fields


def opened(browser: Browser, tab: str) -> dict[str, str]:
    return form_of(browser.get(f"{PAGE}?onglet={tab}"))


def twice(browser: Browser, form: dict[str, str]) -> Answer:
    """What is told first is pressed once more."""
    told = browser.post(PAGE, form)
    assert (told.status, "Ce que cela change" in told.said) == (200, True), told.said
    return browser.post(PAGE, {**form, "vu": told.form_at(PAGE)["vu"]})


@pytest.mark.parametrize("tab", WORDS)
def test_the_words_are_those_of_the_source(agencies: AgenciesDesk, tab: str) -> None:
    """A09: onglets Options, Stocks et Inter-agences."""
    page = plain(agencies.browser("adam").get(f"{PAGE}?onglet={tab}").text)
    for words in WORDS[tab].split("|"):
        assert words in page, words


def test_a_tab_is_stored_as_a_whole(agencies: AgenciesDesk) -> None:
    """A09 to A11, A22, A39: what it does is told first; it is stored and noted; a second one is told of the first."""
    adam, marie = agencies.browser("adam"), agencies.browser("marie")
    form, theirs = opened(adam, "bp"), opened(marie, "bp")
    done = twice(adam, {**form, "incomplete": "wait"})
    assert (done.status, agencies.site.row(Dossier).incomplete) == (303, "wait")
    assert "En cas de commande incomplète" in adam.get("/moi").said
    late = twice(marie, {name: value for name, value in theirs.items() if name != "picking_mode"})
    assert (late.status, "Ne pas traiter" in late.said) == (409, True), late.said
    assert (agencies.site.row(Dossier).incomplete, agencies.site.row(Dossier).picking_mode) == ("wait", "slip")
    form = opened(adam, "stocks")
    assert adam.post(PAGE, {**form, "reserve_at_entry": "1"}).status == 303
    assert agencies.site.row(Dossier).reserve_at_entry
    form = {name: value for name, value in opened(adam, "stocks").items() if name != "manage_reservations"}
    needs = twice(adam, form)
    assert (needs.status, "Réserver automatiquement à la saisie de pièce" in needs.said) == (422, True), needs.said
    off = adam.post(PAGE, {n: v for n, v in opened(adam, "stocks").items() if n != "manage_stock"})
    assert agencies.site.row(Dossier).manage_stock, off.said
    assert "arbitrate" in opened(adam, "stocks")
    assert adam.post(PAGE, {**opened(adam, "stocks"), "arbitrate": "nonsense", "vu": ""}).status == 200
    noted = agencies.site.rows(Event, subject="dossier", name="set", who="adam")
    assert len(noted) == 2


def test_establishments_as_companies(agencies: AgenciesDesk) -> None:
    """A14, A15, A47, A48, A51: the table of pairs row by row; the box stays while a folder is filled."""
    adam, made = agencies.browser("adam"), agencies.agencies
    made.did(set_depot, "PRINCIPAL", {"active": False})

    def pairs() -> dict[tuple[str, str], list[str]]:
        rows = adam.get(f"{PAGE}?onglet=inter-agences").rows()
        return {(row[0][0], row[1][0]): row[2:] for row in rows}

    assert pairs()["1", "2"] == ["non", "C0 / F0", "AG1", "AG2", ""]
    form = {**opened(adam, "inter-agences"), "establishments_are_companies": "1"}
    assert adam.post(PAGE, form).status == 303
    made.own_books(2, 2)
    assert pairs()["1", "2"][:2] == ["oui", "C+ / F+"]
    assert pairs()["3", "1"][:2] == ["non", "C0 / F0"]
    made.own_books(1, 1)
    assert (pairs()["1", "2"][0], pairs()["1", "3"][0]) == ("oui", "interne"), "A48"
    made.did(set_depot, "RD", {"supplier_party_id": None})
    assert plain(pairs()["1", "2"][-1]) == "dépôt RD : tiers fournisseur"
    form = {n: v for n, v in opened(adam, "inter-agences").items() if n != "establishments_are_companies"}
    refused = adam.post(PAGE, form)
    assert (refused.status, 'href="/agences/1"' in refused.text) == (422, True), refused.said
    assert agencies.site.row(Dossier).establishments_are_companies


def test_who_invoices_and_what_is_marked(agencies: AgenciesDesk) -> None:
    """A13, A17, A18, A23: an establishment that invoices alone, categories, codes of operation."""
    adam = agencies.browser("adam")
    agencies.agencies.did(add_category, Mark("AGENCE", "Tiers agence", CategoryKind.PARTY))
    form = {**opened(adam, "inter-agences"), "invoicing_establishment": "1", "party_category": "AGENCE"}
    assert twice(adam, form).status == 303
    assert agencies.agencies.party_row("AG2").category_id == agencies.site.row(Category).id
    for fields in ({"invoicing_establishment": "99"}, {"customer_op_plain": "C+"}, {"document_category": "AGENCE"}):
        wrong = {**opened(adam, "inter-agences"), **fields}
        told = adam.post(PAGE, wrong)
        refused = adam.post(PAGE, {**wrong, "vu": told.form_at(PAGE)["vu"]}) if told.status == 200 else told
        assert refused.status == 422, (fields, refused.said)
    assert adam.get("/reglages/dossier/77").status == 404


def test_codes_and_categories(agencies: AgenciesDesk) -> None:
    """A13 to A18: one more of each; a code that is taken is said with what was typed."""
    adam = agencies.browser("adam")
    token = adam.get("/reglages/codes").kept()
    new = {**token, "code": "cx", "intitule": "Échange", "pour": "customer"}
    assert adam.post("/reglages/codes", new).status == 303
    row = agencies.site.row(OperationCode, code="CX")
    assert (row.name, row.billable) == ("Échange", False)
    again = adam.post("/reglages/codes", {**adam.get("/reglages/codes").kept(), **new, "jeton_acte": "b" * 20})
    assert (again.status, 'value="Échange"' in html.unescape(again.text)) == (422, True)
    kind = {**adam.get("/reglages/codes").kept(), "code": "IA", "intitule": "Inter-agences", "pour": "document"}
    assert adam.post("/reglages/codes", kind).status == 303
    assert agencies.site.row(Category, code="IA").kind == "document"


def test_stock_is_switched_on(desk: Desk) -> None:
    """D38: with what lies there; the word is typed; a line that is none enters nothing; it does not go off again."""
    adam = desk.browser("adam")
    start = "/reglages/dossier/1/stock"
    assert "Mettre en service" in adam.get(f"{PAGE}?onglet=stocks").said
    forged = {**opened(adam, "stocks"), "manage_stock": "1"}
    adam.post(PAGE, forged)
    assert not desk.site.row(Dossier).manage_stock, "only by its own page"
    form = {
        **adam.get(start).form_at(start),
        "stock_ouvert": "principal;CAS16;12;6\nPRINCIPAL\tCAS20\t3",
        "mot": "non",
    }
    for fields in (
        {},
        {"mot": "STOCK", "stock_ouvert": "PRINCIPAL;CAS16"},
        {"mot": "STOCK", "stock_ouvert": "XX;CAS16;1"},
    ):
        refused = adam.post(start, {**form, **fields})
        assert (refused.status, "CAS16" in refused.text) == (422, True), refused.said
    assert not desk.site.row(Dossier).manage_stock
    done = adam.post(start, {**form, "mot": "stock", "reservations": "1"})
    assert done.status == 303, done.said
    assert (desk.site.row(Dossier).manage_stock, desk.site.row(Dossier).manage_reservations) == (True, True)
    assert sorted(row.on_hand for row in desk.site.rows(Stock)) == [3, 12]
    assert {row.reason for row in desk.site.rows(StockMove)} == {"opening"}
    assert "Mettre en service" not in adam.get(f"{PAGE}?onglet=stocks").said
    assert adam.get(start).status == 303
