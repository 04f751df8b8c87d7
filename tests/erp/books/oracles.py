"""What books must say, slowly and plainly."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

Left = tuple[str, str, Decimal]
"""Account, account of the third party or nothing, debits less credits."""


def opening(lines: Iterable[Left], profit: str = "120000", loss: str = "129000") -> list[Left]:
    """What the next year begins with, of all lines of a year, its own opening among them (D61)."""
    kept: dict[tuple[str, str], Decimal] = {}
    result = links = Decimal(0)
    for account, aux, amount in lines:
        if account[0] in "67":
            result += amount
        elif account[:3] in {"186", "187"}:
            links += amount
        else:
            kept[account, aux] = kept.get((account, aux), Decimal(0)) + amount
    assert links == 0
    if result:
        key = (loss if result > 0 else profit), ""
        kept[key] = kept.get(key, Decimal(0)) + result
    rows = [(account, aux, amount) for (account, aux), amount in sorted(kept.items()) if amount]
    assert sum(row[2] for row in rows) == 0
    return rows


def letters() -> Iterable[str]:
    """AA, AB … ZZ, AAA …, as many as are asked for."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    before = list(alphabet)
    while True:
        before = [first + second for first in before for second in alphabet]
        yield from before
