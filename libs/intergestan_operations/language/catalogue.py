"""The one catalogue of texts: the English sentence is the message id, and whoever asks says the language."""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path
from typing import Final

DOMAIN: Final = "intergestan"
LOCALE: Final = Path(__file__).parent / "locale"


def translated(text: str, language: str) -> str:
    """A text in `fr` or `en`."""
    return _catalogue(language).gettext(text)


def counted(one: str, more: str, count: int, language: str) -> str:
    """The text for so many, in `fr` or `en`."""
    return _catalogue(language).ngettext(one, more, count)


def about(what: str, text: str, language: str) -> str:
    """A text behind what it is about, with the colon of the language."""
    return f"{translated('{title}:', language).format(title=what)} {text}"


def language_of_process() -> str:
    """What the environment says: LANGUAGE, LC_ALL, LC_MESSAGES or LANG; English when none is French."""
    named = (os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return "fr" if next((name for name in named if name), "").lower().startswith("fr") else "en"


@lru_cache(maxsize=4)
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)
