"""Amounts of money as people type them: not below 0, with 2 decimals at most."""

from __future__ import annotations

from decimal import Decimal

from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.numbers import Marks, read_number
from intergestan_erp.inputs.unreadable import Unreadable, shown
from intergestan_msg.money import CENT, fits


def read_amount(text: str, mark: Mark | None = None) -> Decimal:
    """The amount that a text is, without a currency.

    :raises Unreadable: for everything else.
    """
    written = read_number(text, Figure.AMOUNT, Marks(mark))
    if written.sign is not None or written.value < 0 or not fits(written.value, CENT):
        raise Unreadable(
            "«{value}» is not an amount: it is not below 0, has at most 2 decimals and no currency. Write it like "
            "1234,56.",
            value=shown(text.strip()),
        )
    return written.value
