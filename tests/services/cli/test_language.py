"""French and English: every text has its translation."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from intergestan_msg.typography import french
from intergestan_operations.language import texts
from services.cli.app import build
from tests.patience import PATIENCE
from tests.services.cli.conftest import Run


def commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{path} {name}".strip())


def test_every_help_is_a_text_of_the_catalogue() -> None:
    """What the sources say is what Typer shows: nothing is left out of the catalogue."""
    known = {message.id for message in texts.read()}
    for path, command in commands(typer.main.get_command(build())):
        assert command.help in known, path
        for parameter in command.params:
            text = getattr(parameter, "help", None)
            assert text in known, f"{path} {parameter.name}"


def test_help_in_both_languages(run: Run) -> None:
    english, in_french = (run("--lang", language, "partner", "--help").out for language in ("en", "fr"))
    assert "The sites we trust." in english
    assert "Les correspondants." in in_french
    assert french("Usage :") in in_french


@pytest.mark.not_quick
def test_completion() -> None:
    asked = {"_INTERGESTAN_COMPLETE": "complete_bash", "COMP_WORDS": "intergestan ord", "COMP_CWORD": "1"}
    program = [sys.executable, "-m", "services.cli"]
    ran = subprocess.run(program, env=os.environ | asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.stdout.split() == ["orders"]
