"""Which depots a person chose for a line: `AB=1 RD=2:indirect`, one way to write it for every door. Pure (A32, A33)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from intergestan_db.enums import Route
from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.numbers import Marks, read_number
from intergestan_erp.inputs.unreadable import Unreadable, shown

_BETWEEN: Final = re.compile(r"\s*[,;]\s*(?=[^,;=\s]+\s*=)|\s+(?=[^,;=\s]+\s*=)")
"""What stands between two shares: the comma of `1,5` has no depot behind it."""

_ROUTES: Final = {
    "direct": Route.DIRECT,
    "directe": Route.DIRECT,
    "indirect": Route.INDIRECT,
    "indirecte": Route.INDIRECT,
}


@dataclass(frozen=True, slots=True)
class TypedShare:
    """So much from a depot, by its code. :ivar route: None where nobody chose one."""

    depot: str
    quantity: Decimal
    route: Route | None = None


def read_shares(text: str, mark: Mark | None = None) -> tuple[TypedShare, ...]:
    """What a person typed, in that order; nothing for a depot with 0.

    :raises Unreadable: something of it is not a depot with a quantity, or stands there twice.
    """
    shares = [_share(part, mark) for part in _BETWEEN.split(text.strip())]
    named = [(share.depot.upper(), share.route) for share in shares]
    for share, name in zip(shares, named, strict=True):
        if named.count(name) > 1:
            raise Unreadable("The depot {depot} stands there twice: give it one quantity.", depot=share.depot)
    return tuple(share for share in shares if share.quantity)


def read_line_shares(text: str, mark: Mark | None = None) -> tuple[str, tuple[TypedShare, ...]]:
    """`L1:AB=1,RD=2:indirect`: a line by its id, and what a person chose for it.

    :raises Unreadable: there is no line before it, or something of it is not a depot with a quantity.
    """
    first, equals, others = text.partition("=")
    line, colon, depot = first.rpartition(":")
    if not colon or not line.strip():
        raise Unreadable("«{text}» names no line: write L1:AB=1,RD=2.", text=shown(text))
    return line.strip(), read_shares(f"{depot}{equals}{others}", mark)


def _share(text: str, mark: Mark | None) -> TypedShare:
    depot, _equals, figure = text.partition("=")
    number, colon, route = figure.partition(":")
    code = depot.strip()
    if not code or not number.strip() or any(each.isspace() for each in code):
        raise Unreadable("«{text}» is not a depot with a quantity: write AB=1 or AB=1:indirect.", text=shown(text))
    written = read_number(number.strip(), Figure.QUANTITY, Marks(mark))
    if written.value < 0:
        raise Unreadable("«{text}» is not a depot with a quantity: write AB=1 or AB=1:indirect.", text=shown(text))
    return TypedShare(code, written.value, _route(route) if colon else None)


def _route(text: str) -> Route:
    found = _ROUTES.get(text.strip().lower())
    if found is None:
        raise Unreadable("«{text}» is neither direct nor indirect.", text=shown(text))
    return found
