"""`docs/scenario.md` as a newcomer types it: every command, on two real sites, and every line that it promises."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import warm
from tests.patience import PATIENCE, eventually
from tests.services.cli.conftest import Run, run

__all__ = ["run"]

PAGE = Path(__file__).parents[2] / "docs" / "scenario.md"
READING = {"list", "show", "status", "differences", "match", "undelivered", "trace"}
"""Who types these and does not see it yet, types them again; all else is typed once."""
STARTING = "intergestan demo "


@dataclass
class Typed:
    """A command with the lines that are promised of it."""

    command: str
    promised: list[str] = field(default_factory=list)


def typed(page: str) -> Iterator[Typed]:
    """The commands of all console blocks, in order."""
    for block in re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        command: Typed | None = None
        for line in block.splitlines():
            if line.startswith("$ "):
                if command is not None:
                    yield command
                command = Typed(line.removeprefix("$ "))
            elif command is not None and line.startswith("> "):
                command.command += "\n" + line.removeprefix("> ")
            elif command is not None:
                command.promised.append(line)
        if command is not None:
            yield command


def keeps(output: str, promised: list[str]) -> bool:
    """Whether the promised lines stand in the output, in this order; `…` stands for anything, white space is one."""
    lines = iter(" ".join(line.split()) for line in output.splitlines())
    patterns = [".*".join(re.escape(" ".join(part.split())) for part in line.split("…")) for line in promised]
    return all(any(re.fullmatch(rf"\s*{pattern}\s*", line) for line in lines) for pattern in patterns)


class Terminal:
    """A shell in a folder, where `intergestan` is ours.

    What is an alias with plain words runs in this process, which saves a second each; the shell runs the rest.
    """

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        self._run = run
        self._aliases: dict[str, str] = {}
        program = folder / "bin" / "intergestan"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m services.cli "$@"\n')
        program.chmod(0o755)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("INTERGESTAN_")},
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        }

    def type(self, command: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        name, _, rest = command.partition(" ")
        if name == "alias":
            alias, _, meaning = rest.partition("=")
            (self._aliases[alias],) = shlex.split(meaning)
            return 0, ""
        if name in self._aliases and not set(rest) & set(";|<>$"):
            _program, *words = shlex.split(f"{self._aliases[name]} {rest}")
            ran = self._run(*words, cwd=self._folder)
            return ran.code, ran.out + ran.err
        return self._by_shell(command)

    def _by_shell(self, command: str) -> tuple[int, str]:
        aliases = "".join(f"alias {name}={shlex.quote(meaning)}\n" for name, meaning in self._aliases.items())
        run = subprocess.run(
            ["bash"],
            input=f"shopt -s expand_aliases\n{aliases}{command}\n",
            cwd=self._folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return run.returncode, run.stdout

    def start(self, command: str, log: Path) -> subprocess.Popen[bytes]:
        """Start `intergestan …`, which runs on."""
        _program, *words = shlex.split(command)
        with log.open("wb") as output:
            return warm.FamilyPopen[bytes](
                [sys.executable, "-m", "services.cli", *words],
                cwd=self._folder,
                env=self.environment,
                stdout=output,
                stderr=output,
            )


def reads(command: str) -> bool:
    return command.split(maxsplit=1)[0] in {"base", "shop"} and bool(READING & set(command.split()))


def keep_typing(terminal: Terminal, command: Typed) -> None:
    code, output = 0, ""

    def kept() -> bool:
        nonlocal code, output
        code, output = terminal.type(command.command)
        return keeps(output, command.promised)

    def promise() -> str:
        return f"$ {command.command}\n{output}\n--- promised:\n{command.promised}"

    if reads(command.command):
        eventually(kept, what=promise, every=0.5)
    else:
        assert kept(), promise()
    assert code == 0, f"$ {command.command}\n{output}"


def wait_for(process: subprocess.Popen[bytes], log: Path, promised: list[str]) -> None:
    def is_kept() -> bool:
        assert process.poll() is None, log.read_text()
        return keeps(log.read_text(), promised)

    eventually(is_kept, what=log.read_text, every=0.2)


@pytest.fixture
def terminal(tmp_path: Path, run: Run) -> Terminal:
    return Terminal(tmp_path, run)


@pytest.mark.timeout(900)  # on a machine with much else to do
def test_every_command_does_what_the_page_says(terminal: Terminal, tmp_path: Path) -> None:
    first, *commands = typed(PAGE.read_text(encoding="utf-8"))
    assert first.command.startswith(STARTING)
    log = tmp_path / "demo.log"
    demo = terminal.start(first.command, log)
    try:
        wait_for(demo, log, first.promised)
        for command in commands:
            keep_typing(terminal, command)
        assert demo.poll() is None, "it runs until Ctrl-C"
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(PATIENCE)
    assert demo.returncode == 0, log.read_text()
    assert len(commands) > 40


def test_a_promise_that_is_not_kept_is_seen() -> None:
    output = "Hold  Since\norder-1   today  CFR1  Why.\nEnd."
    assert keeps(output, ["order-1 … CFR1 Why.", "End."])
    assert not keeps(output, ["End.", "order-1 …"]), "the order counts"
    assert not keeps(output, ["order-2 …"])
    assert not keeps(output, ["order-1"])
