"""A table in the columns that there are."""

from __future__ import annotations

import os
import pty
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.table_layout import table_lines
from tests.services.cli.conftest import Run
from tests.services.cli.test_outage_words import typed
from tests.services.cli.test_typed_keys import buyer

__all__ = ["buyer"]

ROWS = [
    ["Number", "Note", "Total", "Supplier"],
    ["CFR1", "Kitchen things for the new canteen", "1,234.00", "STAUBER et Cie"],
    ["CFR2", "", "7.50", "DURAND"],
]
RIGHT = [False, False, True, False]


def test_with_room_enough_it_stays_as_it_is() -> None:
    assert list(table_lines(ROWS, RIGHT, None)) == list(table_lines(ROWS, RIGHT, 200))
    assert list(table_lines(ROWS, RIGHT, None))[2] == "CFR2" + " " * 44 + "7.50  DURAND"


def test_the_widest_texts_go_on_below() -> None:
    assert list(table_lines(ROWS, RIGHT, 50)) == [
        "Number  Note                 Total  Supplier",
        "CFR1    Kitchen things    1,234.00  STAUBER et Cie",
        "        for the new",
        "        canteen",
        "CFR2                          7.50  DURAND",
    ]


def test_where_nothing_helps_each_row_is_a_block() -> None:
    assert list(table_lines(ROWS, RIGHT, 24)) == [
        "Number    CFR1",
        "Note      Kitchen things",
        "          for the new",
        "          canteen",
        "Total     1,234.00",
        "Supplier  STAUBER et Cie",
        "",
        "Number    CFR2",
        "Total     7.50",
        "Supplier  DURAND",
    ]


def test_a_column_of_which_nothing_is_written_is_a_blank() -> None:
    """As in `credit overrides` where nobody overrode anything: one of its columns has no title."""
    titles = ["When", "", "Who"]
    assert list(table_lines([titles], [False] * 3, None)) == ["When     Who"]
    assert list(table_lines([titles, ["now", " ", "Anne"]], [False] * 3, 8)) == ["When  now", "Who   Anne"]


@given(
    st.lists(st.lists(st.text("ab é", max_size=30), min_size=3, max_size=3), min_size=1, max_size=5),
    st.integers(20, 120),
)
def test_nothing_is_wider_than_the_room_and_no_word_is_lost(cells: list[list[str]], room: int) -> None:
    rows = [["A", "B", "C"], *([" ".join(text.split()) for text in row] for row in cells)]
    lines = list(table_lines(rows, [False] * 3, room))
    assert all(len(line) <= max(room, 3 * 8 + 4) for line in lines)
    assert sorted("".join(lines).replace(" ", "").replace("A", "").replace("B", "").replace("C", "")) == sorted(
        "".join(text for row in rows[1:] for text in row).replace(" ", "")
    )


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_on_a_terminal_lists_fit(buyer: Path, run: Run, columns: int) -> None:
    assert max(map(len, run("orders", "list", cwd=buyer).out.splitlines())) > 120
    above, below = pty.openpty()
    with os.fdopen(above, "rb", buffering=0) as screen, os.fdopen(below, "wb") as terminal:
        termios.tcsetwinsize(terminal.fileno(), (50, columns))
        assert typed("orders", "list", cwd=buyer, out=terminal.fileno()) == (0, "")
        shown = screen.read(100_000).decode().splitlines()
    assert max(map(len, shown)) <= columns
    assert "CFR1" in " ".join(shown).split()
