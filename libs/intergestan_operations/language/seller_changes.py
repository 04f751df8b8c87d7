"""What a seller says of a line of our order, in words."""

from __future__ import annotations

from intergestan_exchange.changes.answer_seller_change import Otherwise, What
from intergestan_operations.language import code_words
from intergestan_operations.language.figures import cell
from intergestan_operations.language.language import _


def told(said: Otherwise) -> str:
    """One thing that differs from what was ordered."""
    value = cell(said.value)
    texts = {
        What.SHORTAGE: _("will not be delivered"),
        What.SUBSTITUTE: _("replaced by {name}").format(name=value),
        What.QUANTITY: f"{_('Quantity')} {value} {code_words.unit(said.unit) or ''}".strip(),
        What.PRICE: f"{_('Price')} {value}",
        What.BACKORDER: _("{quantity} will follow").format(quantity=value)
        if said.value
        else _("the rest will not follow"),
        What.PROMISED: _("promised for {day}").format(day=value),
        What.NOTE: str(said.value),
    }
    return texts[said.what]
