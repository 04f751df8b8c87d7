"""Keys that differ by upper and lower case alone, as people enter them. Pure.

Keys are kept in NFC (`intergestan_msg.identity`), and there upper and lower case count: two numbers that differ by
that are two. Whoever enters the second is told, because it may be a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable

from intergestan_db.problem import Problem, ProblemCode
from intergestan_msg.identity import case_key


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
                    ProblemCode.DOUBT,
                    new=key,
                    known=other,
                )
            )
    return doubts
