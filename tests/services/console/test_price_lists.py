"""*Tarifs* in the pages (A07): a file is looked at first, a list in force is ended, a price is explained."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.enums import PriceSide
from intergestan_db.tables import Establishment, Event, Party, PriceLine, PriceList, Product, ProductFamily
from intergestan_erp.selling.drafts import Typed, TypedLine, price
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.services.console.test_catalogue import kept, upload
from tests.services.console.test_selling import fields_of

pytestmark = pytest.mark.mainly_on("postgresql")

IMPORT = "/tarifs/importer"
TITLES = "Tarif;Sens;Établissement;Tiers;Valable du;Valable au;Article;Famille;À partir de;Prix HT;Remise\n"
FILE = TITLES + (
    "DUP21;vente;1;DUP;01/01/2021;;CAS16;;;4,50;\nDUP21;;;;;;CAS16;;10;4,20;2,5 %\n"
    "ACHAT;achat;;;01/01/2021;;CAS16;;;3;\n"
)


def add_list(desk: Desk, code: str, *lines: tuple[str, str], first: date = date(2020, 1, 1), **scope: int) -> None:
    """A price list of sales; its lines by product code (nothing: all products) and price."""
    with desk.site.database.transaction() as connection:
        values = {"code": code, "side": PriceSide.SALE, "valid_from": first, **scope}
        list_id = connection.execute(insert(PriceList).values(**values).returning(PriceList.id)).scalar_one()
        for product, amount in lines:
            product_id = connection.execute(select(Product.id).where(Product.code == product)).scalar()
            row = {"price_list_id": list_id, "product_id": product_id, "price": Decimal(amount)}
            connection.execute(insert(PriceLine).values(**row))


def look(browser: Browser, data: str) -> Answer:
    return upload(browser, IMPORT, data, "tarifs.csv")


def test_a_file_is_looked_at_before_it_is_taken_once(desk: Desk) -> None:
    """A07: what it would do is shown; it is entered whole, once, however often the button is pressed."""
    adam = desk.browser("adam")
    page = look(adam, FILE)
    assert page.status == 200, page.said
    assert [row[:4] for row in page.rows()] == [
        ["DUP21", "vente", "1", "DUP"],
        ["ACHAT", "achat", "tous", "tout le monde"],
    ]
    assert "nouveau tarif" in page.said
    assert desk.site.rows(PriceList) == []
    fields = kept(page)
    assert [adam.post(IMPORT, fields).status for _ in range(2)] == [303, 303]
    assert len(desk.site.rows(PriceLine)) == 3
    assert [row.who for row in desk.site.rows(Event, subject="price_list")] == ["adam", "adam"]
    nadia = desk.browser("nadia")
    assert [row[0] for row in nadia.get("/tarifs").rows()] == ["ACHAT", "DUP21"]
    assert [row[0] for row in nadia.get("/tarifs?sens=sale&tiers=DUP").rows()] == ["DUP21"]
    assert nadia.get("/tarifs?le=31/12/2020").rows() == []
    assert nadia.get("/tarifs?le=99/99").status == 422
    assert nadia.get("/tarifs/DUP21").rows() == [["CAS16", "", "4,50", ""], ["CAS16", "10", "4,20", "2,5"]]
    assert nadia.get("/tarifs/RIEN").status == 404
    again = nadia.get("/tarifs/DUP21.csv").text
    assert "les mêmes lignes" in look(adam, again).said
    assert "ACHAT" in nadia.get("/tarifs.csv?sens=purchase").text


def test_what_changed_since_it_was_looked_at_is_shown_again(desk: Desk) -> None:
    adam = desk.browser("adam")
    page = look(adam, FILE)
    other = look(adam, TITLES + "DUP21;vente;1;DUP;01/01/2021;;CAS16;;;9;\n")
    assert adam.post(IMPORT, {**kept(other), "jeton_acte": "b" * 20}).status == 303
    answer = adam.post(IMPORT, {**kept(page), "jeton_acte": "c" * 20})
    assert (answer.status, "ont changé" in answer.said) == (409, True)
    assert "2 nouvelles, 1 supprimées" in answer.said
    assert adam.post(IMPORT, {**kept(answer), "jeton_acte": "d" * 20}).status == 303
    assert len(desk.site.rows(PriceLine)) == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("NEUF;;;DUP;01/06/2021;;CAS16;;;1;", "« NEUF » et « AVENIR » valent pour les mêmes"),
        ("NEUF;;;;01/06/2021;;CAS16;;;1;\nAUTRE;;;;01/01/2021;30/06/2021;CAS16;;;1;", "« AUTRE » et « NEUF »"),
        ("ANCIEN;;;;01/01/2020;;CAS16;;;1;", "« ANCIEN » est en vigueur depuis le 01/01/2020"),
        ("NEUF;;;;01/06/2021;;RIEN;;;1;", "RIEN"),
    ],
)
def test_what_a_file_may_not_say(desk: Desk, row: str, said: str) -> None:
    """A07: two lists of one scope, one in force, unknown products; nothing of the file is entered."""
    add_list(desk, "ANCIEN", ("CAS16", "5"))
    with desk.site.database.transaction() as connection:
        connection.execute(update(PriceList).values(valid_until=date(2020, 12, 31)))
    add_list(desk, "AVENIR", ("CAS16", "5"), first=date(2021, 1, 1), party_id=desk.site.row(Party, code="DUP").id)
    answer = look(desk.browser("adam"), TITLES + row + "\n")
    assert (answer.status, said in answer.said) == (422, True), answer.said
    assert len(desk.site.rows(PriceList)) == 2


def test_a_list_in_force_is_ended_and_followed(desk: Desk) -> None:
    add_list(desk, "TARIF20", ("CAS16", "5"))
    adam = desk.browser("adam")
    page = adam.get("/tarifs/TARIF20")
    assert 'action="/tarifs/TARIF20/terminer"' in page.text
    assert "terminer" not in desk.browser("carl").get("/tarifs/TARIF20").text
    wrong = adam.post("/tarifs/TARIF20/terminer", {**fields_of(page), "dernier_jour": "31/12/2019"})
    assert (wrong.status, 'value="31/12/2019"' in wrong.text) == (422, True)
    done = adam.post("/tarifs/TARIF20/terminer", {**fields_of(page), "dernier_jour": "31/12/2020"})
    assert done.status == 303, done.said
    assert desk.site.row(PriceList).valid_until == date(2020, 12, 31)
    longer = adam.get("/tarifs/TARIF20")
    assert adam.post("/tarifs/TARIF20/terminer", {**fields_of(longer), "dernier_jour": "31/12/2021"}).status == 409
    assert look(adam, TITLES + "TARIF21;vente;;;01/01/2021;;CAS16;;;6;\n").status == 200


def test_a_price_is_explained_as_an_order_takes_it(desk: Desk) -> None:
    """A07, D42: all candidates stand in their order; the first one is what the order's line costs."""
    party, place = desk.site.row(Party, code="DUP").id, desk.site.row(Establishment).id
    with desk.site.database.transaction() as connection:
        family = insert(ProductFamily).values(code="CUI", name="Cuisine").returning(ProductFamily.id)
        connection.execute(update(Product).values(family_id=connection.execute(family).scalar_one()))
    carl = desk.browser("carl")
    asked = "/tarifs/quel-prix?client=DUP&article=CAS16&quantite=2&le=20/11/2020&etablissement=1"

    def costs() -> Decimal:
        typed = Typed(customer_id=party, lines=(TypedLine("CAS16", Decimal(2)),))
        with desk.site.database.read() as connection:
            return price(connection, typed, date(2020, 11, 20)).lines[0].price

    def counts() -> tuple[str, str]:
        rows = carl.get(asked).rows()
        assert [row[6] for row in rows] == ["c'est lui qui compte", *[""] * (len(rows) - 1)]
        return rows[0][1], rows[0][5]

    assert counts() == ("prix de vente de l'article", "10,00")
    for code, amount, scope in (
        ("TOUS", "9", {}),
        ("AGENCE", "8", {"establishment_id": place}),
        ("CLIENT", "7", {"party_id": party}),
        ("LES2", "6", {"party_id": party, "establishment_id": place}),
    ):
        add_list(desk, code, ("", amount), **scope)
        assert counts() == (f"tarif {code}", f"{amount},00")
        assert costs() == Decimal(amount)
    page = carl.get(asked)
    assert [row[1] for row in page.rows()] == [
        *("tarif LES2", "tarif CLIENT", "tarif AGENCE", "tarif TOUS", "prix de vente de l'article"),
    ]
    wrong = carl.get("/tarifs/quel-prix?client=personne&article=RIEN&quantite=x&le=32/13&etablissement=9")
    assert wrong.status == 422
    assert all(each in wrong.text for each in ('value="personne"', 'value="RIEN"', 'value="x"', 'value="32/13"'))
    assert carl.get("/tarifs/quel-prix?client=DUP&article=RIEN").status == 422
