"""Purchase orders by hand in the pages: entered, changed, copied, deleted, pasted, imported; over ASGI."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, select, update

from intergestan_db.tables import (
    Event,
    Party,
    Product,
    ProductName,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
)
from intergestan_erp.catalogue.catalogue import put_products
from tests.console.forms import act_of
from tests.services.console.browser import Answer, Browser, fields_in
from tests.services.console.desk import Desk, add_order
from tests.site_factories import a_product

pytestmark = pytest.mark.mainly_on("postgresql")

NEW = "/commandes/nouvelle"


@pytest.fixture
def clerk(desk: Desk) -> Browser:
    """Carl, at a site with two products."""
    with desk.site.database.transaction() as connection:
        rows = [
            a_product("CAS-16", "15", name="Casserole inox 16 cm", sale_price=Decimal(25)),
            a_product("FOU-30", "5.5", name="Fouet à œufs", sale_price=Decimal(9)),
        ]
        put_products(connection, rows)
    return desk.browser("carl")


def typed(answer: Answer) -> dict[str, str]:
    """All fields of the order's form, as a browser would send them."""
    form = re.search(r'(?s)<form[^>]*class="entry".*?</form>', answer.text)
    assert form, answer.said
    return fields_in(form[0])


def save(browser: Browser, page: str, changes: Mapping[str, str], to: str | None = None) -> Answer:
    """Open a form, type, and press a button of it: save, unless the changes name another."""
    return browser.post(to or page, {**typed(browser.get(page)), "faire": "enregistrer", **changes})


ORDER = {
    "fournisseur": "stauber",
    "l1_produit": "CAS-16",
    "l1_quantite": "4",
    "l2_produit": "fou-30",
    "l2_quantite": "2",
}


def entered(browser: Browser, **changes: str) -> str:
    """The number of a new draft."""
    answer = save(browser, NEW, {**ORDER, **changes})
    assert answer.status == 303, answer.said
    return answer.headers["location"].rpartition("/")[2]


def lines(desk: Desk, number: str) -> list[tuple[Any, ...]]:
    order = desk.site.row(PurchaseOrder, number=number)
    rows = desk.site.rows(PurchaseOrderLine, purchase_order_id=order.id)
    return [(row.line_id, row.product_code, row.quantity, row.price) for row in rows]


def test_an_order_is_entered_with_the_prices_of_the_catalogue(desk: Desk, clerk: Browser) -> None:
    number = entered(clerk, l2_prix="6,25", f1_motif="Port", f1_montant="12,50", f1_tva="20", nature="Réassort")
    assert lines(desk, number) == [("1", "CAS-16", 4, 15), ("2", "FOU-30", 2, Decimal("6.25"))]
    order = desk.site.row(PurchaseOrder, number=number)
    assert (order.state, order.total_ht, order.note) == ("draft", Decimal("85.00"), "Réassort")
    assert desk.site.row(PurchaseOrderCharge).amount == Decimal("12.5")
    page = clerk.get(f"/commandes/{number}")
    assert f"{number} est un brouillon : 85,00 HT, 102,00 TTC" in page.said
    assert desk.site.rows(Event, subject="purchase_order", subject_id=order.id)[-1].who == "carl"


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(desk: Desk, clerk: Browser) -> None:
    """Figures that are none, a product that is not there, no supplier: each at its field; the rest stays."""
    before = len(desk.site.rows(PurchaseOrder))
    answer = save(clerk, NEW, {**ORDER, "l1_quantite": "beaucoup", "nature": "À garder", "date_commande": "32/13/2026"})
    assert answer.status == 422
    assert re.search(r'id="l1_quantite"[^>]*value="beaucoup"[^>]*aria-invalid="true"', answer.text)
    assert 'href="#date_commande"' in answer.text
    assert typed(answer)["nature"] == "À garder"
    answer = save(clerk, NEW, {**ORDER, "l2_produit": "RIEN", "fournisseur": "personne", "souhaitee": "01/01/2031"})
    assert answer.status == 422
    assert all(f'id="{name}-faute"' in answer.text for name in ("fournisseur", "l2_produit"))
    assert typed(answer)["l2_produit"] == "RIEN"
    answer = save(clerk, NEW, {"fournisseur": "STAUBER"})
    assert 'id="l1_produit-faute"' in answer.text
    assert "Erreur" in answer.text.partition("</title>")[0]
    assert len(desk.site.rows(PurchaseOrder)) == before


