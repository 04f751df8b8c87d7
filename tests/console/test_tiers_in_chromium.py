"""Third parties in a browser: the list that follows the typing, a field that finds one, entered without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from intergestan_db.tables import Party
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.site.preferences import read_texts, set_preference
from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.servers.chromium import Chromium
from tests.site_factories import NOW, add_party

pytestmark = pytest.mark.not_quick


@pytest.fixture(scope="module", autouse=True)
def known(office: Office) -> None:
    with office.site.database.transaction() as connection:
        for code, name in (
            ("C0000004", "Martin SA"),
            ("MA000001", "Établissements Durand"),
            ("DU000009", "Dupont Martin"),
        ):
            add_party(connection, NewParty(code=code, name=name, is_customer=True, city="PAIR"))


def test_the_list_follows_the_typing(office: Office, watched: Watched) -> None:
    """T09: by keyboard, without a reload; the address is that of what is shown."""
    page = watched.context.new_page()
    enter(page, office.url, "adam")
    press(page, "g", "t")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tiers")
    assert found_by_axe(page) == []
    fits(page)
    page.get_by_label("Chercher par code").focus()
    page.keyboard.type("mart")
    expect(page.locator("#liste tbody tr")).to_have_count(2)
    expect(page.locator("#liste tbody tr").first).to_contain_text("C0000004")
    expect(page).to_have_url(f"{office.url}/tiers?q=mart")
    expect(page.get_by_label("Chercher par code")).to_be_focused()
    assert found_by_axe(page) == []
    fits(page)
    page.locator("h1").click()
    press(page, "n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nouveau tiers")
    expect(page.get_by_label("Raison sociale")).to_be_focused()
    page.keyboard.type("dupont MARTIN")
    expect(page.locator("#prevu")).to_contain_text("DU000009")
    assert found_by_axe(page) == []
    fits(page)


def test_a_field_finds_by_keyboard_and_pointer(office: Office, watched: Watched) -> None:
    """An answer that is older never replaces a newer one; Tab chooses nothing, Esc closes, Enter takes."""
    page = watched.context.new_page()
    enter(page, office.url, "nadia")
    page.goto(f"{office.url}/factures")
    field, options = page.locator("#client"), page.locator("#client-choix [role=option]")
    field.focus()
    page.keyboard.type("ma")
    expect(options).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    unseen = "color-contrast"  # of what lies over what it says that it cannot tell
    assert [each for each in found_by_axe(page) if not each.startswith(unseen)] == []
    fits(page)
    field.focus()
    press(page, "ArrowDown", "ArrowDown", "Home", "End", "ArrowUp")
    expect(field).to_have_attribute("aria-activedescendant", "client-choix-1")
    press(page, "Escape")
    expect(page.locator("#client-choix")).to_be_hidden()
    expect(field).to_have_value("ma")
    press(page, "ArrowDown", "Tab")
    expect(field).to_have_value("ma")
    field.focus()
    press(page, "ArrowDown", "Enter")
    expect(field).to_have_value("MA000001")
    expect(page.locator("#client-choix")).to_be_hidden()
    field.fill("dup")
    expect(options).to_have_count(2)
    options.filter(has_text="DU000009").click()
    expect(field).to_have_value("DU000009")
    overtaken(page, field.evaluate("each => each.id"))


def overtaken(page: Page, name: str) -> None:
    """The answer to what was typed first comes last."""
    kept: list[Route] = []

    def keep(route: Route) -> None:
        kept.append(route)

    page.route("**/tiers/chercher*q=m", keep)
    field = page.locator(f"#{name}")
    with page.expect_request("**/tiers/chercher*q=m"):
        field.fill("m")
    with page.expect_response("**/tiers/chercher*q=dup"):
        field.fill("dup")
    options = page.locator(f"#{name}-choix [role=option]")
    expect(options.first).to_contain_text("Dupont")
    before = options.all_text_contents()
    with page.expect_response("**/tiers/chercher*q=m"):
        kept[0].continue_()
    page.evaluate("() => new Promise((done) => setTimeout(done, 0))")
    assert options.all_text_contents() == before


def test_a_card_is_changed_by_two(office: Office, watched: Watched) -> None:
    """Each tab by axe and narrow; of two who save one sees both versions, and keeps theirs or takes the other's."""
    page, other = watched.context.new_page(), watched.context.new_page()
    enter(page, office.url, "adam")
    card = f"{office.url}/tiers/C0000004"
    for tab in ("adresses", "comptes", "encours", "frais", ""):
        page.goto(f"{card}?onglet={tab}")
        assert found_by_axe(page) == [], tab
        fits(page)
    page.goto(f"{office.url}/tiers/carte")
    assert found_by_axe(page) == []
    page.goto(card)
    other.goto(card)
    other.get_by_label("Raison sociale").fill("Martin Frères")
    other.get_by_role("button", name="Enregistrer").click()
    expect(other.locator(".told")).to_contain_text("C0000004")
    page.get_by_label("Raison sociale").fill("Martin et Fils")
    page.get_by_label("Raison sociale").press("Control+Enter")
    expect(page.get_by_role("region", name="Les deux versions")).to_contain_text("Martin Frères")
    expect(page.get_by_label("Raison sociale")).to_have_value("Martin et Fils")
    assert found_by_axe(page) == []
    fits(page)
    page.get_by_role("button", name="Garder la mienne").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C0000004 · Martin et Fils")


