"""The French catalogue: every text has its translation."""

from __future__ import annotations

import gettext
import re

import pytest

from intergestan_operations.language import texts
from intergestan_operations.language.wording import DOMAIN, LOCALE


def test_every_text_has_a_french_translation() -> None:
    catalogue = texts.read()
    ids = {texts.key_of(message) for message in catalogue if message.id}
    assert ids == texts.collect(), "run `python -m intergestan_operations.language.texts`, then translate what is new"
    assert [each.id for each in catalogue if each.id and (each.fuzzy or not texts.is_translated(each))] == []


def test_a_translation_has_the_same_values() -> None:
    for message in texts.read():
        counts = message.pluralizable
        pairs = zip(message.id, message.string or (), strict=True) if counts else [(message.id, message.string)]
        for text, french in pairs if message.id else []:
            expected, found = (set(re.findall(r"\{\w+[^}]*\}", str(each))) for each in (text, french))
            assert expected == found, text


def test_the_compiled_catalogue_is_up_to_date() -> None:
    assert (texts.FRENCH / "intergestan.mo").read_bytes() == texts.compiled(texts.read())


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 0, "for 0 partners."),
        ("en", 1, "for 1 partner."),
        ("en", 2, "for 2 partners."),
        ("fr", 0, "pour 0 correspondant."),
        ("fr", 1, "pour 1 correspondant."),
        ("fr", 2, "pour 2 correspondants."),
    ],
)
def test_what_is_counted_has_its_number(language: str, count: int, said: str) -> None:
    """In French none is singular (the catalogue's Plural-Forms)."""
    one = "The numbering of our mails begins anew for {count} partner."
    more = one.replace("partner.", "partners.")
    catalogue = gettext.translation(DOMAIN, LOCALE, [language], fallback=language == "en")
    assert catalogue.ngettext(one, more, count).format(count=count).endswith(said)
