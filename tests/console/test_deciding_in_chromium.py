"""*À traiter* and an order's story in a real browser, over two sites with real mail servers between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from intergestan_db.tables import DeliveryNote, Hold, Invoice
from tests.console.counter import OURS, Counter, open_counter
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.journey.conftest import MakePair
from tests.patience import eventually
from tests.servers.chromium import Chromium

pytestmark = pytest.mark.not_quick


@pytest.fixture(scope="module")
def counter(make_pair: MakePair) -> Iterator[Counter]:
    counter = open_counter(make_pair)
    yield counter
    counter.stop()


def test_an_order_that_waits_is_sold_to_the_end_and_both_sides_see_it(
    counter: Counter, watched: Watched, chromium: Chromium
) -> None:
    """The buyer's story goes on by itself while the seller's clerk says which product is meant; what leaves and what
    is invoiced is so once, however often they press.

    Each in a browser of their own: cookies do not know ports.
    """
    other = chromium.context()
    buying, selling = other.new_page(), watched.context.new_page()
    enter(buying, counter.bought_at)
    buying.goto(f"{counter.bought_at}/histoire/CFR1")
    counter.send("CFR1")
    (hold,) = eventually(lambda: counter.pair.seller.rows(Hold, closed_at=None))
    stops = buying.locator(".stop")
    expect(stops.nth(4)).to_have_class("stop passed")
    expect(stops.nth(5)).to_contain_text("c'est au tour de")
    assert found_by_axe(buying) == []
    fits(buying)

    enter(selling, counter.sold_at)
    expect(selling.get_by_role("link", name="À traiter 1", exact=True)).to_be_visible()
    selling.get_by_role("link", name=f"Choisir le produit order-{hold.id}").click()
    assert found_by_axe(selling) == []
    fits(selling)
    field = selling.get_by_label("Notre produit pour la ligne L1")
    field.fill("NIX")
    selling.get_by_role("button", name="Retenir le produit et libérer").click()
    expect(selling.get_by_role("alert").filter(has_text="NIX")).to_be_focused()
    expect(field).to_have_value("NIX")
    assert found_by_axe(selling) == []
    field.fill(OURS)
    selling.get_by_role("button", name="Retenir le produit et libérer").dblclick()
    expect(selling.locator(".standing")).to_contain_text("Traité par carl")
    expect(selling.get_by_text("Reprise en cours")).to_be_hidden()
    assert found_by_axe(selling) == []
    fits(selling)
    selling.get_by_role("link", name="Histoire de CFR1").click()
    expect(selling.locator(".stop.passed")).to_have_count(6)
    assert found_by_axe(selling) == []
    fits(selling)

    selling.get_by_role("link", name="CCL1", exact=True).first.click()
    selling.get_by_role("link", name="Livrer…").click()
    expect(selling.get_by_label("Part maintenant de la ligne L1")).not_to_have_value("")
    selling.get_by_role("button", name="Livrer").dblclick()
    heading = selling.get_by_role("heading", level=1)
    expect(heading).to_contain_text("BL1 · ")
    expect(selling.locator(".told")).to_be_visible()
    selling.get_by_role("link", name="Facturer ce BL…").click()
    selling.get_by_role("button", name="Facturer BL1").dblclick()
    expect(heading).to_contain_text("FA1 · ")
    expect(selling.locator(".told")).to_be_visible()
    selling.go_back()
    selling.get_by_role("button", name="Facturer BL1").click()
    expect(selling.get_by_role("alert").filter(has_text="Rien n'a été facturé")).to_be_focused()
    seller = counter.pair.seller
    assert [len(seller.rows(table)) for table in (DeliveryNote, Invoice)] == [1, 1]

    expect(buying.locator(".stop.passed")).to_have_count(6)
    expect(buying.locator("#direct-dit")).to_contain_text("acceptée")
    assert buying.evaluate("performance.getEntriesByType('navigation').length") == 1
    other.close()


def test_the_list_tells_news_and_is_worked_by_keyboard(counter: Counter, watched: Watched) -> None:
    """What came meanwhile is told, and the list stays as it is until one asks; several are refused after a tick."""
    page = watched.context.new_page()
    enter(page, counter.sold_at)
    press(page, "g", "a")
    expect(page.get_by_role("heading", level=1)).to_have_text("À traiter")
    expect(page.get_by_text("Rien à traiter.")).to_be_visible()
    assert found_by_axe(page) == []
    counter.send("CFR2")
    eventually(page.get_by_text("Ce qui attend a changé.").last.is_visible)
    page.get_by_role("link", name="Voir ce qui attend maintenant").click()
    page.get_by_role("link", name="Commandes reçues").click()
    assert found_by_axe(page) == []
    fits(page)
    press(page, "j", "x")
    expect(page.get_by_role("row").filter(has_text="CFR2").get_by_role("checkbox")).to_be_checked()
    page.get_by_label("Ce que lit le correspondant").fill("Fin de série.")
    page.get_by_role("button", name="Refuser celles qui sont cochées").click()
    expect(page.locator(".told")).to_contain_text("Un a été refusé.")


@pytest.mark.campaign
def test_it_is_decided_without_scripts(counter: Counter, chromium: Chromium) -> None:
    """An order is refused by links and forms alone, and its story says so."""
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, counter.sold_at)
    counter.send("CFR3")
    (hold,) = eventually(lambda: counter.pair.seller.rows(Hold, closed_at=None))
    page.goto(f"{counter.sold_at}/a-traiter")
    page.get_by_role("link", name=f"order-{hold.id}").first.click()
    page.get_by_role("link", name="Refuser").first.click()
    page.get_by_label("Ce que lit l'acheteur").fill("Fin de série.")
    page.get_by_role("button", name="Refuser CFR3").click()
    expect(page.locator(".standing")).to_contain_text("Traité par carl")
    page.goto(f"{counter.sold_at}/histoire")
    page.get_by_label("Numéro d'une commande").fill("CFR3")
    page.get_by_role("button", name="Afficher").click()
    expect(page.get_by_text("Fin de série.").first).to_be_visible()
    page.get_by_role("link", name="Seulement les ennuis").click()
    expect(page.get_by_role("link", name="Tout ce qui s'est passé")).to_be_visible()
    context.close()
