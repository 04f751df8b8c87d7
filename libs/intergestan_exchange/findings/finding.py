"""What was found about a mail or an order, and how the columns `detail` keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from intergestan_db.enums import HoldReason
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a mail or an order; `findings.py` makes sentences of it.

    :ivar values: what the sentence of this reason and variant speaks of, as text.
    :ivar line_id: the buyer's line id, if it is about one line.
    """

    reason: HoldReason
    values: Mapping[str, str] = field(default_factory=dict)
    line_id: str | None = None
    variant: str | None = None


_FINDINGS = Shape(tuple[Finding, ...])


def write_findings(findings: Sequence[Finding]) -> str:
    """Findings as the JSON that stands in the `detail` columns."""
    return msgspec.json.encode(findings).decode()


def read_findings(detail: str) -> tuple[Finding, ...]:
    """Findings from a `detail` column."""
    return _FINDINGS.decode(detail)
