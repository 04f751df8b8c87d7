"""What comes from other agencies, delivery notes, and what comes back, in the pages; over ASGI."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from intergestan_db.enums import Incomplete
from intergestan_db.tables import CreditNote, DeliveryNote, GoodsReceipt, GoodsReturn, PickingSlip, Stock
from intergestan_erp.pairs.ordering import order_pairs
from intergestan_erp.pairs.pending import Wanted
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.picking.header import set_incomplete
from intergestan_erp.selling.invoicing import invoice
from services.console.pages.delivery_notes import before_month_ends
from tests.services.console.agencies_desk import AgenciesDesk
from tests.services.console.test_slips import order, plain, results
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")


def sent(desk: AgenciesDesk, shares: str = "AB=1 RD=2:indirect", quantity: str = "3") -> str:
    """A customer's order of which RD sent its part to AB; the number of that delivery note."""
    number = order(desk, shares, quantity)
    agencies = desk.agencies
    agencies.did(set_incomplete, number, Incomplete.WAIT)
    (pair,) = order_pairs(desk.site.database, Wanted(order=number), by="marie", at=NOW)
    return str(agencies.did(deliver, pair.sales_order, None))


def on_hand(desk: AgenciesDesk, depot: str) -> Decimal:
    found: Decimal = desk.site.row(Stock, depot_id=desk.agencies.depot_id(depot)).on_hand
    return found


def test_goods_of_another_agency_come_in(agencies: AgenciesDesk) -> None:
    """A46, D50: in transit they stand at the depot they go to; received once, the customer's order is complete."""
    note = sent(agencies)
    carl = agencies.person_at("carl", "1/AB")
    (row,) = carl.get("/receptions").rows()
    assert row[:1] + row[2:4] + row[5:] == [note, "RD", "CFR1", "1", "2"]
    assert "Rien en transit vers RD." in plain(carl.get("/receptions?ici=2/RD").said)
    page = carl.get(f"/receptions/{note}")
    form = page.form_at(f"/receptions/{note}/recevoir")
    assert form["recu.1"] == "2"
    assert "CCL1" in page.said
    for text in ("3", "-1", "x"):
        wrong = carl.post(f"/receptions/{note}/recevoir", {**form, "recu.1": text})
        assert (wrong.status, f'value="{text}"' in wrong.text) == (422, True)
    answers = [carl.post(f"/receptions/{note}/recevoir", form) for _ in range(2)]
    assert {each.headers["location"] for each in answers} == {"/receptions/BR1?ici=1%2FAB"}
    done = carl.get(answers[0].headers["location"])
    assert "CCL1 est complète :" in plain(done.said)
    assert on_hand(agencies, "AB") == 12
    late = carl.post(f"/receptions/{note}/recevoir", {**form, "jeton_acte": "c" * 20})
    assert "Déjà reçu : BR1." in plain(late.said)
    assert late.status in {409, 422}
    (row,) = carl.get("/receptions?montrer=recues").rows()
    assert row[0] == "BR1"
    assert not carl.get("/receptions").rows()
    made = carl.post("/bp/faire", {**done.form_at("/bp/faire"), "faire": "generer"})
    assert results(carl.get(made.headers["location"])) == ["CCL1 → BP2 (AB). BP2"]
    assert agencies.site.row(PickingSlip, number="BP2")
    assert 'name="recu.1"' not in agencies.browser("nadia").get(f"/receptions/{note}").text
    assert carl.get("/receptions/RIEN").status == 404


def test_at_another_place_it_is_only_read(agencies: AgenciesDesk) -> None:
    """D62: goods that go to AB are not received at RD: 409 with both, then there by one press."""
    note = sent(agencies)
    carl = agencies.person_at("carl", "2/RD")
    page = carl.get(f"/receptions/{note}")
    assert "Faire en 1/AB" in plain(page.said)
    assert "recu.1" not in page.text
    form = carl.get(f"/receptions/{note}?ici=1/AB").form_at(f"/receptions/{note}/recevoir")
    refused = carl.post(f"/receptions/{note}/recevoir", {**form, "etablissement": "2", "depot": "RD"})
    assert refused.status == 409
    assert not agencies.site.rows(GoodsReceipt)
    again = {**refused.form_at(f"/receptions/{note}/recevoir"), "ailleurs": "1/AB"}
    assert carl.post(f"/receptions/{note}/recevoir", again).headers["location"].startswith("/receptions/BR1")
    assert agencies.site.row(GoodsReceipt).depot_id == agencies.agencies.depot_id("AB")


def test_two_people_receive_at_once(agencies: AgenciesDesk) -> None:
    """One goods receipt; the other one is told."""
    note = sent(agencies)
    browsers = [agencies.person_at(who, "1/AB") for who in ("carl", "adam")]
    forms = [each.get(f"/receptions/{note}").form_at(f"/receptions/{note}/recevoir") for each in browsers]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda at: browsers[at].post(f"/receptions/{note}/recevoir", forms[at]), range(2)))
    assert sorted(each.status == 303 for each in answers) == [False, True]
    late = next(each for each in answers if each.status != 303)
    assert "Déjà reçu : BR1." in plain(late.said)
    assert len(agencies.site.rows(GoodsReceipt)) == 1
    assert on_hand(agencies, "AB") == 12


def delivered(desk: AgenciesDesk, quantity: str = "6") -> str:
    """A delivery note of a customer's order, from AB."""
    return str(desk.agencies.did(deliver, order(desk, f"AB={quantity}", quantity), None))


