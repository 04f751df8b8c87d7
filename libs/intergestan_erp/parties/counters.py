"""Numbers that a counter gives and that nothing has yet. Pure, but for the question what is taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

_ONE_BY_ONE = 20
"""After so many numbers that are taken, whole runs of them are looked up."""
_RUN = 500


def first_free(
    first: int,
    most: int,
    many: int,
    written: Callable[[int], str],
    taken: Callable[[Sequence[str]], Collection[str]],
) -> tuple[list[str], int] | None:
    """So many texts of free numbers from `first` on, and the number that follows; None when the numbers end before.

    One that is taken costs one look more, a long run of them one look for each 500 (D12).

    :param most: the last number; `written`: a number's text; `taken`: which texts of some are taken.
    """
    found: list[str] = []
    number = first
    for run in _runs(many):
        texts = [written(each) for each in range(number, min(number + run, most + 1))]
        if not texts:
            return None
        there = taken(texts)
        for each in texts:
            number += 1
            if each not in there:
                found.append(each)
                if len(found) == many:
                    return found, number
    raise AssertionError("The runs never end.")


def _runs(many: int) -> Iterator[int]:
    yield many
    for _ in range(_ONE_BY_ONE):
        yield 1
    while True:
        yield _RUN
