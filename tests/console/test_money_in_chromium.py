"""A payment in a browser: what it settles follows the typing, `=` gives a line the rest, `i` settles what is left."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from intergestan_db.tables import Payment
from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.services.console.test_money import invoiced

pytestmark = pytest.mark.not_quick


@pytest.fixture(scope="module", autouse=True)
def owing(office: Office) -> None:
    invoiced(office, 2, 1)


def test_what_a_payment_settles_follows_the_typing(office: Office, watched: Watched) -> None:
    page = watched.context.new_page()
    enter(page, office.url, "carl")
    page.goto(f"{office.url}/reglements")
    press(page, "n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Enregistrer un règlement")
    assert found_by_axe(page) == []
    page.locator("#client").fill("DUP")
    page.locator("#montant").fill("30")
    page.keyboard.press("Tab")
    first, second = page.locator('[id="imputer.FA1/1"]'), page.locator('[id="imputer.FA2/1"]')
    expect(first).to_have_value("24,00")
    expect(second).to_have_value("6,00")
    first.fill("20")
    page.keyboard.press("Tab")
    expect(page.locator("#reste")).to_contain_text("Reste à imputer 4,00 : en compte")
    expect(first).to_have_value("20")
    second.focus()
    page.keyboard.press("=")
    expect(second).to_have_value("10,00")
    expect(page.locator("#reste")).to_have_text("Tout est imputé.")
    second.fill("7")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("RG1")
    expect(page.get_by_role("status").first).to_contain_text("RG1 enregistré. Imputé : 27,00. 3,00 en compte.")
    assert found_by_axe(page) == []
    fits(page)
    page.locator("h1").click()
    press(page, "i")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Imputer RG1")
    expect(first).to_have_value("3,00")
    page.get_by_role("button", name="Imputer", exact=True).last.click()
    expect(page.get_by_role("status").first).to_contain_text("RG1 règle 3,00.")
    assert len(office.site.rows(Payment)) == 1
