"""The file that the tax office reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_erp.books.chart import JOURNALS
from intergestan_erp.books.fec import (
    ENCODING,
    FIELDS,
    FecEntry,
    FecLine,
    description,
    description_name,
    fec_bytes,
    file_name,
    latin9,
)

ENTRY = FecEntry(
    id=7,
    journal="VE",
    number=1,
    day=date(2026, 6, 5),
    piece="FA1",
    piece_day="2026-06-05",
    validated_on="2026-06-05",
    label="Facture FA1",
)
LINE = FecLine(
    entry_id=7,
    account="411000",
    title="Clients",
    aux="411C0000004",
    aux_title="Société Œuvre",
    debit=7200,
    credit=0,
    letter="AA",
    letter_day="2026-07-01",
)
TEXTS = st.one_of(st.text(max_size=12), st.sampled_from(["Société", "5 €", "l’été", "a\tb", "c|d\r\n", "½", "中", ""]))


def test_a_line_has_its_eighteen_fields() -> None:
    """A04: names, order, both amounts, no currency."""
    plain = LINE._replace(account="707000", title="Ventes", aux=None, aux_title=None, debit=0, credit=5, letter=None)
    found = b"".join(fec_bytes([(ENTRY, [LINE, plain._replace(letter_day=None)])])).decode(ENCODING)
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


@given(
    st.lists(
        st.tuples(
            st.tuples(st.sampled_from(list(JOURNALS)), TEXTS, TEXTS),
            st.lists(
                st.tuples(TEXTS, TEXTS, st.none() | TEXTS, st.integers(1, 10**15), st.booleans(), st.booleans()),
                max_size=5,
            ),
        ),
        max_size=8,
    )
)
def test_any_entries_are_written_field_by_field(
    drawn: list[tuple[tuple[str, str, str], list[tuple[Any, ...]]]],
) -> None:
    """A04: what is written together has the same bytes as each field by itself, whatever texts and amounts are."""
    entries: list[tuple[FecEntry, list[FecLine]]] = []
    expected = ["\t".join(FIELDS)]
    for number, ((journal, piece, label), parts) in enumerate(drawn, start=1):
        entries.append((ENTRY._replace(journal=journal, number=number, piece=piece, label=label), lines := []))
        for account, title, aux, cents, is_debit, is_lettered in parts:
            debit, credit = (cents, 0) if is_debit else (0, cents)
            letter = ("AB", "2026-07-01") if is_lettered else (None, None)
            lines.append(FecLine(number, account, title, aux, aux, debit, credit, *letter))
            fields = [journal, JOURNALS[journal], str(number), "20260605", account, title, aux or "", aux or ""]
            fields += [
                piece,
                "20260605",
                label,
                *(f"{Decimal(each) / 100:.2f}".replace(".", ",") for each in (debit, credit)),
            ]
            fields += [*(("AB", "20260701") if is_lettered else ("", "")), "20260605", "", ""]
            expected.append("\t".join(map(latin9, fields)))
    assert b"".join(fec_bytes(entries)) == "".join(f"{line}\r\n" for line in expected).encode(ENCODING)


def test_the_file_and_its_description_are_named_by_siren_and_closing() -> None:
    """A47: the SIREN of the folder, the last day of the year."""
    assert file_name("732829320", date(2026, 12, 31)) == "732829320FEC20261231.txt"
    assert description_name("732829320", date(2026, 12, 31)) == "732829320FEC20261231_description.txt"
    text = description().decode(ENCODING)
    assert all(name in text for name in FIELDS)
    assert "ISO 8859-15" in text
