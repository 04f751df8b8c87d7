"""Degrees of latitude and longitude, as people copy them from a map."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from intergestan_erp.inputs.unreadable import Unreadable, shown

LATITUDE, LONGITUDE = 90, 180
_DEGREES = re.compile(r"[-+\u2212]?[0-9]{1,3}([.,][0-9]{1,20})?")
_PLACES = Decimal("0.0000001")
"""About a centimetre: what the base keeps."""


def read_degrees(text: str, most: int) -> Decimal:
    """Degrees with a point or a comma, as the base keeps them: no number of these has a mark for thousands.

    :param most: 90 for a latitude, 180 for a longitude, either side of zero.
    :raises Unreadable: for everything else.
    """
    written = text.strip()
    if _DEGREES.fullmatch(written):
        value = Decimal(written.replace(",", ".").replace("\u2212", "-"))
        if abs(value) <= most:
            return value.quantize(_PLACES, ROUND_HALF_UP)
    raise Unreadable(
        "«{value}» is no number of degrees between -{most} and {most}: write it like 47.7508.",
        value=shown(written),
        most=most,
    )
