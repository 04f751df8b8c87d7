"""Picking slips in a browser: scans that come faster than answers, quantities stored as they are left, keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from intergestan_db.tables import Party, PickingSlip, PickingSlipLine
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.agencies.dossiers import set_dossier
from intergestan_erp.agencies.places import usual_place
from intergestan_erp.picking.making import make_slips
from intergestan_erp.selling.drafts import Typed
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.entry import Goods, receive
from intergestan_erp.stock.typed_shares import read_shares
from tests.console.office import Office
from tests.console.watching import Watched, enter, fits, found_by_axe, press
from tests.erp.selling.by_hand import a_line
from tests.site_factories import NOW

pytestmark = pytest.mark.not_quick

SCANS = 300


@pytest.fixture(scope="module", autouse=True)
def depot(office: Office) -> str:
    """The office manages its stock; the number of a slip of 300 CAS16 and 2 CAS20."""
    by: Any = {"by": "marie", "at": NOW}
    customer_id = office.site.row(Party, code="DUP").id
    with office.site.database.transaction() as connection:
        code = usual_place(connection).depot
        set_dossier(connection, None, {"manage_stock": True, "manage_reservations": True}, **by)
        set_depot(connection, code, {"manage_reservations": True}, **by)
        goods = [Goods(product, Decimal(1000), Decimal(1)) for product in ("CAS16", "CAS20")]
        receive(connection, usual_place(connection), goods, opening=True, **by)
    with office.site.database.transaction() as connection:
        lines = (a_line("CAS16", SCANS), a_line("CAS20", 2))
        number = enter_order(connection, Typed(customer_id=customer_id, lines=lines), add_fee=False, **by).number
        shares = {"L1": read_shares(f"{code}={SCANS}"), "L2": read_shares(f"{code}=2")}
        allocate_order(connection, number, shares, **by)
        (slip,) = make_slips(connection, number, usual_place(connection), **by).slips
    return slip.number


def prepared(office: Office) -> list[Decimal | None]:
    return [row.prepared for row in sorted(office.site.rows(PickingSlipLine), key=lambda row: row.position)]


def test_no_scan_is_lost(office: Office, watched: Watched, depot: str) -> None:
    """A35: 300 scans in a row while the server is slow and once does not answer; fields are stored as they are left."""
    page = watched.context.new_page()
    enter(page, office.url)
    page.goto(f"{office.url}/bp?etat=genere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Administration des BPs")
    assert found_by_axe(page) == []
    fits(page)
    press(page, "j", "x")
    press(page, "s")
    expect(page.get_by_role("heading", level=1)).to_contain_text(depot)
    expect(page.get_by_label("Code ou GTIN")).to_be_focused()
    assert found_by_axe(page) == []
    fits(page)
    answered = []

    def slow(route: Route) -> None:
        answered.append(route.request.post_data or "")
        if len(answered) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/lire", slow)
    page.evaluate(
        """(count) => { const field = document.querySelector("[name=codes]"); for (let n = 0; n < count; n += 1) {
        field.value = n % 2 ? "cas16" : "CAS16"; field.form.requestSubmit(); } }""",
        SCANS,
    )
    line = page.locator("tr", has_text="CAS16")
    expect(line.locator("input")).to_have_value(str(SCANS))
    assert 2 < len(answered) < SCANS / 2, "what waits goes together"
    page.unroute("**/lire")
    expect(page.get_by_label("Code ou GTIN")).to_be_focused()
    assert prepared(office) == [SCANS, None]
    page.keyboard.type("CAS16")
    press(page, "Enter")
    expect(page.locator("#direct-dit")).to_contain_text("0 restent à préparer")
    field = page.locator("tr", has_text="CAS20").locator("input")
    field.fill("1")
    field.press("Tab")
    expect(page.locator("tr", has_text="CAS20").locator("td").last).to_contain_text("1 (reliquat)")
    assert prepared(office) == [SCANS, 1]
    field.fill("2")
    field.press("Tab")
    expect(page.locator("tr", has_text="CAS20").locator("td").last).to_have_text("0")
    assert prepared(office) == [SCANS, 2]
    assert office.site.row(PickingSlip).state == "entered"
    page.get_by_role("button", name="BP achever").click()
    expect(page.locator(".told")).to_contain_text("est prêt")
    page.get_by_role("button", name="BP valider").click()
    expect(page.locator(".outcomes")).to_contain_text(f"{depot} → BL")
    assert found_by_axe(page) == []
    fits(page)
    watched.complaints = [each for each in watched.complaints if "net::ERR_FAILED" not in each]
