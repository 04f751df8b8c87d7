"""Keys as they come in: in NFC, so that one number is one order on every base (`intergestan_msg.identity`).

Upper and lower case count: two numbers that differ by that are two. Whoever enters the second is told, because it may
be a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable

from intergestan_db.problem import Problem
from intergestan_msg.identity import case_key, nfc

__all__ = ["case_doubts", "case_key", "nfc"]


def case_doubts(there: Iterable[str], entered: Iterable[str]) -> list[Problem]:
    """A sentence for each key entered that differs from another by upper and lower case alone.

    :param there: the keys that were there before; `entered`: those that came now, some of them perhaps again.
    """
    known = set(there)
    first = {case_key(key): key for key in sorted(known, reverse=True)}
    doubts = []
    for key in dict.fromkeys(entered):
        other = first.setdefault(case_key(key), key)
        if key not in known and other != key:
            doubts.append(
                Problem(
                    "Warning: {new} differs from {known} by upper and lower case alone; they are two. A typing error?",
                    new=key,
                    known=other,
                )
            )
    return doubts
