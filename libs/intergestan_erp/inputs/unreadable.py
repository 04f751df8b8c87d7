"""What a person wrote that cannot be read as what it should be."""

from __future__ import annotations

from intergestan_db.problem import Problem


class Unreadable(Problem):
    """Why a text is not what stands there for, and how to write it; whoever shows it knows the place."""


def shown(text: str) -> str:
    """A text as a sentence can quote it: in one line, and not without end."""
    line = text.replace("\r\n", "⏎").replace("\n", "⏎").replace("\r", "⏎").replace("\t", "⇥")
    return line if len(line) <= _MOST else f"{line[:_MOST]}…"


_MOST = 60
