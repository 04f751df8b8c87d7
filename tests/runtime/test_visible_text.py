"""What others wrote reaches a terminal as marks."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest

from intergestan_msg import plain_text
from intergestan_runtime.visible_text import VisibleStream, in_json, in_one_line, visible

UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""The categories of what nobody sees, or a terminal obeys."""
KEPT = set("\t\n\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""A tab and the end of a line; and signs of Arabic and other scripts that are seen, though they are called formats."""


FOR_OTHER_PROGRAMS = range(0x13430, 0x1D17B)
"""Marks of hieroglyphs, shorthand and scores, which only programs for them obey."""


def test_every_character_that_nobody_sees_becomes_a_mark() -> None:
    left = [
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in UNSEEN and visible(chr(code)) == chr(code)
        if chr(code) not in KEPT and code not in FOR_OTHER_PROGRAMS
    ]
    assert left == []


def test_what_is_seen_stays() -> None:
    text = "Pâtés d'été, 1\u00a0234,56\u202f€ — «ça» 漢字 ☃ 🍲\n\tline"
    assert visible(text) == text


def test_what_identifiers_may_not_have_is_what_is_marked() -> None:
    """Both libraries have a list, and know nothing of each other."""
    for code in range(0x10000):
        hidden = plain_text.shown(chr(code)) != chr(code) and chr(code) not in "\t\n \u00a0\u3000"
        if hidden and not chr(code).isspace():
            assert visible(chr(code)) != chr(code), f"U+{code:04X}"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x1b[2Jb", "a<U+001B>[2Jb"),
        ("a\x9b31mb", "a<U+009B>31mb"),
        ("x\u202edrow", "x<U+202E>drow"),
        ("1\r2", "1<U+000D>2"),
        ("a\u2028b", "a<U+2028>b"),
        ("\udc9b", "<U+DC9B>"),
        ("\U000e0041", "<U+E0041>"),
    ],
)
def test_a_mark_names_the_character(text: str, seen: str) -> None:
    assert visible(text) == seen
    assert json.loads(in_json(json.dumps(text, ensure_ascii=False))) == text
    assert visible(in_json(json.dumps(text, ensure_ascii=False))) == in_json(json.dumps(text, ensure_ascii=False))


def test_a_text_that_is_quoted_is_one_line() -> None:
    assert in_one_line("a\r\nOK b\nc\rd") == "a⏎OK b⏎c<U+000D>d"


def test_a_stream_writes_what_can_be_seen() -> None:
    inner = io.StringIO()
    stream = VisibleStream(inner)
    assert stream.write("a\x9b\n") == 3
    stream.writelines(["b\u202e", "c"])
    print("d\x07", file=stream)
    stream.unmarked.write("\x1b[0m")
    assert inner.getvalue() == "a<U+009B>\nb<U+202E>cd<U+0007>\n\x1b[0m"
    assert stream.isatty() is False
