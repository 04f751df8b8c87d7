"""One number in two encodings is one order; two that differ by case are two, and their files stay apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.enums import FileFormat
from intergestan_db.problem import FileProblems
from intergestan_db.tables import Product, PurchaseOrder, PurchaseOrderLine
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_export import PURCHASE, FileNames, to_export
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing.purchase_orders import show_order
from intergestan_erp.site.setup import add_user
from intergestan_msg.identity import case_key, nfc
from intergestan_msg.ubl import write_order
from tests.factories import STAUBER, a_line, an_order
from tests.order_files import import_file
from tests.site_factories import NOW, a_product, add_party, make_site

CASES = Path(__file__).parents[2] / "cases" / "identity"
ANY = Options(any_dates=True)
Form = Literal["NFC", "NFD"]
FORMS: tuple[Form, ...] = ("NFC", "NFD")
NFC, NFD = (normalize(form, "Réappro-7") for form in FORMS)


@pytest.fixture
def shop(database: Database) -> Database:
    """A site that buys CAS-20 and CAFÉ-1 from STAUBER."""
    make_site(database, siret="73282932000074")
    with database.transaction() as connection:
        add_party(connection, NewParty(code="F001", name="STAUBER", is_supplier=True, siret="80295478500028"))
        put_products(connection, [a_product("CAS-20"), a_product(normalize("NFD", "CAFÉ-1"))])
    return database


def take(shop: Database, name: str) -> Imported:
    return import_file(shop, name, (CASES / name).read_bytes(), by="marie", options=ANY)


@pytest.mark.parametrize("names", [("number_nfc.csv", "number_nfd.csv"), ("number_nfd.csv", "number_nfc.csv")])
def test_one_order_from_two_files(shop: Database, names: tuple[str, str]) -> None:
    """It was two purchase orders, two rows in the ledger and two sales orders."""
    assert take(shop, names[0]) == Imported((NFC,), ())
    assert take(shop, names[1]) == Imported((), (NFC,))
    with shop.read() as connection:
        assert connection.execute(select(PurchaseOrder.number)).scalars().all() == [NFC]
        assert show_order(connection, NFD).number == NFC
        assert len(to_export(connection, PURCHASE, [NFD], again=False)) == 1


def test_rows_of_one_file_in_both_encodings_are_one_order(shop: Database) -> None:
    ordered = ((NFC, "CAS-20"), (NFD, normalize("NFD", "CAFÉ-1")))
    rows = [f"{number};20/11/2026;STAUBER;{code};2" for number, code in ordered]
    data = "\n".join(["ID Pièce;Date;Fournisseur;Produit;Quantité", *rows]).encode()
    assert import_file(shop, "a.csv", data, by="marie", options=ANY).new == (NFC,)
    with shop.read() as connection:
        codes = connection.execute(select(PurchaseOrderLine.product_code).order_by(PurchaseOrderLine.id)).scalars()
        assert codes.all() == ["CAS-20", "CAFÉ-1"]
        assert set(connection.execute(select(Product.code)).scalars()) == {"CAS-20", "CAFÉ-1"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_ubl_order(shop: Database, form: Form) -> None:
    line = a_line(1, code=normalize(form, "CAFÉ-1"))
    order = an_order(normalize(form, "Réappro-7"), (line,), seller=STAUBER)
    assert import_file(shop, "a.xml", write_order(order), by="marie", options=ANY).new == (NFC,)


def test_two_lines_of_one_id_are_refused(shop: Database) -> None:
    """A document may not have them in one encoding either."""
    lines = tuple(replace(a_line(1, code="CAS-20"), id=normalize(form, "é")) for form in FORMS)
    with pytest.raises(FileProblems, match="same identifier"):
        import_file(shop, "a.xml", write_order(an_order("CFR1", lines, seller=STAUBER)), by="marie", options=ANY)


def test_numbers_that_differ_by_case_alone_are_two_and_said(shop: Database) -> None:
    """Also where SQLite's lower() would see no likeness; each time the second one is entered, not again."""
    for number, doubts in (("Été-1", 0), ("ÉTÉ-1", 1), ("été-2", 0)):
        data = f"ID Pièce;Date;Fournisseur;Produit;Quantité\n{number};20/11/2026;STAUBER;CAS-20;2\n".encode()
        taken = import_file(shop, "a.csv", data, by="marie", options=ANY)
        assert (taken.new, len(taken.doubts)) == ((number,), doubts)
    both = "ID Pièce;Date;Fournisseur;Produit;Quantité\n" + "".join(
        f"{number};20/11/2026;STAUBER;CAS-20;2\n" for number in ("abc-1", "ABC-1", "ÉTÉ-1")
    )
    taken = import_file(shop, "b.csv", both.encode(), by="marie", options=ANY)
    assert (taken.new, taken.there) == (("abc-1", "ABC-1"), ("ÉTÉ-1",))
    assert [str(each) for each in taken.doubts] == [
        "Warning: ABC-1 differs from abc-1 by upper and lower case alone; they are two. A typing error?"
    ]


NAMES = st.lists(st.text("aAéÉe\u0301ßsS/.~-", min_size=1, max_size=4), max_size=6)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(there=NAMES, numbers=NAMES)
def test_files_of_two_orders_never_meet(there: list[str], numbers: list[str]) -> None:
    """Not on systems that fold case or compose accents, whatever lay in the folder before; and each keeps its name."""
    folder = set({case_key(name): f"{name}.xml" for name in there if "/" not in name}.values())
    names = FileNames(folder)
    taken = {number: names.take(number, FileFormat.UBL) for number in map(nfc, numbers)}
    assert len(set(map(case_key, taken.values()))) == len(taken)
    again = FileNames(folder | set(taken.values()))
    assert {number: again.take(number, FileFormat.UBL) for number in reversed(taken)} == taken


def test_people_are_found_by_folded_name(shop: Database) -> None:
    """A login counts before an address, that before a name; what two people share means nobody."""
    with shop.transaction() as connection:
        for login, name in (("elise", "Élise Müller"), ("paul", "Paul Léger"), ("pl", "PAUL LEGER"), ("leger", "Jo")):
            add_user(connection, login, name, f"{login}@arts.test", by="marie", at=NOW)
    titles = "ID Pièce;Date;Fournisseur;Produit;Quantité;Suivi"
    known = (("ÉLISE  MULLER", "elise"), ("Elise@Arts.test", "elise"), ("LÉGER", "leger"), ("Paul", "paul"))
    for number, (text, login) in enumerate(known):
        data = f"{titles}\nS{number};20/11/2026;STAUBER;CAS-20;2;{text}\n".encode()
        import_file(shop, "a.csv", data, by="marie", options=ANY)
        with shop.read() as connection:
            assert show_order(connection, f"S{number}").followed_by == login
    with pytest.raises(FileProblems, match="no user"):
        import_file(
            shop, "a.csv", f"{titles}\nS9;20/11/2026;STAUBER;CAS-20;2;paul léger\n".encode(), by="marie", options=ANY
        )
