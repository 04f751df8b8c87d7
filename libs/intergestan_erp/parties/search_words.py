"""The words by which third parties and accounts are found, and those that a person typed (D15). Pure.

A text is folded, its case is dropped, and what is no letter and no digit parts its words. A value's words are parted
once more where digits follow letters, and these digits count without leading zeros too: `4` finds C0000004.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from intergestan_erp.parties.folding import fold

LONGEST = 60
"""So many characters of a word are kept, and compared."""
MOST_TYPED = 5
"""So many words count of what a person types."""

_WORD = re.compile(r"[^\W_]+")
_LETTERS_TO_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)")


def words(value: str) -> dict[str, int]:
    """The words of a value: 0 for the one that begins it, 1 for those inside.

    What stands before the digits of a word is no word of its own: it begins the whole one, and finds that.
    """
    found: dict[str, int] = {}
    for place, whole in enumerate(_whole_words(value)):
        found.setdefault(whole[:LONGEST], min(place, 1))
        for part in _parts(whole):
            found.setdefault(part[:LONGEST], 1)
    return found


def typed_words(text: str) -> tuple[str, ...]:
    """The words of what a person typed, each once."""
    return tuple(dict.fromkeys(word[:LONGEST] for word in _whole_words(text)))[:MOST_TYPED]


def after(word: str) -> str:
    """The first text, by the characters' numbers, that does not begin with a word and comes after those that do."""
    return word[:-1] + chr(ord(word[-1]) + 1)


def _whole_words(text: str) -> list[str]:
    return _WORD.findall(fold(text).casefold())


def _parts(whole: str) -> Iterator[str]:
    for part in _LETTERS_TO_DIGITS.split(whole)[1:]:
        yield part
        if part[0] == "0" and (rest := part.lstrip("0")):
            yield rest
