"""The letters under which lines of a third party's account cancel each other out: AA, AB … ZZ, AAA … Pure."""

from __future__ import annotations

from string import ascii_uppercase

_SHORTEST = 2
_LETTERS = len(ascii_uppercase)


def next_letter(last: str | None) -> str:
    """The letter after this one; the first one after None."""
    if last is None:
        return ascii_uppercase[0] * _SHORTEST
    place = 0
    for each in last:
        place = place * _LETTERS + ascii_uppercase.index(each)
    place += 1
    if place == _LETTERS ** len(last):
        return ascii_uppercase[0] * (len(last) + 1)
    letters = ""
    for _each in last:
        place, rest = divmod(place, _LETTERS)
        letters = ascii_uppercase[rest] + letters
    return letters
