"""The pages: who may, what they show, that looking changes nothing; headers, walls and hostile texts."""

from __future__ import annotations

import ast
import inspect
import re
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import Contact, Event, Party, PurchaseOrder, PurchaseOrderLine, User
from intergestan_erp.people.rights import change_rights
from services.console import pages
from services.console.app import ROUTES
from services.console.fixed import NAMES
from services.console.headers import ALWAYS, POLICY
from services.console.on_demand import Later
from services.console.rendering import FOLDER
from services.console.visit import Visit
from tests.services.console.browser import JUST_SO
from tests.services.console.desk import PEOPLE, Desk, add_order
from tests.statements import noted

pytestmark = pytest.mark.mainly_on("postgresql")

WHO = ("nobody", *PEOPLE)
MATRIX = """
GET  /entrer                  nobody nadia carl odile adele adam
POST /entrer                  nobody nadia carl odile adele adam
GET  /entrer/firme            nobody nadia carl odile adele adam
GET  /entrer/firme/retour     nobody nadia carl odile adele adam
POST /entrer/code             nobody nadia carl odile adele adam
GET  /invitation              nobody nadia carl odile adele adam
POST /invitation              nobody nadia carl odile adele adam
POST /quitter                        nadia carl odile adele adam
GET  /                               nadia carl odile adele adam
GET  /commencer                      nadia carl odile adele adam
GET  /commencer/courrier                                    adam
POST /commencer/courrier                                    adam
GET  /envoyer                              carl            adam
POST /envoyer                              carl            adam
GET  /envoyer/apercu                       carl            adam
POST /envoyer/apercu                       carl            adam
POST /envoyer/somme                        carl            adam
POST /envoyer/enlever                      carl            adam
POST /envoyer/confirmer                    carl            adam
GET  /envoyer/courriel                     carl            adam
POST /envoyer/courriel                     carl            adam
GET  /envois                         nadia carl odile adele adam
GET  /envois/out-1                   nadia carl odile adele adam
POST /envois/out-1/renvoyer                carl odile       adam
POST /envois/out-1/annuler                 carl odile       adam
GET  /envois/out-1/abandonner              carl odile       adam
POST /envois/out-1/abandonner              carl odile       adam
GET  /accessibilite           nobody nadia carl odile adele adam
GET  /chercher                       nadia carl odile adele adam
GET  /relever                              carl odile       adam
POST /relever                              carl odile       adam
GET  /relever/1                            carl odile       adam
GET  /comptes/boites/nouvelle                               adam
POST /comptes/boites/nouvelle                               adam
GET  /comptes/boites/appros                                 adam
POST /comptes/boites/appros                                 adam
GET  /commandes.csv                  nadia carl odile adele adam
GET  /ventes.csv                     nadia carl odile adele adam
GET  /commandes                      nadia carl odile adele adam
GET  /commandes/CFR1                 nadia carl odile adele adam
GET  /commandes/nouvelle                   carl            adam
POST /commandes/nouvelle                   carl            adam
POST /commandes/calcul                     carl            adam
GET  /commandes/importer                   carl            adam
POST /commandes/importer                   carl            adam
GET  /commandes/modele.csv                 carl            adam
GET  /commandes/CFR1/modifier              carl            adam
POST /commandes/CFR1/modifier              carl            adam
POST /commandes/CFR1/copier                carl            adam
POST /commandes/CFR1/confirmer             carl            adam
POST /commandes/CFR1/brouillon             carl            adam
GET  /commandes/CFR1/supprimer             carl            adam
POST /commandes/CFR1/supprimer             carl            adam
GET  /produits/choix                       carl            adam
GET  /devis.csv                      nadia carl odile adele adam
GET  /devis                          nadia carl odile adele adam
GET  /devis/nouveau                        carl            adam
POST /devis/nouveau                        carl            adam
POST /devis/calcul                         carl            adam
GET  /devis/DV1                      nadia carl odile adele adam
GET  /devis/DV1/accepter                   carl            adam
POST /devis/DV1/accepter                   carl            adam
GET  /devis/DV1/refuser                    carl            adam
POST /devis/DV1/refuser                    carl            adam
GET  /ventes/nouvelle                      carl            adam
POST /ventes/nouvelle                      carl            adam
POST /ventes/calcul                        carl            adam
GET  /ventes                         nadia carl odile adele adam
GET  /ventes/CCL1                    nadia carl odile adele adam
GET  /facturation-differee           nadia carl odile adele adam
GET  /facturation-differee/apercu          carl       adele adam
POST /facturation-differee/apercu          carl       adele adam
GET  /facturation-differee/apercu.csv      carl       adele adam
GET  /facturation-differee/1         nadia carl odile adele adam
POST /facturation-differee/1/continuer     carl       adele adam
GET  /inter-agences                  nadia carl odile adele adam
GET  /inter-agences.csv              nadia carl odile adele adam
POST /inter-agences/commander              carl            adam
GET  /inter-agences/CFR1             nadia carl odile adele adam
GET  /inter-agences/CFR1/annuler           carl            adam
POST /inter-agences/CFR1/annuler           carl            adam
GET  /ventes/CCL1/accepter                 carl            adam
POST /ventes/CCL1/accepter                 carl            adam
GET  /ventes/CCL1/refuser                  carl            adam
POST /ventes/CCL1/refuser                  carl            adam
GET  /ventes/CCL1/livrer                   carl            adam
POST /ventes/CCL1/livrer                   carl            adam
GET  /affectations.csv               nadia carl odile adele adam
GET  /affectations                   nadia carl odile adele adam
GET  /affectations/faire                   carl            adam
POST /affectations/faire                   carl            adam
GET  /ventes/CCL1/affectation              carl            adam
POST /ventes/CCL1/affectation              carl            adam
POST /ventes/CCL1/affectation/calcul       carl            adam
GET  /encours                        nadia carl odile adele adam
GET  /encours.csv                    nadia carl odile adele adam
GET  /tiers                          nadia carl odile adele adam
GET  /tiers.csv                      nadia carl odile adele adam
GET  /tiers/chercher                 nadia carl odile adele adam
POST /tiers/proposition                    carl            adam
GET  /tiers/nouveau                        carl            adam
POST /tiers/nouveau                        carl            adam
GET  /tiers/importer                       carl            adam
POST /tiers/importer                       carl            adam
GET  /tiers/modele.csv                     carl            adam
GET  /reglages/tiers                                        adam
GET  /reglages/tiers/codes                                  adam
POST /reglages/tiers/codes                                  adam
GET  /reglages/frais                                        adam
POST /reglages/frais                                        adam
GET  /reglages/conditions                                   adam
POST /reglages/conditions                                   adam
GET  /tiers/carte                    nadia carl odile adele adam
GET  /tiers/STAUBER                  nadia carl odile adele adam
GET  /tiers/STAUBER/fiche                  carl            adam
POST /tiers/STAUBER/fiche                  carl            adam
GET  /tiers/STAUBER/adresse                carl            adam
POST /tiers/STAUBER/adresse                carl            adam
GET  /tiers/STAUBER/geocoder               carl            adam
POST /tiers/STAUBER/geocoder               carl            adam
GET  /tiers/STAUBER/compte                 carl            adam
POST /tiers/STAUBER/compte                 carl            adam
GET  /tiers/STAUBER/frais                  carl            adam
POST /tiers/STAUBER/frais                  carl            adam
GET  /tiers/STAUBER/encours                          adele adam
POST /tiers/STAUBER/encours                          adele adam
GET  /position                       nadia carl odile adele adam
POST /position                       nadia carl odile adele adam
GET  /produits                       nadia carl odile adele adam
GET  /produits/catalogue.xlsx        nadia carl odile adele adam
GET  /produits/importer                                     adam
POST /produits/importer                                     adam
GET  /produits/ecarts                nadia carl odile adele adam
POST /produits/ecarts                nadia carl odile adele adam
GET  /produits/CAS16                 nadia carl odile adele adam
GET  /tarifs.csv                     nadia carl odile adele adam
GET  /tarifs                         nadia carl odile adele adam
GET  /tarifs/quel-prix               nadia carl odile adele adam
GET  /tarifs/importer                                       adam
POST /tarifs/importer                                       adam
GET  /tarifs/modele.csv                                     adam
GET  /tarifs/DUP/terminer                                   adam
POST /tarifs/DUP/terminer                                   adam
GET  /tarifs/DUP.csv                 nadia carl odile adele adam
GET  /tarifs/DUP                     nadia carl odile adele adam
GET  /correspondants                 nadia carl odile adele adam
GET  /correspondants/notre-carte     nadia carl odile adele adam
GET  /correspondants/ajouter                                adam
POST /correspondants/ajouter                                adam
POST /correspondants/elle/suspendre             odile       adam
POST /correspondants/elle/reprendre             odile       adam
GET  /correspondants/elle            nadia carl odile adele adam
GET  /bp                             nadia carl odile adele adam
POST /bp/faire                             carl            adam
GET  /bp/imprimer                    nadia carl odile adele adam
GET  /bp/saisie                            carl            adam
GET  /bp/BP1                         nadia carl odile adele adam
POST /bp/BP1/saisir                        carl            adam
POST /bp/BP1/lire                          carl            adam
GET  /receptions                     nadia carl odile adele adam
GET  /receptions/BL1                 nadia carl odile adele adam
POST /receptions/BL1/recevoir              carl            adam
GET  /bl                             nadia carl odile adele adam
GET  /bl/BL1                         nadia carl odile adele adam
GET  /bl/BL1/retour                        carl            adam
POST /bl/BL1/retour                        carl            adam
GET  /retours/RT1                    nadia carl odile adele adam
POST /retours/RT1/avoir                              adele adam
GET  /factures                       nadia carl odile adele adam
GET  /factures.csv                   nadia carl odile adele adam
GET  /factures/nouvelle                    carl       adele adam
POST /factures/nouvelle                    carl       adele adam
GET  /factures/FA1                   nadia carl odile adele adam
GET  /comptabilite/ecritures.csv                      adele adam
GET  /comptabilite/ecritures                          adele adam
GET  /comptabilite/ecritures/nouvelle                 adele adam
POST /comptabilite/ecritures/nouvelle                 adele adam
POST /comptabilite/ecritures/calcul                   adele adam
GET  /comptabilite/ecritures/OD/1                     adele adam
GET  /comptabilite/ecritures/OD/1/contre-passer       adele adam
POST /comptabilite/ecritures/OD/1/contre-passer       adele adam
GET  /comptabilite/comptes                            adele adam
GET  /comptabilite/lettrage                           adele adam
POST /comptabilite/lettrage                           adele adam
POST /comptabilite/lettrage/calcul                    adele adam
GET  /comptabilite/resultat                           adele adam
GET  /comptabilite/fec                                adele adam
POST /comptabilite/fec                                adele adam
GET  /comptabilite/fec/description                    adele adam
GET  /comptabilite/fec/1                              adele adam
GET  /comptabilite/export.txt                         adele adam
GET  /comptabilite/cloture                            adele adam
POST /comptabilite/cloture                            adele adam
POST /comptabilite/arreter                            adele adam
GET  /comptabilite/cloture/2020-12-31                 adele adam
POST /comptabilite/cloture/2020-12-31                 adele adam
GET  /comptabilite/plan                               adele adam
POST /comptabilite/plan                               adele adam
GET  /comptabilite/controle                           adele adam
GET  /factures/FA1/avoir                              adele adam
POST /factures/FA1/avoir                              adele adam
GET  /avoirs                         nadia carl odile adele adam
GET  /avoirs.csv                     nadia carl odile adele adam
GET  /avoirs/AV1                     nadia carl odile adele adam
GET  /avoirs/AV1/imputer                   carl       adele adam
POST /avoirs/AV1/imputer                   carl       adele adam
GET  /reglements                     nadia carl odile adele adam
GET  /reglements.csv                 nadia carl odile adele adam
GET  /reglements/nouveau                   carl       adele adam
POST /reglements/nouveau                   carl       adele adam
POST /reglements/calcul                    carl       adele adam
POST /reglements/somme                                adele adam
POST /reglements/remettre                             adele adam
GET  /reglements/RG1                 nadia carl odile adele adam
GET  /reglements/RG1/imputer               carl       adele adam
POST /reglements/RG1/imputer               carl       adele adam
GET  /reglements/RG1/impaye                carl       adele adam
POST /reglements/RG1/impaye                carl       adele adam
GET  /reglements/RG1/annuler               carl       adele adam
POST /reglements/RG1/annuler               carl       adele adam
GET  /a-traiter                      nadia carl odile adele adam
POST /a-traiter/commandes                  carl            adam
POST /a-traiter/recus                           odile       adam
POST /a-traiter/envois                     carl odile       adam
POST /a-traiter/order-1/liberer            carl            adam
GET  /a-traiter/order-1/refuser            carl            adam
POST /a-traiter/order-1/refuser            carl            adam
POST /a-traiter/in-1/liberer                    odile       adam
GET  /a-traiter/in-1/refuser                    odile       adam
POST /a-traiter/in-1/refuser                    odile       adam
GET  /a-traiter/in-1/cle                                    adam
POST /a-traiter/in-1/cle                                    adam
POST /a-traiter/out-1/renvoyer             carl odile       adam
GET  /a-traiter/modifications        nadia carl odile adele adam
GET  /a-traiter/modifications/CFR1   nadia carl odile adele adam
POST /a-traiter/decision/CFR1              carl            adam
GET  /a-traiter/out-1                nadia carl odile adele adam
GET  /histoire                       nadia carl odile adele adam
GET  /histoire/CFR1                  nadia carl odile adele adam
GET  /exploitation                   nadia carl odile adele adam
GET  /exploitation/boites            nadia carl odile adele adam
GET  /exploitation/boite/appros      nadia carl odile adele adam
POST /exploitation/boites/suspendre/appros      odile       adam
POST /exploitation/boites/reprendre/appros      odile       adam
GET  /exploitation/boites/retirer/appros                    adam
POST /exploitation/boites/retirer/appros                    adam
POST /exploitation/boites/remettre/appros                   adam
GET  /exploitation/relais            nadia carl odile adele adam
POST /exploitation/relais/essayer               odile       adam
GET  /exploitation/rejeu                        odile       adam
POST /exploitation/rejeu                        odile       adam
GET  /exploitation/rejeu/1                      odile       adam
POST /exploitation/rejeu/1/rejouer              odile       adam
GET  /exploitation/purge                        odile       adam
POST /exploitation/purge                        odile       adam
GET  /exploitation/purge/1                      odile       adam
POST /exploitation/purge/1/retirer              odile       adam
GET  /exploitation/diagnostic                   odile       adam
GET  /comptes/relais                                        adam
POST /comptes/relais                                        adam
GET  /api/v1/                 nobody nadia carl odile adele adam
GET  /api/v1/problems         nobody nadia carl odile adele adam
GET  /api/v1/problems/stale   nobody nadia carl odile adele adam
GET  /journal                                   odile       adam
GET  /journal.csv                               odile       adam
GET  /reglages                                              adam
GET  /reglages/site                                         adam
POST /reglages/site                                         adam
GET  /depots                         nadia carl odile adele adam
GET  /depots/nouveau                                        adam
POST /depots/nouveau                                        adam
GET  /depots/PRINCIPAL/fiche                                adam
POST /depots/PRINCIPAL/fiche                                adam
POST /depots/PRINCIPAL/tiers                                adam
GET  /depots/PRINCIPAL/entree              carl            adam
POST /depots/PRINCIPAL/entree              carl            adam
GET  /depots/PRINCIPAL/inventaire          carl            adam
POST /depots/PRINCIPAL/inventaire          carl            adam
GET  /depots/PRINCIPAL/transfert           carl            adam
POST /depots/PRINCIPAL/transfert           carl            adam
GET  /depots/PRINCIPAL               nadia carl odile adele adam
GET  /agences                        nadia carl odile adele adam
GET  /agences/nouvelle                                      adam
POST /agences/nouvelle                                      adam
GET  /agences/1                      nadia carl odile adele adam
GET  /agences/1/fiche                                       adam
POST /agences/1/fiche                                       adam
GET  /agences/1/rangs                                       adam
POST /agences/1/rangs                                       adam
GET  /agences/dossiers/nouveau                              adam
POST /agences/dossiers/nouveau                              adam
GET  /agences/dossiers/1             nadia carl odile adele adam
GET  /agences/dossiers/1/fiche                              adam
POST /agences/dossiers/1/fiche                              adam
GET  /reglages/codes                                        adam
POST /reglages/codes                                        adam
GET  /reglages/dossier                                      adam
GET  /reglages/dossier/1                                    adam
POST /reglages/dossier/1                                    adam
GET  /reglages/dossier/1/stock                              adam
POST /reglages/dossier/1/stock                              adam
GET  /reglages/choix                                        adam
POST /reglages/choix                                        adam
GET  /reglages/nouvel-utilisateur                           adam
POST /reglages/nouvel-utilisateur                           adam
GET  /reglages/jetons                                       adam
POST /reglages/jetons                                       adam
GET  /reglages/nouveau-jeton                                adam
POST /reglages/nouveau-jeton                                adam
GET  /reglages/utilisateurs                                 adam
GET  /reglages/identites                                    adam
POST /reglages/identites                                    adam
GET  /reglages/utilisateurs/carl                            adam
POST /reglages/utilisateurs/carl                            adam
GET  /reglages/utilisateurs/carl/desactiver                 adam
POST /reglages/utilisateurs/carl/sessions                   adam
POST /reglages/utilisateurs/carl/inviter                    adam
POST /reglages/utilisateurs/carl/desactiver                 adam
POST /reglages/utilisateurs/carl/activer                    adam
GET  /moi                            nadia carl odile adele adam
POST /moi                            nadia carl odile adele adam
POST /moi/langue                     nadia carl odile adele adam
POST /moi/mot-de-passe               nadia carl odile adele adam
POST /moi/sessions                   nadia carl odile adele adam
POST /moi/session                    nadia carl odile adele adam
GET  /moi/second-facteur             nadia carl odile adele adam
POST /moi/second-facteur             nadia carl odile adele adam
"""
"""Who may what, as docs/console.md prints it: Nadia reads, Carl is a clerk, Odile an operator, Adele keeps the books,
Adam administrates."""

