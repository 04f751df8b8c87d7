"""The words of a key, for two people on the telephone whose sites may speak different languages (ADR 0044)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intergestan_operations.language.language import LANGUAGES, _, spoken

if TYPE_CHECKING:
    from intergestan_msg.seal import PublicKey


def other_language() -> str:
    """What a partner may speak."""
    return "en" if spoken() == "fr" else "fr"


def words(key: PublicKey) -> str:
    """The twelve words in the language of who reads them."""
    return " ".join(key.words(spoken()))


def words_in_both(key: PublicKey) -> str:
    """The same, and behind them the words of the other language."""
    other = " ".join(key.words(other_language()))
    text = _("{words} (in French: {other})") if spoken() == "en" else _("{words} (in English: {other})")
    return text.format(words=words(key), other=other)


def rows_of_both(key: PublicKey) -> list[tuple[str, str]]:
    """Both as the rows of a table, six words a line, with a title before the first of each."""
    rows = []
    for title, language in ((_("Words"), spoken()), (other_title(), other_language())):
        each = key.words(language)
        rows += [(title, " ".join(each[:6])), ("", " ".join(each[6:]))]
    return rows


def both_in_json(key: PublicKey) -> dict[str, str]:
    """By language, for programs."""
    return {language: " ".join(key.words(language)) for language in LANGUAGES}


def other_title() -> str:
    """What stands before the words in the other language."""
    return _("In French") if spoken() == "en" else _("In English")
