"""What the command line shows, in the language that it speaks and the time zone of its site.

The words are those of `intergestan_operations.language`, which is told both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from intergestan_operations.language.language import spoken

if TYPE_CHECKING:
    from intergestan_db.problem import EntryProblems, Fault, FileProblems, Problem
    from intergestan_exchange.changes.answer_seller_change import Otherwise
    from intergestan_exchange.tracing.trace import Story
    from intergestan_runtime.said import Said

_shown_in: tzinfo = UTC


def show_times_in(zone: tzinfo) -> None:
    """From now on, times are shown as the clocks of this zone have them; before that in UTC."""
    global _shown_in  # noqa: PLW0603 - one program, one site: like the language that it speaks
    _shown_in = zone


def cell(value: Any) -> str:
    """A value as people write it here: `1 234,56` and 15/11/2020 in French (D7)."""
    from intergestan_operations.language import figures

    return figures.cell(value, spoken(), _shown_in)


def amount(value: Decimal) -> str:
    """An amount, a price or a quantity."""
    from intergestan_operations.language import figures

    return figures.amount(value, spoken())


def tenths(value: float) -> str:
    """A measure with one decimal."""
    from intergestan_operations.language import figures

    return figures.tenths(value, spoken())


def day(value: date) -> str:
    """A date."""
    from intergestan_operations.language import figures

    return figures.day(value, spoken())


def some_of(numbers: Sequence[str]) -> str:
    """Numbers for a sentence: all of them, or the first and the last of very many, and how many they are."""
    from intergestan_operations.language import figures

    return figures.some_of(numbers, spoken())


def sentence(said: Problem | Said) -> str:
    """A sentence of ours, with its values."""
    from intergestan_operations.language import wording

    return wording.sentence(said, spoken(), _shown_in)


def wording(error: Exception) -> str:
    """The text of an error, translated as far as it is ours."""
    from intergestan_operations.language import wording

    return wording.wording(error, spoken(), _shown_in)


def in_place(fault: Fault) -> str:
    """A fault or a remark of a file, with its place before it."""
    from intergestan_operations.language import file_problems

    return file_problems.in_place(fault, spoken())


def faults_of(error: FileProblems | EntryProblems) -> str:
    """All faults of a file or of what was typed, a line each, and what becomes of it."""
    from intergestan_db.problem import FileProblems
    from intergestan_operations.language import file_problems

    if isinstance(error, FileProblems):
        return file_problems.file_problems(error, spoken())
    return file_problems.entry_problems(error, spoken())


def unit(code: str | None) -> str | None:
    """A unit of measure with its word."""
    from intergestan_operations.language import code_words

    return code_words.unit(code, spoken())


def answer(code: str | None) -> str | None:
    """What a seller said of an order, code and word."""
    from intergestan_operations.language import code_words

    return code_words.answer(code, spoken())


def vat_category(code: str | None) -> str | None:
    """A category of VAT, code and word."""
    from intergestan_operations.language import code_words

    return code_words.vat_category(code, spoken())


def what(subject: str, event: str) -> str:
    """Something that happened."""
    from intergestan_operations.language import happenings

    return happenings.what(subject, event, spoken())


def told(said: Otherwise) -> str:
    """One thing that a seller says otherwise than it was ordered."""
    from intergestan_operations.language import seller_changes

    return seller_changes.told(said, spoken())


def details(detail: Mapping[str, Any], reasons: Mapping[str, str]) -> str:
    """What is known besides about something that happened."""
    from intergestan_operations.language import trace_words

    return trace_words.details(detail, reasons, spoken())


def reasons_of(story: Story) -> dict[str, str]:
    """Why the documents of a story waited, by the code of the reason."""
    from intergestan_operations.language import trace_words

    return trace_words.reasons_of(story, spoken())


def span(elapsed: timedelta) -> str:
    """How much later something happened."""
    from intergestan_operations.language import trace_words

    return trace_words.span(elapsed, spoken())