LINES = [line.split() for line in MATRIX.strip().splitlines()]
IN_PATHS = {
    "/commandes": "CFR1",
    "/ventes": "CCL1",
    "/devis": "DV1",
    "/relever": "1",
    "/comptes/boites": "appros",
    "/exploitation/boite": "appros",
    "/exploitation/purge": "1",
    "/exploitation/rejeu": "1",
    "/exploitation/boites/suspendre": "appros",
    "/exploitation/boites/reprendre": "appros",
    "/exploitation/boites/retirer": "appros",
    "/exploitation/boites/remettre": "appros",
    "/envois": "out-1",
    "/histoire": "CFR1",
    "/bl": "BL1",
    "/bp": "BP1",
    "/receptions": "BL1",
    "/retours": "RT1",
    "/produits": "CAS16",
    "/tiers": "STAUBER",
    "/tarifs": "DUP",
    "/reglages/tiers": "codes",
    "/reglages/dossier": "1",
    "/agences": "1",
    "/depots": "PRINCIPAL",
    "/agences/dossiers": "1",
    "/correspondants": "elle",
    "/factures": "FA1",
    "/comptabilite/ecritures": "OD",
    "/comptabilite/fec": "1",
    "/comptabilite/cloture": "2020-12-31",
    "/comptabilite/ecritures/{journal}": "1",
    "/avoirs": "AV1",
    "/reglements": "RG1",
    "/facturation-differee": "1",
    "/inter-agences": "CFR1",
    "/reglages/utilisateurs": "carl",
    "/a-traiter": "out-1",
    "/a-traiter/order-": "1",
    "/a-traiter/in-": "1",
    "/a-traiter/out-": "1",
    "/a-traiter/modifications": "CFR1",
    "/a-traiter/decision": "CFR1",
    "/api/v1/problems": "stale",
}
"""What stands in the path of one thing, by the path of its list."""
ADDRESSES = {
    page.path: re.sub(r"\{\w+(:\w+)?\}", lambda match: IN_PATHS[match.string[: match.start()].rstrip("/")], page.path)
    for page in ROUTES
}


