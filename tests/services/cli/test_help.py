"""Help: every command has an example that can be typed so, and says nothing in Python's words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from intergestan_msg.typography import french
from services.cli.app import COMMANDS, NAMES
from services.cli.examples import EXAMPLES
from tests.deploy.artefacts import parse_command, whole_command
from tests.services.cli.conftest import Run


def _below(command: Any, path: str = "") -> Iterator[str]:
    for name, found in getattr(command, "commands", {}).items():
        yield f"{path}{name}"
        yield from _below(found, f"{path}{name} ")


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) == set(_below(whole_command()))


@pytest.mark.parametrize("path", sorted(EXAMPLES))
def test_the_example_can_be_typed_so(path: str) -> None:
    words = shlex.split(EXAMPLES[path].partition(" > ")[0])
    assert parse_command(words).startswith(path)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_help_names_pythons_types(run: Run, language: str) -> None:
    for path in EXAMPLES:
        shown = run("--lang", language, *path.split(), "-h")
        assert shown.code == 0
        assert EXAMPLES[path] in shown.out, path
        assert not re.search(r"<(str|int|float|path|list|Path|bool)|range>|x<=|x>=|\bNone\b|\.\.\.\]", shown.out), path


def test_in_french_no_word_of_the_frame_is_english(run: Run) -> None:
    for path in EXAMPLES:
        shown = run("--lang", "fr", *path.split(), "--help").out
        assert not re.search(
            r"\[required|default:|at least|Usage:|\b(TEXT|NUMBER|FILE|Example|COMMAND|completion for)\b|\w:\n", shown
        ), path


def test_the_commands_stand_in_groups(run: Run) -> None:
    shown = run("--help").out
    for title, names in COMMANDS.items():
        assert f"\n{title}:\n" in shown
        assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in names)
    assert sum(map(len, COMMANDS.values())) == len(NAMES)


def test_the_help_of_a_command_is_had_in_three_ways(run: Run) -> None:
    asked = [run("orders", "list", "--help"), run("orders", "list", "-h"), run("help", "orders", "list")]
    assert len({each.out for each in asked}) == 1
    assert {each.code for each in asked} == {0}
    assert run("help").out == run("--help").out
    assert run("help", "orders").out == run("orders", "--help").out
    assert run("help", "nonsense").code == 2
    assert "There is too much: more" in run("help", "up", "more").err


def test_the_release(run: Run) -> None:
    shown = run("--version")
    assert (shown.code, shown.err) == (0, "")
    assert re.fullmatch(r"intergestan \d+\.\d+\.\d+\S*\n", shown.out)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ordres list", "orders, folders"), ("orders lst", "list"), ("partner key lst", "list"), ("stauts", "status")],
)
def test_a_command_that_is_almost_right(run: Run, typed: str, meant: str) -> None:
    assert f"Did you mean {meant}?" in run(*typed.split()).err
    assert french(f"Vouliez-vous dire {meant} ?") in run("--lang", "fr", *typed.split()).err
