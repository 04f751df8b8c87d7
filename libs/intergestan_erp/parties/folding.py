"""Texts without accents and ligatures, so that names are compared as people see them. Pure.

No comparison of names is left to a base: SQLite's `lower()` knows ASCII only, PostgreSQL's depends on its locale, and
the same file would be taken on one and refused on the other.
"""

from __future__ import annotations

from unicodedata import combining, normalize

_WRITTEN_OUT = str.maketrans(
    {
        "Œ": "OE",
        "œ": "oe",
        "Æ": "AE",
        "æ": "ae",
        "ß": "ss",
        "ẞ": "SS",
        "Ø": "O",
        "ø": "o",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "Ð": "D",
        "ð": "d",
        "Þ": "TH",
        "þ": "th",
        "ı": "i",
    }
)
"""Letters that Unicode does not decompose."""


def fold(text: str) -> str:
    """A text without accents, ligatures written out; upper and lower case stay."""
    if text.isascii():
        return text
    plain = normalize("NFKD", normalize("NFC", text).translate(_WRITTEN_OUT))
    return "".join(each for each in plain if not combining(each))


def name_key(name: str) -> str:
    """What two spellings of one name have in common: folded, in lower case, with single spaces."""
    return " ".join(fold(name).lower().split())