def test_every_route_stands_in_the_matrix() -> None:
    routes = {(method, ADDRESSES[page.path]) for page in ROUTES for method in ("GET", "POST") if page.function(method)}
    assert routes == {(line[0], line[1]) for line in LINES}


def test_every_route_has_its_functions() -> None:
    """They are imported when they are asked for: a name that is not there would be found by who asks."""
    functions = [function for page in ROUTES for function in (page.get, page.post) if function is not None]
    assert len(functions) > 80
    for later in functions:
        assert isinstance(later, Later)
        function = getattr(import_module(later.module), later.name)
        assert list(inspect.signature(function).parameters) == ["visit"], later


def test_who_may_what(desk: Desk) -> None:
    """D31: every route, each method, nobody and each role."""
    browsers = {who: desk.browser(None if who == "nobody" else who) for who in WHO}
    for method, path, *allowed in LINES:
        for who, browser in browsers.items():
            if method == "POST" and path == "/quitter" and who != "nobody":
                continue
            token = browser.get("/entrer" if who == "nobody" else "/moi").token
            answer = browser.get(path) if method == "GET" else browser.post(path, {"jeton": token})
            refused = answer.status in {401, 403} and path not in {"/entrer", "/entrer/code"}
            refused = refused or answer.headers.get("location", "").startswith("/entrer")
            assert refused is (who not in allowed), (method, path, who, answer.status)


