"""What a seller says of a line of our order, in words."""

from __future__ import annotations

from datetime import UTC

from intergestan_exchange.changes.answer_seller_change import Otherwise, What
from intergestan_operations.language.code_words import unit
from intergestan_operations.language.figures import cell
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked

TEMPLATES = {
    What.SHORTAGE: marked("will not be delivered"),
    What.SUBSTITUTE: marked("replaced by {value}"),
    What.PROMISED: marked("promised for {value}"),
}
PART, UNDATED_PART = marked("{value} promised for {day}"), marked("{value} without a day")
WILL_FOLLOW, WILL_NOT = marked("{value} will follow"), marked("the rest will not follow")
TITLES = {What.QUANTITY: marked("Quantity"), What.PRICE: marked("Price")}


def told(said: Otherwise, language: str) -> str:
    """One thing that differs from what was ordered; a day has no zone."""
    value = cell(said.value, language, UTC)
    if said.what is What.NOTE:
        return str(said.value)
    if said.what in TITLES:
        return f"{translated(TITLES[said.what], language)} {value} {unit(said.unit, language) or ''}".strip()
    if said.what is What.PART:
        quantity = f"{value} {unit(said.unit, language) or ''}".strip()
        if said.day is None:
            return translated(UNDATED_PART, language).format(value=quantity)
        return translated(PART, language).format(value=quantity, day=cell(said.day, language, UTC))
    if said.what is What.BACKORDER:
        return translated(WILL_FOLLOW if said.value else WILL_NOT, language).format(value=value)
    return translated(TEMPLATES[said.what], language).format(value=value)
