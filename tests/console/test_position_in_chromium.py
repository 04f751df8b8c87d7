"""Where a person is, chosen in a browser by F3; the settings of agencies without faults of access."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press

pytestmark = pytest.mark.not_quick


def test_a_place_is_chosen_by_f3(office: Office, watched: Watched) -> None:
    """A24: F3 opens the dialog outside of dialogs, also from a field; Esc leaves it; `g` `p` does the same."""
    page = watched.context.new_page()
    enter(page, office.url, "adam")
    page.goto(f"{office.url}/depots")
    page.get_by_label("N° de commande ou tiers").focus()
    page.keyboard.press("F3")
    title = page.get_by_role("heading", name="Options de l'utilisateur")
    expect(title).to_be_visible()
    assert found_by_axe(page) == []
    page.keyboard.press("Escape")
    expect(title).not_to_be_visible()
    page.locator("h1").click()
    press(page, "g", "p")
    expect(title).to_be_visible()
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_text("dossier comptable 1.")).to_be_visible()
    for path in ("/depots", "/agences", "/agences/1", "/reglages/dossier?onglet=inter-agences"):
        page.goto(f"{office.url}{path}")
        assert found_by_axe(page) == [], path
        fits(page)
