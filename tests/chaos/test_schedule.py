"""The schedule is the seed's; the table says what happened."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from tests.chaos.campaign import faults_for
from tests.chaos.faults import OFF, catalogue
from tests.chaos.oracle import Verdict
from tests.chaos.schedule import schedule
from tests.chaos.tally import Outcome, Tally
from tests.chaos.world import KINDS

FAULTS = list(catalogue().values())


def drawn(seed: int, steps: int = 200) -> list[str]:
    return [" + ".join(map(str, step)) for step in islice(schedule(seed, FAULTS), steps)]


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_every_fault_comes_alone_and_pairs_come_between() -> None:
    steps = list(islice(schedule(7, FAULTS), 2 * len(FAULTS)))
    alone = {step[0].fault.name for step in steps if len(step) == 1}
    assert alone == {fault.name for fault in FAULTS}
    pairs = [step for step in steps if len(step) == 2]
    assert len(pairs) >= len(FAULTS) // 3
    assert not any(first.fault.touches & second.fault.touches for first, second in pairs)
    assert all(step[-1].begins <= max(1.0, step[0].seconds) for step in steps)


def test_what_is_off_exists_and_is_said() -> None:
    assert OFF.keys() <= catalogue().keys()
    tally = Tally("sqlite", "abc")
    names = {fault.name for fault in faults_for("sqlite", (), tally)}
    assert not names & OFF.keys()
    assert "power cut" in names | tally.not_tried.keys()
    assert not any(name.startswith("postgres") for name in names)
    assert {fault.name for fault in faults_for("postgresql", (), Tally("postgresql", ""))} - names


def test_a_fault_that_is_off_can_be_asked_for() -> None:
    names = ["seller restored", "mail lost"]
    assert [fault.name for fault in faults_for("sqlite", names, Tally("sqlite", ""))] == [
        "mail lost",
        "seller restored",
    ]
    with pytest.raises(ValueError, match="No such fault: rain"):
        faults_for("sqlite", ["rain"], Tally("sqlite", ""))


def test_the_table_and_the_line_of_json() -> None:
    tally = Tally("sqlite", "abc", seeds=[7], seconds=61.4, forged=30, worlds=1)
    tally.outcomes = [
        Outcome(("mail lost",), 10, 44.0, Verdict(), frozenset({"watch: SequenceGap"})),
        Outcome(("mail lost",), 12, 50.0, Verdict()),
        Outcome(("mail lost", "redis full"), 3, 12.5, Verdict()),
    ]
    assert tally.is_clean
    facts = json.loads(tally.json())
    assert (facts["faults"], facts["orders"], facts["lost"], facts["worst_recovery_s"]) == (4, 25, 0, 50.0)
    assert {"seconds", "seeds", "doubled", "altered", "injected"} <= facts.keys()
    lines = tally.table().splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        *("mail lost", "2", "22", "0", "0", "0", "0", "47.0", "50.0", "watch: SequenceGap")
    ]
    assert lines[3].startswith("| mail lost + redis full | 1 ")


@pytest.mark.parametrize("word", ["lost", "doubled", "altered", "injected"])
def test_one_wrong_order_fails_the_run(word: str) -> None:
    tally = Tally("sqlite", "abc")
    tally.outcomes = [Outcome(("mail cut",), 10, None, Verdict(**{word: {"PO1": "why"}}))]
    assert not tally.is_clean
    assert tally.facts()[word] == 1
    assert " never " in tally.table()


def test_a_run_that_tried_nothing_or_broke_off_is_not_clean() -> None:
    assert not Tally("sqlite", "abc").is_clean
    broken = Tally("sqlite", "abc", broken=["mail lost: OSError"])
    broken.outcomes = [Outcome(("mail lost",), 1, 1.0, Verdict())]
    assert not broken.is_clean
    assert "not brought to its end: mail lost: OSError" in broken.table()


def test_both_kinds_of_database_have_their_faults() -> None:
    assert KINDS == ("sqlite", "postgresql")
