"""`docs/scenario.md` as a newcomer types it: every command, on two real sites, and every line that it promises."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from gettext import translation
from pathlib import Path

import pytest

from intergestan_operations.language.wording import DOMAIN, LOCALE
from tests.journey.typed_page import Terminal, Typed, keeps, typed, wait_for
from tests.patience import PATIENCE
from tests.services.cli.conftest import Run, run

__all__ = ["run"]

DOCS = Path(__file__).parents[2] / "docs"
STARTING = "intergestan demo "


def commands_of(name: str) -> list[str]:
    return [each.command for each in typed((DOCS / name).read_text(encoding="utf-8"))]


@pytest.mark.timeout(900)  # on a machine with much else to do
@pytest.mark.parametrize(
    ("page", "language"),
    [("scenario.md", "C.UTF-8"), pytest.param("scenario.fr.md", "fr_FR.UTF-8", marks=pytest.mark.campaign)],
)
def test_every_command_does_what_the_page_says(page: str, language: str, tmp_path: Path, run: Run) -> None:
    first, *others = typed((DOCS / page).read_text(encoding="utf-8"))
    commands = others[: first_of_agencies(others)]
    assert first.command.startswith(STARTING)
    terminal, log = Terminal(tmp_path, run, language), tmp_path / "demo.log"
    demo = terminal.start(first.command, log)
    try:
        wait_for(demo, log, first.promised)
        for command in commands:
            terminal.keep_typing(command)
        assert demo.poll() is None, "it runs until Ctrl-C"
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(PATIENCE)
    assert demo.returncode == 0, log.read_text()
    assert len(commands) > 40


@pytest.mark.campaign  # `make test` has the demonstration of agencies as a test of its own
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("page", "language"), [("scenario.md", "C.UTF-8"), ("scenario.fr.md", "fr_FR.UTF-8")])
def test_the_agencies_do_what_the_page_says(page: str, language: str, tmp_path: Path, run: Run) -> None:
    _first, *commands = typed((DOCS / page).read_text(encoding="utf-8"))
    of_agencies = commands[first_of_agencies(commands) :]
    terminal = Terminal(tmp_path, run, language)
    for command in of_agencies:
        terminal.keep_typing(command)
    assert len(of_agencies) > 5


def first_of_agencies(commands: Sequence[Typed]) -> int:
    """Where the commands begin that need no other site; they are the last ones."""
    return next(place for place, each in enumerate(commands) if each.command.startswith(f"{STARTING}--agencies"))


def test_the_french_page_has_the_same_commands() -> None:
    """So what the English one promises, the French one may; `make campaign` types it, too."""
    english = [re.sub("--lang en", "--lang fr", command) for command in commands_of("scenario.md")]
    assert commands_of("scenario.fr.md") == english


def test_the_french_page_has_the_titles_that_are_printed() -> None:
    """`make campaign` alone types it, so a table whose titles get other words would go on standing there."""
    french = translation(DOMAIN, LOCALE, ["fr"]).gettext
    pages = [typed((DOCS / name).read_text(encoding="utf-8")) for name in ("scenario.md", "scenario.fr.md")]
    checked = 0
    for theirs, ours in zip(*pages, strict=True):
        for english, line in zip(theirs.promised, ours.promised, strict=True):
            titles = re.split(r"\s{2,}", english)
            if all(french(title) != title for title in titles):
                assert keeps("  ".join(map(french, titles)), [line]), ours.command
                checked += 1
    assert checked > 9


def test_a_promise_that_is_not_kept_is_seen() -> None:
    output = "Hold  Since\norder-1   today  CFR1  Why.\nEnd."
    assert keeps(output, ["order-1 … CFR1 Why.", "End."])
    assert not keeps(output, ["End.", "order-1 …"]), "the order counts"
    assert not keeps(output, ["order-2 …"])
    assert not keeps(output, ["order-1"])
