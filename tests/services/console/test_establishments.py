"""*Etablissements*, accounting folders and *Dépôts* in the pages, with what people say of the goods; over ASGI."""

from __future__ import annotations

import html

import pytest

from intergestan_db.enums import CategoryKind
from intergestan_db.tables import AccountingFolder, Category, Depot, DepotRank, Establishment, Event, Party, Stock
from intergestan_erp.agencies.codes import Mark, add_category
from intergestan_erp.agencies.depots import set_depot
from tests.services.console.agencies_desk import AgenciesDesk
from tests.services.console.browser import Answer, Browser
from tests.services.console.test_dossier import form_of
from tests.services.console.test_position import plain

pytestmark = pytest.mark.mainly_on("postgresql")

CARD = "/agences/2/fiche"


def opened(browser: Browser, page: str, action: str) -> dict[str, str]:
    return form_of(browser.get(page), action)


def form_at(page: Answer, action: str) -> dict[str, str]:
    return form_of(page, action)


def test_establishments_are_listed(agencies: AgenciesDesk) -> None:
    """A02, A19: who is a place of business, with its books and depots; a reader sees no button."""
    agencies.agencies.set(establishments_are_companies=True)
    agencies.agencies.own_books(2, 2)
    page = agencies.browser("nadia").get("/agences")
    rows = {row[0]: row[1:] for row in page.rows()}
    assert rows["2"] == ["Agence 2", "", "2", "RD", "0", "oui"]
    assert plain(rows["3"][2]) == "1 (du dossier)"
    assert "Nouvel établissement" not in page.said
    assert "Nouvel établissement" in agencies.browser("adam").get("/agences").said
    folders = {row[0]: row[1:] for row in agencies.browser("nadia").get("/agences?onglet=dossiers").rows()}
    assert (folders["2"][0], folders["2"][-1], folders["1"][-1]) == ("Société 2", "2", "1, 3")
    assert agencies.browser("nadia").get("/agences/2").status == 200
    assert agencies.browser("nadia").get("/agences/99").status == 404


def test_an_establishment_is_entered_and_changed(agencies: AgenciesDesk) -> None:
    """A number that is taken, a SIRET that is none, somebody who was quicker: all that was typed stays."""
    adam, marie = agencies.browser("adam"), agencies.browser("marie")
    new = {**opened(adam, "/agences/nouvelle", "/agences/nouvelle"), "numero": "4", "nom": "Agence 4", "ville": "Lyon"}
    for fields in ({"numero": "2"}, {"numero": "x"}, {"siret": "123"}, {"nom": " "}, {"dossier_comptable": "1"}):
        refused = adam.post("/agences/nouvelle", {**new, **fields})
        assert (refused.status, 'value="Lyon"' in refused.text) == (422, True), (fields, refused.said)
    made = [adam.post("/agences/nouvelle", new) for _ in range(2)]
    assert [each.status for each in made] == [303, 303]
    assert agencies.site.row(Establishment, number=4).city == "Lyon"
    form, theirs = opened(adam, "/agences/2", CARD), opened(marie, "/agences/2", CARD)
    assert adam.post(CARD, {**form, "nom": "Agence de Lyon"}).status == 303
    late = marie.post(CARD, {**theirs, "cp": "69000"})
    assert (late.status, "Agence de Lyon" in late.said, 'value="69000"' in late.text) == (409, True, True)
    off = {name: value for name, value in opened(adam, "/agences/1", "/agences/1/fiche").items() if name != "actif"}
    refused = adam.post("/agences/1/fiche", off)
    assert (refused.status, 'href="/reglages/dossier"' in refused.text) == (422, True), "orders by mail are there"
    assert agencies.site.row(Establishment, number=1).active