def test_days_far_away_may_be_meant(clerk: Browser) -> None:
    far = {**ORDER, "souhaitee": "01/01/2035"}
    answer = save(clerk, NEW, far)
    assert (answer.status, 'name="dates_voulues"' in answer.text) == (422, True)
    assert save(clerk, NEW, {**far, "dates_voulues": "1"}).status == 303


def test_a_form_that_comes_twice_enters_one_order(desk: Desk, clerk: Browser) -> None:
    fields = {**typed(clerk.get(NEW)), **ORDER, "faire": "enregistrer"}
    first, second = clerk.post(NEW, fields), clerk.post(NEW, fields)
    assert first.headers["location"] == second.headers["location"]
    assert "Déjà fait" in clerk.get(second.headers["location"]).said
    number = first.headers["location"].rpartition("/")[2]
    page = f"/commandes/{number}/modifier"
    fields = {**typed(clerk.get(page)), "l1_quantite": "9", "faire": "enregistrer"}
    assert [clerk.post(page, fields).status for _ in range(2)] == [303, 303]
    assert desk.site.row(PurchaseOrder, number=number).version == 2


def test_a_draft_is_changed_and_what_the_form_does_not_show_stays(desk: Desk, clerk: Browser) -> None:
    """Saved as it is nothing differs; a line goes, one comes, and keeps an id of its own."""
    number = entered(clerk, l1_prix="1,234", l1_remise="-0,50", l1_tva="5,5")
    before = lines(desk, number)
    page = f"/commandes/{number}/modifier"
    assert before[0][3] == Decimal("1.234")
    assert save(clerk, page, {}).status == 303
    assert lines(desk, number) == before
    fields = {**typed(clerk.get(page)), "faire": "retirer-1"}
    answer = clerk.post(page, fields)
    assert typed(answer)["l1_produit"] == "FOU-30"
    fields = {**typed(answer), "l2_produit": "CAS-16", "l2_quantite": "1", "faire": "confirmer"}
    assert clerk.post(page, fields).status == 303
    assert [row[:3] for row in lines(desk, number)] == [("2", "FOU-30", 2), ("3", "CAS-16", 1)]
    assert desk.site.row(PurchaseOrder, number=number).state == "confirmed"


def test_of_two_who_change_a_draft_none_loses_what_they_typed(desk: Desk, clerk: Browser) -> None:
    """Who comes second sees both versions and keeps theirs or takes the other; an open form is told before."""
    number = entered(clerk)
    page, other = f"/commandes/{number}/modifier", desk.browser("adam")
    mine, theirs = typed(clerk.get(page)), typed(other.get(page))
    assert (
        other.post(page, {**theirs, "l1_quantite": "7", "nature": "<b>Adam</b>", "faire": "enregistrer"}).status == 303
    )
    told = clerk.get(f"{page}?vue={mine['version']}", hx_request="true", hx_target="autres")
    assert "modifiée entre-temps" in told.said
    clash = clerk.post(page, {**mine, "l1_quantite": "5", "l2_nom": "Fouet fin", "faire": "enregistrer"})
    assert clash.status == 409
    assert all(each in clash.said for each in ("adam", "La mienne", "La leur", "5", "7", "Fouet fin", "<b>Adam</b>"))
    assert typed(clash)["l2_nom"] == "Fouet fin"
    assert lines(desk, number)[0][2] == 7
    assert clerk.post(page, {**typed(clash), "faire": "enregistrer"}).status == 303
    assert lines(desk, number)[0][2] == 5
    assert desk.site.row(PurchaseOrder, number=number).version == 3


