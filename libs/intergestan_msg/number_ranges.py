"""Sets of whole numbers as ascending ranges, both ends included: a million numbers without a gap are one pair."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]
"""Ascending, disjoint, and with a gap between any two: each set has one spelling."""


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """The ranges of numbers that come in ascending order; one that comes twice counts once."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(number, found[-1][1]))
        else:
            found.append((number, number))
    return tuple(found)


def union(*sets: Ranges) -> Ranges:
    """All numbers that are in any of them."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(pair for each in sets for pair in each):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def subtract(some: Ranges, others: Ranges) -> Ranges:
    """The numbers of the first that are not in the second."""
    left: list[tuple[int, int]] = []
    at = 0
    for start, end in some:
        low = start
        while at < len(others) and others[at][1] < low:
            at += 1
        following = at
        while following < len(others) and others[following][0] <= end:
            if others[following][0] > low:
                left.append((low, others[following][0] - 1))
            low = others[following][1] + 1
            following += 1
        if low <= end:
            left.append((low, end))
    return tuple(left)


def clipped(some: Ranges, highest: int) -> Ranges:
    """Those of its numbers that are not above this one."""
    return tuple((low, min(high, highest)) for low, high in some if low <= highest)


def contains(some: Ranges, number: int) -> bool:
    """Whether the number is in it."""
    at = bisect_right(some, number, key=lambda pair: pair[0])
    return at > 0 and number <= some[at - 1][1]


def gaps(some: Ranges) -> Ranges:
    """The numbers from 1 on that are missing below its highest."""
    return subtract(((1, some[-1][1]),), some) if some else ()


def count(some: Ranges) -> int:
    """How many numbers it has."""
    return sum(high - low + 1 for low, high in some)


def is_orderly(some: Ranges) -> bool:
    """Whether pairs of numbers from elsewhere are ranges as defined above, of numbers from 1 on."""
    above = -1
    for low, high in some:
        if not above + 1 < low <= high or low < 1:
            return False
        above = high
    return True


def shown(some: Ranges, most: int = 20) -> str:
    """As people read it: `1–40, 42`; at most so many ranges, then the rest is an ellipsis."""
    words = [str(low) if low == high else f"{low}–{high}" for low, high in some[:most]]
    return ", ".join([*words, "…"] if len(some) > most else words)