def test_who_has_no_role_sees_nothing_but_themselves(desk: Desk) -> None:
    browser = desk.browser("carl")
    with desk.site.database.transaction() as connection:
        change_rights(connection, "carl", roles=[], by="marie", at=desk.site.database.now())
    for path in ("/", "/commandes", "/commandes/CFR1", "/ventes", "/ventes/CCL1"):
        answer = browser.get(path)
        assert (answer.status, "administrateur" in answer.said) == (403, True), path
    assert browser.get("/moi").status == 200


def test_looking_changes_nothing(desk: Desk) -> None:
    browser = desk.browser("adam")
    before = desk.counted()
    for path in ADDRESSES.values():
        browser.get(path)
        browser.get(f"{path}?langue=en&etat=brouillons&du=hier&lignes=25")
    assert desk.counted() == before


@pytest.mark.parametrize("path", [line[1] for line in LINES if line[0] == "POST"])
def test_a_form_of_somebody_else_does_nothing(desk: Desk, path: str) -> None:
    """Three walls: the browser says where the form stood, or its origin does; and the token is this session's."""
    browser, other = desk.browser("carl"), desk.browser("odile")
    before, token = desk.counted(), browser.get("/moi").token
    fields = {"jeton": token, "langue_choisie": "en", "code": "x", "login": "carl", "mot_de_passe": "x"}
    refusals = [
        browser.post(path, {**fields, "jeton": ""}),
        browser.post(path, {**fields, "jeton": other.get("/moi").token}),
        browser.post(path, {**fields, "jeton": "é" * 9}),
        browser.post(path, fields, sec_fetch_site="cross-site"),
        browser.post(path, fields, sec_fetch_site="same-site"),
        browser.ask("POST", path, b"", {"origin": "https://evil.test"}),
        browser.ask("POST", path, b"", {}),
    ]
    assert [each.status for each in refusals] == [403] * len(refusals)
    assert desk.counted() == before
    assert desk.site.row(User, login="carl").language is None