def test_a_folder_of_its_own(agencies: AgenciesDesk) -> None:
    """A47, A48, A51, D41: what it does to the pairs is told first; without the box it is refused with the way to it."""
    adam = agencies.browser("adam")
    form = {**opened(adam, "/agences/2", CARD), "dossier_comptable": "1"}
    told = adam.post(CARD, form)
    assert (told.status, "La refacturation entre établissements sera enclenchée" in told.said) == (200, True), told.said
    assert sorted(row[2] for row in told.rows()) == ["interne"] * 4
    refused = adam.post(CARD, {**form, "vu": told.form_at(CARD)["vu"]})
    assert (refused.status, 'href="/reglages/dossier"' in refused.text) == (422, True), refused.said
    agencies.agencies.set(establishments_are_companies=True)
    done = adam.post(CARD, {**form, "vu": told.form_at(CARD)["vu"]})
    assert done.status == 303, done.said
    assert agencies.site.row(Establishment, number=2).accounting_folder_id is not None
    agencies.move(minutes=20)
    empty = {**opened(adam, "/agences/2", CARD), "dossier_comptable": ""}
    asked = adam.post(CARD, empty)
    assert (asked.status, 'type="password"' in asked.text) == (422, True), "the password again"
    told = adam.post(CARD, {**empty, "mot_de_passe": "trois petits chats"})
    assert told.status == 200, told.said
    assert adam.post(CARD, {**empty, "vu": told.form_at(CARD)["vu"]}).status == 303
    assert agencies.site.row(Establishment, number=2).accounting_folder_id is None


def test_ranks_of_depots(agencies: AgenciesDesk) -> None:
    """A33, §3.3: by buttons without scripts; stored as a whole; two at once: both orders are shown."""
    adam, marie, path = agencies.browser("adam"), agencies.browser("marie"), "/agences/1/rangs"
    form, theirs = form_at(adam.get("/agences/1"), path), form_at(marie.get("/agences/1"), path)
    assert form["depots"] == "AB,RD,ABL"
    for act, expected in (
        ("haut:depots:ABL", "AB,ABL,RD"),
        ("retirer:depots:RD", "AB,ABL"),
        ("ajouter:depots:PRINCIPAL", "AB,ABL,PRINCIPAL"),
        ("bas:depots:AB", "ABL,AB,PRINCIPAL"),
        ("haut:depots:NONE", "ABL,AB,PRINCIPAL"),
    ):
        form = form_at(adam.post(path, {**form, "faire": act}), path)
        assert form["depots"] == expected, act
    assert len(agencies.site.rows(DepotRank)) == 3
    assert adam.post(path, form).status == 303
    ranks = {row.rank: row.depot_id for row in agencies.site.rows(DepotRank)}
    assert ranks == {n: agencies.agencies.depot_id(code) for n, code in enumerate(("ABL", "AB", "PRINCIPAL"), start=1)}
    late = marie.post(path, theirs)
    assert (late.status, "ABL, AB, PRINCIPAL" in late.said) == (409, True), late.said


def test_accounting_folders(agencies: AgenciesDesk) -> None:
    """D36: a company has one; what its invoices say is kept; a SIREN that is taken is said with what was typed."""
    adam, new = agencies.browser("adam"), "/agences/dossiers/nouveau"
    given = {"numero": "5", "nom": "Lyon SARL", "siren": "732 829 320", "forme": "SARL", "escompte": "Néant"}
    labels = plain(adam.get(new).text)
    for words in ("SIREN", "N° TVA", "Forme juridique", "Capital", "RCS", "IBAN", "BIC", "Pénalités de retard"):
        assert words in labels, words
    assert adam.upload(new, "logo", {"logo.png": b"\x89PNG\r\n\x1a\nx"}, etat_vu="x", **given).status == 303
    row = agencies.site.row(AccountingFolder, number=5)
    assert (row.siren, row.early_payment, row.logo is not None) == ("732829320", "Néant", True)
    twice = adam.post(new, {**opened(adam, new, new), **given, "numero": "6"})
    assert (twice.status, 'value="Lyon SARL"' in twice.text) == (422, True)
    card = "/agences/dossiers/5/fiche"
    form = opened(adam, "/agences/dossiers/5", card)
    assert adam.post(card, {**form, "iban": "FR7630006000011234567890189", "debits": "1"}).status == 303
    assert agencies.site.row(AccountingFolder, number=5).vat_on_debits
    assert adam.post(card, {**form, "jeton_acte": "c" * 20}).status == 409