def test_a_draft_that_was_confirmed_meanwhile_keeps_what_was_typed(desk: Desk, clerk: Browser) -> None:
    number = entered(clerk)
    page = f"/commandes/{number}/modifier"
    mine = typed(clerk.get(page))
    desk.browser("adam").submit(f"/commandes/{number}", f"/commandes/{number}/confirmer", {"jeton_acte": "0" * 20})
    answer = clerk.post(page, {**mine, "l1_quantite": "8", "faire": "enregistrer"})
    assert (answer.status, typed(answer)["l1_quantite"]) == (409, "8")
    as_new = clerk.post(NEW, {**typed(answer), "faire": "enregistrer"})
    assert as_new.status == 303
    assert as_new.headers["location"] != f"/commandes/{number}"


def test_rows_of_a_spreadsheet_become_lines(desk: Desk, clerk: Browser) -> None:
    rows = "Désignation\tQté\tCode\nCasserole\t1 200\tCAS-16\n\n\t3\tFOU-30\n"
    answer = save(clerk, NEW, {"fournisseur": "STAUBER", "collage": rows, "faire": "coller"})
    fields = typed(answer)
    assert (fields["l1_produit"], fields["l1_quantite"], fields["l1_nom"]) == ("CAS-16", "1 200", "Casserole")
    assert clerk.post(NEW, {**fields, "faire": "enregistrer"}).status == 303
    number = desk.site.rows(PurchaseOrder)[-1].number
    assert [row[1:3] for row in lines(desk, number)] == [("CAS-16", 1200), ("FOU-30", 3)]


def test_the_sum_is_counted_while_it_is_typed(desk: Desk, clerk: Browser) -> None:
    before = desk.counted()
    fields = {**typed(clerk.get(NEW)), **ORDER}
    answer = clerk.post("/commandes/calcul", fields, hx_request="true", hx_target="totaux")
    assert all(each in answer.said for each in ("71,00 EUR", "60,00", "catalogue"))
    unready = clerk.post("/commandes/calcul", {**fields, "l1_quantite": ""}, hx_request="true", hx_target="totaux")
    assert (unready.status, "71,00" in unready.said) == (200, False)
    assert desk.counted() == before


@pytest.mark.parametrize(
    ("written", "expected"),
    [("cas-", ["CAS-16"]), ("oeufs", ["FOU-30"]), ("INOX cass", ["CAS-16"]), ("x", []), ("", [])],
)
def test_products_are_found_by_code_and_words(clerk: Browser, written: str, expected: list[str]) -> None:
    answer = clerk.get(f"/produits/choix?l1_produit={written}", hx_request="true", hx_target="produits")
    assert re.findall(r'<option value="([^"]+)"', answer.text) == expected


def act(browser: Browser, number: str, what: str, **fields: str) -> Answer:
    page = browser.get(f"/commandes/{number}")
    token = act_of(page.text)
    return browser.post(f"/commandes/{number}/{what}", {"jeton": page.token, "jeton_acte": token, **fields})


def test_an_order_is_copied_confirmed_and_made_a_draft_again(desk: Desk, clerk: Browser) -> None:
    number = entered(clerk, souhaitee="+14")
    assert act(clerk, number, "confirmer").status == 303
    assert act(clerk, number, "confirmer").status == 409
    copied = act(clerk, number, "copier").headers["location"]
    assert copied.endswith("/modifier")
    copy = desk.site.rows(PurchaseOrder)[-1]
    assert (copy.state, copy.wanted_date, copied.split("/")[2]) == ("draft", None, copy.number)
    assert [row[1:] for row in lines(desk, copy.number)] == [row[1:] for row in lines(desk, number)]
    assert act(clerk, number, "brouillon").status == 303
    assert desk.site.row(PurchaseOrder, number=number).state == "draft"


def test_what_cannot_be_ordered_any_more_is_copied_into_the_form(desk: Desk, clerk: Browser) -> None:
    with desk.site.database.transaction() as connection:
        connection.execute(update(PurchaseOrderLine).values(product_code="PARTI"))
    answer = act(clerk, "CFR1", "copier")
    assert (answer.status, typed(answer)["l1_produit"]) == (422, "PARTI")
    assert 'action="/commandes/nouvelle"' in answer.text


