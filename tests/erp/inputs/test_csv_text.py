"""What the bytes of a CSV file are: known by themselves, said, or refused; never a guess that reads other letters."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.file_tables.csv_table import csv_rows
from intergestan_db.file_tables.csv_text import Encoding, csv_text, is_windows_1252
from intergestan_db.problem import Act, FileProblems

FRENCH = (
    *("Désignation", "Quantité", "Référence", "N° commande", "Libellé", "Unité", "pièce", "Livré à Épinal", "Noël"),
    "août",
    *("hôtel", "boîte", "reçu", "naïf", "aigüe", "œuf", "cœur", "BŒUF", "Élise & Cie", "où", "dû", "gâteau", "4,50 €"),
    *("Ø 16 mm", "m²", "½ litre", "l’usine", "« neuf »", "Casserole – 16 cm", "Suite…", "Straße", "Müller", "Ångström"),
)  # fmt: skip
OTHERS = {Encoding.CP850: "cp850", Encoding.MAC_ROMAN: "mac-roman", Encoding.ISO_8859_15: "iso-8859-15"}


def encodable(word: str, codec: str) -> bool:
    try:
        word.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("word", FRENCH)
def test_what_french_windows_writes_is_known(word: str) -> None:
    data = f"Date;Produit\n1;{word}\n".encode("cp1252")
    read = csv_text("f", data)
    assert read.text == f"Date;Produit\n1;{word}\n"
    assert read.guessed is Encoding.WINDOWS_1252


@pytest.mark.parametrize(("encoding", "codec"), OTHERS.items())
@pytest.mark.parametrize("word", FRENCH)
def test_a_letter_of_another_encoding_is_never_read_as_another_letter(
    encoding: Encoding, codec: str, word: str
) -> None:
    if not encodable(word, codec):
        return
    data = f"Date;Produit\n1;{word}\n".encode(codec)
    if is_windows_1252(data):
        assert csv_text("f", data).text == f"Date;Produit\n1;{word}\n" or (codec, word) in ALIKE
    elif not data.isascii():
        with pytest.raises(FileProblems) as refused:
            csv_text("f", data)
        assert refused.value.faults[0].next == (Act.SAY_ENCODING,)
    assert csv_text("f", data, encoding).text == f"Date;Produit\n1;{word}\n"


ALIKE = {
    # One sign that another encoding has in the same place, and a text may have alone: the remark says to look.
    *(("cp850", word) for word in ("Ø 16 mm", "m²", "½ litre", "« neuf »", "Straße")),
    *(("mac-roman", word) for word in ("Suite…", "« neuf »", "4,50 €", "Straße", "BŒUF")),
}


@given(st.text(st.sampled_from("aàâçéèêëîïôùûœ €°«»AÉ;\n,0"), min_size=1))
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_read_as_it_is(codec: str, text: str) -> None:
    assert csv_text("f", text.encode(codec)) == csv_text("f", text.encode(), Encoding.UTF_8)
    assert csv_text("f", text.encode(codec)).text == text


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(codec: str) -> None:
    text = "Date;Désignation;Qté\n20/11/2026;Boîte à œufs;2\n"
    assert csv_text("f", text.encode(codec)).text == text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("é".encode() * 3 + b"\xe9;\xe9", "in which the rest of the file is"),  # two encodings in one file
        (b"a;\x81", "nothing in it tells its encoding"),
        (b"\xff\xfea", "no character of UTF-16, in which the rest of the file is"),
        (b"\xef\xbb\xbfa;b\n1;\xe9", "row 2: The byte 0xE9 is no character of UTF-8, in which the rest"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(FileProblems, match=says):
        csv_text("f", data)


@pytest.mark.parametrize("said", [None, *Encoding])
@pytest.mark.parametrize("data", [b"\xef\xbb\xbfProduit;Nom\nA;th\xe9\n", b"\xff\xfeA\0;"])
def test_beside_a_byte_order_mark_nobody_is_asked_for_the_encoding(data: bytes, said: Encoding | None) -> None:
    """Whatever is said of it, the mark counts more: to say an encoding would change nothing."""
    with pytest.raises(FileProblems) as refused:
        list(csv_rows("f", data, encoding=said))
    (fault,) = refused.value.faults
    assert fault.next == ()
    assert fault.column == ("Nom" if data.startswith(b"\xef") else None)


def test_what_is_said_must_be_so() -> None:
    with pytest.raises(FileProblems, match="row 2: The byte 0xE9 is no character of UTF-8"):
        csv_text("f", b"a\n\xe9", Encoding.UTF_8)
    assert csv_text("f", "\ufeffé".encode(), Encoding.CP850).text == "é", "a byte order mark is proof"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_text_or_are_refused(data: bytes) -> None:
    with suppress(FileProblems):
        assert csv_text("f", data).guessed is None or is_windows_1252(data)


@pytest.mark.parametrize("separator", ";,\t|#^")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_line_of_excel_says_the_separator(separator: str, end: str) -> None:
    rows = list(csv_rows("f", f"sep={separator}{end}a;b{separator}c,d{end}1{separator}2{end}".encode()))
    if separator in ";,":
        assert [len(row.cells) for row in rows] == [3, 2]
    else:
        assert [row.cells for row in rows] == [["a;b", "c,d"], ["1", "2"]]
    assert [row.number for row in rows] == [2, 3]


def test_the_row_of_titles_decides_what_separates() -> None:
    text = "Commande, du 20, pour X, Y\n\nDate;Produit\n20;A,B\n"
    assert [row.cells for row in csv_rows("f", text.encode(), titles_in=lambda cells: cells.count("Date"))] == [
        ["Commande, du 20, pour X, Y"],
        [],
        ["Date", "Produit"],
        ["20", "A,B"],
    ]