def test_an_older_browser_says_its_origin(desk: Desk) -> None:
    browser = desk.browser("carl")
    body = f"jeton={browser.get('/moi').token}&langue_choisie=en".encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.ask("POST", "/moi/langue", body, {**kind, "origin": "http://127.0.0.1:8470"}).status == 303
    assert browser.ask("POST", "/moi/langue", body, {**kind, "origin": "http://127.0.0.1:8471"}).status == 403


def test_a_login_form_needs_its_own_token_too(desk: Desk) -> None:
    browser = desk.browser()
    page = browser.get("/entrer")
    assert desk.browser().post("/entrer", {"jeton": page.token, "login": "carl"}).status == 403
    browser.cookies = dict.fromkeys(browser.cookies, "")
    assert browser.post("/entrer", {"jeton": "", "login": "carl"}).status == 403


def test_tokens_differ_on_every_page(desk: Desk) -> None:
    browser = desk.browser("carl")
    assert len({browser.get("/moi").token for _ in range(4)}) == 4


def test_every_answer_has_its_headers(desk: Desk) -> None:
    browser = desk.browser("adam")
    answers = [browser.get(path) for path in ADDRESSES.values()]
    answers += [
        browser.get("/none"),
        browser.post("/commandes", {}),
        browser.get(*desk.console.fixed.urls.values().__iter__().__next__().split()),
    ]
    answers += [desk.browser().get(path) for path in ADDRESSES.values()]
    for answer in answers:
        assert {name: answer.headers.get(name.lower()) for name in ALWAYS} == ALWAYS
        assert "server" not in answer.headers
    assert all(
        answer.headers["cache-control"] == "no-store"
        for answer in answers
        if "immutable" not in answer.headers["cache-control"]
    )
    assert "unsafe" not in POLICY


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test:8470", ""])
def test_another_name_is_not_ours(desk: Desk, host: str) -> None:
    assert desk.browser("carl").get("/", host=host).status == 421
    assert [desk.browser().get("/entrer", host=each).status for each in ("localhost:1", "[::1]:8470")] == [200, 200]


