"""Invoices, credit notes and payments in the pages: who may, what an act says, faults, two at once; over ASGI."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import CreditNote, Invoice, Party, Payment, Settlement, User, UserRight
from intergestan_erp.listing.settlements import left_on_account
from intergestan_erp.paying.open_amounts import open_instalments
from intergestan_erp.picking import delivering
from intergestan_erp.selling import invoicing
from intergestan_erp.selling.drafts import Typed
from intergestan_erp.selling.enter import enter_order
from tests.console.forms import act_of
from tests.erp.selling.by_hand import a_line
from tests.services.console.browser import Answer, Browser, fields_in
from tests.services.console.desk import Desk
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")

FACTURE, AVOIR = "/factures/FA1", "/factures/FA1/avoir"


def invoiced(desk: Any, *quantities: int) -> None:
    """An invoice of each quantity of CAS16 at 10,00 with 20 % of VAT: 12,00 for each piece. `desk`: what has a site."""
    site = desk.site
    customer_id = site.row(Party, code="DUP").id
    for quantity in quantities:
        with site.database.transaction() as connection:
            typed = Typed(customer_id=customer_id, lines=(a_line("CAS16", quantity),))
            order = enter_order(connection, typed, add_fee=False, by="marie", at=NOW).number
            delivering.deliver(connection, order, None, by="marie", at=NOW)
            invoicing.invoice(connection, [order], by="marie", at=NOW)


def fields_of(answer: Answer) -> dict[str, str]:
    fields = fields_in(answer.text.partition("<main")[2])
    return {**fields, "jeton_acte": act_of(answer.text)}


def open_of(desk: Desk) -> dict[str, Decimal]:
    with desk.site.database.read() as connection:
        found = open_instalments(connection, desk.site.row(Party, code="DUP").id)
    return {f"{each.invoice}/{each.n}": each.open for each in found}


def new_payment(browser: Browser, amount: str, **changes: str) -> Answer:
    """A payment of Dupont as a browser without scripts enters it: shown what it would settle, then saved."""
    page = browser.get("/reglements/nouveau?client=DUP")
    assert page.status == 200, page.said
    typed = {**fields_of(page), "montant": amount, "mode": "transfer"}
    shown = browser.post("/reglements/nouveau", {**typed, "faire": "proposer"})
    assert shown.status == 200, shown.said
    fields = {**fields_of(shown), "mode": "transfer", "faire": "enregistrer", **changes}
    return browser.post("/reglements/nouveau", fields)


def test_a_payment_settles_the_oldest_and_the_rest_lies_on_account(desk: Desk) -> None:
    """T21: filled oldest first; what is left is said, offered on the next invoice, and settles it."""
    invoiced(desk, 2, 1)
    carl = desk.browser("carl")
    page = carl.get("/reglements/nouveau?client=DUP")
    shown = carl.post("/reglements/nouveau", {**fields_of(page), "montant": "30", "faire": "proposer"})
    assert [fields_of(shown)[f"imputer.FA{n}/1"] for n in (1, 2)] == ["24,00", "6,00"]
    answer = new_payment(carl, "40", reference="VIR 12")
    assert answer.headers["location"] == "/reglements/RG1"
    told = carl.get("/reglements/RG1")
    assert "RG1 enregistré." in told.said
    assert "4,00 en compte" in told.said
    assert "En compte" in carl.get("/reglements").said
    assert open_of(desk) == {}
    invoiced(desk, 1)
    assert "4,00 en compte (RG1) : imputer ?" in carl.get("/factures/FA3").said
    page = carl.get("/reglements/RG1/imputer?facture=FA3")
    assert fields_of(page)["imputer.FA3/1"] == "4,00"
    answer = carl.post("/reglements/RG1/imputer", {**fields_of(page), "faire": "enregistrer"})
    assert (answer.status, answer.headers["location"]) == (303, "/reglements/RG1")
    assert open_of(desk) == {"FA3/1": Decimal(8)}
    for path in ("/reglements", "/reglements.csv", "/factures?ouvertes=echeances", "/factures.csv", FACTURE):
        assert carl.get(path).status == 200, path


def test_a_form_that_comes_twice_enters_one_payment(desk: Desk) -> None:
    invoiced(desk, 1)
    carl = desk.browser("carl")
    page = carl.get("/reglements/nouveau?client=DUP")
    typed = {**fields_of(page), "montant": "12,00", "mode": "cheque"}
    shown = carl.post("/reglements/nouveau", {**typed, "faire": "proposer"})
    fields = {**fields_of(shown), "mode": "cheque", "faire": "enregistrer"}
    answers = [carl.post("/reglements/nouveau", fields) for _ in range(2)]
    assert [each.headers["location"] for each in answers] == ["/reglements/RG1"] * 2
    assert len(desk.site.rows(Payment)) == 1


def test_a_line_takes_the_rest(desk: Desk) -> None:
    """`=`: as much as is open of it and left of the amount."""
    invoiced(desk, 2, 1)
    carl = desk.browser("carl")
    page = carl.get("/reglements/nouveau?client=DUP")
    shown = carl.post("/reglements/nouveau", {**fields_of(page), "montant": "30", "faire": "proposer"})
    fields = {**fields_of(shown), "imputer.FA1/1": "20"}
    filled = carl.post("/reglements/calcul", {**fields, "faire": "reste.FA2/1"})
    assert fields_of(filled)["imputer.FA2/1"] == "10,00"
    counted = carl.post("/reglements/calcul", {**fields, "imputer.FA2/1": ""}, hx_request="true", hx_target="reste")
    assert "Reste à imputer 10,00 : en compte" in counted.said
    assert "<table" not in counted.text


def test_two_settlements_of_one_instalment_at_once(desk: Desk) -> None:
    """Two browsers settle one instalment: one does, the other reads what is left, and what they typed stays."""
    invoiced(desk, 1)
    carl, adele = desk.browser("carl"), desk.browser("adele")
    pages = []
    for browser, reference in ((carl, "A"), (adele, "B")):
        page = browser.get("/reglements/nouveau?client=DUP")
        typed = {**fields_of(page), "montant": "12", "mode": "transfer", "reference": reference}
        shown = browser.post("/reglements/nouveau", {**typed, "faire": "proposer"})
        pages.append({**fields_of(shown), "mode": "transfer", "faire": "enregistrer"})
    assert carl.post("/reglements/nouveau", {**pages[0], "imputer.FA1/1": "9"}).status == 303
    answer = adele.post("/reglements/nouveau", pages[1])
    assert answer.status == 409
    assert "3,00" in answer.said
    assert "12,00 à l'ouverture de la page" in answer.said.replace("’", "'")
    assert fields_of(answer)["imputer.FA1/1"] == "12,00"
    assert fields_of(answer)["reference"] == "B"
    assert [each.number for each in desk.site.rows(Payment)] == ["RG1"]
    kept = {**fields_of(answer), "mode": "transfer", "imputer.FA1/1": "3"}
    again = adele.post("/reglements/nouveau", {**kept, "faire": "enregistrer"})
    assert again.headers["location"] == "/reglements/RG2"
    assert sum(each.amount for each in desk.site.rows(Settlement)) == Decimal(12)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"client": "nobody"}, "Aucun client ne s'appelle ainsi."),
        ({"montant": "douze"}, "montant"),
        ({"montant": ""}, "Saisissez"),
        ({"recu_le": "32/13"}, "32/13"),
        ({"echeance": "x"}, "«"),
        ({"mode": "gold"}, "Saisissez"),
        ({"imputer.FA1/1": "99"}, "99,00"),
        ({"imputer.FA1/1": "x"}, "x"),
    ],
)
def test_what_is_no_payment_is_said_and_stays(desk: Desk, changes: dict[str, str], said: str) -> None:
    invoiced(desk, 1)
    carl = desk.browser("carl")
    answer = new_payment(carl, "12", reference="à garder", **changes)
    assert answer.status in {422, 409}, answer.said
    assert 'value="à garder"' in answer.text
    assert not desk.site.rows(Payment)
    assert said.lower() in answer.said.replace("’", "'").lower()


def test_a_reference_counts_once(desk: Desk) -> None:
    invoiced(desk, 1)
    carl = desk.browser("carl")
    assert new_payment(carl, "5", reference="CHQ 7").status == 303
    answer = new_payment(carl, "5", reference="CHQ 7")
    assert answer.status == 422
    assert 'href="/reglements/RG1"' in answer.text


def test_a_payment_that_came_back_opens_its_invoice(desk: Desk) -> None:
    """*Impayé* says what is open again, and who is above the maximum by it."""
    invoiced(desk, 5)
    carl = desk.browser("carl")
    assert new_payment(carl, "60").status == 303
    with desk.site.database.transaction() as connection:
        connection.execute(update(Party).where(Party.code == "DUP").values(credit_max=Decimal(10)))
    page = carl.get("/reglements/RG1/impaye")
    assert "FA1" in page.said
    wrong = carl.post("/reglements/RG1/impaye", {**fields_of(page), "le": "01/01/1999"})
    assert wrong.status == 422
    answer = carl.post("/reglements/RG1/impaye", fields_of(page))
    assert answer.status == 303
    said = carl.get("/reglements/RG1").said
    assert "RG1 est revenu impayé." in said
    assert "au-dessus du maximum de 10,00" in said
    assert open_of(desk) == {"FA1/1": Decimal(60)}
    assert carl.get("/reglements/RG1/impaye").status == 303
    assert "RG1" in carl.get("/reglements?montrer=impayes").said
    assert "/impaye" not in carl.get("/reglements/RG1").text


def test_a_payment_is_cancelled_on_its_day_alone(desk: Desk) -> None:
    invoiced(desk, 1)
    carl = desk.browser("carl")
    assert new_payment(carl, "12").status == 303
    page = carl.get("/reglements/RG1/annuler")
    assert carl.post("/reglements/RG1/annuler", fields_of(page)).status == 303
    assert desk.site.row(Payment).state == "cancelled"
    assert new_payment(carl, "12").status == 303
    page = carl.get("/reglements/RG2/annuler")
    desk.move(days=1)
    carl = desk.browser("carl")
    assert "/annuler" not in carl.get("/reglements/RG2").text
    shown = carl.get("/reglements/RG2/annuler")
    assert "/reglements/RG2/impaye" in shown.text
    fields = {"jeton": shown.token, "jeton_acte": "a" * 20}
    refused = carl.post("/reglements/RG2/annuler", fields)
    assert (refused.status, desk.site.row(Payment, number="RG2").state) == (422, "entered")


def test_the_bank_gets_what_is_ticked(desk: Desk) -> None:
    """D60: cheques, all of the ticked or none; only who keeps the books."""
    invoiced(desk, 1, 1)
    carl, adele = desk.browser("carl"), desk.browser("adele")
    for reference in ("A", "B"):
        assert new_payment(carl, "12", mode="cheque", reference=reference).status == 303
    assert "remettre." not in carl.get("/reglements?montrer=banque").text
    page = adele.get("/reglements?montrer=banque")
    assert "24,00" in page.said
    ticked = {**fields_of(page)}
    ticked.pop("remettre.RG2")
    counted = adele.post("/reglements/somme", ticked)
    assert "12,00" in counted.said
    answer = adele.post("/reglements/remettre", {**ticked, "le": "32/13"})
    assert (answer.status, "32/13" in answer.said) == (422, True)
    assert adele.post("/reglements/remettre", ticked).status == 303
    assert [each.banked_on is not None for each in desk.site.rows(Payment)] == [True, False]
    assert "Un règlement remis en banque : 12,00" in adele.get("/reglements?montrer=banque").said
    alone = adele.get("/reglements/RG2")
    answer = adele.post("/reglements/remettre", alone.form_at("/reglements/remettre"))
    assert (answer.status, answer.headers["location"]) == (303, "/reglements/RG2")
    assert "Aucun chèque ni effet" in adele.get("/reglements?montrer=banque").said


def test_a_credit_note_is_looked_at_and_made_once(desk: Desk) -> None:
    """D32: the preview says what it settles; what is left of it lies on account and settles another invoice."""
    invoiced(desk, 2)
    adele = desk.browser("adele")
    assert new_payment(adele, "18").status == 303
    page = adele.get(AVOIR)
    assert fields_of(page)["quantite.1"] == "2"
    assert adele.post(AVOIR, {**fields_of(page), "motif": " "}).status == 422
    shown = adele.post(AVOIR, {**fields_of(page), "quantite.1": "1", "motif": "<b>abîmé</b>", "faire": "apercu"})
    assert shown.status == 200
    assert "12,00" in shown.said
    assert "6,00 resteront en compte" in shown.said
    assert not desk.site.rows(CreditNote)
    fields = {**fields_of(shown), "faire": "avoir"}
    answers = [adele.post(AVOIR, fields) for _ in range(2)]
    assert [each.headers["location"] for each in answers] == ["/avoirs/AV1"] * 2
    assert len(desk.site.rows(CreditNote)) == 1
    note = adele.get("/avoirs/AV1")
    assert "&lt;b&gt;abîmé" in note.text
    assert "6,00 en compte" in note.said
    assert 'href="/avoirs/AV1"' in adele.get(FACTURE).text
    too_much = adele.get(AVOIR)
    answer = adele.post(AVOIR, {**fields_of(too_much), "quantite.1": "2", "motif": "x", "faire": "avoir"})
    assert (answer.status, "n'a plus" in answer.said or "1" in answer.said) == (422, True)
    invoiced(desk, 1)
    page = adele.get("/avoirs/AV1/imputer")
    assert fields_of(page)["imputer.FA2/1"] == "6,00"
    assert adele.post("/avoirs/AV1/imputer", {**fields_of(page), "faire": "enregistrer"}).status == 303
    with desk.site.database.read() as connection:
        assert left_on_account(connection, desk.site.row(Party, code="DUP").id) == []
    for path in ("/avoirs", "/avoirs.csv", "/avoirs?montrer=en-compte&client=DUP", "/avoirs?du=1/1"):
        assert adele.get(path).status == 200, path


def test_an_invoice_is_taken_back_in_three_parts(desk: Desk) -> None:
    """D32: amounts are differences of running totals: in the end exactly nothing is left."""
    invoiced(desk, 3)
    adele = desk.browser("adele")
    for n in range(3):
        page = adele.get(AVOIR)
        fields = {**fields_of(page), "quantite.1": "1", "motif": "retour", "faire": "avoir"}
        assert adele.post(AVOIR, fields).headers["location"] == f"/avoirs/AV{n + 1}"
    assert sum(each.total_ttc for each in desk.site.rows(CreditNote)) == desk.site.row(Invoice).total_ttc
    assert "reprise" in adele.get("/factures").said
    assert AVOIR not in adele.get(FACTURE).text


def test_a_right_by_name_makes_a_credit_note(desk: Desk) -> None:
    """Section 10: a clerk has it by name alone; a forged post is refused, and no button stands there."""
    invoiced(desk, 1)
    carl, nadia = desk.browser("carl"), desk.browser("nadia")
    assert AVOIR not in carl.get(FACTURE).text
    page = carl.get(FACTURE)
    assert carl.post(AVOIR, {"jeton": page.token, "jeton_acte": "a" * 20, "motif": "x"}).status == 403
    assert "/reglements/nouveau" not in nadia.get("/reglements").text
    assert "/reglements/nouveau" not in nadia.get(FACTURE).text
    carl_id = desk.site.row(User, login="carl").id
    with desk.site.database.transaction() as connection:
        connection.execute(insert(UserRight).values(user_id=carl_id, right="credit_note"))
    assert AVOIR in carl.get(FACTURE).text
    assert carl.get(AVOIR).status == 200


def test_an_invoice_says_how_it_stands(desk: Desk) -> None:
    """§5.6: its notes, its instalments, its entry, its chain, and that it is not changed."""
    invoiced(desk, 1)
    carl = desk.browser("carl")
    page = carl.get(FACTURE)
    for text in ("BL1 du", "dépôt", "Échéances", "✓", "Une facture ne se modifie plus", "VE1"):
        assert text in page.said, text
    assert "<form" not in page.text.partition("<main")[2].partition("</main")[0]
    assert "/comptabilite/ecritures/VE/1?dossier=1" not in page.text
    adele = desk.browser("adele")
    assert 'href="/comptabilite/ecritures/VE/1?dossier=1"' in adele.get(FACTURE).text
    assert adele.get("/comptabilite/ecritures/VE/1?dossier=1").status == 200
    assert "à échoir" in carl.get("/factures").said
    desk.move(days=200)
    late = desk.browser("carl")
    assert "échue" in late.get("/factures").said
    rows = late.get("/factures?ouvertes=echeances")
    assert "plus de 90 jours" in rows.said
    due = desk.site.row(Invoice).due_date
    assert str((desk.site.database.now().date() - due) // timedelta(days=1)) in rows.said


def test_a_card_has_the_last_documents_and_leads_to_a_payment(desk: Desk) -> None:
    """§4.3: five of each kind; instalments with what is settled, payments and credit notes with their pages."""
    invoiced(desk, *[1] * 6)
    adele = desk.browser("adele")
    assert new_payment(adele, "5").status == 303
    page = adele.get(AVOIR)
    made = adele.post(AVOIR, {**fields_of(page), "quantite.1": "1", "motif": "retour", "faire": "avoir"})
    assert made.status == 303
    card = adele.get("/tiers/DUP")
    for path in (
        "/factures/FA6",
        "/factures/FA2",
        "/bl/BL6",
        "/avoirs/AV1",
        "/reglements/RG1",
        "/reglements?client=DUP",
    ):
        assert f'href="{path}"' in card.text, path
    assert 'href="/factures/FA1"' not in card.text
    credit = adele.get("/tiers/DUP?onglet=encours")
    for path in ("/reglements/nouveau?client=DUP", "/reglements/RG1", "/avoirs/AV1"):
        assert f'href="{path}"' in credit.text, path
    assert "/reglements/nouveau" not in desk.browser("nadia").get("/tiers/DUP?onglet=encours").text


def test_several_customers_of_one_name_are_offered(desk: Desk) -> None:
    invoiced(desk, 1)
    with desk.site.database.transaction() as connection:
        from intergestan_erp.parties.parties import NewParty
        from tests.site_factories import add_party

        add_party(connection, NewParty(code="DUP2", name="Dupont", is_customer=True))
    carl = desk.browser("carl")
    page = carl.get("/reglements/nouveau")
    typed: dict[str, Any] = {**fields_of(page), "client": "Dupont", "montant": "12", "faire": "enregistrer"}
    answer = carl.post("/reglements/nouveau", {**typed, "mode": "cash"})
    assert answer.status == 422
    assert 'type="radio" name="client" value="DUP2"' in answer.text
