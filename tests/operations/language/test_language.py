"""Which language is spoken."""

from __future__ import annotations

import pytest

from intergestan_operations.language.language import choose


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "fr"], {"LANG": "en_GB.UTF-8"}, "fr"),
        (["orders", "--lang=en"], {"LANG": "fr_FR.UTF-8"}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "fr"),
        ([], {"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LC_MESSAGES": "fr_CH", "LANG": "de_CH"}, "fr"),
        ([], {"LANG": "de_DE"}, "en"),
        ([], {}, "en"),
        (["--lang"], {}, "en"),
    ],
)
def test_the_language(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert choose(arguments, environment) == language
