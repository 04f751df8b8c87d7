"""A person at a terminal: what a program asks there, and what is typed."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import warm
from tests.patience import PATIENCE, eventually


class Person:
    """Somebody at a terminal at which a program of ours runs."""

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        try:
            termios.tcsetwinsize(theirs, (50, 200))
            self.process = warm.FamilyPopen[bytes](
                [sys.executable, "-m", "services.cli", *command],
                cwd=folder,
                env=environment,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        self.seen = ""
        self._answered = 0

    def waits_for(self, asked: str) -> None:
        """Until this is on the screen, below the last answer; a regular expression, in which white space is one."""
        found: re.Match[str] | None = None

        def is_asked() -> bool:
            nonlocal found
            found = re.search(asked, self._below())
            if found is None and not self._look():
                raise AssertionError(f"It ended, and did not say {asked}\n--- on the screen:\n{self.seen}")
            return found is not None

        eventually(is_asked, what=lambda: f"{asked}\n--- on the screen:\n{self.seen}", every=0)
        assert found is not None
        self._answered += found.end()

    def answer(self, text: str) -> None:
        """Type it, and Enter."""
        os.write(self._ours, f"{text}\n".encode())

    def ends(self) -> int:
        """Its exit code, once it has ended by itself."""
        eventually(lambda: not self._look(), what=lambda: f"It does not end.\n--- on the screen:\n{self.seen}", every=0)
        return self.process.wait(PATIENCE)

    def leave(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it, as Ctrl-C does, pressed again where nothing comes of it; its exit code."""

        def is_gone() -> bool:
            if self.process.poll() is None:
                self.process.send_signal(how)
            return not all(self._look() for _ in range(20))

        eventually(is_gone, what=lambda: f"It does not end.\n--- on the screen:\n{self.seen}", every=0)
        return self.ends()

    def close(self) -> None:
        """The window is closed; what runs there still, ends."""
        os.close(self._ours)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)

    def _below(self) -> str:
        return re.sub(r"\s+", " ", self.seen)[self._answered :]

    def _look(self, patience: float = 0.2) -> bool:
        """Whether there may be more to be seen: of a program that has ended, what it wrote before.

        Something that it started may have the terminal still, and say nothing.
        """
        if not select.select([self._ours], [], [], patience)[0]:
            return self.process.poll() is None
        try:
            some = os.read(self._ours, 65536)
        except OSError:  # EIO: nobody has the other end any more
            return False
        self.seen += some.decode(errors="replace")
        return bool(some)
