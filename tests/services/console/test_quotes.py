"""Quotes in the pages: listed, entered, copied, accepted once, refused; one that has expired; over ASGI."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.tables import CreditOverride, Event, Party, Product, Quote, SalesOrder
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, Desk
from tests.services.console.test_order_entry import typed
from tests.services.console.test_sales_entry import ORDER, block, let_override, send

pytestmark = pytest.mark.mainly_on("postgresql")

NEW = "/devis/nouveau"


def a_quote(browser: Browser, **changes: str) -> str:
    """The address of a new one."""
    answer = send(browser, {**ORDER, **changes}, NEW)
    assert answer.status == 303, answer.said
    return answer.headers["location"]


def accept(browser: Browser, path: str, **changes: str) -> Answer:
    page = browser.get(f"{path}/accepter")
    assert page.status == 200, page.said
    return browser.post(f"{path}/accepter", {**typed(page), "faire": "accepter", **changes})


def in_days(desk: Desk, days: int) -> str:
    return (desk.site.database.now() + timedelta(days)).strftime("%d/%m/%Y")


def test_a_quote_becomes_one_order(desk: Desk) -> None:
    """D17: whoever accepts it, from however many browsers; the second one reads which order it is."""
    carl, adam = desk.browser("carl"), desk.browser("adam")
    path = a_quote(carl, nature="pour la fête", valable=in_days(desk, 10), l1_prix="9")
    row = carl.get("/devis").rows()[0]
    assert (row[0], row[2], row[3], row[4], row[7]) == ("DV1", "Dupont", "pour la fête", "54,00", "ouvert")
    before = len(desk.site.rows(SalesOrder))
    late = adam.get(f"{path}/accepter")
    done = accept(carl, path)
    assert done.status == 303, done.said
    number = done.headers["location"].rpartition("/")[2]
    assert desk.site.row(SalesOrder, number=number).total_ht == Decimal(54)
    second = adam.post(f"{path}/accepter", {**typed(late), "faire": "accepter"})
    assert (second.status, number in second.said) == (409, True)
    assert len(desk.site.rows(SalesOrder)) == before + 1
    assert (carl.get("/devis").rows(), carl.get("/devis?etat=acceptes").rows()[0][0]) == ([], "DV1")
    assert f'href="/ventes/{number}"' in carl.get(path).text
    assert carl.get(f"{path}/accepter").headers["location"] == path
    assert "DV1" in carl.get("/devis.csv?etat=tous").text


def test_a_quote_is_refused(desk: Desk) -> None:
    carl = desk.browser("carl")
    path = a_quote(carl)
    page = carl.get(f"{path}/refuser")
    fields = {"jeton": page.token, "jeton_acte": "b" * 20, "motif": "trop cher"}
    assert carl.post(f"{path}/refuser", fields).status == 303
    assert desk.site.row(Quote).state == "refused"
    assert [each.detail for each in desk.site.rows(Event, subject="quote", name="refuse")] == [{"words": "trop cher"}]
    again = carl.post(f"{path}/refuser", {**fields, "jeton_acte": "c" * 20})
    assert again.status == 409
    assert accept_is_over(carl, path)
    assert carl.get("/devis?etat=refuses").rows()[0][7] == "refusé"


def accept_is_over(browser: Browser, path: str) -> bool:
    return browser.get(f"{path}/accepter").status == 303


def test_one_that_has_expired_is_accepted_at_the_prices_of_now(desk: Desk) -> None:
    """It expires at the site's midnight; old and new prices are shown, and a third price is not taken unseen."""
    carl = desk.browser("carl")
    path = a_quote(carl, valable=in_days(desk, 0))
    assert "Les prix ont changé" not in carl.get(f"{path}/accepter").said
    desk.move(days=1)
    carl = desk.browser("carl")
    assert carl.get("/devis?etat=expires").rows()[0][7] == "expiré"

    def cost(price: str) -> None:
        with desk.site.database.transaction() as connection:
            connection.execute(update(Product).where(Product.code == "CAS16").values(sale_price=Decimal(price)))

    cost("11")
    page = carl.get(f"{path}/accepter")
    assert "Les prix ont changé : " in page.said
    assert "10,00 11,00" in page.said
    cost("12")
    late = carl.post(f"{path}/accepter", {**typed(page), "faire": "accepter"})
    assert (late.status, "72,00 HT" in late.said) == (409, True)
    done = carl.post(f"{path}/accepter", {**typed(late), "faire": "accepter"})
    assert done.status == 303, done.said
    assert desk.site.rows(SalesOrder)[-1].total_ht == Decimal(72)


