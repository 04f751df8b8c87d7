"""Statements: ranges, digests and the comparison, as arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.errors import Unreadable
from intergestan_msg.kinds import TAKES, Kind
from intergestan_msg.manifest import Manifest, decode, encode
from intergestan_msg.number_ranges import (
    Ranges,
    contains,
    count,
    gaps,
    is_orderly,
    ranges_of,
    shown,
    subtract,
    union,
)
from intergestan_msg.statement import Account, Comparison, Entry, Statement, account_of, compare, nothing_of
from tests.msg.letters import orders_batch

UNTIL = 1000
numbers = st.sets(st.integers(1, 60))


def members(some: Ranges) -> set[int]:
    return {number for low, high in some for number in range(low, high + 1)}


@given(numbers, numbers)
def test_ranges_are_sets(some: set[int], others: set[int]) -> None:
    one, other = ranges_of(sorted(some)), ranges_of(sorted(others))
    for found, expected in (
        (one, some),
        (union(one, other), some | others),
        (subtract(one, other), some - others),
        (gaps(one), set(range(1, max(some, default=0) + 1)) - some),
    ):
        assert members(found) == expected
        assert count(found) == len(expected)
        assert is_orderly(found)
    assert {number for number in range(62) if contains(one, number)} == some


def test_people_read_ranges() -> None:
    assert shown(((1, 40), (42, 42))) == "1–40, 42"
    assert shown(((1, 1), (3, 3), (5, 5)), most=2) == "1, 3, …"


def an_entry(seq: int, *, composed: int = 0, void: bool = False, content: str = "") -> Entry:
    return Entry(seq, f"{seq}{content}".rjust(64, "0"), composed, void)


mails = st.dictionaries(
    st.integers(1, 40), st.tuples(st.sampled_from(["arrived", "lost", "held", "void"]), st.sampled_from([0, 2 * UNTIL]))
)


@given(mails)
def test_a_statement_finds_exactly_what_was_lost(what: dict[int, tuple[str, int]]) -> None:
    """`design.md` §11: whatever happened to each mail, both sides' statements say the same, and say it whole."""
    sender = [an_entry(seq, composed=at, void=fate == "void") for seq, (fate, at) in sorted(what.items())]
    receiver = [
        Entry(each.seq, None, 0) if what[each.seq][0] == "held" else each
        for each in sender
        if what[each.seq][0] in {"arrived", "held"}
    ]
    lost = {seq for seq, (fate, at) in what.items() if fate == "lost" and at <= UNTIL}

    at_sender = compare(account_of(1, receiver, UNTIL), sender, UNTIL)
    assert members(at_sender.lacking) == lost
    assert (at_sender.unknown, at_sender.differs) == ((), False)

    at_receiver = compare(account_of(1, sender, UNTIL), receiver, UNTIL)
    assert members(at_receiver.unknown) == lost
    assert (at_receiver.lacking, at_receiver.differs) == ((), False)


@given(numbers, st.data())
def test_other_content_under_one_number_is_found(some: set[int], data: st.DataObject) -> None:
    sender = [an_entry(seq) for seq in sorted(some)]
    account = account_of(1, sender, UNTIL)
    assert compare(account, sender, UNTIL) == Comparison(1, (), (), False)
    if some:
        other = data.draw(st.sampled_from(sorted(some)))
        forged = [an_entry(each.seq, content="9" if each.seq == other else "") for each in sender]
        assert compare(account, forged, UNTIL).differs
        assert compare(account, forged, UNTIL).agrees is False


@given(numbers, numbers)
def test_a_restored_side_is_told_what_it_lost(given_: set[int], kept: set[int]) -> None:
    """What the other has and our base does not know is unknown, and no digest is compared then."""
    theirs = account_of(1, [an_entry(seq) for seq in sorted(given_)], UNTIL)
    found = compare(theirs, [an_entry(seq, content="9") for seq in sorted(kept & given_)], UNTIL)
    assert members(found.unknown) == given_ - kept
    assert found.differs == (given_ <= kept and bool(given_))


def a_manifest(statement: Statement | None) -> Manifest:
    orders = orders_batch().manifest
    takes = tuple(map(str, TAKES))
    return replace(orders, kind=Kind.STATEMENT, epoch=0, seq=0, documents=(), statement=statement, takes=takes)


A_STATEMENT = Statement(
    until=UNTIL,
    sent=(nothing_of(1), account_of(2, [an_entry(1), an_entry(2, void=True)], UNTIL)),
    received=(account_of(1, [an_entry(1), an_entry(4)], UNTIL, ((2, 3),)),),
)


@pytest.mark.parametrize("statement", [A_STATEMENT, replace(A_STATEMENT, wanted=True), Statement(until=0)])
def test_a_statement_is_read_as_it_was_written(statement: Statement) -> None:
    manifest = a_manifest(statement)
    assert decode(encode(manifest)) == manifest
    assert b"[]" not in encode(manifest)


def changed(direction: str, **values: object) -> Statement:
    account: Account = getattr(A_STATEMENT, direction)[-1]
    return replace(A_STATEMENT, **{direction: (replace(account, **values),)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "statement",
    [
        changed("received", count=3),
        changed("received", missing=((3, 4),)),
        changed("received", missing=((3, 2),)),
        changed("received", held=((5, 6), (7, 8))),
        changed("received", void=((9, 9),)),
        changed("sent", missing=((9, 9),)),
        changed("sent", digest="x" * 64),
        replace(A_STATEMENT, sent=A_STATEMENT.sent[::-1]),
        replace(A_STATEMENT, received=A_STATEMENT.received * 2),
        None,
    ],
)
def test_a_statement_that_contradicts_itself_is_refused(statement: Statement | None) -> None:
    with pytest.raises(ValueError, match="Every reader would refuse"):
        encode(a_manifest(statement))


def test_a_statement_stands_in_its_own_kind_only() -> None:
    with pytest.raises(ValueError, match="Every reader would refuse"):
        encode(replace(orders_batch().manifest, statement=A_STATEMENT))


def test_kinds_of_later_releases_may_be_named() -> None:
    manifest = replace(orders_batch().manifest, takes=("statement", "something_new"))
    assert decode(encode(manifest)) == manifest
    payload = encode(manifest).replace(b'"something_new"', b'"Some Thing"')
    with pytest.raises(Unreadable):
        decode(payload)
