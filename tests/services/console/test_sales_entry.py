"""Sales orders by hand in the pages: entered, priced while typed, below a minimum, above a credit limit; over ASGI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import (
    CreditOverride,
    Party,
    Quote,
    QuoteLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
    User,
    UserRight,
)
from intergestan_erp.parties.fees import set_party_fees
from intergestan_erp.site.preferences import set_preference
from tests.services.console.browser import Answer, Browser, fields_in
from tests.services.console.desk import PASSWORD, Desk
from tests.services.console.test_order_entry import typed
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")

NEW = "/ventes/nouvelle"
ORDER = {"client": "dup", "l1_produit": "CAS16", "l1_quantite": "6"}


def send(browser: Browser, changes: Mapping[str, str], page: str = NEW) -> Answer:
    """Open the form, type, and press a button: save, unless the changes name another."""
    return browser.post(page.partition("?")[0], {**typed(browser.get(page)), "faire": "enregistrer", **changes})


def press(browser: Browser, answer: Answer, button: str, changes: Mapping[str, str] | None = None) -> Answer:
    """Press a button of the form that came back."""
    return browser.post(NEW, {**typed(answer), "faire": button, **(changes or {})})


def orders(desk: Desk) -> int:
    return len(desk.site.rows(SalesOrder))


def bear(desk: Desk, fees: Mapping[str, Decimal | None], minimum: str | None = None, **values: Any) -> None:
    """What DUP bears, its minimum, and other columns of its row."""
    with desk.site.database.transaction() as connection:
        party = desk.site.row(Party, code="DUP").id
        set_party_fees(connection, party, fees, only_these=True)
        least = None if minimum is None else Decimal(minimum)
        connection.execute(update(Party).where(Party.id == party).values(minimum_order=least, **values))


def block(desk: Desk, maximum: str, stage: str = "order") -> None:
    """A ceiling for DUP, and the block from a stage on."""
    with desk.site.database.transaction() as connection:
        set_preference(connection, "credit.block_from", stage, by="marie", at=NOW)
        connection.execute(update(Party).where(Party.code == "DUP").values(credit_max=Decimal(maximum)))


def let_override(desk: Desk, login: str) -> None:
    user_id = desk.site.row(User, login=login).id
    with desk.site.database.transaction() as connection:
        connection.execute(insert(UserRight).values(user_id=user_id, right="override_credit"))


def test_an_order_is_entered(desk: Desk) -> None:
    """D17: with the customer's fees, a price of hand, a discount; a form that comes twice enters one order."""
    bear(desk, {"PORT": Decimal(9), "GESTION": None})
    carl = desk.browser("carl")
    assert "Saisir une commande" in carl.get("/ventes").said
    fields = {**typed(carl.get(NEW)), **ORDER, "l2_produit": "cas20", "l2_quantite": "3", "l2_prix": "2,50"}
    fields |= {"reference": "B-12", "remise": "10", "nature": "à garder", "souhaitee": "15/12/2026"}
    fields["souhaitee"] = desk.site.database.now().strftime("%d/%m/%Y")
    before = orders(desk)
    first = carl.post(NEW, {**fields, "faire": "enregistrer"})
    assert "est enregistrée : 71,27 HT, " in carl.get(first.headers["location"]).said
    made = [first, carl.post(NEW, {**fields, "faire": "enregistrer"})]
    assert [each.status for each in made] == [303, 303], made[0].said
    assert made[0].headers["location"] == made[1].headers["location"]
    number = made[0].headers["location"].rpartition("/")[2]
    assert orders(desk) == before + 1
    order = desk.site.row(SalesOrder, number=number)
    assert (order.customer_order_number, order.note, order.state) == ("B-12", "à garder", "accepted")
    lines = desk.site.rows(SalesOrderLine, sales_order_id=order.id)
    assert [(line.price, line.allowance, line.total) for line in lines] == [
        (Decimal(10), Decimal(6), Decimal(54)),
        (Decimal("2.5"), Decimal("0.75"), Decimal("6.75")),
    ]
    charges = {each.reason: each.amount for each in desk.site.rows(SalesOrderCharge, sales_order_id=order.id)}
    assert charges == {"Port": Decimal(9), "Gestion": Decimal("1.52")}


def test_the_customer_is_chosen_of_those_who_may_be_meant(desk: Desk) -> None:
    """§3.1: text that names nobody alone enters nothing; the candidates are choices, and so without a script."""
    carl = desk.browser("carl")
    before = orders(desk)
    answer = send(carl, {**ORDER, "client": "du"})
    assert (answer.status, orders(desk)) == (422, before)
    assert re.search(r'type="radio" name="client_choisi" value="DUP"', answer.text)
    assert typed(answer)["l1_quantite"] == "6"
    looked = send(carl, {**ORDER, "client": "du", "faire": "chercher"})
    assert (looked.status, 'value="DUP"' in looked.text) == (200, True)
    assert press(carl, looked, "enregistrer", {"client_choisi": "DUP"}).status == 303
    for text in ("", "étoile"):
        assert send(carl, {**ORDER, "client": text}).status == 422
    assert orders(desk) == before + 1


def test_what_is_wrong_is_said_at_its_field(desk: Desk) -> None:
    carl = desk.browser("carl")
    wrong = {
        "l1_quantite": "beaucoup",
        "l1_produit": "RIEN",
        "l1_prix": "-1",
        "remise": "120",
        "souhaitee": "01/01/2045",
    }
    for name, text in wrong.items():
        answer = send(carl, {**ORDER, "nature": "à garder", name: text})
        assert answer.status == 422, name
        assert f'id="{name}-faute"' in answer.text, name
        assert (typed(answer)[name], typed(answer)["nature"]) == (text, "à garder")
    far = {**ORDER, "souhaitee": desk.site.database.now().replace(year=2045).strftime("%d/%m/%Y")}
    assert send(carl, {**far, "dates_voulues": "1"}).status == 303
    assert send(carl, {"client": "DUP"}).status == 422
    pasted = send(carl, {"client": "DUP", "faire": "coller", "collage": "CAS16\t2\nCAS20\t3"})
    assert (typed(pasted)["l1_produit"], typed(pasted)["l2_quantite"]) == ("CAS16", "3")
    assert press(carl, pasted, "enregistrer").status == 303


