"""What an error says: for the command line, for a service that refuses to start, for a page.

The catalogue has the English sentence as the message id. The language is an argument; without one it is that of this
process: LANGUAGE, as `intergestan_operations.language.language.speak` sets it, else LC_ALL, LC_MESSAGES or LANG.
"""

from __future__ import annotations

import gettext
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from intergestan_db.problem import Problem, Word, Words
from intergestan_runtime.said import Said
from intergestan_runtime.visible_text import in_one_line

DOMAIN: Final = "intergestan"
LOCALE: Final = Path(__file__).parent / "locale"


def wording(error: Exception, language: str | None = None) -> str:
    """The text of an error, translated as far as it is ours."""
    from intergestan_exchange.findings.diagnoses import diagnosis
    from intergestan_runtime.settings_load import ConfigurationError

    if isinstance(error, ConfigurationError):
        return "\n".join(sentence(each, language) for each in error.problems)
    if isinstance(error, Problem):
        return sentence(error, language)
    first = error.args[0] if error.args else None
    return sentence(first, language) if isinstance(first, Said) else diagnosis(str(error), _language(language))


def sentence(said: Problem | Said, language: str | None = None) -> str:
    """A sentence of ours, with its values."""
    values = {name: _value(value, language) for name, value in said.values.items()}
    return catalogue(language).gettext(said.template).format(**values)


def _value(value: Any, language: str | None) -> Any:
    if isinstance(value, Said):
        return sentence(value, language)
    if isinstance(value, Words):
        return "".join(_value(each, language) for each in value)
    if isinstance(value, Exception):
        return wording(value, language)
    if isinstance(value, Word):
        return catalogue(language).gettext(value)
    if isinstance(value, Decimal) or type(value) is date:
        return _figure(value, language)
    return in_one_line(value) if isinstance(value, str) else value


def _figure(value: Decimal | date, of: str | None) -> str:
    """With the decimals that it has, and without marks between thousands, as it is typed."""
    from intergestan_msg.pages.figures import day
    from intergestan_msg.pages.words import Language

    language = Language(_language(of))
    if isinstance(value, date):
        return day(value, language)
    return f"{value:f}".replace(".", "," if language is Language.FRENCH else ".")


def catalogue(language: str | None = None) -> gettext.NullTranslations:
    """The texts of a language, or of the one that this process speaks."""
    return gettext.translation(DOMAIN, LOCALE, None if language is None else [language], fallback=True)


def _language(language: str | None) -> str:
    return language or str(catalogue().info().get("language", "en"))
