"""How far something is: a bar on a terminal when it takes longer than a second, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from intergestan_operations.language.language import _
from intergestan_runtime.visible_text import VisibleStream
from services.cli.output import say

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

SOON = 1.0  # seconds that need no word
BETWEEN_LINES = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5


@dataclass(frozen=True, slots=True)
class Far:
    """How far: so many of so many, and whether that is all."""

    done: int
    total: int
    is_over: bool


class Progress:
    """Shows how far `text` is, on standard error. A context manager."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._began = time.monotonic()
        self._next_line = self._began + SOON
        self._bars: Bars | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def show(self, done: int, total: int) -> None:
        """So many of so many."""
        now = time.monotonic()
        if now - self._began < SOON:
            return
        if sys.stderr.isatty():
            self._show_bar(done, total)
        elif now >= self._next_line:
            self._next_line = now + BETWEEN_LINES
            say(_("{text}: {done} of {total}").format(text=self._text, done=done, total=total))

    def _show_bar(self, done: int, total: int) -> None:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import Progress as Bars

            unmarked = sys.stderr.unmarked if isinstance(sys.stderr, VisibleStream) else sys.stderr
            self._bars = Bars(console=Console(file=unmarked), transient=True)
            self._bars.start()
            self._bars.add_task(self._text, total=total)
        self._bars.update(self._bars.task_ids[0], completed=done, total=total)


def wait(text: str, look: Callable[[], Far], seconds: float) -> bool:
    """Look again and again until it is over; False when that took too long."""
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    with Progress(text) as progress:
        while not (far := look()).is_over:
            if time.monotonic() >= deadline:
                return False
            progress.show(far.done, far.total)
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    return True
