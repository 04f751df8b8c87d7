"""A person's word for a third party means the same on both kinds of base."""

from __future__ import annotations

import unicodedata

import pytest
from sqlalchemy import Connection

from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.parties.one_party import one_party, parties_named
from intergestan_erp.parties.parties import NewParty
from tests.order_files import import_file
from tests.site_factories import add_party, add_products, make_site


@pytest.fixture
def firms(database: Database) -> Database:
    """Suppliers and customers with the names that a base's own `lower()` gets wrong."""
    make_site(database)
    with database.transaction() as connection:
        for code, name in (("EL1", "Élise & Cie"), ("ST1", "Straße AG"), ("OE1", "Œuvres sociales"), ("DU1", "DUPONT")):
            siret, vat_id = ("80295478500028", "FR12802954785") if code == "DU1" else (None, None)
            firm = NewParty(code=code, name=name, is_customer=True, is_supplier=True, siret=siret, vat_id=vat_id)
            add_party(connection, firm)
        add_products(connection, "CAS16")
    return database


def codes(connection: Connection, text: str) -> list[str]:
    found = parties_named(connection, text, PartyRole.SUPPLIER)
    assert [row.code for row in parties_named(connection, text, PartyRole.CUSTOMER)] == [row.code for row in found]
    return [row.code for row in found]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("élise & cie", "EL1"),
        ("ÉLISE & CIE", "EL1"),
        ("Elise & Cie", "EL1"),
        (unicodedata.normalize("NFD", "Élise & Cie"), "EL1"),
        ("STRASSE ag", "ST1"),
        ("oeuvres  sociales", "OE1"),
        ("dupont", "DU1"),
        ("802 954 785 00028", "DU1"),
        ("802.954.785-00028", "DU1"),
        ("fr 12 802 954 785", "DU1"),
        (" DU1 ", "DU1"),
        ("du1", "DU1"),
    ],
)
def test_one_word_finds_one_firm(firms: Database, text: str, code: str) -> None:
    """The same file was taken on one kind of base and refused on the other: «ÉLISE» and «élise» are one name."""
    with firms.read() as connection:
        assert codes(connection, text) == [code]
        assert one_party(connection, text).code == code
    data = f"Date;Fournisseur;Produit;Quantité\n20/11/2026;{text};CAS16;2\n".encode()
    taken = import_file(firms, "a.csv", data, by="m", options=Options(any_dates=True))
    assert taken.new == ("CFR1",)


@pytest.mark.parametrize("text", ["", "Elis", "du", "80295478500029"])
def test_what_means_nobody(firms: Database, text: str) -> None:
    """Codes, numbers and names are compared as a whole."""
    with firms.read() as connection:
        assert codes(connection, text) == []
        with pytest.raises(Problem, match="does not name exactly one third party"):
            one_party(connection, text, PartyRole.CUSTOMER)


def test_two_firms_of_one_name_are_a_question(firms: Database) -> None:
    with firms.transaction() as connection:
        add_party(connection, NewParty(code="EL2", name="ELISE & CIE", is_supplier=True, is_customer=True))
        with pytest.raises(Problem, match="EL1 Élise & Cie, EL2 ELISE & CIE"):
            one_party(connection, "élise & cie", PartyRole.SUPPLIER)
