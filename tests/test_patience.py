"""The tests have one way to wait, and one place for their deadlines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import ENOUGH, PATIENCE, Slowness, TooLate, eventually, patient

TESTS = Path(__file__).parent
OF_THEIR_OWN = ("patience.py", "test_patience.py", "chaos/", "deploy/clean_system/", "servers/fake_clock_site/")
"""Two are programs that a person starts: `chaos` has a patience of its own, which it reports (docs/proof.md). The last
one is what a process with another clock sleeps by."""
HASTY = re.compile(
    r"monotonic\(\) \+"
    r"|\b(?:connect_)?timeout=\d"
    r"|\.(?:wait|join|result)\([1-9]\d*\)"
    r"|monotonic\(\) - \w+ <=? \d"
)


def test_what_comes_is_given() -> None:
    found = iter(["", "", "here"])
    assert eventually(lambda: next(found)) == "here"


def test_what_does_not_come_is_named() -> None:
    with pytest.raises(TooLate, match=r"after .* s: the post$"):
        eventually(lambda: False, 0.001, "the post")
    with pytest.raises(TooLate, match="3 of 4"):
        eventually(lambda: False, 0.001, lambda: "3 of 4")
    with pytest.raises(TooLate, match=rf"{re.escape(__file__)}:\d+$"):
        eventually(lambda: False, 0.001)


def test_one_setting_stretches_every_deadline() -> None:
    program = "from tests.patience import ENOUGH, PATIENCE, patient; print(PATIENCE / ENOUGH, patient(2))"
    environment = {**os.environ, "INTERGESTAN_PATIENCE": "2.5"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=TESTS.parent, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["7.5", "5.0"]
    assert patient(3 * ENOUGH) == PATIENCE


def test_the_time_limit_of_a_test_is_stretched(request: pytest.FixtureRequest) -> None:
    usual = float(request.config.getini("timeout"))
    mark = request.node.get_closest_marker("timeout")
    assert mark is not None
    assert mark.args == (patient(request.config.option.timeout or usual),)


def test_slowness_is_one_where_nothing_else_runs_and_never_less() -> None:
    with Slowness() as slowness:
        eventually(lambda: slowness.cpu)
    assert slowness.factor >= 1


def test_no_test_has_a_deadline_of_its_own() -> None:
    hasty = [
        f"{file.relative_to(TESTS)}:{number}: {line.strip()}"
        for file in sorted(TESTS.rglob("*.py"))
        if not str(file.relative_to(TESTS)).startswith(OF_THEIR_OWN)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if HASTY.search(line)
    ]
    assert not hasty, "\n".join(hasty)
