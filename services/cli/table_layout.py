"""How a table stands in the columns that there are. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

BETWEEN = "  "
NARROWEST = 8
"""No column of texts is folded to less than this: the rows would be towers of syllables."""


def table_lines(
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    room: int | None,
    least: Sequence[int] = (),
    *,
    goes_on: bool = False,
) -> Iterator[str]:
    """The lines of a table, its titles first.

    :param rows: the titles, then the cells, all of one length.
    :param right: for each column whether it stands to the right; such a column is never folded.
    :param least: how wide its columns are at least, as `widths_of` says it of rows before.
    :param goes_on: whether rows of the table were shown before these: the titles are not shown again.
    :param room: columns that there are; None: as many as are wanted. A table that fits stays as it is; else the widest
        columns of texts are folded; where even that is too wide, each row is written as a block, a cell a line.
    """
    widths = widths_of(rows, least)
    folded = widths if room is None else _folded(widths, right, room)
    if folded is None:
        yield from _blocks(rows, room or 0, goes_on=goes_on)
        return
    for row in rows[1:] if goes_on else rows:
        cells = [textwrap.wrap(text, width) or [""] for text, width in zip(row, folded, strict=True)]
        for index in range(max(map(len, cells))):
            texts = [lines[index] if index < len(lines) else "" for lines in cells]
            yield BETWEEN.join(
                text.rjust(width) if is_right else text.ljust(width)
                for text, width, is_right in zip(texts, folded, right, strict=True)
            ).rstrip()


def widths_of(rows: Sequence[Sequence[str]], least: Sequence[int] = ()) -> list[int]:
    """How wide each column is; one without a title and a text has one blank."""
    widths = [max(1, *map(len, column)) for column in zip(*rows, strict=True)]
    return [max(pair) for pair in zip(widths, least, strict=True)] if least else widths


def _folded(widths: Sequence[int], right: Sequence[bool], room: int) -> list[int] | None:
    """The widths with which the table fits, or None: the widest column of texts gives way first."""
    now = list(widths)
    too_much = sum(now) + len(BETWEEN) * (len(now) - 1) - room
    while too_much > 0:
        may_give = [index for index, width in enumerate(now) if not right[index] and width > NARROWEST]
        if not may_give:
            return None
        widest = max(may_give, key=lambda index: now[index])
        now[widest] -= 1
        too_much -= 1
    return now


def _blocks(rows: Sequence[Sequence[str]], room: int, *, goes_on: bool) -> Iterator[str]:
    titles, *others = rows
    width = max(map(len, titles))
    for number, row in enumerate(others):
        if number or goes_on:
            yield ""
        for title, text in zip(titles, row, strict=True):
            if text.strip():
                first, *rest = textwrap.wrap(text, max(room - width - len(BETWEEN), NARROWEST))
                yield f"{title.ljust(width)}{BETWEEN}{first}"
                yield from (f"{' ' * width}{BETWEEN}{line}" for line in rest)
