"""Rendezvous hashing: balanced, and nothing moves that need not."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_exchange.mailboxes.placement import ANY, Candidate, Shard, Takes, chosen, weight, without_replica

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
POLLERS = st.lists(NAMES, min_size=1, max_size=6, unique=True)
MAILBOXES = st.lists(NAMES, min_size=1, max_size=12, unique=True)


def any_of(names: list[str]) -> list[Candidate]:
    return [Candidate(name, f"worker of {name}", ANY) for name in names]


def placed(mailboxes: list[str], pollers: list[Candidate]) -> dict[str, str | None]:
    found = {box: chosen(box, None, pollers) for box in mailboxes}
    return {box: one.name if one else None for box, one in found.items()}


@given(MAILBOXES, POLLERS, NAMES)
def test_who_joins_takes_only_what_is_its_own(mailboxes: list[str], names: list[str], new: str) -> None:
    """And, read backwards: who leaves gives away only what it had."""
    before = placed(mailboxes, any_of([name for name in names if name != new]))
    after = placed(mailboxes, any_of([*(name for name in names if name != new), new]))
    assert {box for box in mailboxes if before[box] != after[box]} == {box for box in mailboxes if after[box] == new}


@given(MAILBOXES, POLLERS, st.randoms(use_true_random=False))
def test_all_decide_alike_in_whatever_order_they_know_the_others(
    mailboxes: list[str], names: list[str], chance: Random
) -> None:
    shuffled = chance.sample(names, len(names))
    assert placed(mailboxes, any_of(names)) == placed(mailboxes, any_of(shuffled))


@given(MAILBOXES, st.integers(1, 5))
def test_shares_cover_every_mailbox_once_and_a_new_one_takes_only_its_own(mailboxes: list[str], count: int) -> None:
    for box in mailboxes:
        having = [index for index in range(count) if Shard(index, count).has(box)]
        with_one_more = [index for index in range(count + 1) if Shard(index, count + 1).has(box)]
        assert len(having) == 1
        assert with_one_more in (having, [count])


@pytest.mark.parametrize("count", [2, 4, 10])
def test_the_load_is_balanced(count: int) -> None:
    """A thousand mailboxes: nobody has a fifth more or less than a binomial distribution lets expect (4 sigma)."""
    mailboxes = [f"box-{number}" for number in range(1000)]
    for places in (
        placed(mailboxes, any_of([f"host-{number}" for number in range(count)])),
        {box: next(str(i) for i in range(count) if Shard(i, count).has(box)) for box in mailboxes},
    ):
        had = Counter(places.values())
        allowed = 4 * (1000 / count * (1 - 1 / count)) ** 0.5
        assert all(abs(had[name] - 1000 / count) < allowed for name in had)
        assert len(had) == count


def test_weights_are_the_same_on_every_machine_and_in_every_release() -> None:
    """Two releases side by side must agree on who should have what."""
    assert weight("poller-1", "commandes") == 16614980448766467601


def test_a_pin_comes_first_then_who_names_it_then_any() -> None:
    named = Candidate("a", "1", Takes(("orders",)))
    other, third = Candidate("b", "2", ANY), Candidate("c", "3", Takes(("answers",)))
    pollers = [named, other, third]
    assert chosen("orders", None, pollers) == named
    assert chosen("orders", "b", pollers) == other
    assert chosen("orders", "dead", pollers) == named
    assert chosen("orders", "c", pollers) == named  # it is not one of c's
    assert chosen("else", None, pollers) == other
    assert chosen("else", None, [named, third]) is None


def test_replicas_name_the_same_mailbox() -> None:
    """`intergestan-poller@orders:2.service` polls `orders` as well."""
    assert Takes(("orders:2",)).may_have("orders")
    assert Takes(("orders:2",)).may_have("orders:2")
    assert not Takes(("orders:2",)).may_have("orders:3")
    assert [without_replica(name) for name in ("a:2", "a:b", "a", ":2")] == ["a", "a:b", "a", ":2"]


@pytest.mark.parametrize("takes", [ANY, Takes(("a", "b:2")), Takes(shard=Shard(1, 3))])
def test_what_a_poller_takes_stands_in_the_base(takes: Takes) -> None:
    assert Takes.of_json(takes.as_json()) == takes


def test_shares_are_written_plainly() -> None:
    assert Shard.parse("0/3", "host") == Shard(0, 3)
    assert Shard.parse("ordinal/3", "poller-2") == Shard(2, 3)
    assert str(Shard(1, 3)) == "1/3"


@pytest.mark.parametrize(("text", "host"), [("3/3", "h"), ("1", "h"), ("0/0", "h"), ("ordinal/3", "h"), ("-1/3", "h")])
def test_shares_that_cannot_be(text: str, host: str) -> None:
    with pytest.raises(ValueError, match=r"share|Shares|number"):
        Shard.parse(text, host)