def test_nothing_in_a_page_is_inline_or_from_elsewhere() -> None:
    """The policy allows neither; a template that has it would break in the browser alone."""
    static = Path(FOLDER).parent / "static"
    for file in sorted(FOLDER.rglob("*.html")):
        text = file.read_text()
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=|https?:", text), file.name
        assert not re.search(r'name="(id|name|action|method|target|submit)"', text), (
            f"{file.name}: a name that clobbers its form"
        )
    assert "http" not in (static / "app.css").read_text()
    assert {
        str(each.relative_to(static)) for each in static.rglob("*") if each.suffix in {".css", ".js", ".svg"}
    } == set(NAMES)


COMMANDS = re.compile(r"`intergestan|(?<![\w-])--[a-z]")


def test_no_page_tells_anybody_to_type_a_command(desk: Desk) -> None:
    browser = desk.browser("adam")
    answers = [
        browser.get(path)
        for path in (*ADDRESSES.values(), "/none", "/commandes/none", "/commandes?apres=x", "/commandes?du=x")
        if not path.endswith(".xlsx")
    ]
    for answer in answers:
        assert not COMMANDS.search(answer.said), answer.said


HOSTILE = "<img src=x onerror=window.x=1>\"'><script>alert(1)</script>javascript:\u202e\x01"


