"""What a check of `doctor` found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.cli.context import Call


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; `cure` says what to do when it is not `ok`."""

    subject: str
    ok: bool
    text: str
    cure: str | None = None


Check = Callable[[Call], Iterator[Finding]]