def test_a_quote_is_copied_at_the_prices_of_now(desk: Desk) -> None:
    carl = desk.browser("carl")
    path = a_quote(carl, l1_prix="9", nature="pour la fête")
    fields = typed(carl.get(f"{NEW}?copie={path.rpartition('/')[2]}"))
    found = [fields[name] for name in ("client", "l1_produit", "l1_quantite", "l1_prix", "nature")]
    assert found == ["DUP", "CAS16", "6", "", "pour la fête"]
    assert carl.get(f"{NEW}?copie=DV99").status == 404


def test_quotes_are_blocked_from_their_stage_on(desk: Desk) -> None:
    """T20: at the stage Devis; who has the right lets one pass, and its order then passes, too."""
    block(desk, "50", "quote")
    carl = desk.browser("carl")
    answer = send(carl, ORDER, NEW)
    assert (answer.status, "Devis : document refusé." in answer.said, len(desk.site.rows(Quote))) == (422, True, 0)
    let_override(desk, "adam")
    adam = desk.browser("adam")
    refused = send(adam, ORDER, NEW)
    given = {"motif_depassement": "accord du directeur", "mot_de_passe": PASSWORD}
    made = adam.post(NEW, {**typed(refused), "faire": "deroger", **given})
    assert made.status == 303, made.said
    assert desk.site.row(CreditOverride).document == "DV1"
    assert accept(carl, made.headers["location"]).status == 303


def test_an_order_of_a_quote_is_blocked(desk: Desk) -> None:
    """T20: the page of accepting says it before, and who lets it pass says why."""
    carl = desk.browser("carl")
    path = a_quote(carl)
    block(desk, "50")
    answer = accept(carl, path)
    assert (answer.status, "document refusé" in answer.said) == (422, True)
    assert desk.site.row(Quote).state == "open"
    let_override(desk, "adam")
    adam = desk.browser("adam")
    page = adam.get(f"{path}/accepter")
    fields = {**typed(page), "faire": "deroger", "mot_de_passe": PASSWORD}
    short = adam.post(f"{path}/accepter", {**fields, "motif_depassement": "oui"})
    assert 'id="motif_depassement-faute"' in short.text
    done = adam.post(f"{path}/accepter", {**fields, "motif_depassement": "accord du directeur"})
    assert done.status == 303, done.said


def test_a_small_order_of_a_quote_may_get_its_fee(desk: Desk) -> None:
    """T23: a quote says nothing of the minimum, its order does."""
    with desk.site.database.transaction() as connection:
        connection.execute(update(Party).where(Party.code == "DUP").values(minimum_order=Decimal(100)))
    carl = desk.browser("carl")
    path = a_quote(carl)
    assert "minimum" not in carl.get(path).said
    assert "est inférieur au minimum de commande" in carl.get(f"{path}/accepter").said
    assert accept(carl, path, petite="1").status == 303
    assert desk.site.rows(SalesOrder)[-1].total_ht == Decimal(75)


def test_readers_see_quotes_and_do_nothing(desk: Desk) -> None:
    path = a_quote(desk.browser("carl"))
    nadia = desk.browser("nadia")
    assert NEW not in nadia.get("/devis").text
    assert "accepter" not in nadia.get(path).text
    assert nadia.get(f"{path}/accepter").status == 403
    assert nadia.get("/devis/DV99").status == 404
    assert nadia.get("/devis?du=32/13&client=nobody").status == 422