def test_a_draft_is_deleted_if_it_is_the_one_that_was_seen(desk: Desk, clerk: Browser) -> None:
    number = entered(clerk)
    page = f"/commandes/{number}/supprimer"
    seen = clerk.get(page).kept()
    save(desk.browser("adam"), f"/commandes/{number}/modifier", {"nature": "Encore"})
    answer = clerk.post(page, seen)
    assert (answer.status, "adam" in answer.said) == (409, True)
    fields = clerk.get(page).kept()
    assert [clerk.post(page, fields).status for _ in range(2)] == [303, 303]
    assert not desk.site.rows(PurchaseOrder, number=number)
    assert clerk.get(page).status == 404
    assert clerk.get("/commandes/CFR1/supprimer").status == 303, "a confirmed order is not deleted"


def upload(browser: Browser, files: Mapping[str, bytes], act_id: str, **fields: str) -> Answer:
    return browser.upload("/commandes/importer", "fichiers", files, jeton_acte=act_id, **fields)


def test_files_are_taken_whole_or_not_at_all_and_once(desk: Desk, clerk: Browser) -> None:
    day = desk.site.database.now().date().isoformat()
    good = f"Date;Fournisseur;Produit;Quantité\n{day};STAUBER;CAS-16;2\n".encode()
    bad = f"Date;Fournisseur;Produit;Quantité\n{day};STAUBER;CAS-16;2\n{day};STAUBER;RIEN;x\n".encode()
    before = len(desk.site.rows(PurchaseOrder))
    answer = upload(clerk, {"../bon.csv": good, "<b>mauvais.csv": bad}, "1" * 36, brouillon="1")
    assert answer.status == 422
    assert all(each in answer.said for each in ("bon.csv", "<b>mauvais.csv", "Rien de ce fichier", "Quantité"))
    made = desk.site.rows(PurchaseOrder)[before:]
    assert [row.state for row in made] == ["draft"]
    again = upload(clerk, {"../bon.csv": good, "<b>mauvais.csv": bad}, "1" * 36, brouillon="1")
    assert (made[0].number in again.said, "Déjà fait" in again.said) == (True, True)
    assert len(desk.site.rows(PurchaseOrder)) == before + 1
    assert upload(clerk, {}, "2" * 36).status == 422
    with desk.site.database.read() as connection:
        assert connection.execute(select(Event.who).where(Event.name == "import")).scalars().all() == ["carl"]


def test_what_a_name_means_is_said_beside_the_file_and_kept(desk: Desk, clerk: Browser) -> None:
    """Asked for by name where a file has such a line; in the role of the console."""
    day = desk.site.database.now().date().isoformat()
    file = {"f.csv": f"Date;Fournisseur;Produit;Désignation;Quantité\n{day};STAUBER;;Poêle = 28;2\n".encode()}
    assert "noms" not in clerk.get("/commandes/importer").kept()
    asked = upload(clerk, file, "4" * 36)
    assert (asked.status, "n'a ni code ni GTIN" in asked.said) == (422, True)
    assert "Poêle = 28=" in html.unescape(asked.text)
    unknown = upload(clerk, file, "5" * 36, noms="Poêle = 28=RIEN")
    assert (unknown.status, "RIEN, qui n'est pas dans la base" in unknown.said) == (422, True)
    assert html.unescape(unknown.text).count("Poêle = 28=") == 1
    assert upload(clerk, file, "6" * 36, noms="\nPOÊLE = 28=CAS-16\nrien").status == 200
    assert upload(clerk, file, "7" * 36).status == 200
    assert [row.name for row in desk.site.rows(ProductName)] == ["Poêle = 28"]
    assert upload(clerk, file, "8" * 36, noms="Poêle = 28=FOU-30").status == 200
    (kept,) = desk.site.rows(ProductName)
    assert kept.product_id == desk.site.row(Product, code="FOU-30").id