def test_the_list_of_delivery_notes(agencies: AgenciesDesk) -> None:
    """A26: what is billable, invoiced, came back and is in transit, each under its tab."""
    pair = sent(agencies)
    note, later = delivered(agencies), delivered(agencies, "1")
    agencies.agencies.did(invoice, [note])
    carl = agencies.browser("carl")
    rows = {row[0]: row for row in carl.get("/bl").rows()}
    assert set(rows) == {pair, note, later}
    assert rows[note][2:4] == ["1", "AB"]
    assert plain(rows[note][7]) == "60,00"
    assert rows[note][8:10] == ["oui", "FA1"]
    assert rows[later][9] == "pas encore" or rows[later][9], rows[later]
    assert "en transit" in rows[pair][11]

    def shown(tab: str) -> list[str]:
        return [row[0] for row in carl.get(f"/bl?montrer={tab}").rows()]

    assert shown("a-facturer") == [later]
    assert shown("non-facturables") == [pair]
    assert shown("transit") == [pair]
    assert shown("retours") == shown("sans-avoir") == []
    assert "montrer=a-facturer" in carl.get("/bl").text
    assert carl.get("/bl?montrer=a-facturer&mensuels=1&au=2099-01-01").rows() == []
    assert before_month_ends(date(2026, 12, 3)) == date(2026, 12, 29)
    assert "/factures/nouvelle" not in carl.get(f"/bl/{pair}").text
    assert f"/receptions/{pair}" in carl.get(f"/bl/{pair}").text


def back(browser: Any, note: str, **fields: str) -> Any:
    page = f"/bl/{note}/retour"
    names = {name.replace("_", "."): text for name, text in fields.items()}
    return browser.post(page, {**browser.get(page).form_at(page), **names})


def test_what_comes_back_before_its_invoice(agencies: AgenciesDesk) -> None:
    """D44: it lies in the depot again, and the invoice takes the rest; more than came is refused with its sentence."""
    note = delivered(agencies, "3")
    carl = agencies.person_at("carl", "3/ABL")
    assert f"/bl/{note}/retour" in carl.get(f"/bl/{note}").text
    page = carl.get(f"/bl/{note}/retour")
    assert 'name="avoir"' not in page.text
    for fields in ({"revient_1": "x"}, {"revient_1": "4", "motif": "abîmé"}, {"revient_1": "1"}, {"motif": "abîmé"}):
        wrong = back(carl, note, **fields)
        assert wrong.status == 422, fields
        assert all(f'value="{text}"' in wrong.text for text in fields.values()), fields
    assert "peuvent encore revenir" in plain(back(carl, note, revient_1="4", motif="abîmé").said)
    done = back(carl, note, revient_1="1", motif="abîmé")
    assert done.headers["location"] == "/retours/RT1"
    assert on_hand(agencies, "ABL") == 11
    assert "abîmé" in carl.get("/retours/RT1").said
    assert [row[0] for row in carl.get("/bl?montrer=retours").rows()] == ["RT1"]
    assert "RT1" in carl.get("/bl").rows()[0][10]
    agencies.agencies.did(invoice, [note])
    assert 'name="jeton_acte"' not in agencies.browser("adam").get("/retours/RT1").text


def test_what_was_invoiced_is_credited_by_who_may(agencies: AgenciesDesk) -> None:
    """D44 after the invoice: AV1 over 12,00, at once by the administrator, later by an accountant; no clerk."""
    note = delivered(agencies, "3")
    agencies.agencies.did(invoice, [note])
    carl, adam, adele = (agencies.browser(who) for who in ("carl", "adam", "adele"))
    assert 'name="avoir"' not in carl.get(f"/bl/{note}/retour").text
    forged = back(carl, note, revient_1="1", motif="abîmé", avoir="1")
    assert forged.status == 403
    assert not agencies.site.rows(GoodsReturn)
    page = adam.get(f"/bl/{note}/retour")
    assert 'name="avoir" value="1">' in page.text, "nobody ticks it but a person"
    done = back(adam, note, revient_1="1", motif="abîmé", avoir="1")
    assert "Avoir AV1" in plain(adam.get(done.headers["location"]).said)
    assert agencies.site.row(CreditNote).total_ttc == 12
    assert back(carl, note, revient_1="1", motif="cassé").status == 303
    assert [row[0] for row in carl.get("/bl?montrer=sans-avoir").rows()] == ["RT2"]
    assert "/retours/RT2/avoir" not in carl.get("/retours/RT2").text
    path = "/retours/RT2/avoir"
    form = adele.get("/retours/RT2").form_at(path)
    assert adele.post(path, form).status == 303
    assert "RT2 a son avoir : AV2." in plain(adele.get("/retours/RT2").said)
    assert adele.post(path, {**form, "jeton_acte": "d" * 20}).status == 422
    assert len(agencies.site.rows(CreditNote)) == 2
    assert carl.post(path, {"jeton": carl.get("/moi").token}).status == 403


def test_a_note_of_a_pair_has_no_return(agencies: AgenciesDesk) -> None:
    """D44: it is put right as it is received."""
    pair = sent(agencies)
    carl = agencies.browser("carl")
    assert f"/bl/{pair}/retour" not in carl.get(f"/bl/{pair}").text
    page = carl.get(f"/bl/{pair}/retour")
    assert "se corrige à la réception" in plain(page.said)
    assert 'name="motif"' not in page.text
    form = {"jeton": page.token, "jeton_acte": "e" * 20, "etablissement": "1", "depot": "AB", "revient.1": "1"}
    assert carl.post(f"/bl/{pair}/retour", {**form, "motif": "x"}).status == 422
    assert not agencies.site.rows(GoodsReturn)
    assert agencies.site.rows(DeliveryNote)
