"""Payment terms as people write them, part by part: `30`, `30+eom`, `eom+45`, `30=0`, `70=30+eom@10`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from intergestan_db.enums import EndOfMonth
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.terms.due import TermLine
from intergestan_msg.money import plain

_END = "(?:eom|fdm)"
"""End of month, fin de mois."""
_WHEN = re.compile(
    rf"(?:(?P<days>[0-9]{{1,4}})(?P<after>\+{_END})?|(?P<before>{_END}\+)(?P<more>[0-9]{{1,4}}))"
    r"(?:@(?P<on>[0-9]{1,2}))?"
)


def read_part(text: str, read_percent: Callable[[str], Decimal]) -> TermLine:
    """A part of a term: `PERCENT=WHEN`, or `WHEN` for the whole.

    :param read_percent: the reader of numbers, with what is known of their decimal mark.
    :raises Problem: the text is none.
    """
    share, has_share, when = text.rpartition("=")
    found = _WHEN.fullmatch("".join(when.split()).lower())
    if found is None or (has_share and not share.strip()):
        raise Problem(
            "«{text}» is no part of a payment term: write the days, like 30, 30+eom, eom+45 or 30+eom@10, with the "
            "percents before them where there are several parts, like 40=30.",
            ProblemCode.NO_TERM,
            text=text,
        )
    counted = EndOfMonth.BEFORE if found["before"] else EndOfMonth.AFTER if found["after"] else EndOfMonth.NO
    percent = read_percent(share.strip().removesuffix("%")) if has_share else Decimal(100)
    return TermLine(percent, int(found["days"] or found["more"]), counted, int(found["on"]) if found["on"] else None)


def written(line: TermLine) -> str:
    """A part as `read_part` reads it."""
    when = {
        EndOfMonth.NO: f"{line.days}",
        EndOfMonth.AFTER: f"{line.days}+eom",
        EndOfMonth.BEFORE: f"eom+{line.days}",
    }[line.end_of_month]
    on = "" if line.on_day is None else f"@{line.on_day}"
    return f"{plain(line.percent)}={when}{on}"
