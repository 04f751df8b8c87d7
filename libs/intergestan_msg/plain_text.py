"""Characters that a person cannot see or that a terminal obeys: where they are refused, where dropped.

Control characters, ANSI escapes, bidirectional overrides and lone surrogates have no place in a code, a
header or a line of a report (reliability.md §5.3, H4, H9). Identifiers with them are refused, texts are shown
without.
"""

from __future__ import annotations

_HIDDEN = r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"

VISIBLE = rf"\A[^{_HIDDEN}]+\Z"
"""A regular expression for one line of at least one character, all of which can be seen."""

FILE_NAME = rf"\A[^{_HIDDEN}/\\]+\Z"
"""The same without the separators of a path."""

_SPACES = dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " ")
_DROPPED = dict.fromkeys(
    (
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
        *range(0xD800, 0xE000),
        *(0x061C, 0x200B, 0x200E, 0x200F, 0xFEFF),
    )
)
_TABLE: dict[int, str | None] = {**_DROPPED, **_SPACES}


MOST_QUOTED = 500
"""Characters of whatever a sentence quotes: an error, a finding, a hold, a note, an answer."""


def cut(text: str, most: int = MOST_QUOTED) -> str:
    """What a sentence quotes. Of a longer text its beginning and its end are left, which say what is wrong."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


def shown(text: str, limit: int = 2000) -> str:
    """The text on one line, without hidden characters, cut to `limit` characters (then it ends with "…")."""
    if len(text) <= limit and text.isprintable():  # nearly always, and ten times cheaper
        return text.strip()
    line = text[: limit + 1].translate(_TABLE).strip()
    return line if len(text) <= limit else line[: limit - 1] + "…"
