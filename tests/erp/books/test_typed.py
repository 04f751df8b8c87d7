"""Entries that people type, their reversal, and letters by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from intergestan_db.database import Database
from intergestan_db.enums import Journal
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.typed import letter_entries, reverse, unletter_by_hand
from tests.erp.books.keeping import Keeper

pytestmark = pytest.mark.mainly_on("postgresql")
TODAY = date(2026, 11, 20)
TITLES = {"606100": "Fournitures", "445660": "TVA déductible"}


@pytest.fixture
def keeper(base: Database) -> Keeper:
    return Keeper(base)


def test_a_suppliers_invoice_is_typed_paid_and_lettered(keeper: Keeper) -> None:
    """A04: what documents do not say; the account of the third party by its code or its number."""
    supplier = keeper.supplier()
    assert keeper.enter("606100=40", "445660=8", "401000/ag2=-48", journal=Journal.PURCHASES, titles=TITLES) == "AC1"
    assert keeper.enter(f"401000/{supplier}=48", "512000=-48", journal=Journal.BANK) == "BQ1"
    assert keeper.act_in(letter_entries, supplier.lower(), ["AC1", "bq 1"]) == "AA"
    assert keeper.entries() == {
        "AC1": ["D 606100 40.00", "D 445660 8.00", f"C 401000/{supplier} 48.00 AA"],
        "BQ1": [f"D 401000/{supplier} 48.00 AA", "C 512000 48.00"],
    }
    for names in (["AC1", "BQ1"], ["AC1"], ["AC1", "AC1"]):
        with pytest.raises(Problem) as caught:
            keeper.act_in(letter_entries, supplier, names)
        assert caught.value.code is ProblemCode.NOT_LETTERED
    assert keeper.act_in(unletter_by_hand, supplier, "AA") == 2
    with pytest.raises(Problem, match="bears the letter AA"):
        keeper.act_in(unletter_by_hand, supplier, "AA")
    assert keeper.enter("606100=1", "512000=-1") == "OD1"  # its title is known by now
    assert keeper.wrong() == []


def test_an_entry_is_reversed_once(keeper: Keeper) -> None:
    supplier = keeper.supplier()
    keeper.enter("606100=48", "401000/AG2=-48", titles=TITLES)
    written = keeper.act_in(reverse, "OD1", TODAY)
    assert written.name == "OD2"
    assert keeper.entries()["OD2"] == ["C 606100 48.00", f"D 401000/{supplier} 48.00 AA"]
    keeper.bill(("1", "1", "0"))
    said = []
    for name in ("OD1", "OD2", "VE1", "OD9", "x"):
        with pytest.raises(Problem) as caught:
            keeper.act_in(reverse, name)
        said.append(str(caught.value).partition(".")[0])
    assert said == [
        "OD1 is reversed already",
        "OD2 was not typed: a document made it, and only a document takes it back",
        "VE1 was not typed: a document made it, and only a document takes it back",
        *("There is no entry OD9 in the books of folder 1", "There is no entry x in the books of folder 1"),
    ]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("512000=10", "530000=-9"), "not_balanced"),
        (("512000=10",), "not_balanced"),
        ((), "not_balanced"),
        (("512000=0.001", "530000=-0.001"), "no_amount"),
        (("512000=0", "530000=0"), "no_amount"),
        (("812000=1", "530000=-1"), "no_account_number"),
        (("51=1", "530000=-1"), "no_account_number"),
        (("512000/AG2=1", "530000=-1"), "no_account_number"),
        (("401000/NOBODY=1", "530000=-1"), "no_account_number"),
        (("628000=1", "530000=-1"), "no_account_title"),
    ],
)
def test_what_cannot_be_entered(keeper: Keeper, lines: tuple[str, ...], code: str) -> None:
    """A04: nothing of it is written, and no number used."""
    with pytest.raises(Problem) as caught:
        keeper.enter(*lines)
    assert caught.value.code == code
    assert keeper.entries() == {}
    assert keeper.enter("512000=1", "530000=-1") == "OD1"


def test_what_an_entry_says_of_itself(keeper: Keeper) -> None:
    for piece, label in ((" ", "Rent"), ("P1", ""), ("x" * 61, "Rent")):
        with pytest.raises(Problem, match="1 to"):
            keeper.enter("512000=1", "530000=-1", piece=piece, label=label)
    with pytest.raises(Problem, match="has not come yet"):
        keeper.enter("512000=1", "530000=-1", day=TODAY + timedelta(days=1))
    with pytest.raises(Problem, match="OD, BQ, CA, AC"):
        keeper.enter("512000=1", "530000=-1", journal=Journal.SALES)
    with pytest.raises(Problem, match="begin on 2026-01-01"):
        keeper.enter("512000=1", "530000=-1", day=date(2020, 1, 1))
    assert keeper.enter("512000=1", "530000=-1", day=date(2025, 12, 31), label="\u202eLoyer\n 1") == "OD1"
