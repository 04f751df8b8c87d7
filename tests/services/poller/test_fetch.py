"""The pure part: what to list, what to fetch, when to try again."""

import pytest

from services.poller.fetch import Known, Strikes, allowance, batches, chunks
from services.poller.mailbox import uid_set
from services.poller.troubles import CURES, LANGUAGES, Kind, MailboxTrouble, delay

HOUR, WINDOW = 3600.0, 50_000


def known(*uids: int) -> Known:
    made = Known(7, set(uids))
    made.take_all([set(uids)], now=0.0)
    return made


def test_what_is_new_is_a_difference_of_sets() -> None:
    assert known(1, 2, 5).take_new({9, 7}, exists=5) == [7, 9]


def test_the_last_mail_answers_to_any_n_and_is_filtered() -> None:
    assert known(1, 2, 5).take_new({5}, exists=3) == []


@pytest.mark.parametrize("exists", [3, 5])  # one vanished, one came late and below the highest UID
def test_numbers_that_do_not_add_up_demand_a_whole_listing(exists: int) -> None:
    assert known(1, 2, 5).take_new({9}, exists=exists) is None


def test_a_whole_listing_finds_what_came_below_the_highest_uid() -> None:
    mailbox = known(1, 2, 5)
    assert mailbox.take_all([{1, 2}, {3, 5}], now=1.0) == [3]
    assert (mailbox.accounted, mailbox.top) == (4, 5)


@pytest.mark.parametrize(
    ("exists", "now", "demanded"),
    [
        (3, 10.0, False),
        (4, 10.0, False),
        (2, 10.0, True),  # something vanished
        (3, HOUR, True),  # an hour has passed
        (4 + WINDOW, 10.0, True),  # too many for one answer
    ],
)
def test_when_everything_is_listed(exists: int, now: float, demanded: bool) -> None:  # noqa: FBT001
    assert known(1, 2, 5).must_list_all(exists, now, HOUR, WINDOW) is demanded


def test_what_was_left_open_demands_a_whole_listing() -> None:
    mailbox = known(1)
    mailbox.doubt()
    assert mailbox.must_list_all(1, 0.0, HOUR, WINDOW)
    assert mailbox.take_new(set(), exists=1) is None


def test_batches_are_bounded_by_number_and_by_octets() -> None:
    sizes = {1: 10, 2: 10, 3: 10, 4: 100, 5: 10, 6: 85}
    assert list(batches(sizes, [], most_mails=2, most_bytes=95)) == [[1, 2], [3], [4], [5, 6]]


def test_mails_that_failed_are_fetched_alone_and_last() -> None:
    assert list(batches(dict.fromkeys(range(1, 6), 1), {1, 3}, 50, 100)) == [[2, 4, 5], [1], [3]]


def test_a_mail_alone_may_be_as_large_as_any() -> None:
    assert allowance([1], {1: 10}, mail_bytes=1000) == 1000
    assert allowance([1, 2], {1: 10, 2: 20}, mail_bytes=1000) == 60


def test_strikes_are_tried_at_once_then_ever_more_rarely_and_for_ever() -> None:
    strikes = Strikes()
    waits = []
    for _ in range(12):
        strikes.add([4], now=0.0)
        waits.append(next(wait for wait in (0, 60, 120, 240, 480, 960, 1920, 3600) if strikes.due([4], wait)))
    assert waits == [0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]
    assert strikes.due([4, 5], now=0.0) == [5]
    strikes.forgive([4, 5])
    assert strikes.due([4], now=0.0) == [4]


def test_chunks() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(("uids", "text"), [([], ""), ([7], "7"), ([3, 1, 2, 7], "1:3,7"), ([1, 3, 5, 6], "1,3,5:6")])
def test_uid_sets_name_exactly_these_uids(uids: list[int], text: str) -> None:
    assert uid_set(uids) == text


@pytest.mark.parametrize("kind", Kind)
def test_attempts_come_ever_more_rarely_and_at_least_every_five_minutes(kind: Kind) -> None:
    waits = [delay(kind, failures, lambda: 1.0) for failures in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[-1] == CURES[kind].most <= 300
    assert delay(kind, 3, lambda: 0.0) == waits[2] / 2


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trouble_is_told_in_both_languages(kind: Kind, language: str) -> None:
    sentence = MailboxTrouble(kind, "NO\r\n\x1b[31mnever").sentence("commandes", language)
    assert "commandes" in sentence
    assert sentence.replace("\u00a0", " ").replace("\u202f", " ").isprintable()
    assert "{" not in sentence
