"""Purchase orders by hand in a real browser: by keyboard, pasted, in two tabs, without scripts, narrow."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from intergestan_db.tables import PurchaseOrder, PurchaseOrderLine
from intergestan_erp.catalogue.catalogue import put_products
from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.servers.chromium import Chromium
from tests.site_factories import a_product

pytestmark = pytest.mark.not_quick


@pytest.fixture(scope="module", autouse=True)
def products(office: Office) -> None:
    with office.site.database.transaction() as connection:
        rows = [
            a_product(code, "5", name=name, sale_price=Decimal(9))
            for code, name in (("CAS-16", "Casserole inox 16 cm"), ("FOU-30", "Fouet inox 30 cm"))
        ]
        put_products(connection, rows)


def test_an_order_is_typed_by_keyboard_alone(office: Office, watched: Watched) -> None:
    """A new order, its product found while it is typed, sums live, a line more by Enter, saved by Ctrl+Enter."""
    page = watched.context.new_page()
    enter(page, office.url)
    press(page, "g", "c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Commandes fournisseurs")
    press(page, "n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Saisir une commande")
    expect(page.get_by_label("Fournisseur", exact=True)).to_be_focused()
    page.keyboard.type("STAUBER")
    assert found_by_axe(page) == []
    fits(page)
    page.locator("#l1_produit").focus()
    page.keyboard.type("casser")
    expect(page.locator("#produits option").first).to_have_attribute("value", "CAS-16")
    page.locator("#l1_produit").fill("CAS-16")
    page.locator("#l1_quantite").focus()
    page.keyboard.type("beaucoup")
    press(page, "Enter")
    expect(page.locator("#l2_quantite")).to_be_focused()
    press(page, "Enter", "Enter")
    expect(page.locator("#l4_produit")).to_be_focused()
    press(page, "Alt+Delete")
    expect(page.locator("#l4_produit")).to_have_count(0)
    press(page, "Control+Enter")
    page.locator("#nature").focus()
    press(page, "Control+Enter")
    expect(page.locator(".faults")).to_be_focused()
    expect(page.locator("#l1_quantite")).to_have_attribute("aria-invalid", "true")
    assert found_by_axe(page) == []
    fits(page)
    page.locator("#l1_quantite").fill("4")
    page.locator("#l1_quantite").blur()
    expect(page.locator("#totaux")).to_contain_text("20,00 EUR")
    expect(page.locator("#l1_total")).to_contain_text("catalogue")
    page.locator("#nature").focus()
    press(page, "Control+Enter")
    expect(page.locator(".told")).to_contain_text("est un brouillon")
    assert found_by_axe(page) == []
    fits(page)
    assert office.site.rows(PurchaseOrder)[-1].total_ht == 20


def test_rows_are_pasted_and_two_tabs_keep_their_work(office: Office, watched: Watched) -> None:
    page, other = watched.context.new_page(), watched.context.new_page()
    enter(page, office.url, "adam")
    page.goto(f"{office.url}/commandes/nouvelle?fournisseur=STAUBER")
    page.locator("#l1_produit").focus()
    page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text/plain", "CAS-16\\t4\\nFOU-30\\t2\\n");
        document.activeElement.dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }"""
    )
    expect(page.locator("#l2_produit")).to_have_value("FOU-30")
    expect(page.locator("#l3_produit")).to_be_focused()
    page.get_by_role("button", name="Enregistrer le brouillon").dblclick()
    expect(page.locator(".told")).to_contain_text("brouillon")
    expect(page.get_by_text("30,00 EUR").first).to_be_visible()
    number = office.site.rows(PurchaseOrder)[-1].number
    for each in (page, other):
        each.goto(f"{office.url}/commandes/{number}/modifier")
    other.locator("#l1_quantite").fill("7")
    other.get_by_role("button", name="Enregistrer le brouillon").click()
    expect(other.locator(".told")).to_contain_text("brouillon")
    page.locator("#l1_quantite").fill("9")
    page.get_by_role("button", name="Enregistrer le brouillon").click()
    expect(page.get_by_role("region", name="Les deux versions")).to_contain_text("7")
    expect(page.locator("#l1_quantite")).to_have_value("9")
    assert found_by_axe(page) == []
    fits(page)
    page.get_by_role("button", name="Garder la mienne").click()
    expect(page.locator(".told")).to_contain_text("brouillon")
    order = office.site.row(PurchaseOrder, number=number)
    assert (order.version, office.site.rows(PurchaseOrderLine, purchase_order_id=order.id)[0].quantity) == (3, 9)
    page.get_by_role("link", name="Supprimer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Supprimer {number}")
    assert found_by_axe(page) == []
    page.get_by_role("button", name=f"Supprimer {number}").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Commandes fournisseurs")
    assert not office.site.rows(PurchaseOrder, number=number)


def test_a_file_is_dropped(office: Office, watched: Watched, tmp_path: Path) -> None:
    """A bad file is shown with its faults, and nothing of it is taken."""
    day = office.site.database.now().date().isoformat()
    before = {order.number for order in office.site.rows(PurchaseOrder)}
    good, bad = tmp_path / "bon.csv", tmp_path / "mauvais.csv"
    good.write_text(f"Date;Fournisseur;Produit;Quantité\n{day};STAUBER;CAS-16;2\n")
    bad.write_text(f"Date;Fournisseur;Produit;Quantité\n{day};STAUBER;RIEN;x\n")
    page = watched.context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/commandes/importer")
    assert found_by_axe(page) == []
    page.get_by_label("Fichiers").set_input_files([good, bad])
    page.get_by_role("button", name="Importer").dblclick()
    expect(page.get_by_role("region", name="mauvais.csv")).to_contain_text("Quantité")
    expect(page.locator(".done")).to_contain_text("Saisies")
    assert found_by_axe(page) == []
    fits(page)
    (made,) = (order for order in office.site.rows(PurchaseOrder) if order.number not in before)
    assert [line.product_code for line in office.site.rows(PurchaseOrderLine, purchase_order_id=made.id)] == ["CAS-16"]


def test_it_is_done_without_scripts(office: Office, chromium: Chromium) -> None:
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/commandes")
    page.get_by_role("link", name="Saisir une commande").click()
    page.get_by_label("Fournisseur", exact=True).fill("STAUBER")
    page.get_by_text("Coller des lignes d'un tableur").click()
    page.get_by_label("Lignes", exact=True).fill("CAS-16;4\nFOU-30;2")
    page.get_by_role("button", name="En faire des lignes").click()
    expect(page.locator("#l2_produit")).to_have_value("FOU-30")
    page.locator("#nature").press("Enter")
    expect(page.locator(".told")).to_contain_text("30,00 HT")
    page.get_by_role("button", name="Copier").click()
    expect(page.locator(".told")).to_contain_text("copie")
    context.close()
