"""Depots are chosen in a real browser: by keyboard alone (A33, A37), on a narrow screen too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.erp.stock.depots import Depots

pytestmark = pytest.mark.not_quick


def test_depots_are_chosen_by_keyboard_alone(office: Office, watched: Watched) -> None:
    """A33, A37: 1 from AB, 2 from RD indirecte, the rest from ABL; the foot counts along; then the lists."""
    depots = Depots(office.site, "1 2 10")
    number = depots.enter("ALB0002=6").number
    page = watched.context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/ventes/{number}/affectation")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Arbitrage multi-dépôt · {number}")
    assert found_by_axe(page) == []
    fits(page)
    first, second, third = page.locator("[data-shares] tbody input[inputmode]").all()
    first.focus()
    press(page, "=")
    expect(first).to_have_value("1")
    press(page, "ArrowDown")
    expect(second).to_be_focused()
    press(page, "=")
    expect(second).to_have_value("2")
    press(page, "Tab")
    way = page.locator("select[data-ways]").first
    expect(way).to_be_focused()
    press(page, "Space")
    expect(way).to_have_value("indirect")
    third.focus()
    third.fill("2")
    press(page, "ArrowUp")
    expect(second).to_be_focused()
    expect(page.locator("#totaux")).to_contain_text("Demandé 6 · Prélevé 5 · Reliquat 1")
    third.focus()
    third.fill("3")
    press(page, "Control+Enter")
    expect(page.locator(".told")).to_contain_text("sa marchandise est réservée")
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 indirect, ABL 3/3 direct"
    page.goto(f"{office.url}/affectations?etat=toutes")
    assert found_by_axe(page) == []
    fits(page)
    page.goto(f"{office.url}/produits/ALB0002?onglet=disponible")
    assert found_by_axe(page) == []
    fits(page)
    page.goto(f"{office.url}/tarifs")
    assert found_by_axe(page) == []
    fits(page)