def test_the_customers_fees_stand_in_the_form(desk: Desk) -> None:
    """T16: as soon as the customer is known; each may be taken out, changed, and another one added."""
    bear(desk, {"PORT": Decimal(9), "GESTION": None})
    carl = desk.browser("carl")
    answer = carl.get(f"{NEW}?client=DUP")
    fields = typed(answer)
    assert (fields["frais_de"], fields["f1_code"], fields["f2_montant"]) == ("DUP", "GESTION", "9,00")
    answer = carl.post(NEW, {**fields, **ORDER, "faire": "sans-1"})
    assert [each for each in typed(answer) if each.endswith("_code")] == ["f1_code"]
    answer = press(carl, answer, "frais", {"frais_ajout": "PETITE", "f1_montant": "4"})
    assert press(carl, answer, "enregistrer").status == 303
    order = desk.site.rows(SalesOrder)[-1]
    charges = {each.reason: each.amount for each in desk.site.rows(SalesOrderCharge, sales_order_id=order.id)}
    assert charges == {"Port": Decimal(4), "Petite": Decimal(15)}


def test_a_small_order_is_told_and_may_get_its_fee(desk: Desk) -> None:
    """T23, T24: a yellow line and a button; saved without it the result says it again."""
    bear(desk, {}, minimum="100")
    carl = desk.browser("carl")
    counted = carl.post("/ventes/calcul", {**typed(carl.get(NEW)), **ORDER}, hx_request="true", hx_target="totaux")
    assert "60,00 HT est inférieur au minimum de commande de 100,00." in counted.said
    assert "Ajouter « Petite » (15,00)" in counted.said
    assert 'id="l1_total" hx-swap-oob="true"' in counted.text
    saved = send(carl, ORDER)
    assert saved.status == 303
    assert "60,00 HT est inférieur au minimum de commande de 100,00." in carl.get(saved.headers["location"]).said
    answer = send(carl, {**ORDER, "faire": "petite", "petite": "PETITE"})
    assert "Ajouter « Petite »" not in answer.said
    assert press(carl, answer, "enregistrer").status == 303
    order = desk.site.rows(SalesOrder)[-1]
    assert order.total_ht == Decimal(75)


def test_above_the_limit_nothing_is_entered(desk: Desk) -> None:
    """T20: the sentence of the library, the figures, and who may let it pass; pressing again doubles nothing."""
    block(desk, "100")
    carl, before = desk.browser("carl"), orders(desk)
    fields = {**ORDER, "l1_quantite": "60"}
    counted = carl.post("/ventes/calcul", {**typed(carl.get(NEW)), **fields}, hx_request="true", hx_target="totaux")
    assert "+ 720,00 = " in counted.said
    answer = send(carl, fields)
    assert (answer.status, orders(desk)) == (422, before)
    assert "pour un maximum de 100,00 ; ce document ajouterait 720,00." in answer.said
    assert "Enregistrer un règlement" in answer.said
    assert ("Relever l'encours maximum" in answer.said, 'value="deroger"' in answer.text) == (False, False)
    assert "Peuvent déroger : marie." in answer.said
    forged = press(carl, answer, "deroger", {"motif_depassement": "accord du directeur"})
    assert (forged.status, orders(desk)) == (403, before)


def test_who_has_the_right_lets_it_pass(desk: Desk) -> None:
    """T20, §10: with a reason of ten characters and the password once more."""
    block(desk, "100")
    let_override(desk, "carl")
    carl = desk.browser("carl")
    answer = send(carl, {**ORDER, "l1_quantite": "60"})
    assert 'value="deroger"' in answer.text
    short = press(carl, answer, "deroger", {"motif_depassement": "oui"})
    assert (short.status, 'id="motif_depassement-faute"' in short.text) == (422, True)
    desk.move(hours=1)
    asked = press(carl, answer, "deroger", {"motif_depassement": "accord du directeur"})
    assert (asked.status, 'name="mot_de_passe"' in asked.text) == (422, True)
    given = {"motif_depassement": "accord du directeur", "mot_de_passe": PASSWORD}
    done = press(carl, asked, "deroger", given)
    assert done.status == 303, done.said
    assert (desk.site.row(CreditOverride).reason, desk.site.row(CreditOverride).by) == ("accord du directeur", "carl")


def test_an_order_is_kept_as_a_quote(desk: Desk) -> None:
    carl, before = desk.browser("carl"), orders(desk)
    refused = send(carl, {**ORDER, "reference": "B-12", "faire": "devis"})
    assert (refused.status, 'id="reference-faute"' in refused.text) == (422, True)
    made = press(carl, refused, "devis", {"reference": ""})
    assert (made.status, orders(desk)) == (303, before), made.said
    assert made.headers["location"].startswith("/devis/DV")
    assert desk.site.row(QuoteLine, quote_id=desk.site.row(Quote).id).quantity == 6


def test_readers_enter_nothing(desk: Desk) -> None:
    nadia = desk.browser("nadia")
    assert "/ventes/nouvelle" not in nadia.get("/ventes").text
    assert nadia.get(NEW).status == 403
    assert fields_in(nadia.get("/ventes").text).get("l1_produit") is None
