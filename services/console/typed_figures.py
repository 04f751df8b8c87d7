"""Figures that people type into a page, and those that the page wrote there: both are read as they are meant."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.typed_figures import read_figure
from intergestan_erp.inputs.unreadable import Unreadable

_MARKS: Final[Mapping[str, Mark]] = {"fr": Mark.COMMA, "en": Mark.POINT}
"""What our pages have before the decimals."""


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
