"""How much a child may take, and what it reads with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may cost.

    :ivar memory_bytes: beside what the child begins with.
    :ivar wall_seconds: from the question to the end of the answer, however the child spends them.
    :ivar answer_bytes: of the answer, before anything of it is looked at.
    """

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    answer_bytes: int


@dataclass(frozen=True, slots=True)
class LimitedReader:
    """What children do.

    :ivar function: `package.module:name`. It takes a question and the bytes of what is to be read, and gives the
        answer, in bytes. What it raises ends its child.
    :ivar preload: modules that the function imports later.
    """

    function: str
    limits: Limits
    preload: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Where the function is."""
        return self.function.partition(":")[0]
