"""What sentences quote of what others wrote."""

from __future__ import annotations

import pytest

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadDocument, MessageError, Unreadable
from intergestan_msg.plain_text import MOST_QUOTED, cut


@pytest.mark.parametrize("length", [0, 1, MOST_QUOTED - 1, MOST_QUOTED])
def test_what_is_short_is_quoted_whole(length: int) -> None:
    assert cut("x" * length) == "x" * length


@pytest.mark.parametrize("length", [MOST_QUOTED + 1, 10 * MOST_QUOTED, 10_000_000])
def test_of_what_is_long_both_ends_are_left(length: int) -> None:
    quoted = cut("a" + "x" * (length - 2) + "z")
    assert (len(quoted), quoted[0], quoted[-1], quoted.count("…")) == (MOST_QUOTED, "a", "z", 1)


@pytest.mark.parametrize(
    "error",
    [
        Unreadable(Wrong.JSON_UNREADABLE, error="9" * 10**6),
        BadDocument(Wrong.QUANTITY_NEGATIVE, quantity="9" * 10**6, line="L" * 10**6),
    ],
)
def test_an_error_says_what_is_wrong_however_long_the_value_is(error: MessageError) -> None:
    said = str(error)
    assert len(said) == MOST_QUOTED
    assert said.startswith(("This is no JSON that we read: 999", "[UBL] The quantity 999"))
    assert said.endswith(("999.", "LLL)"))
    assert ("999 is negative. (line LLL" in said) == isinstance(error, BadDocument)