def test_what_others_wrote_is_text(desk: Desk) -> None:
    """A hostile name, subject, note and login, through every page: shown as it is, marks for what cannot be seen."""
    with desk.site.database.transaction() as connection:
        safe = HOSTILE.replace("\x00", "")
        connection.execute(update(Party).values(name=safe))
        connection.execute(update(PurchaseOrder).values(note=safe, delivery_name=safe, supplier_order_number=safe[:60]))
        connection.execute(update(PurchaseOrderLine).values(name=safe, note=safe))
        connection.execute(insert(Contact).values(party_id=1, name=safe))
        connection.execute(update(User).values(name=safe))
        connection.execute(
            insert(Event).values(
                at=desk.site.database.now(), who=safe[:80], subject="purchase_order", subject_id=1, name=safe[:40]
            )
        )
    browser = desk.browser("adam")
    shown = 0
    for path in (
        *ADDRESSES.values(),
        "/commandes?fournisseur=" + "%3Cimg%20src%3Dx%20onerror%3D1%3E",
        "/commandes?du=%3Cb%3E",
    ):
        answer = browser.get(path)
        if path.endswith(".xlsx"):  # a workbook, which is no text
            continue
        assert "\u202e" not in answer.text, path
        if answer.headers.get("content-type", "").startswith("text/csv"):  # a file that is no page
            continue
        assert "<img" not in answer.text, path
        assert "<script>" not in answer.text, path
        shown += "&lt;img src=x onerror=window.x=1&gt;" in answer.text
    assert shown >= 5
    assert "&lt;U+202E&gt;" in browser.get("/commandes").text


def test_the_list_is_that_of_the_seed(desk: Desk) -> None:
    """G09, G10, G11, G12: filters and columns with their words in their order, the rows letter by letter."""
    page = desk.browser("carl").get("/commandes?du=01/11/2020&au=30/11/2020")
    labels = re.findall(r'<label for="(?:du|au|fournisseur|suivi)">([^<]+)</label>', page.text)
    assert labels == ["Du", "Au", "Fournisseur", "Suivi"]
    assert re.search(r'<option value="">&lt;tous&gt;</option>', page.text)
    assert re.search(r'<button class="main">Afficher</button>', page.text)
    titles = [re.sub("<[^>]+>", "", each) for each in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page.text)]
    assert titles == [
        "ID Pièce",
        "Date",
        "Nature",
        "Total HT",
        "Total TTC",
        "St",
        "Nom",
        "Raison sociale",
        "Adresse 1",
        "C. Postal",
        "Ville",
    ]
    place = ["M. Wilfried ZWILLIG", "STAUBER", "", "88100", "PAIR ET GRANDRUPT"]
    assert page.rows() == [
        ["CFR2", "19/11/2020", "Casseroles", "120,00", "144,00", "", *place],
        ["CFR1", "15/11/2020", "Matériel cuisine", "180,00", "216,00", "", *place],
    ]


def test_the_filter_stands_in_the_address(desk: Desk) -> None:
    """G09: range, supplier and who follows; what is no day is said at its field, and stays there."""
    browser = desk.browser("carl")
    numbers = {
        "du=15/11/20&au=15.11.2020": ["CFR1"],
        "du=2020-11-16": ["CFR2"],
        "fournisseur=stauber": ["CFR2", "CFR1"],
        "suivi=moi": [],
        "etat=brouillons": [],
        "etat=a-envoyer": ["CFR2", "CFR1"],
        "du=hier&au=%2B1": ["CFR2"],
    }
    for query, expected in numbers.items():
        assert [row[0] for row in browser.get(f"/commandes?{query}").rows()] == expected, query
    wrong = browser.get("/commandes?du=32/13/2020&fournisseur=nobody&suivi=nobody")
    assert wrong.status == 422
    assert "Erreur" in wrong.text.partition("</title>")[0]
    assert all(
        each in wrong.text for each in ('value="32/13/2020"', 'value="nobody"', 'href="#du"', 'aria-invalid="true"')
    )


