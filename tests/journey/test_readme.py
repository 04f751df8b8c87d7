"""The README's five minutes as a newcomer types them: every command and every answer, on real servers.

The mail servers are the demo's, the two sites are made by `intergestan setup` and run under it.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journey.typed_page import Terminal, Typed, typed, wait_for
from tests.patience import PATIENCE
from tests.services.cli.conftest import Run, run

__all__ = ["run"]

ROOT = Path(__file__).parents[2]
SECTIONS = {"README.md": "## Five minutes", "README.fr.md": "## Cinq minutes"}
MACHINES = {"README.md": "C.UTF-8", "README.fr.md": "fr_FR.UTF-8"}


def five_minutes(name: str) -> list[Typed]:
    page = (ROOT / name).read_text(encoding="utf-8")
    (section,) = re.findall(rf"^{SECTIONS[name]}.*?(?=^## )", page, re.DOTALL | re.MULTILINE)
    return list(typed(section))


class FirstTerminal:
    """What the demo's mail servers ask to be answered, as it printed that."""

    def __init__(self, log: str) -> None:
        self._imap, self._smtp = (_one(rf"\({name}\) (\S+)", log) for name in ("IMAP", "SMTP"))
        self._passwords = dict(re.findall(r"(\S+@\S+),.* (\S+)$", log, re.MULTILINE))

    def answer(self, question: str, answer: str) -> str:
        if "…" not in answer:
            return answer
        if "(IMAP)" in question:
            return self._imap
        if "(SMTP)" in question:
            return self._smtp
        return next(str(word) for address, word in self._passwords.items() if address in question)


def _one(pattern: str, text: str) -> str:
    (found,) = re.findall(pattern, text)
    return str(found)


@pytest.fixture
def ended() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.timeout(900)  # on a machine with much else to do
@pytest.mark.parametrize("page", ["README.md", pytest.param("README.fr.md", marks=pytest.mark.campaign)])
def test_the_five_minutes(
    page: str, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, ended: ExitStack
) -> None:
    monkeypatch.setenv("LANG", MACHINES[page])
    first, *commands = five_minutes(page)
    terminal = Terminal(tmp_path, run, MACHINES[page])
    log = tmp_path / "demo.log"
    demo = terminal.start(first.command, log)
    ended.callback(demo.wait, PATIENCE)
    ended.callback(demo.send_signal, signal.SIGINT)
    wait_for(demo, log, first.promised)
    terminal.answer_of = FirstTerminal(log.read_text()).answer
    sites = 0
    for command in commands:
        if not command.questions:
            terminal.keep_typing(command)
            continue
        person = terminal.talk(command)
        if "setup" in command.command:
            sites += 1
            ended.callback(person.close)
            ended.callback(person.leave)
        else:
            assert person.ends() == 0, person.seen
    assert sites == 2
    ended.close()
    assert demo.returncode == 0, log.read_text()


def test_the_french_page_has_the_same_commands_and_questions() -> None:
    """So what the English one promises, the French one may; `make campaign` types it, too."""
    english, french = (five_minutes(name) for name in SECTIONS)
    assert [each.command for each in english] == [each.command for each in french]
    for one, other in zip(english, french, strict=True):
        asked_in_english_alone = "setup" in one.command  # for the language
        assert one.questions == other.questions + asked_in_english_alone, one.command