def test_a_name_is_asked_for_as_a_whole_and_one_that_is_refused_hides_no_other_file(desk: Desk, clerk: Browser) -> None:
    day = desk.site.database.now().date().isoformat()
    head, name = "Date;Fournisseur;Produit;Désignation;Quantité", f"Poêle {'x' * 80} à manche"
    good = f"{head}\n{day};STAUBER;CAS-16;;2\n".encode()
    named = f"{head}\n{day};STAUBER;;{name};3\n".encode()
    assert f"{name}=" in html.unescape(upload(clerk, {"nom.csv": named}, "9" * 36).text)
    with desk.site.database.transaction() as connection:
        connection.execute(update(Product).where(Product.code == "FOU-30").values(active=False))
    refused = upload(clerk, {"bon.csv": good, "nom.csv": named}, "a" * 36, noms=f"{name}=FOU-30")
    assert (refused.status, "n'est plus utilisé" in refused.said) == (422, True)
    assert desk.site.rows(PurchaseOrder)[-1].number in refused.said


def test_what_fails_while_it_is_written_is_said_of_its_file(desk: Desk, clerk: Browser) -> None:
    """A product that goes out of use between the look at the file and its orders: the file before is reported."""
    day = desk.site.database.now().date().isoformat()
    head = "Date;Fournisseur;Produit;Désignation;Quantité"
    files = {
        "bon.csv": f"{head}\n{day};STAUBER;CAS-16;;2\n".encode(),
        "nom.csv": f"{head}\n{day};STAUBER;;Poêle;3\n".encode(),
    }
    looked: list[str] = []

    def end(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if not looked and "FROM product \n" in statement and "FOU-30" in str(values):
            looked.append(statement)
            with desk.site.database.transaction() as connection:
                connection.execute(update(Product).where(Product.code == "FOU-30").values(active=False))

    engine = desk.console.database.engine
    event.listen(engine, "after_cursor_execute", end)
    try:
        answer = upload(clerk, files, "b" * 36, noms="Poêle=FOU-30")
    finally:
        event.remove(engine, "after_cursor_execute", end)
    assert looked
    assert (answer.status, "Il n'y a pas de produit actif FOU-30" in answer.said) == (422, True), answer.said
    assert desk.site.rows(PurchaseOrder)[-1].number in answer.said


def test_a_file_that_is_too_long_is_refused_before_it_is_read(clerk: Browser) -> None:
    assert upload(clerk, {"x.csv": b"x" * 21_100_000}, "3" * 36).status == 413


def test_the_model_is_a_file_that_is_read(desk: Desk, clerk: Browser) -> None:
    """With the supplier and the product of its example it is entered."""
    with desk.site.database.transaction() as connection:
        put_products(connection, [a_product("CAS20")])
    model = clerk.get("/commandes/modele.csv").body
    answer = upload(clerk, {"modele.csv": model}, "4" * 36)
    assert answer.status == 200, answer.said


def test_a_copy_whose_number_is_taken_at_that_moment_gets_the_next_one(desk: Desk, clerk: Browser) -> None:
    """A file that brings the number along is entered between the copy's look at the numbers and its row."""
    if desk.site.database.is_sqlite:
        pytest.skip("SQLite lets one write at a time: nobody comes between.")
    number = entered(clerk)
    taken: list[str] = []
    engine = desk.console.database.engine

    def take(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if not statement.startswith("INSERT INTO purchase_order ") or taken:
            return
        given = parameters if isinstance(parameters, Mapping) else parameters[0]
        taken.append(next(text for text in given.values() if str(text).startswith("CFR")))
        with desk.site.database.transaction() as connection:
            supplier = desk.site.row(Party, code="STAUBER").id
            add_order(connection, supplier, taken[0], date(2020, 11, 21), "Du fichier", Decimal(1), "confirmed")

    event.listen(engine, "before_cursor_execute", take)
    try:
        copied = act(clerk, number, "copier")
    finally:
        event.remove(engine, "before_cursor_execute", take)
    assert copied.status == 303, copied.said
    copy = desk.site.rows(PurchaseOrder)[-1]
    assert (copied.headers["location"], copy.state) == (f"/commandes/{copy.number}/modifier", "draft")
    assert desk.site.row(PurchaseOrder, number=taken[0]).note == "Du fichier"
    assert lines(desk, copy.number) == lines(desk, number)
