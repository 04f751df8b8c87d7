"""The language that the command line speaks: gettext, with the English sentence as the message id.

The standard library's own translations are switched, because Typer takes its words (Usage, Options …) from them.
"""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

from intergestan_operations.language.wording import DOMAIN, LOCALE

LANGUAGES: Final = ("fr", "en")

PLACEHOLDER: Final = re.compile(r"[A-Z][A-Z_]+")
"""A word of what stands for a value in the help, such as those of `DATE|ADDRESS`; each has its translation."""

_ = gettext.gettext
ngettext = gettext.ngettext
"""The first text for one, the second for more; in English for none, too."""


def about(what: str, text: str) -> str:
    """A text behind what it is about, with the colon of the language."""
    return f"{_('{title}:').format(title=what)} {text}"


def choose(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """`--lang`, else LC_ALL, LC_MESSAGES or LANG; English when neither is French."""
    for given, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        if given == "--lang":
            return _known(following)
        if given.startswith("--lang="):
            return _known(given.removeprefix("--lang="))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return _known(environment[name])
    return "en"


def speak(language: str) -> None:
    """From now on, in this process and its children, texts are in this language."""
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, LOCALE)
    gettext.textdomain(DOMAIN)


def spoken() -> str:
    """The language chosen with `speak`."""
    return _known(os.environ.get("LANGUAGE", ""))


def _known(name: str) -> str:
    return "fr" if name.lower().startswith("fr") else "en"
