"""Numbers and codes by their beginning, as an index finds them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from intergestan_erp.parties.search_words import after


def begins(column: Any, wanted: str) -> ColumnElement[bool]:
    """As typed or in capitals, as numbers are made. The bounds are for the index, the rest for what is sorted oddly.

    What is not ASCII is looked for whole: databases sort it differently.
    """
    ways = dict.fromkeys((wanted, wanted.upper()))
    if not wanted.isascii():
        return or_(*(column == way for way in ways))
    return or_(*(and_(column >= way, column < after(way), column.startswith(way, autoescape=True)) for way in ways))
