"""The programs of a site: one folder each, with the same file names."""

import atexit
import gc
from collections.abc import Mapping

_AT_START = 300_000
"""New objects before garbage is first looked for. A start makes 170 000 to 250 000 that stay; to look through them
after each 50 000 took a seventh of it."""
_LATER = 50_000
"""Python's own 700 would look ten times a second. Garbage with cycles is rare here and may wait (ADR 0022)."""


def after_the_first_look(phase: str, _info: Mapping[str, int]) -> None:
    """What is left after the first look is there to stay, and is never looked through again."""
    if phase == "stop":
        gc.callbacks.remove(after_the_first_look)
        gc.freeze()
        gc.set_threshold(_LATER)


gc.set_threshold(_AT_START)
gc.callbacks.append(after_the_first_look)
atexit.register(gc.freeze)
"""When it ends, the interpreter looks for garbage among them several times more, though the system takes back all that
it has: a fifth of what a command costs. What is frozen it leaves alone. Registered first, this is what runs last.
"""
