"""What others wrote, made harmless for terminals and logs: what cannot be seen, or is obeyed, becomes a mark.

A terminal obeys C0 and C1 controls (move up, clear, rename the window), and bidirectional controls let a line read
otherwise than it is. Nothing is dropped: the mark names the character, `<U+202E>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TextIO

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""All but the tab, the end of a line, and what says how the character before it is drawn."""


def visible(text: str) -> str:
    """The text with a mark in place of each character that cannot be seen or is obeyed."""
    return _UNSEEN.sub(_mark, text)


def in_one_line(text: str) -> str:
    """The same of a text that is quoted in a line, and must not look like the next one."""
    return visible(text.replace("\r\n", "\n")).replace("\n", "⏎")


def in_json(text: str) -> str:
    """JSON with the same characters escaped as JSON can: it says the same."""
    return _UNSEEN.sub(_escape, text)


def _mark(found: re.Match[str]) -> str:
    return f"<U+{ord(found[0]):04X}>"


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join("\\u" + units[place : place + 2].hex() for place in range(0, len(units), 2))


class VisibleStream:
    """A text stream on which nothing is written but what can be seen; for the rest it is the one that it is given.

    :ivar unmarked: that one, for bars and colours of our own.
    """

    def __init__(self, unmarked: TextIO) -> None:
        self.unmarked = unmarked

    def write(self, text: str) -> int:
        """Write the text with its marks; so many characters as were given count as written."""
        self.unmarked.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write these texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unmarked, name)
