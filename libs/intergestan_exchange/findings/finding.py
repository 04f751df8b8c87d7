"""What was found about a mail or an order, and how the columns `detail` keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from intergestan_db.enums import HoldReason
from intergestan_msg.diagnosis import Diagnosis
from intergestan_msg.plain_text import MOST_QUOTED, cut
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a mail or an order; `findings.py` makes sentences of it.

    What others wrote may be without end; a finding has `MOST_QUOTED` characters of it.

    :ivar values: what the sentence of this reason and variant speaks of, as text.
    :ivar line_id: the buyer's line id, if it is about one line.
    :ivar diagnosis: what its value `error` says in English, for other languages; None for what a server of others said,
        and for what earlier releases found.
    """

    reason: HoldReason
    values: Mapping[str, str] = field(default_factory=dict)
    line_id: str | None = None
    variant: str | None = None
    diagnosis: Diagnosis | None = None

    def __post_init__(self) -> None:
        if any(len(value) > MOST_QUOTED for value in self.values.values()):
            object.__setattr__(self, "values", {name: cut(value) for name, value in self.values.items()})
        if self.line_id is not None:
            object.__setattr__(self, "line_id", cut(self.line_id))


def diagnosed(reason: HoldReason, error: Diagnosis, *, variant: str | None = None, **values: str) -> Finding:
    """A finding about what is wrong with a message, in whose sentence `error` stands."""
    return Finding(reason, {"error": error.said("en"), **values}, variant=variant, diagnosis=error)


_FINDINGS = Shape(tuple[Finding, ...])


def write_findings(findings: Sequence[Finding]) -> str:
    """Findings as the JSON that stands in the `detail` columns."""
    return msgspec.json.encode(findings).decode()


def read_findings(detail: str) -> tuple[Finding, ...]:
    """Findings from a `detail` column."""
    return _FINDINGS.decode(detail)
