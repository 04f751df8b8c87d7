"""How far a partner's clock is ahead, from what mails tell."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_exchange.partners.partner_clock import (
    Ahead,
    measured,
    merged,
    news,
    seconds_ahead,
    with_their_word,
)
from tests.clock import Clock

NOW = Clock().now


def at(**span: float) -> datetime:
    return NOW + timedelta(**span)


def iat(**span: float) -> int:
    return int(at(**span).timestamp())


def test_a_mail_of_our_future_shows_that_they_are_ahead() -> None:
    assert measured(iat(hours=2), at(seconds=3)) == Ahead(7197, None)
    assert measured(iat(hours=2), at(seconds=3)).seconds == 7197


def test_a_mail_that_took_long_shows_nothing() -> None:
    assert measured(iat(), at(hours=3)).seconds == 0


def test_an_echo_shows_that_they_are_behind() -> None:
    """Composed after we asked, whatever it says: two hours less the round trip."""
    found = measured(iat(hours=-2), at(seconds=9), NOW)
    assert (found.least, found.most) == (-7209, -7199)
    assert found.seconds == -7199


def test_clocks_that_agree_differ_by_nothing() -> None:
    assert measured(iat(seconds=3), at(seconds=9), NOW).seconds == 0


def test_an_answer_before_its_question_tells_of_the_mail_alone() -> None:
    """Our own clock was set back between: the question lies in the future."""
    assert measured(iat(), at(seconds=9), at(hours=1)) == Ahead(-9, None)


@given(
    offset=st.integers(-400 * 86_400, 400 * 86_400),
    ways=st.lists(st.tuples(*[st.floats(0, 90_000)] * 3, st.booleans()), min_size=1, max_size=8),
)
def test_the_truth_lies_within_what_is_measured(offset: int, ways: list[tuple[float, float, float, bool]]) -> None:
    """Whatever mails take on their way, the partner's clock is ahead by no less and no more than is said."""
    known: Ahead | None = None
    for out, thinking, home, is_answer in ways:
        composed = (at(seconds=out + thinking) + timedelta(seconds=offset)).timestamp()
        new = measured(int(composed), at(seconds=out + thinking + home), NOW if is_answer else None)
        known = merged(known, new)
        assert known.least <= offset
        assert known.most is None or offset <= known.most
        assert known.seconds == 0 or (known.seconds > 0) == (offset > 0)
        assert abs(known.seconds) <= abs(offset)


def test_a_slow_mail_takes_nothing_back() -> None:
    exact = measured(iat(hours=-2), at(seconds=4), NOW)
    assert merged(exact, measured(iat(hours=-2), at(hours=3))) == exact


def test_a_clock_that_was_set_right_is_believed_at_once() -> None:
    exact = measured(iat(hours=2), at(seconds=4), NOW)
    assert merged(exact, measured(iat(days=1, seconds=2), at(days=1, seconds=4), at(days=1))).seconds == 0
    assert merged(Ahead(7200), measured(iat(days=1), at(days=1, seconds=4))).seconds == 0


@pytest.mark.parametrize(
    ("found", "told", "known"),
    [
        (Ahead(-7205), 7200, Ahead(-7205, -7200)),
        (Ahead(7195), -7200, Ahead(7200)),
        (Ahead(-3), 7200, Ahead(-3)),  # their mail is younger than that, by their own clock
        (Ahead(-3), None, Ahead(-3)),
        (Ahead(-3, 4), 7200, Ahead(-3, 4)),  # what we measured counts
    ],
)
def test_their_word_counts_where_we_cannot_measure(found: Ahead, told: int | None, known: Ahead) -> None:
    assert with_their_word(found, told) == known


def test_only_news_is_noted() -> None:
    two_hours = Ahead(7199, 7205)
    assert news(None, None, Ahead(-3), NOW) is None
    assert news(None, None, Ahead(-3, 4), NOW) is None
    assert news(None, None, two_hours, NOW) == two_hours
    assert news(two_hours, NOW, Ahead(7198, 7204), at(minutes=5)) is None
    assert news(two_hours, NOW, Ahead(7198, 7204), at(hours=1)) == Ahead(7199, 7204)
    assert news(two_hours, NOW, Ahead(-3, 4), at(minutes=5)) == Ahead(-3, 4)


@pytest.mark.parametrize(("age", "told"), [({}, 7200), ({"hours": 24}, 7200), ({"hours": 25}, 0), ({"days": -2}, 0)])
def test_people_hear_of_what_the_last_day_showed(age: dict[str, float], told: int) -> None:
    assert seconds_ahead(7200, 7210, NOW, at(**age)) == told
    assert seconds_ahead(None, None, None, NOW) == 0
