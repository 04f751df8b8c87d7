"""A sales order by hand in a real browser: the customer found as one types, fees and sums live, and without scripts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from intergestan_db.tables import Party, SalesOrder
from intergestan_erp.parties.fees import set_party_fees
from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.servers.chromium import Chromium

pytestmark = pytest.mark.not_quick


def bear(office: Office) -> None:
    """DUP bears a fee, and has a minimum."""
    with office.site.database.transaction() as connection:
        party_id = office.site.row(Party, code="DUP").id
        set_party_fees(connection, party_id, {"PORT": None}, only_these=True)
        connection.execute(update(Party).where(Party.id == party_id).values(minimum_order=Decimal(100)))


def test_an_order_is_typed_and_counted(office: Office, watched: Watched) -> None:
    """T16, T24: as soon as the customer is chosen, their fees stand there; the yellow line has its button."""
    bear(office)
    page = watched.context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/ventes/nouvelle")
    expect(page.locator("#client")).to_be_focused()
    page.keyboard.type("dup")
    expect(page.locator("#client-choix [role=option]").first).to_contain_text("DUP")
    press(page, "ArrowDown", "Enter")
    expect(page.locator("#client")).to_have_value("DUP")
    expect(page.locator("#f1_montant")).to_be_visible()
    page.locator("#l1_produit").fill("CAS16")
    page.locator("#l1_quantite").fill("6")
    page.locator("#l1_quantite").blur()
    expect(page.locator("#totaux")).to_contain_text("67,50")
    expect(page.locator("#l1_total")).to_contain_text("catalogue")
    expect(page.locator("#totaux")).to_contain_text("60,00 HT est inférieur au minimum de commande de 100,00.")
    assert found_by_axe(page) == []
    fits(page)
    page.get_by_role("button", name="Ajouter « Petite » (15,00)").click()
    expect(page.locator("#f2_montant")).to_be_visible()
    page.locator("#nature").focus()
    press(page, "Control+Enter")
    expect(page.locator(".told")).to_contain_text("est enregistrée : 82,50 HT")
    assert office.site.rows(SalesOrder)[-1].total_ht == Decimal("82.50")


def test_an_order_is_entered_without_scripts(office: Office, chromium: Chromium) -> None:
    """§3.1: the button shows who may be meant, of whom one is chosen; all that was typed stays."""
    bear(office)
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/ventes/nouvelle")
    page.locator("#client").fill("du")
    page.locator("#l1_produit").fill("CAS16")
    page.locator("#l1_quantite").fill("6")
    page.locator("button[value=chercher]").click()
    page.get_by_role("radio", name="DUP").check()
    page.locator("button[value=enregistrer][data-saves]").click()
    expect(page.locator(".told")).to_contain_text("est enregistrée : 67,50 HT")
    context.close()
