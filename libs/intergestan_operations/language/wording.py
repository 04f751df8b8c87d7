"""What an error says, in the language of this process: for the command line, and for a service that refuses to start.

The catalogue is that of the command line, with the English sentence as the message id. Which language it is stands in
LANGUAGE, as `intergestan_operations.language.language.speak` sets it, else in LC_ALL, LC_MESSAGES or LANG.
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


def wording(error: Exception) -> str:
    """The text of an error, translated as far as it is ours."""
    from intergestan_exchange.findings.diagnoses import diagnosis
    from intergestan_runtime.settings_load import ConfigurationError

    if isinstance(error, ConfigurationError):
        return "\n".join(map(sentence, error.problems))
    if isinstance(error, Problem):
        return sentence(error)
    first = error.args[0] if error.args else None
    return sentence(first) if isinstance(first, Said) else diagnosis(str(error), _language())


def sentence(said: Problem | Said) -> str:
    """A sentence of ours, with its values."""
    return _translation(said.template).format(**{name: _value(value) for name, value in said.values.items()})


def _value(value: Any) -> Any:
    if isinstance(value, Said):
        return sentence(value)
    if isinstance(value, Words):
        return "".join(map(_value, value))
    if isinstance(value, Exception):
        return wording(value)
    if isinstance(value, Word):
        return _translation(value)
    if isinstance(value, Decimal) or type(value) is date:
        return _figure(value)
    return in_one_line(value) if isinstance(value, str) else value


def _figure(value: Decimal | date) -> str:
    """With the decimals that it has, and without marks between thousands, as it is typed."""
    from intergestan_msg.pages.figures import day
    from intergestan_msg.pages.words import Language

    language = Language(_language())
    if isinstance(value, date):
        return day(value, language)
    return f"{value:f}".replace(".", "," if language is Language.FRENCH else ".")


def _translation(text: str) -> str:
    return _catalogue().gettext(text)


def _language() -> str:
    return str(_catalogue().info().get("language", "en"))


def _catalogue() -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, fallback=True)
