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
    clipped,
    contains,
    count,
    gaps,
    is_orderly,
    ranges_of,
    shown,
    subtract,
    union,
)
from intergestan_msg.statement import (
    START,
    Account,
    Beginning,
    Comparison,
    Entry,
    Statement,
    account_of,
    compare,
    longer,
    nothing_of,
)
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
        (clipped(one, 30), {number for number in some if number <= 30}),
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


fates = st.lists(
    st.tuples(st.sampled_from(["there", "there", "there", "lost", "held", "void"]), st.integers(0, 10)), max_size=30
)
"""Of the numbers from 1 on: what became of each, and when it was composed."""


@given(fates, st.lists(st.integers(0, 12), max_size=4), st.integers(0, 12), st.integers(1, 9), st.data())
def test_who_goes_on_from_a_beginning_says_what_who_counts_all_says(
    fates: list[tuple[str, int]], when: list[int], until: int, most: int, data: st.DataObject
) -> None:
    """Whatever the beginning was made of, in however many pieces, and whatever the partner has of it."""
    entries = [
        Entry(seq, None if fate == "held" else f"{seq:064}", 0 if fate == "held" else composed, fate == "void")
        for seq, (fate, composed) in enumerate(fates, 1)
        if fate != "lost"
    ]
    accounts = [None, *(data.draw(_accounts(entries)) for _ in range(2))]
    beginning = START
    said = data.draw(st.sampled_from(accounts))
    for instant in when:
        settled = data.draw(st.integers(0, instant))
        beginning = longer(beginning, entries, instant, settled, most, said)
    rest = [each for each in entries if each.seq > beginning.up_to or each.digest is None]
    if beginning.serves_account(until):
        assert account_of(1, rest, until, (), beginning) == account_of(1, entries, until)
    for account in filter(None, accounts):
        if beginning.serves_comparison(account, until):
            assert compare(account, rest, until, beginning) == compare(account, entries, until)
    if said is not None:
        assert beginning.serves_comparison(said, max(when, default=0))
    else:
        assert beginning.serves_account(max(when, default=0))


def _accounts(entries: list[Entry]) -> st.SearchStrategy[Account]:
    """What a partner may have of them, and of what we have not, with their content or another."""
    some = st.sets(st.sampled_from(range(1, 33)))
    digests = st.sampled_from(["0", "9"])

    def account(without: set[int], content: str, others: set[int]) -> Account:
        theirs = [each for each in entries if each.seq not in without and each.digest is not None]
        listed = [replace(each, void=False, composed=0) for each in theirs]
        strange = [Entry(seq, content * 64, 0) for seq in others if seq not in {each.seq for each in entries}]
        return account_of(1, sorted([*listed, *strange], key=lambda each: each.seq), 99)

    return st.builds(account, some, digests, st.one_of(st.just(set[int]()), some))


def test_a_beginning_ends_before_what_may_come_still() -> None:
    """A mail that is lost comes within hours: were it left out of a beginning, all would be counted anew then."""
    entries = [an_entry(seq, composed=100 * seq) for seq in (1, 2, 4, 5)]
    assert longer(START, entries, 600, 300, 99).up_to == 2
    assert longer(START, entries, 600, 400, 99).up_to == 4
    assert longer(START, entries, 150, 0, 99).up_to == 1
    assert longer(START, entries, 600, 400, 3).up_to == 4
    assert longer(START, entries, 600, 400, 1).up_to == 1
    held = [an_entry(1, composed=100), Entry(2, None, 0), an_entry(3, composed=300)]
    assert longer(START, held, 600, 200, 99).up_to == 1
    assert longer(START, held, 600, 300, 99).complete == ((1, 1), (3, 3))
    theirs = account_of(1, [entries[0], entries[2]], 600)
    assert longer(START, entries, 600, 100, 99, theirs).up_to == 1
    assert longer(START, entries, 600, 450, 99, theirs).hashed == ((1, 1), (4, 4))


def test_a_beginning_that_lists_other_numbers_serves_nobody() -> None:
    entries = [an_entry(seq, composed=seq) for seq in range(1, 9)]
    without = account_of(1, [each for each in entries if each.seq != 3], 9)
    ours = longer(START, entries, 9, 9, 99)
    assert ours.serves_account(8)
    assert not ours.serves_account(7)
    assert not ours.serves_comparison(without, 9)
    theirs = longer(START, entries, 9, 9, 99, without)
    assert theirs.serves_comparison(without, 9)
    assert not theirs.serves_account(9)
    assert isinstance(theirs, Beginning)


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
