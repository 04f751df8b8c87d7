"""Somebody who types at a machine's terminal, answers what is asked, and waits for the prompt."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from typing import Self

PROMPT = re.compile(r"@READY@(\d+)@ $")
_SET_PROMPT = "PS1='@READY''@$?@ '; PS2='> '"  # in two parts, so that its echo is no prompt
_ANSWERS = (
    (re.compile(r"(\w+)@[\w.]+ ?: ?$"), r"password-of-\1"),
    (re.compile(r"\[y/N\]: ?$"), "y"),
)


class Failed(Exception):
    """A command of the page failed, or something is not as the page says."""


class Typist:
    """A shell of root on a machine.

    :param entry: the command that opens a shell there.
    """

    def __init__(self, name: str, entry: list[str]) -> None:
        self.name = name
        self._terminal, inner = pty.openpty()
        self._shell = subprocess.Popen(
            ["setsid", "--ctty", *entry, "bash", "--norc", "-i"],
            stdin=inner,
            stdout=inner,
            stderr=inner,
        )
        os.close(inner)
        self.type(_SET_PROMPT)

    def type(self, command: str, *, seconds: float = 600, may_fail: bool = False) -> str:
        """Type a command and wait for its end; what it printed.

        :raises Failed: it ended with another exit code than 0, or not in time.
        """
        began = time.monotonic()
        os.write(self._terminal, f"{command}\n".encode())
        printed, code = self._read(began + seconds)
        print(f"{self.name} {time.monotonic() - began:6.1f} s  [{code}]  {command}", flush=True)
        if code != "0" and not may_fail:
            raise Failed(f"At {self.name}, «{command}» ended with {code}:\n{printed}")
        return printed

    def _read(self, until: float) -> tuple[str, str]:
        printed, answered = "", 0
        while time.monotonic() < until:
            if select.select([self._terminal], [], [], 0.2)[0]:
                printed += os.read(self._terminal, 65536).decode(errors="replace")
            elif found := PROMPT.search(printed):
                return printed[: found.start()], found[1]
            elif (answer := _answer(printed[answered:])) is not None:
                answered = len(printed)
                os.write(self._terminal, f"{answer}\n".encode())
        return printed, "no end in time"

    def leave(self) -> None:
        """Log out: a machine waits long for a shell before it goes down."""
        if self._shell.poll() is None:
            os.close(self._terminal)
            self._shell.kill()
            self._shell.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.leave()


def _answer(printed: str) -> str | None:
    for question, answer in _ANSWERS:
        if found := question.search(printed):
            return found.expand(answer)
    return None
