"""Figures and keys that people type one by one, and those that they type for lines of a document: `L1=2`, `L3=0,5`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.numbers import Marks, read_number
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_msg.identity import nfc

Value = TypeVar("Value")


def read_figure(text: str, figure: Figure, mark: Mark | None = None) -> Decimal:
    """A figure without a currency: that is the document's.

    :raises Unreadable: for what is none.
    """
    if not text.strip():
        raise Unreadable("«{text}» is no line with a quantity: write L1=2.", text=text)
    written = read_number(text, figure, Marks(mark))
    if written.sign is not None:
        raise Unreadable("«{text}» has a currency: write the number alone, like 1234,56.", text=text)
    return written.value


def read_key(text: str) -> str:
    """A code or a number of ours or theirs, in the encoding in which keys are kept.

    :raises Unreadable: for an empty one.
    """
    if not text.strip():
        raise Unreadable("«{text}» is no line with its product: write L3=CAS16.", text=text)
    return nfc(text.strip())


def quantities_by_line(texts: Sequence[str], mark: Mark | None = None) -> dict[str, Decimal]:
    """Quantities by line id. :raises Unreadable: for what is none, or a line that stands twice."""
    return values_by_line(texts, lambda text: read_figure(text, Figure.QUANTITY, mark))


def prices_by_line(texts: Sequence[str], mark: Mark | None = None) -> dict[str, Decimal]:
    """Prices by line id. :raises Unreadable: for what is none, or a line that stands twice."""
    return values_by_line(texts, lambda text: read_figure(text, Figure.AMOUNT, mark))


def values_by_line(texts: Sequence[str], read: Callable[[str], Value]) -> dict[str, Value]:
    """`ID=VALUE` as values by line id.

    :raises Unreadable: for what is none, for a line that stands twice, and as `read` does.
    """
    found: dict[str, Value] = {}
    for text in texts:
        written, _equals, value = text.rpartition("=")
        line_id = nfc(written)
        if not line_id:
            raise Unreadable("«{text}» is no line with a quantity: write L1=2.", text=text)
        if line_id in found:
            raise Unreadable("A line stands twice: give it one quantity.")
        found[line_id] = read(value)
    return found
