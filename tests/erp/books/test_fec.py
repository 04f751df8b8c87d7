"""The file that the tax office reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_erp.books.fec import (
    ENCODING,
    FIELDS,
    FecRow,
    description,
    description_name,
    fec_bytes,
    file_name,
    latin9,
)

ROW = FecRow(
    journal="VE",
    number=1,
    day="20260605",
    piece="FA1",
    piece_day="20260605",
    validated_on="20260605",
    label="Facture FA1",
    account="411000",
    title="Clients",
    aux="411C0000004",
    aux_title="Société Œuvre",
    debit=7200,
    credit=0,
    letter="AA",
    letter_day="20260701",
)


def test_a_line_has_its_eighteen_fields() -> None:
    """A04: names, order, both amounts, no currency."""
    plain = ROW._replace(account="707000", title="Ventes", aux=None, aux_title=None, debit=0, credit=5, letter=None)
    found = b"".join(fec_bytes([ROW, plain._replace(letter_day=None)])).decode(ENCODING)
    head, first, second, end = found.split("\r\n")
    assert end == ""
    assert tuple(head.split("\t")) == FIELDS
    assert dict(zip(FIELDS, first.split("\t"), strict=True)) == {
        "JournalCode": "VE",
        "JournalLib": "Ventes",
        "EcritureNum": "1",
        "EcritureDate": "20260605",
        "CompteNum": "411000",
        "CompteLib": "Clients",
        "CompAuxNum": "411C0000004",
        "CompAuxLib": "Société Œuvre",
        "PieceRef": "FA1",
        "PieceDate": "20260605",
        "EcritureLib": "Facture FA1",
        "Debit": "72,00",
        "Credit": "0,00",
        "EcritureLet": "AA",
        "DateLet": "20260701",
        "ValidDate": "20260605",
        "Montantdevise": "",
        "Idevise": "",
    }
    assert second.split("\t")[6:] == [
        *("", "", "FA1", "20260605", "Facture FA1", "0,00", "0,05", "", "", "20260605", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Œuvre à 5 €", "Œuvre à 5 €"),
        ("a\tb\r\nc|d", "a b  c d"),
        ("1\u202f000\u00a0€", "1 000 €"),
        ("l’été – « oui »", "l'été - « oui »"),
        ("Łódź Þór ½ ﬁn…", "Lódz Þór 1/2 fin..."),
        ("Ольга 中", "\\u041e\\u043b\\u044c\\u0433\\u0430 \\u4e2d"),
        ("a\u0000b", "a b"),
    ],
)
def test_what_the_file_lacks_is_written_otherwise(text: str, written: str) -> None:
    """A04: never a question mark."""
    assert latin9(text) == written


@given(st.text())
def test_any_text_can_be_written_on_one_line(text: str) -> None:
    found = latin9(text)
    found.encode(ENCODING)
    assert not set(found) & set("\t\r\n|")
    assert found.count("?") == text.count("?")
    assert latin9(found) == found


@given(st.lists(st.tuples(st.integers(1, 10**15), st.booleans(), st.text(max_size=30)), max_size=60))
def test_amounts_and_lines_come_back(rows: list[tuple[int, bool, str]]) -> None:
    """A04: as many lines as were written, none of them longer or shorter, and the same sums."""
    made = [
        ROW._replace(number=n, debit=cents if is_debit else 0, credit=0 if is_debit else cents, label=label)
        for n, (cents, is_debit, label) in enumerate(rows, start=1)
    ]
    lines = b"".join(fec_bytes(made)).decode(ENCODING).split("\r\n")[1:-1]
    fields = [line.split("\t") for line in lines]
    assert all(len(each) == len(FIELDS) for each in fields)
    read = [(Decimal(each[11].replace(",", ".")), Decimal(each[12].replace(",", "."))) for each in fields]
    cent = Decimal("0.01")
    assert read == [
        (cents * cent, Decimal(0)) if is_debit else (Decimal(0), cents * cent) for cents, is_debit, _ in rows
    ]


def test_the_file_and_its_description_are_named_by_siren_and_closing() -> None:
    """A47: the SIREN of the folder, the last day of the year."""
    assert file_name("732829320", date(2026, 12, 31)) == "732829320FEC20261231.txt"
    assert description_name("732829320", date(2026, 12, 31)) == "732829320FEC20261231_description.txt"
    text = description().decode(ENCODING)
    assert all(name in text for name in FIELDS)
    assert "ISO 8859-15" in text
