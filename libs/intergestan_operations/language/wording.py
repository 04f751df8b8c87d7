"""What an error or a sentence of ours says, in the language of whoever reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from intergestan_db.problem import Problem, Word, Words
from intergestan_operations.language import figures
from intergestan_operations.language.catalogue import counted, translated
from intergestan_runtime.said import Counted, Said
from intergestan_runtime.visible_text import in_one_line


def wording(error: Exception, language: str, zone: tzinfo = UTC) -> str:
    """The text of an error, translated as far as it is ours. :param zone: whose clocks times are shown by."""
    from intergestan_exchange.findings.diagnoses import diagnosis
    from intergestan_runtime.settings_load import ConfigurationError

    if isinstance(error, ConfigurationError):
        return "\n".join(sentence(problem, language, zone) for problem in error.problems)
    if isinstance(error, Problem):
        return sentence(error, language, zone)
    first = error.args[0] if error.args else None
    return sentence(first, language, zone) if isinstance(first, Said) else diagnosis(str(error), language)


def sentence(said: Problem | Said, language: str, zone: tzinfo = UTC) -> str:
    """A sentence of ours, with its values."""
    if isinstance(said, Counted):
        template = counted(said.template, said.more, said.number, language)
    else:
        template = translated(said.template, language)
    return template.format(**{name: _value(value, language, zone) for name, value in said.values.items()})


def _value(value: Any, language: str, zone: tzinfo) -> Any:
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
    if isinstance(value, datetime):
        return figures.cell(value, language, zone)
    if isinstance(value, float):
        return figures.tenths(value, language)
    if isinstance(value, list):
        return figures.some_of(value, language)
    return in_one_line(value) if isinstance(value, str) else value


def _figure(value: Decimal | date, language: str) -> str:
    """With the decimals that it has, and without marks between thousands, as it is typed."""
    from intergestan_msg.pages.figures import day
    from intergestan_msg.pages.words import Language

    if isinstance(value, date):
        return day(value, Language(language))
    return f"{value:f}".replace(".", "," if language == "fr" else ".")
