"""What a person wrote that cannot be read as what it should be."""

from __future__ import annotations

from typing import Any

from intergestan_db.problem import Act, Problem, ProblemCode


class Unreadable(Problem):
    """Why a text is not what stands there for, and how to write it; whoever shows it knows the place."""

    def __init__(
        self, template: str, code: ProblemCode = ProblemCode.UNREADABLE, acts: tuple[Act, ...] = (), /, **values: Any
    ) -> None:
        super().__init__(template, code, acts, **values)


def shown(text: str) -> str:
    """A text as a sentence can quote it: in one line, and not without end."""
    line = text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\r", "⏎").replace("\t", "⇥")
    return line if len(line) <= _MOST else f"{line[:_MOST]}…"


_MOST = 60
