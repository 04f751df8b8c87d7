"""The French catalogue: every text has its translation."""

from __future__ import annotations

import re

from intergestan_operations.language import texts


def test_every_text_has_a_french_translation() -> None:
    catalogue = texts.read()
    ids = {str(message.id) for message in catalogue if message.id}
    assert ids == texts.collect(), "run `python -m intergestan_operations.language.texts`, then translate what is new"
    assert [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)] == []


def test_a_translation_has_the_same_values() -> None:
    for message in texts.read():
        if message.id:
            expected, found = (sorted(re.findall(r"\{\w+[^}]*\}", str(text))) for text in (message.id, message.string))
            assert set(expected) == set(found), message.id


def test_the_compiled_catalogue_is_up_to_date() -> None:
    assert (texts.FRENCH / "intergestan.mo").read_bytes() == texts.compiled(texts.read())
