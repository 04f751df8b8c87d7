"""Price lists in files (A07): what the table may have, whole or not at all, and a list in place of its own lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from intergestan_db.database import Database
from intergestan_db.problem import FileProblems
from intergestan_db.tables import PriceLine, PriceList, ProductFamily
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.price_entry.price_reading import LimitedPrices, PricesAsked
from intergestan_erp.price_entry.price_table import COLUMNS, EnteredList, enter_prices
from intergestan_erp.price_entry.read_prices import read_here
from tests.site_factories import NOW, SiteToTest, add_party, add_products, rows_of
from tests.statements import noted

ROOT = Path(__file__).parents[3]
EUROS = PricesAsked("EUR")
FILE = (
    "Tarif;Sens;Établissement;Tiers;Valable du;Valable au;Article;Famille;À partir de;Prix HT;Remise\n"
    "DUP;vente;1;DUP;01/01/2026;31/12/2026;CAS16;;;4,50;\n"
    "DUP;;;;;;CAS16;;10;4,20;2,5 %\n"
    "DUP;;;;;;;CUISINE;;;10\n"
    "DUP;;;;;;;;;;1\n"
    "ACHAT;achat;;;01/01/2026;;CAS16;;;3;\n"
).encode()


@pytest.fixture
def catalogue(a_site: SiteToTest) -> Database:
    """CAS16, the family CUISINE and the customer DUP."""
    with a_site.database.transaction() as connection:
        add_products(connection, "CAS16")
        connection.execute(insert(ProductFamily).values(code="CUISINE", name="Cuisine"))
        add_party(connection, NewParty(code="DUP", name="Dupont", is_customer=True))
    return a_site.database


def enter(database: Database, data: bytes) -> list[EnteredList]:
    with database.transaction() as connection:
        return enter_prices(connection, "t.csv", read_here("t.csv", data, EUROS).rows, by="m", at=NOW)


def test_the_page_names_every_column() -> None:
    page = (ROOT / "docs" / "agencies.md").read_text()
    for titles in COLUMNS.values():
        assert titles[0] in page


def test_a_file_of_lists(catalogue: Database) -> None:
    """A07: what the first row says of a list counts for its others; a file again gives the same."""
    assert enter(catalogue, FILE) == [EnteredList("DUP", 4, True), EnteredList("ACHAT", 1, True)]
    (mine, bought) = rows_of(catalogue, PriceList)
    assert (mine.side, mine.party_id is None, mine.establishment_id is None) == ("sale", False, False)
    assert (bought.side, bought.party_id, bought.valid_until) == ("purchase", None, None)
    lines = rows_of(catalogue, PriceLine, price_list_id=mine.id)
    assert [(str(row.min_quantity), row.price and str(row.price), str(row.discount)) for row in lines] == [
        ("0.000000", "4.500000", "0.000000"),
        ("10.000000", "4.200000", "2.500000"),
        ("0.000000", None, "10.000000"),
        ("0.000000", None, "1.000000"),
    ]
    assert [(row.product_id is None, row.family_id is None) for row in lines] == [
        *((False, True), (False, True), (True, False), (True, True)),
    ]
    assert enter(catalogue, FILE) == [EnteredList("DUP", 4, False), EnteredList("ACHAT", 1, False)]
    assert len(rows_of(catalogue, PriceLine)) == 5


@pytest.mark.mainly_on("sqlite")
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("DUP;;;;01/01/2026;;NONE;;;1;", "There is no product «NONE»."),
        ("DUP;;;;01/01/2026;;;NONE;;1;", "There is no family of products «NONE»."),
        ("DUP;;;NONE;01/01/2026;;CAS16;;;1;", "There is no third party «NONE»."),
        ("DUP;;9;;01/01/2026;;CAS16;;;1;", "There is no establishment 9."),
        ("DUP;;x;;01/01/2026;;CAS16;;;1;", "is no number of an establishment"),
        ("DUP;;;;;;CAS16;;;1;", "There is no value"),
        (";;;;01/01/2026;;CAS16;;;1;", "There is no value"),
        ("DUP;peut-être;;;01/01/2026;;CAS16;;;1;", "neither sale nor purchase"),
        ("DUP;;;;02/01/2026;01/01/2026;CAS16;;;1;", "ends before it begins"),
        ("DUP;;;;01/01/2026;;CAS16;CUISINE;;1;", "not both"),
        ("DUP;;;;01/01/2026;;CAS16;;;;", "neither a price nor a discount"),
        ("DUP;;;;01/01/2026;;CAS16;;;-1;", "negative"),
        ("DUP;;;;01/01/2026;;CAS16;;;1;101", "between 0 and 100"),
        ("DUP;;;;01/01/2026;;CAS16;;;1 USD;", "in USD, and ours are in EUR"),
        ("DUP;;;;01/01/2026;;CAS16;;;1;\nDUP;;;;;;CAS16;;0;2;", "stands in row 2 already"),
        ("DUP;;;;01/01/2026;;CAS16;;;1;\nDUP;achat;;;;;CAS16;;1;2;", "says something else here"),
        ("X" * 21 + ";;;;01/01/2026;;CAS16;;;1;", "at most 20 characters"),
    ],
)
def test_what_a_file_may_not_have(catalogue: Database, rows: str, said: str) -> None:
    """A07: the fault is named with its row, and nothing of the file is entered."""
    good = "GUT;;;;01/01/2026;;CAS16;;;1;\n"
    data = FILE.partition(b"\n")[0] + f"\n{rows}\n{good}".encode()
    with pytest.raises(FileProblems) as caught:
        enter(catalogue, data)
    assert said in str(caught.value)
    assert rows_of(catalogue, PriceList) == []


def test_many_lines(catalogue: Database) -> None:
    """A07: in as many statements as for a few."""
    lines = "".join(f"BIG;;;;01/01/2026;;CAS16;;{n};1;\n" for n in range(1, 3001))
    rows = read_here("t.csv", FILE.partition(b"\n")[0] + b"\n" + lines.encode(), EUROS).rows
    with catalogue.transaction() as connection:
        with noted(connection) as asked:
            enter_prices(connection, "t.csv", rows, by="m", at=NOW)
        assert len(asked) < 15
        assert connection.execute(select(func.count()).select_from(PriceLine)).scalar_one() == 3000


def test_in_a_limited_child() -> None:
    """A07: the same, by the child that reads files of others; faults come back with their places."""
    with LimitedPrices() as readers:
        assert readers.read("t.csv", FILE, EUROS) == read_here("t.csv", FILE, EUROS)
        with pytest.raises(FileProblems, match="titles but no rows"):
            readers.read("t.csv", FILE.partition(b"\n")[0] + b"\n", EUROS)
