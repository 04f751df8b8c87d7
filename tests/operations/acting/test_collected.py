"""What is said after *Relever* (G23), whatever the face: every note, with what may be done, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from intergestan_db.problem import Act
from intergestan_exchange.mailboxes.poll_runs import Progress, Run
from intergestan_exchange.tracing.brought import Brought
from intergestan_operations.acting.collected import Outcome, notes, outcome_of

FINE = Run("orders", 3, None)
BROKEN = Run("answers", None, "the server was too slow")


def told(
    runs: Sequence[Run], *, too_big: int = 0, holds: tuple[str, ...] = (), in_time: bool = True
) -> list[tuple[str | None, str, tuple[Act, ...]]]:
    progress = Progress(tuple(runs), {}, too_big)
    return [
        (note.mailbox, str(note.said).format(count=too_big), note.next)
        for note in notes(progress, Brought(holds=holds), in_time=in_time)
    ]


def test_nothing_new() -> None:
    assert told([FINE]) == [(None, "Nothing new.", ())]


def test_a_mailbox_that_cannot_be_read_is_named_and_nothing_is_called_well() -> None:
    assert told([FINE, BROKEN]) == [("answers", "the server was too slow", ())]


def test_what_waits_says_what_may_be_done() -> None:
    found = told([FINE], holds=("in-3", "order-17"))
    assert found == [(None, "Waiting for a person: in-3, order-17.", (Act.SHOW_HOLD,))]


@pytest.mark.parametrize(("count", "begin"), [(1, "1 mail is larger"), (2, "2 mails are larger")])
def test_mails_that_are_not_fetched_are_counted(count: int, begin: str) -> None:
    ((_mailbox, text, _acts),) = told([FINE], too_big=count)
    assert text.startswith(begin)


def test_what_goes_on_by_itself() -> None:
    assert told([FINE], in_time=False) == [
        (None, "Not all is taken in yet; that goes on by itself.", (Act.SHOW_STATUS,))
    ]


@pytest.mark.parametrize(
    ("runs", "in_time", "outcome"),
    [
        ([FINE], True, Outcome.DONE),
        ([FINE, BROKEN], True, Outcome.FAILED),
        ([FINE, BROKEN], False, Outcome.GOES_ON),
    ],
)
def test_how_it_ended(runs: list[Run], outcome: Outcome, *, in_time: bool) -> None:
    assert outcome_of(Progress(tuple(runs), {}, 0), in_time=in_time) is outcome