def test_a_third_party_is_entered_without_scripts(office: Office, chromium: Chromium) -> None:
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, office.url, "carl")
    page.goto(f"{office.url}/tiers")
    page.get_by_label("Chercher par code").fill("durand")
    page.get_by_role("button", name="Chercher").last.click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Nouveau tiers").click()
    page.get_by_label("Raison sociale").fill("Sans Script SARL")
    page.get_by_label("Code", exact=True).fill("sans-1")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".told")).to_contain_text("SANS-1")
    assert office.site.row(Party, code="SANS-1").is_customer
    page.get_by_label("Interlocuteur").fill("Mme Script")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".told")).to_contain_text("SANS-1")
    expect(page.get_by_label("Interlocuteur")).to_have_value("Mme Script")
    context.close()


def test_the_fields_of_a_search_are_ordered_in_every_way(office: Office, watched: Watched, chromium: Chromium) -> None:
    """T13, T14: by button, by keyboard, by pointer and without scripts the same order is stored."""

    def stored() -> str:
        with office.site.database.read() as connection:
            return read_texts(connection)["search.party_fields"]

    def reset() -> None:
        with office.site.database.transaction() as connection:
            set_preference(connection, "search.party_fields", "code,name,account", by="marie", at=NOW)

    def validate(page: Page) -> None:
        page.locator("#recherche").get_by_role("button", name="Valider").click()
        expect(page.locator(".told")).to_be_visible()
        assert stored() == "name,code,account"
        reset()
        page.goto(f"{office.url}/reglages/tiers")

    page = watched.context.new_page()
    enter(page, office.url, "adam")
    page.goto(f"{office.url}/reglages/tiers")
    assert found_by_axe(page) == []
    fits(page)
    rows, up = (
        page.locator("#recherche ol").first.locator("li"),
        page.get_by_role("button", name="la raison sociale vers le haut"),
    )
    up.click()
    expect(rows.first).to_contain_text("la raison sociale")
    expect(up).to_be_focused()
    expect(page.get_by_text("la raison sociale est n° 1 sur 3")).to_be_attached()
    validate(page)
    page.get_by_role("button", name="la raison sociale vers le bas").focus()
    press(page, "Alt+ArrowUp")
    expect(rows.first).to_contain_text("la raison sociale")
    validate(page)
    rows.nth(1).drag_to(rows.first)
    expect(rows.first).to_contain_text("la raison sociale")
    validate(page)
    plain = chromium.context(java_script_enabled=False)
    page = plain.new_page()
    enter(page, office.url, "adam")
    page.goto(f"{office.url}/reglages/tiers")
    page.get_by_role("button", name="la raison sociale vers le haut").click()
    validate(page)
    for path in ("frais", "conditions"):
        page = watched.context.new_page()
        page.goto(f"{office.url}/reglages/{path}")
        assert found_by_axe(page) == [], path
        fits(page)
    plain.close()