def test_pages_of_a_list_are_whole_and_as_costly_as_the_first(desk: Desk) -> None:
    with desk.site.database.transaction() as connection:
        for n in range(10, 140):
            add_order(connection, 1, f"CFR{n}", date(2020, 10, n % 28 + 1), "Réassort", Decimal(n), "draft")
    browser = desk.browser("carl")
    seen: list[str] = []
    address = "/commandes?lignes=25&etat=brouillons"
    costs = set()
    pages = []
    while address:
        with desk.site.database.read() as connection, noted(connection):
            answer = browser.get(address)
        pages.append(answer)
        seen += [row[0] for row in answer.rows()]
        found = re.search(r'rel="next" href="([^"]+)"', answer.text)
        address = found[1].replace("&amp;", "&") if found else ""
        costs.add(answer.status)
    assert costs == {200}
    assert len(seen) == len(set(seen)) == 130
    back = re.search(r'rel="prev" href="([^"]+)"', pages[2].text)
    assert back
    assert browser.get(back[1].replace("&amp;", "&")).rows() == pages[1].rows()
    mark = re.search(r"apres=([^&\"]+)", pages[0].text)
    assert mark
    other = browser.get(f"/commandes?etat=a-envoyer&apres={mark[1]}")
    assert (other.status, "filtrée autrement" in other.said) == (422, True)


def test_one_order_and_one_that_is_not_there(desk: Desk) -> None:
    browser = desk.browser("carl")
    order = browser.get("/commandes/CFR1")
    assert all(
        each in order.said for each in ("CFR1 · STAUBER", "Matériel cuisine", "216,00 EUR", "PAIR") if each != "PAIR"
    )
    assert "confirmée" in order.said
    sale = browser.get("/ventes/CCL1")
    assert (sale.status, "Dupont" in sale.said) == (200, True)
    for path in ("/commandes/none", "/ventes/none", "/commandes/..%2e", "/none"):
        assert browser.get(path).status == 404


def test_home_says_what_stands_still_and_what_waits(desk: Desk) -> None:
    said = desk.browser("carl").get("/").said
    assert "Ce qui est arrêté, et pourquoi" in said
    assert "Le service composer ne tourne pas." in said
    assert "STAUBER 2 300,00 EUR" in said


def test_too_much_and_nonsense_is_refused(desk: Desk) -> None:
    browser = desk.browser("carl")
    assert browser.post("/moi", {"x": "y" * 1_000_001}).status == 413
    kind = {"content-type": "multipart/form-data; boundary=x", **JUST_SO}
    assert browser.ask("POST", "/moi", b"--x\r\nnonsense", kind).status in {400, 403}
    assert browser.ask("DELETE", "/commandes", b"", {}).status == 405
    assert browser.get("/commandes?apres=%01%ff").status == 422
    assert browser.get("/commandes?lignes=99999999999999999999").status == 200


@pytest.mark.parametrize("path", ["/chercher?q=%00", "/envois/%00", "/commandes?apres=%00", "/ventes?x%00=1", "/%00"])
def test_a_character_that_no_base_keeps_is_refused_at_the_door(desk: Desk, path: str) -> None:
    """PostgreSQL has no text with a NUL: wherever it stands, it reaches no statement."""
    browser = desk.browser("carl")
    assert browser.get(path).status == 400
    assert browser.post("/moi", {"jeton": browser.get("/moi").token, "fuseau": "Europe/Paris\0"}).status == 400


def test_a_database_that_takes_no_writes_loses_nothing(desk: Desk) -> None:
    """What was typed comes back with a button that sends it again; and whoever only looks sees all."""
    browser = desk.browser("carl")
    token = browser.get("/moi").token
    desk.move(minutes=5)
    desk.let_write(allowed=False)
    answer = browser.post("/moi", {"jeton": token, "fuseau": "Indian/Reunion"})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.kept()["fuseau"] == "Indian/Reunion"
    assert browser.get("/commandes").status == 200
    desk.let_write(allowed=True)
    assert browser.post("/moi", answer.kept()).status == 303


def test_a_fault_of_ours_has_a_number_and_no_inside(desk: Desk) -> None:
    """A table that is gone; SQLite tells it as it tells that it is away."""
    browser = desk.browser("carl")
    with desk.site.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE contact RENAME TO gone")
    answer = browser.get("/commandes")
    assert answer.status == (503 if desk.site.database.is_sqlite else 500)
    assert not re.search("contact|SELECT|Traceback", answer.text)
    assert desk.site.database.is_sqlite or re.search(r"numéro [0-9a-f]{8}", answer.said)


def test_no_page_gives_another_meaning_to_a_name_that_all_templates_have() -> None:
    """The frame uses them too: a page that said `token` for something of its own had no form that counts."""
    shared = set(re.findall(r'^            "(\w+)":', inspect.getsource(Visit._known), re.MULTILINE))
    assert {"visit", "token", "lines"} < shared
    hidden = [
        (file.stem, given.arg)
        for file in Path(pages.__path__[0]).glob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "html"
        for given in call.keywords
        if given.arg in shared
    ]
    assert hidden == [("start", "to_do")], "home counts what it shows"
