"""What programs write for an error or for nothing is no value, whatever column it stands in."""

from __future__ import annotations

import pytest

from intergestan_db.problem import FileProblems
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.inputs.units import unit_code
from intergestan_erp.order_files.read_orders import read_orders

TITLES = "ID Pièce;Date;Fournisseur;Nature;Produit;Désignation;Quantité;Unité;Prix"
ROW = ["X1", "20/11/2026", "LIEF", "Note", "A-1", "Widget", "2", "C62", "4,50"]
ERRORS = ("#N/A", "#REF!", "#DIV/0!", "#VALEUR!", "#NOM?", "#NULL!", "#####", "Err:502", "#ERROR!")
NOTHING = ("NULL", "null", "(null)", "NaN", "N/A", "n/a", "\\N")


def faults(*rows: list[str]) -> list[str]:
    data = "\n".join([TITLES, *map(";".join, rows)]).encode()
    with pytest.raises(FileProblems) as refused:
        read_orders("x.csv", data, Findings())
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_any_column(error: str) -> None:
    """Two rows with #N/A for their numbers were one order #N/A."""
    for column, title in enumerate(TITLES.split(";")):
        row = [*ROW[:column], error, *ROW[column + 1 :]]
        found = faults(row)
        assert f"row 2, {title}: {error} is an error" in found[0], found


@pytest.mark.parametrize("written", NOTHING)
@pytest.mark.parametrize("column", [0, 2, 4])
def test_nothing_as_an_identifier(written: str, column: int) -> None:
    (found,) = faults([*ROW[:column], written, *ROW[column + 1 :]])
    assert "for no value" in found


@pytest.mark.parametrize("name", ["Null & Cie", "N/A-1", "#1", "NULLE"])
def test_what_looks_like_it(name: str) -> None:
    data = "\n".join([TITLES, ";".join([name, *ROW[1:]])]).encode()
    assert read_orders("x.csv", data, Findings())[0].number == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Stk", "C62"), ("Stück", "C62"), ("kgm", "KGM"), ("c62", "C62"), ("xbx", "XBX"), ("STK", "STK")),
        *(("Pal", None), ("pal", None), ("Fl", None), ("St", None), ("ft", None)),
    ],
)
def test_small_letters_mean_few_codes(text: str, code: str | None) -> None:
    """A pallet was a pascal, a piece a stick."""
    assert unit_code(text) == code
