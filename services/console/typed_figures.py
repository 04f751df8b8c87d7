"""Figures that people type into a page, and those that the page wrote there: both are read as they are meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from intergestan_db.problem import Problem
from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.typed_figures import read_figure
from intergestan_erp.inputs.unreadable import Unreadable

_MARKS: Final[Mapping[str, Mark]] = {"fr": Mark.COMMA, "en": Mark.POINT}
"""What our pages have before the decimals."""
_LONGEST_POSITION: Final = 7


def typed_figure(text: str, figure: Figure, language: str) -> Decimal:
    """As it can be read in one way; `1,234`, which cannot, as the page itself writes it in its language.

    A French page writes no points: `1.234` alone is not its own, and stays refused there.

    :raises Unreadable: for what is none.
    """
    try:
        return read_figure(text, figure)
    except Unreadable as bad:
        if language == "fr" and "," not in text:
            raise
        try:
            return read_figure(text, figure, _MARKS[language])
        except Unreadable:
            raise bad from None


class Fields:
    """Fields that are read one after the other. :ivar wrong: what cannot be read, by the name of its field."""

    def __init__(self, language: str) -> None:
        self.wrong: dict[str, Problem] = {}
        self._language = language

    def read(self, name: str, text: str, how: Callable[[str], Any], otherwise: Any = None) -> Any:
        """What a field means; an empty one, and one that cannot be read, is `otherwise`."""
        if not text.strip():
            return otherwise
        try:
            return how(text)
        except Unreadable as bad:
            self.wrong[name] = bad
            return otherwise

    def figure(self, name: str, text: str, figure: Figure, otherwise: Decimal | None = None) -> Any:
        """The same of a figure."""
        return self.read(name, text, lambda typed: typed_figure(typed, figure, self._language), otherwise)


def typed_quantities(
    form: Mapping[str, str], before: str, language: str
) -> tuple[dict[int, Decimal], dict[str, Problem]]:
    """The quantities by the position of their line, and what is none by the name of its field; empty ones are left out.

    :param before: what stands before the position, in the name of a field.
    """
    fields, found = Fields(language), dict[int, Decimal]()
    for name, text in form.items():
        position = name.removeprefix(before)
        if name.startswith(before) and position.isdecimal() and len(position) < _LONGEST_POSITION:
            quantity = fields.figure(name, text, Figure.QUANTITY)
            found |= {} if quantity is None else {int(position): quantity}
    return found, fields.wrong