def test_depots(agencies: AgenciesDesk) -> None:
    """A10, A16, D40: entered, changed, with two parties that stand for it; those of others are refused."""
    made = agencies.agencies
    made.did(add_category, Mark("AGENCE", "Tiers agence", CategoryKind.PARTY))
    made.set(party_category="AGENCE")
    adam = agencies.browser("adam")
    rows = {row[0]: row[1:] for row in adam.get("/depots").rows()}
    assert rows["RD"][:8] == ["Dépôt RD", "2", "oui", "AG2", "AG2", "non", "1", "60,00"]
    new = {
        **opened(adam, "/depots/nouveau", "/depots/nouveau"),
        "code": "lyo",
        "nom": "Dépôt Lyon",
        "etablissement": "2:1",
    }
    assert adam.post("/depots/nouveau", {**new, "code": "RD"}).status == 422
    assert adam.post("/depots/nouveau", {**new, "tiers_client": "AG1"}).status == 422, (
        "of another establishment's depot"
    )
    done = [adam.post("/depots/nouveau", new) for _ in range(2)]
    assert [each.status for each in done] == [303, 303]
    page = adam.get("/depots/LYO")
    both = adam.post("/depots/LYO/tiers", page.form_at("/depots/LYO/tiers"))
    assert both.status == 303, both.said
    depot, party = agencies.site.row(Depot, code="LYO"), agencies.site.row(Party, code="LYO")
    assert (depot.customer_party_id, depot.supplier_party_id) == (party.id, party.id)
    assert party.category_id == agencies.site.row(Category).id
    assert "Créer" not in adam.get("/depots/LYO").said
    card = "/depots/RD/fiche"
    off = {name: value for name, value in opened(adam, "/depots/RD", card).items() if name != "actif"}
    assert adam.post(card, off).status == 422, "goods lie there"
    form = opened(adam, "/depots/RD", card)
    assert adam.post(card, {**form, "nom": "Réserve"}).status == 303
    late = adam.post(card, {**form, "nom": "Autre", "jeton_acte": "d" * 20})
    assert (late.status, "Réserve" in late.said, 'value="Autre"' in late.text) == (409, True, True)
    assert adam.get("/depots/NONE").status == 404
    seen = agencies.browser("nadia").get("/depots/RD")
    assert (seen.status, "<button" in seen.text.split("<main")[1].split("</main")[0]) == (200, False)


def test_goods_come_are_counted_and_go(agencies: AgenciesDesk) -> None:
    """6.3: received, counted with the differences shown first, moved; faults keep the lines; a reader may not."""
    carl = agencies.browser("carl")

    def stock(code: str) -> int:
        (row,) = agencies.site.rows(Stock, depot_id=agencies.agencies.depot_id(code))
        return int(row.on_hand)

    def act(name: str, **fields: str) -> Answer:
        path = f"/depots/RD/{name}"
        return carl.post(path, {**opened(carl, path, path), **fields})

    wrong = act("entree", articles="ALB0002;beaucoup")
    assert (wrong.status, "ALB0002;beaucoup" in html.unescape(wrong.text)) == (422, True)
    assert act("entree", articles="").status == 422
    assert act("entree", articles="ALB0002\t5\t6,50", document="BL 77").status == 303
    assert stock("RD") == 15
    told = act("inventaire", articles="ALB0002;12")
    assert (told.status, stock("RD"), told.rows()[0][-1]) == (200, 15, "-3"), told.rows()
    path = "/depots/RD/inventaire"
    form = {**form_of(told, path), "articles": "ALB0002;12"}
    assert act("entree", articles="ALB0002;1").status == 303
    done = carl.post(path, form)
    assert done.status == 303
    said = carl.get("/depots/RD?onglet=stock")
    assert said.status == 200
    assert ("écarts sont ceux d'à présent" in said.said, stock("RD")) == (True, 12), said.said
    assert act("inventaire", articles="ALB0002;1\nALB0002;2").status == 422
    assert act("transfert", articles="ALB0002;2", vers="ABL").status == 303
    assert (stock("RD"), stock("ABL")) == (10, 12)
    assert act("transfert", articles="ALB0002;200", vers="ABL").status == 422
    moves = carl.get("/depots/RD?onglet=mouvements&article=ALB0002").rows()
    assert [row[3] for row in moves][:2] == ["parti vers un autre dépôt", "inventaire"]
    assert "BL 77" in {row[4] for row in moves}
    assert "ALB0002;10" in html.unescape(carl.get(f"{path}?feuille=1").text)
    assert agencies.site.rows(Event, subject="stock", name="count", who="carl")
    assert agencies.browser("nadia").get(path).status == 403
    agencies.agencies.did(set_depot, "PRINCIPAL", {"active": False})
    assert "Inventaire" not in carl.get("/depots/PRINCIPAL").said
