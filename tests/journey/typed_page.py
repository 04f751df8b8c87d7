"""A page of the documentation as a newcomer types it: its commands, what they promise, and the terminal.

A console block has `$ command` with `> ` for its further lines, then what is promised of it; `…` stands for anything.
What a command asks at the terminal stands there as `question: answer`, up to the last question for a yes or no.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests import warm
from tests.at_terminal import Person
from tests.patience import PATIENCE, eventually
from tests.services.cli.conftest import Run
from tests.tester_disk import ROOMY_ENVIRONMENT

READING = {"list", "show", "status", "differences", "match", "undelivered", "trace", "--dry-run"}
"""Who types these and does not see it yet, types them again; all else is typed once."""
_YES_OR_NO = re.compile(r"\[[yo]/N\]\s?: [yon]$")


@dataclass
class Typed:
    """A command with the lines that are promised of it."""

    command: str
    promised: list[str] = field(default_factory=list)

    @property
    def questions(self) -> int:
        """How many of the lines are questions with their answers; what is promised comes behind them."""
        return max((place for place, line in enumerate(self.promised, 1) if _YES_OR_NO.search(line)), default=0)


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


def keeps(output: str, promised: Sequence[str]) -> bool:
    """Whether the promised lines stand in the output, in this order; `…` stands for anything, white space is one."""
    lines = iter(" ".join(line.split()) for line in output.splitlines())
    patterns = [re.compile(rf"\s*{pattern(line)}\s*") for line in promised]
    return all(any(each.fullmatch(line) for line in lines) for each in patterns)


def pattern(promised: str) -> str:
    """A regular expression for a promised line."""
    return ".*?".join(re.escape(" ".join(part.split())) for part in promised.split("…"))


class Terminal:
    """A shell in a folder, where `intergestan` is ours.

    What is an alias with plain words runs in this process, which saves a second each; the shell runs the rest.

    :param language: of the machine, as LANG has it.
    :ivar answer_of: what is typed, by the question and the answer that the page has.
    """

    def __init__(self, folder: Path, run: Run, language: str = "C.UTF-8") -> None:
        self.folder = folder
        self._run = run
        self._aliases: dict[str, str] = {}
        self.answer_of: Callable[[str, str], str] = lambda _question, answer: answer
        program = folder / "bin" / "intergestan"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m services.cli "$@"\n')
        program.chmod(0o755)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("INTERGESTAN_", "LC_"))},
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": language,
            "LANGUAGE": "",
            **ROOMY_ENVIRONMENT,
        }

    def type(self, command: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        name, _, rest = command.partition(" ")
        if name == "alias":
            alias, _, meaning = rest.partition("=")
            (self._aliases[alias],) = shlex.split(meaning)
            return 0, ""
        if name in self._aliases and not set(rest) & set(";|<>$"):
            ran = self._run(*self._words(command), cwd=self.folder)
            return ran.code, ran.out + ran.err
        return self._by_shell(command)

    def reads(self, command: str) -> bool:
        """Whether it only looks, so that one may look again."""
        return command.split(maxsplit=1)[0] in self._aliases and bool(READING & set(command.split()))

    def keep_typing(self, command: Typed) -> None:
        """Type it, and see what is promised."""
        code, output = 0, ""

        def kept() -> bool:
            nonlocal code, output
            code, output = self.type(command.command)
            return keeps(output, command.promised)

        def promise() -> str:
            return f"$ {command.command}\n{output}\n--- promised:\n{command.promised}"

        if self.reads(command.command):
            eventually(kept, what=promise, every=0.5)
        else:
            assert kept(), promise()
        assert code == 0, f"$ {command.command}\n{output}"

    def talk(self, command: Typed) -> Person:
        """Type a command that asks, answer, and see what is promised. The program may go on at the terminal."""
        *before, last = command.command.split(" && ")
        folder = self.folder
        for each in before:
            self._by_shell(each)
            if each.startswith("cd "):
                folder /= each.removeprefix("cd ")
        person = Person(self._words(last), folder, self.environment)
        for line in command.promised[: command.questions]:
            question, answer = _split(line)
            person.waits_for(pattern(question) + " ")  # behind it, what was typed too early is forgotten
            person.answer(self.answer_of(question, answer))
        for line in command.promised[command.questions :]:
            person.waits_for(pattern(line))
        return person

    def start(self, command: str, log: Path) -> subprocess.Popen[bytes]:
        """Start `intergestan …`, which runs on."""
        with log.open("wb") as output:
            return warm.FamilyPopen[bytes](
                [sys.executable, "-m", "services.cli", *self._words(command)],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=output,
            )

    def _words(self, command: str) -> list[str]:
        """The arguments of `intergestan`."""
        name, _, rest = command.partition(" ")
        _program, *words = shlex.split(f"{self._aliases.get(name, name)} {rest}")
        return words

    def _by_shell(self, command: str) -> tuple[int, str]:
        aliases = "".join(f"alias {name}={shlex.quote(meaning)}\n" for name, meaning in self._aliases.items())
        run = subprocess.run(
            ["bash"],
            input=f"shopt -s expand_aliases\n{aliases}{command}\n",
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return run.returncode, run.stdout


def _split(line: str) -> tuple[str, str]:
    """A question with its colon, and the answer behind it."""
    if line.rstrip().endswith(":"):
        return line, ""
    question, colon, answer = line.rpartition(": ")
    return question + colon.rstrip(), answer


def wait_for(process: subprocess.Popen[bytes], log: Path, promised: Sequence[str]) -> None:
    """Until a program that runs on has said it."""

    def is_kept() -> bool:
        assert process.poll() is None, log.read_text()
        return keeps(log.read_text(), promised)

    eventually(is_kept, what=log.read_text, every=0.2)
