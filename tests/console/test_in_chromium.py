"""The pages in a real browser: accessible, within their policy, by keyboard, narrow; and nothing typed is lost."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, insert, select, update

from intergestan_db.tables import CreditOverride, Partner, Party, SalesOrder, Session, User
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.selling.drafts import Typed
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.selling.invoicing import invoice
from intergestan_exchange.keys.pairing import add_partner
from intergestan_exchange.partners.product_matches import find_product, remember_match
from intergestan_msg.card import Card
from intergestan_msg.seal import SigningKey
from tests.console.office import Office
from tests.console.watching import Watched, enter, found_by_axe, press
from tests.erp.selling.by_hand import a_line
from tests.servers.chromium import Chromium
from tests.services.console.desk import PASSWORD
from tests.site_factories import a_product

pytestmark = pytest.mark.not_quick

PAGES = (
    *("/", "/commandes", "/commandes/CFR1", "/commandes?du=32/13/2020", "/commandes?etat=brouillons"),
    *("/ventes", "/ventes/CCL1", "/moi", "/none"),
    *("/commandes/nouvelle", "/commandes/nouvelle?fournisseur=STAUBER", "/commandes/importer"),
    *("/ventes/CCL2", "/ventes/CCL2/livrer", "/ventes/CCL3", "/ventes/CCL3/accepter", "/ventes/CCL3/refuser"),
    *("/bl", "/bl?du=32/13/2020", "/bl/BL1", "/factures", "/factures?ouvertes=1&client=nobody", "/factures/FA1"),
    *("/factures/nouvelle?de=BL2", "/factures/nouvelle", "/ventes/CCL1/livrer"),
    *("/produits", "/produits?texte=none", "/produits/LONG", "/produits/importer", "/produits/ecarts"),
    *("/correspondants", "/correspondants/elle", "/correspondants/ajouter"),
    *("/journal", "/journal?qui=nobody", "/journal?du=32/13/2020", "/reglages", "/reglages/site", "/reglages/choix"),
    *("/reglages/utilisateurs", "/reglages/utilisateurs/nadia", "/reglages/utilisateurs/nadia/desactiver"),
    *("/reglages/nouvel-utilisateur", "/reglages/jetons", "/reglages/nouveau-jeton"),
    *("/api/v1/", "/api/v1/problems", "/api/v1/problems/no_order"),
    *("/commencer", "/commencer/courrier"),
    *("/encours", "/encours?montrer=derogations"),
    *(
        "/comptabilite/ecritures",
        "/comptabilite/ecritures/nouvelle",
        "/comptabilite/lettrage",
        "/comptabilite/resultat",
    ),
    *("/comptabilite/fec", "/comptabilite/cloture", "/comptabilite/plan", "/comptabilite/controle"),
)
"""Each once: full, faulty, empty, missing."""
FAULTY = {
    *("/commandes?du=32/13/2020", "/bl?du=32/13/2020", "/factures?ouvertes=1&client=nobody"),
    *("/journal?du=32/13/2020", "/factures/nouvelle", "/ventes/CCL1/livrer"),
}
"""What was typed is wrong, or nothing is left to do. `/none` is not there; all else is fine."""


@pytest.fixture(scope="module")
def sold(office: Office) -> None:
    """CCL1 is delivered and invoiced, CCL2 in part and not, CCL3 waits for a look; a partner; names that are long; a
    customer who owes more than they may.
    """
    site = office.site
    now = site.database.now()
    own = Card(
        code="elle",
        name="Établissements Elle & Associés, matériel de cuisine professionnelle",
        orders_address="commandes.professionnelles@etablissements-elle-et-associes.test",
        answers_address="reponses@elle.test",
        key=SigningKey.generate().public,
        iat=1_600_000_000,
        siret="73282932000074",
    )
    with site.database.transaction() as connection:
        by = "marie"
        long = a_product("LONG", name="Casserole-inox-à-fond-épais-pour-induction " * 3, gtin="3017620422003")
        put_products(connection, [long])
        customer_id = connection.execute(select(SalesOrder.customer_id)).scalar_one()
        for _ in range(2):
            lines = (a_line("CAS16", 4), a_line("LONG", 3))
            enter_order(connection, Typed(customer_id=customer_id, lines=lines), add_fee=False, by=by, at=now)
        deliver(connection, "CCL1", None, by=by, at=now)
        invoice(connection, ["CCL1"], by=by, at=now)
        deliver(connection, "CCL2", {"L1": Decimal(1)}, by=by, at=now, note="fragile")
        connection.execute(update(SalesOrder).where(SalesOrder.number == "CCL3").values(state="review"))
        paired = add_partner(connection, own, by=by, at=now)
        proposed = {"order_address": Partner.proposed_order_address}
        connection.execute(update(Partner).where(Partner.id == paired.partner_id).values(**proposed))
        product_id = find_product(connection, "LONG")
        remember_match(connection, paired.partner_id, "THEIRS-1", product_id, by=by, at=now)
        connection.execute(update(Party).where(Party.id == customer_id).values(credit_max=Decimal(1)))
        why = "Règle à la réception, leur directrice l'a promis au téléphone " * 2
        passed = {"stage": "invoice", "document": "FA1", "reason": why, "maximum": Decimal(1)}
        passed |= dict.fromkeys(("exposure", "delta", "total_ttc"), Decimal(24))
        connection.execute(insert(CreditOverride).values(party_id=customer_id, by=by, at=now, **passed))


@pytest.mark.usefixtures("sold")
def test_every_page_is_accessible_and_keeps_to_its_policy(office: Office, watched: Watched) -> None:
    page = watched.context.new_page()
    for path in ("/entrer", "/invitation"):
        page.goto(office.url + path)
        assert found_by_axe(page) == [], path
    enter(page, office.url, "marie")
    for path in PAGES:
        answer = page.goto(office.url + path)
        assert answer is not None
        assert answer.status == (404 if path == "/none" else 422 if path in FAULTY else 200), path
        assert page.evaluate("document.documentElement.lang") == "fr"
        assert page.locator("h1").count() == 1
        assert found_by_axe(page) == [], path
    page.set_viewport_size({"width": 320, "height": 256})
    for path in PAGES:
        page.goto(office.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, f"{path} scrolls both ways"


def test_a_link_opens_once_and_its_secret_leaves_the_address(office: Office, watched: Watched) -> None:
    page, link = watched.context.new_page(), office.link_for("nadia")
    page.goto(link)
    expect(page.get_by_label("Code de premier accès")).to_have_value(link.partition("#")[2])
    assert page.url == f"{office.url}/invitation"
    page.get_by_role("button", name="S'identifier").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Accueil")


def test_a_session_that_ended_keeps_the_form(office: Office, watched: Watched) -> None:
    """A dialog lies over the page; what was typed stays, also while the console is killed and started anew."""
    page = watched.context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/moi")
    zone = page.get_by_label("Fuseau horaire")
    zone.fill("Indian/Reunion")
    with office.site.database.transaction() as connection:
        connection.execute(delete(Session))
    page.get_by_role("button", name="Garder").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Rien n'est perdu")
    assert found_by_axe(page) == []
    dialog.get_by_label("Identifiant").fill("carl")
    dialog.get_by_label("Mot de passe").fill("wrong")
    dialog.get_by_role("button", name="S'identifier").click()
    expect(dialog).to_contain_text("ne vont pas ensemble")
    dialog.get_by_label("Mot de passe").fill(PASSWORD)
    dialog.get_by_role("button", name="S'identifier").click()
    expect(dialog).to_be_hidden()
    expect(zone).to_have_value("Indian/Reunion")
    office.restart()
    page.get_by_role("button", name="Garder").click()
    expect(page.locator(".done")).to_have_text("C'est gardé.")
    assert office.site.row(User, login="carl").timezone == "Indian/Reunion"


def test_it_works_by_keyboard_alone(office: Office, watched: Watched) -> None:
    page = watched.context.new_page()
    enter(page, office.url, "odile")
    press(page, "g", "c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Commandes fournisseurs")
    press(page, "f")
    page.keyboard.type("g")
    expect(page.get_by_label("Du", exact=True)).to_have_value("g")
    page.get_by_label("Du", exact=True).blur()
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Raccourcis de cette page")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    press(page, "j", "j", "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("CFR1 · STAUBER")
    press(page, "Tab")
    expect(page.locator(":focus")).to_have_text("Aller au contenu")


def test_the_menu_is_one_row_and_walked_by_arrows(office: Office, watched: Watched) -> None:
    """What stands under a word opens by Enter or by an arrow, closes by Escape, and no two are open."""
    page = watched.context.new_page()
    enter(page, office.url, "marie")
    menu = page.get_by_role("navigation", name="Menu principal")
    words = menu.locator("> ul > li")
    assert words.count() >= 7
    assert len({round(box["y"]) for word in words.all() if (box := word.bounding_box())}) == 1
    head = page.locator("header").bounding_box()
    assert head is not None
    assert head["height"] < 60, "the head is one row, too"
    page.wait_for_load_state()
    menu.get_by_role("link", name="Accueil").focus()
    buying, selling = menu.locator("summary", has_text="Achats"), menu.locator("summary", has_text="Ventes")
    press(page, "ArrowRight")
    expect(buying).to_be_focused()
    press(page, "Enter", "ArrowDown", "ArrowDown")
    expect(menu.get_by_role("link", name="Commandes fournisseurs")).to_be_focused()
    assert found_by_axe(page, "nav.menu") == []
    press(page, "Escape")
    expect(buying).to_be_focused()
    expect(menu.get_by_role("link", name="Commandes fournisseurs")).to_be_hidden()
    press(page, "ArrowDown", "ArrowRight")
    expect(selling).to_be_focused()
    press(page, "ArrowUp")
    expect(menu.get_by_role("link", name="Encours")).to_be_focused()
    press(page, "ArrowUp")
    expect(menu.get_by_role("link", name="Règlements")).to_be_focused()
    expect(menu.locator("details[open]")).to_have_count(1)
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Règlements")
    expect(selling).to_have_class("at")


def test_it_works_without_scripts(office: Office, chromium: Chromium) -> None:
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office.url, "adele")
    page.locator("summary", has_text="Achats").click()
    page.get_by_role("link", name="Commandes fournisseurs").click()
    page.get_by_label("Du", exact=True).fill("15/11/20")
    page.get_by_label("Au", exact=True).fill("15/11/20")
    page.get_by_role("button", name="Afficher").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CFR1 · STAUBER")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Lines")
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Log in|S.identifier"))
    context.close()


@pytest.mark.usefixtures("sold")
def test_every_page_can_be_used_without_scripts(office: Office, chromium: Chromium) -> None:
    """What a script would send, a form of the page sends itself; only what is live has no such form."""
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office.url, "marie")
    for path in PAGES:
        page.goto(office.url + path)
        assert page.locator("h1").count() == 1, path
        for each in page.locator("[hx-post]:not([data-live])").all():
            plain = each.get_attribute("action") or each.get_attribute("formaction")
            assert plain == each.get_attribute("hx-post"), path
    context.close()
