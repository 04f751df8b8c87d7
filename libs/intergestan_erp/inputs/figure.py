"""What a number is for, and what stands before its decimals."""

from __future__ import annotations

from enum import Enum, StrEnum


class Mark(StrEnum):
    """What stands before the decimals."""

    COMMA = "comma"
    POINT = "point"


class Figure(Enum):
    """What a number is for: which signs may stand at its end."""

    QUANTITY = "quantity"
    AMOUNT = "amount"
    RATE = "rate"
