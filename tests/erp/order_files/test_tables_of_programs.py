"""One order as many programs write it: it is the same whatever stands around its rows, and in whatever letters."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.database import Database
from intergestan_db.file_tables.csv_text import Encoding
from intergestan_db.problem import FileProblems
from intergestan_erp.catalogue.catalogue import ProductRow, put_products
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.inputs.table import plain_title
from intergestan_erp.order_files.file_order import FileOrder, Options
from intergestan_erp.order_files.order_csv import COLUMNS
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.order_files.read_orders import read_orders
from intergestan_erp.parties.parties import NewParty
from tests.order_files import import_file
from tests.site_factories import add_party, make_site

WANTED = ("number", "date", "supplier", "product", "name", "quantity", "price", "total_ht")
ROWS = [
    ["T1", "20/11/2026", "Élise & Cie", "A-1", "Boîte à thé", "2", "4,50", "21,00"],
    ["T1", "20/11/2026", "Élise & Cie", "A-2", "Louche", "3", "4,00", "21,00"],
    ["T2", "21/11/2026", "Élise & Cie", "A-1", "Boîte à thé", "1", "4,50", "4,50"],
]
ENCODINGS = {"utf-8": None, "utf-8-sig": None, "utf-16": None, "utf-16-le": None, "cp1252": None} | {
    "cp850": Encoding.CP850,
    "mac-roman": Encoding.MAC_ROMAN,
    "iso-8859-15": Encoding.ISO_8859_15,
}
TOTALS = (
    "Total",
    "TOTAL",
    "Total :",
    "Total général",
    "Totaux",
    "Total commande",
    "TOTAL HT",
    "Total H.T.",
    "Montant HT",
)


@dataclass
class Dress:
    """How a program writes a table."""

    codec: str
    said: Encoding | None
    separator: str
    says_separator: bool
    end: str
    quoted: bool
    above: list[list[str]]
    titles: list[str]
    order: list[int]
    again: bool
    totals: list[list[str]]
    below: list[list[str]]

    def bytes(self) -> bytes:
        """The file."""
        text = io.StringIO()
        quoting: Literal[0, 1] = 1 if self.quoted else 0
        writer = csv.writer(text, delimiter=self.separator, quoting=quoting, lineterminator=self.end)
        table = [self.titles, ROWS[0], ROWS[1], *([self.titles] if self.again else []), ROWS[2], *self.totals]
        writer.writerows(self.above)
        writer.writerows([[row[place] for place in self.order] for row in table])
        writer.writerows(self.below)
        head = f"sep={self.separator}{self.end}" if self.says_separator else ""
        return (head + text.getvalue()).encode(self.codec)


def writable(text: str, codec: str) -> bool:
    return text.encode(codec, "ignore").decode(codec) == text


@st.composite
def dresses(draw: st.DrawFn) -> Dress:
    codec = draw(st.sampled_from(list(ENCODINGS)))
    known = {name: [each for each in COLUMNS[name] if writable(each, codec)] for name in WANTED}
    empty = [""] * len(WANTED)
    words = draw(st.lists(st.sampled_from(TOTALS), max_size=2))
    totals = []
    for word in words:
        row: list[str] = list(empty)
        row[draw(st.sampled_from([0, 3, 4]))] = word
        row[draw(st.sampled_from([6, 7]))] = draw(st.sampled_from(["25,50", "25,50 €" if codec == "utf-8" else "25,5"]))
        totals.append(row)
    below = ["Conditions : 30 jours fin de mois", "Édité le 20/11/2026"] if totals else []
    return Dress(
        codec=codec,
        said=ENCODINGS[codec],
        separator=draw(st.sampled_from(";,\t|")),
        says_separator=draw(st.booleans()),
        end=draw(st.sampled_from(["\n", "\r\n"])),
        quoted=draw(st.booleans()),
        above=draw(
            st.lists(
                st.sampled_from(
                    [["Bon de commande du 20/11/2026"], [], ["Société", "Essai; SARL", "Édité, le 20"], empty]
                ),
                max_size=4,
            )
        ),
        titles=[draw(st.sampled_from(known[name])) for name in WANTED],
        order=draw(st.permutations(range(len(WANTED)))),
        again=bool(draw(st.integers(0, 1))),
        totals=totals,
        below=draw(st.sampled_from([[], *([[each]] for each in below)])),
    )


def bare(order: FileOrder) -> FileOrder:
    """An order without where it stood in its file."""
    lines = tuple(replace(line, row=None) for line in order.lines)
    return replace(order, row=None, lines=lines, titles={}, sums=())


def plainly() -> list[FileOrder]:
    text = "\n".join(";".join(row) for row in [[COLUMNS[name][0] for name in WANTED], *ROWS])
    return read_orders("f.csv", text.encode())


@given(dresses())
def test_the_same_orders_come_of_it(dress: Dress) -> None:
    data = dress.bytes()
    findings = Findings(encoding=dress.said)
    orders = read_orders("f.csv", data, findings)
    assert list(map(bare, orders)) == list(map(bare, plainly())), data
    assert sum(len(order.sums) for order in orders) == len(dress.totals)
    said = [remark.template for remark in findings.remarks]
    assert any("nothing in it proves" in text for text in said) == (dress.codec == "cp1252" and dress.said is None)
    assert any("again" in text for text in said) == dress.again
    assert any("what stands above was not taken" in text for text in said) == any(map(any, dress.above))
    assert any("stands below a total" in text for text in said) == bool(dress.below)


# What rows of totals state.

HEAD = "ID Pièce;Date;Fournisseur;Produit;Désignation;Quantité;Prix;Frais;Total HT;Total TTC\n"
LINES = "T1;20/11/2026;STAUBER;A-1;;2;4,50;;;\nT1;;;A-1;;3;4,00;;;\nT2;20/11/2026;STAUBER;A-1;;1;4,50;;;\n"


@pytest.fixture
def site(sqlite_base: Database) -> Database:
    make_site(sqlite_base)
    with sqlite_base.transaction() as connection:
        add_party(connection, NewParty(code="F1", name="STAUBER", is_supplier=True))
        products = [ProductRow(code="A-1", name="Widget", sale_price=Decimal(7), vat_rate=Decimal(20))]
        put_products(connection, products)
    return sqlite_base


def taken(site: Database, below: str) -> Imported:
    data = (HEAD + LINES + below).encode()
    return import_file(site, "f.csv", data, by="marie", options=Options(any_dates=True))


@pytest.mark.parametrize(
    "below",
    [
        ";;;Total;;6;25,50;;;",
        ";;;Total;;;30,60;;;",
        "TOTAL;;;;;;;;25,50;30,60",
        "Total général HT;;;;;;;;25,50;",
        ";;;;;;Total HT;;25,50;\n;;;;;;TVA 20 %;;5,10;\n;;;;;;Total TTC;;;30,60",
        ";;;;Total HT : 25,50 €;;;;;\n;;;;Net à payer : 30,60 €;;;;;",
        "Sous-total;;;;;;;;4,50;\nTotal;;;;;;;;25,50;",
        "Total T2;;;;;;;;4,50;",
        ";;;Total;;3;;;;",  # how many lines
        "Total;;;;;;;;;",
    ],
)
def test_a_total_that_is_right_is_compared_and_said(site: Database, below: str) -> None:
    imported = taken(site, below)
    assert imported.new == ("T1", "T2")
    assert len(imported.said) == below.count("\n") + 1
    assert {remark.row for remark in imported.said} == {5 + place for place in range(below.count("\n") + 1)}


@pytest.mark.parametrize(
    ("below", "says"),
    [
        (";;;Total;;;25,60;;;", "says 25.60 in all, the lines above it add up to 25.50"),
        (";;;Total;;7;25,50;;;", "says 7 pieces in all, the lines above it add up to 6"),
        ("Total TTC;;;;;;;;;25,50", "says 25.50 in all, the lines above it add up to 30.60"),
        ("TVA;;;;;;6,00;;;", "says 6.00 in all, the lines above it add up to 5.10"),
        (";;;A-1;TOTAL;;25,50;;;", "Quantité: There is no value"),  # a product stands there: a line
        ("T3;20/11/2026;STAUBER;TOTAL;;2;4,50;;;", "Produit: .*TOTAL"),  # a product of that code
        ("T3;20/11/2026;TOTAL;A-1;;2;4,50;;;", "TOTAL"),  # a supplier of that name
    ],
)
def test_a_total_that_is_wrong_is_refused_and_a_line_stays_a_line(site: Database, below: str, says: str) -> None:
    with pytest.raises(FileProblems, match=says):
        taken(site, below)


# Words of the trade.


def test_no_word_means_two_columns() -> None:
    seen: dict[str, str] = {}
    for name, titles in COLUMNS.items():
        for title in (name, *titles):
            assert seen.setdefault(plain_title(title), name) == name, title


@pytest.mark.parametrize(
    ("title", "meant"),
    [
        # What programs export besides, and we do not know: no column of ours is proposed for it.
        *dict.fromkeys(
            (
                *(
                    "Remise",
                    "Remise %",
                    "Remises",
                    "Remise HT",
                    "Rabais",
                    "Discount",
                    "Prix brut",
                    "PU brut",
                    "Prix public",
                ),
                *(
                    "Prix de vente",
                    "PV HT",
                    "Total TVA",
                    "Montant TVA",
                    "Code TVA",
                    "Code client",
                    "Nom client",
                    "Client",
                ),
                *(
                    "Adresse de facturation",
                    "Date de facture",
                    "Date d'échéance",
                    "Date de création",
                    "Quantité livrée",
                ),
                *("Qté reçue", "Reste à livrer", "Unité de vente", "Poids", "Emplacement", "Frais de port", "Famille"),
                *("N° facture", "N° client", "N° lot", "Référence fabricant", "Prix unitaire brut", "Prix net TTC"),
                *("Code postal", "Ville", "Pays", "Email", "Téléphone", "État", "Statut", "Dépôt", "Délai", "Marque"),
            ),
            None,
        ).items(),
        # What is misspelt: ours.
        *{
            "Montant HT": "Total HT",
            "Montant TTC": "Total TTC",
            "Quantitée": "Quantité",
            "Fournisseurs": "Fournisseur",
            "Désignations": "Désignation",
            "Livraison souhaité": "Livraison souhaitée",
            "Date de comande": "Date",
            "Prix unitaires": "Prix",
        }.items(),
    ],
)
def test_no_wrong_column_is_proposed(title: str, meant: str | None) -> None:
    with pytest.raises(FileProblems) as caught:
        read_orders("f.csv", f"ID Pièce;Date;Fournisseur;Produit;Quantité;{title}\nT;20/11/2026;F;A;2;1\n".encode())
    said = [str(fault) for fault in caught.value.faults if title in str(fault)]
    assert said
    assert [text for text in said if "Did you mean" in text] == (
        [text for text in said if meant and f"Did you mean «{meant}»?" in text]
    )
    assert (meant is not None) == any("Did you mean" in text for text in said)
