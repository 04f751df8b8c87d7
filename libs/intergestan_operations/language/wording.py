"""What an error or a sentence of ours says, in the language of whoever reads it.

There is one catalogue of texts: the English sentence is the message id, and whoever asks says the language.
"""

from __future__ import annotations

import gettext
import os
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from intergestan_db.problem import Problem, Word, Words
from intergestan_msg.diagnosis import Diagnosed
from intergestan_runtime.said import Counted, Said
from intergestan_runtime.visible_text import in_one_line

DOMAIN: Final = "intergestan"
LOCALE: Final = Path(__file__).parent / "locale"


def translated(text: str, language: str) -> str:
    """A text in `fr` or `en`."""
    return catalogue(language).gettext(text)


def counted(one: str, more: str, count: int, language: str) -> str:
    """The text for so many, in `fr` or `en`."""
    return catalogue(language).ngettext(one, more, count)


def about(what: str, text: str, language: str) -> str:
    """A text behind what it is about, with the colon of the language."""
    return f"{translated('{title}:', language).format(title=what)} {text}"


def language_of_process() -> str:
    """What the environment says: LANGUAGE, LC_ALL, LC_MESSAGES or LANG; English when none is French."""
    named = (os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return "fr" if next((name for name in named if name), "").lower().startswith("fr") else "en"


@lru_cache(maxsize=4)
def catalogue(language: str) -> gettext.NullTranslations:
    """All texts in `fr` or `en`."""
    return gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)


def wording(error: Exception, language: str, zone: tzinfo = UTC) -> str:
    """The text of an error, translated as far as it is ours. :param zone: whose clocks times are shown by."""
    from intergestan_exchange.findings.system_words import text_of
    from intergestan_msg.diagnosis import told
    from intergestan_runtime.settings_load import ConfigurationError

    if isinstance(error, ConfigurationError):
        return "\n".join(sentence(problem, language, zone) for problem in error.problems)
    if isinstance(error, Problem):
        return sentence(error, language, zone)
    first = error.args[0] if error.args else None
    return sentence(first, language, zone) if isinstance(first, Said) else told(text_of(error), language)


def sentence(said: Problem | Said, language: str, zone: tzinfo = UTC) -> str:
    """A sentence of ours, with its values."""
    if isinstance(said, Counted):
        template = counted(said.template, said.more, said.number, language)
    else:
        template = translated(said.template, language)
    return template.format(**{name: _value(value, language, zone) for name, value in said.values.items()})


def _value(value: Any, language: str, zone: tzinfo) -> Any:
    if isinstance(value, Diagnosed):
        return in_one_line(value.diagnosis.said(language))
    if isinstance(value, Said):
        return sentence(value, language, zone)
    if isinstance(value, Words):
        return "".join(_value(each, language, zone) for each in value)
    if isinstance(value, Exception):
        return wording(value, language, zone)
    if isinstance(value, Word):
        return translated(value, language)
    if isinstance(value, Decimal) or type(value) is date:
        return _figure(value, language)
    if isinstance(value, datetime | float | list):
        return _shown(value, language, zone)
    return in_one_line(value) if isinstance(value, str) else value


def _figure(value: Decimal | date, language: str) -> str:
    """With the decimals that it has, and without marks between thousands, as it is typed."""
    from intergestan_msg.pages.figures import day
    from intergestan_msg.pages.words import Language

    if isinstance(value, date):
        return day(value, Language(language))
    return f"{value:f}".replace(".", "," if language == "fr" else ".")


def _shown(value: datetime | float | list[str], language: str, zone: tzinfo) -> str:
    from intergestan_operations.language import figures

    if isinstance(value, datetime):
        return figures.cell(value, language, zone)
    return figures.tenths(value, language) if isinstance(value, float) else figures.some_of(value, language)
