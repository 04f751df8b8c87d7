"""The French catalogue: every text has its translation."""

from __future__ import annotations

import gettext
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from intergestan_operations.language import texts
from intergestan_operations.language.wording import DOMAIN, LOCALE, wording
from intergestan_runtime.archive import NoSpace
from intergestan_runtime.archive_folder import FolderArchive


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


def test_no_text_says_how_a_value_is_formatted() -> None:
    """A value is in the words of the reader's language before it is put in, and `{free:.1f}` raised ValueError then."""
    texts_of = (each for message in texts.read() if message.id for each in _templates(message.id))
    assert [text for text in texts_of if re.search(r"\{\w*(![a-z])?:", text)] == []


def test_the_compiled_catalogue_is_up_to_date() -> None:
    assert (texts.FRENCH / "intergestan.mo").read_bytes() == texts.compiled(texts.read())


def _templates(ids: str | Sequence[str]) -> Sequence[str]:
    return (ids,) if isinstance(ids, str) else ids


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "%) are free at {folder}; nothing is collected below 1234567.9 GB. Free some space."),
        ("fr", " %) sont libres dans {folder} ; rien n'est relevé en dessous de 1234567,9 Go. Libérez de la place."),
    ],
)
def test_a_full_disk_is_said_in_both_languages(language: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(NoSpace) as refused:
        FolderArchive(tmp_path, min_free_bytes=1234567890123456).check_space()
    said = wording(refused.value, language)
    assert said.replace("\xa0", " ").replace("\u202f", " ").endswith(words.format(folder=tmp_path))


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
