"""French as it is printed: spaces before the high signs that no line breaks at, one apostrophe. Pure.

The rules are those of the Imprimerie nationale: U+00A0 inside guillemets and before a colon, U+202F before ; ! and ?.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

NO_BREAK: Final = "\u00a0"
NARROW: Final = "\u202f"

_SPACES = f"[ {NO_BREAK}{NARROW}]"
_TYPED = re.compile(r"(`[^`]*`|https?://\S+)")
"""What is typed or clicked, and thus stays as it is."""
_RULES = (
    (re.compile(f"«{_SPACES}*"), f"«{NO_BREAK}"),
    (re.compile(f"{_SPACES}*»"), f"{NO_BREAK}»"),
    (re.compile(f"{_SPACES}+([;!?])"), rf"{NARROW}\1"),
    (re.compile(f"{_SPACES}+:"), f"{NO_BREAK}:"),
    (re.compile("’"), "'"),
)


def printed(text: str, language: str) -> str:
    """A text, or the template of one, as it is printed in `fr` or `en`."""
    return french(text) if language == "fr" else text


@lru_cache(maxsize=4096)
def french(text: str) -> str:
    """The text with French spaces; commands between backticks and addresses stay as they are."""
    parts = _TYPED.split(text)
    for index in range(0, len(parts), 2):
        for pattern, put in _RULES:
            parts[index] = pattern.sub(put, parts[index])
    return "".join(parts)
