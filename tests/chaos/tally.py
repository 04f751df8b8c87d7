"""What a run came to: one row for each fault, a table for people, one line of JSON for programs."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.oracle import Verdict

TITLES = ("fault", "times", "orders", "lost", "doubled", "altered", "injected", "p50 s", "worst s", "who saw it")


@dataclass(frozen=True)
class Outcome:
    """One step, seen to its end.

    :ivar orders: typed while it lasted, changes and cancellations not counted.
    :ivar recovery: seconds from the end of the fault until all was answered; None where patience ended first.
    :ivar seen: who said that something is wrong, while it was.
    """

    faults: tuple[str, ...]
    orders: int
    recovery: float | None
    verdict: Verdict
    seen: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return " + ".join(self.faults)


@dataclass
class Tally:
    """All of a run."""

    database: str
    commit: str
    seeds: list[int] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0
    forged: int = 0
    worlds: int = 0
    not_tried: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    """Steps that the run itself could not bring to their end, and why."""

    @property
    def is_clean(self) -> bool:
        """Nothing lost, doubled, altered or injected; and something was tried."""
        return bool(self.outcomes) and not self.broken and all(each.verdict.is_clean for each in self.outcomes)

    def facts(self) -> dict[str, Any]:
        """What the line of JSON says."""
        recoveries = [round(each.recovery, 1) for each in self.outcomes if each.recovery is not None]
        return {
            "database": self.database,
            "commit": self.commit,
            "seconds": round(self.seconds),
            "seeds": self.seeds,
            "worlds": self.worlds,
            "faults": sum(len(each.faults) for each in self.outcomes),
            "kinds": len({name for each in self.outcomes for name in each.faults}),
            "orders": sum(each.orders for each in self.outcomes),
            "forged": self.forged,
            **self._counts(self.outcomes),
            "waiting": sum(len(each.verdict.waiting) for each in self.outcomes),
            "not_recovered": sum(each.recovery is None for each in self.outcomes),
            "worst_recovery_s": max(recoveries, default=None),
            "broken": self.broken,
        }

    @staticmethod
    def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
        words = ("lost", "doubled", "altered", "injected")
        return {word: sum(len(getattr(each.verdict, word)) for each in outcomes) for word in words}

    def table(self) -> str:
        """Faults alone first, then pairs; both by name."""
        rows = [TITLES, *(self._row(name, outcomes) for name, outcomes in self._by_name().items())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(TITLES))]
        lines = [_line(row, widths) for row in rows]
        lines.insert(1, _line(["-" * width for width in widths], widths))
        return "\n".join([*lines, *self._notes()])

    def _by_name(self) -> Mapping[str, list[Outcome]]:
        found: dict[str, list[Outcome]] = {}
        for each in sorted(self.outcomes, key=lambda each: (len(each.faults), each.name)):
            found.setdefault(each.name, []).append(each)
        return found

    def _row(self, name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
        recoveries = [each.recovery for each in outcomes]
        known = [each for each in recoveries if each is not None]
        worst = "never" if None in recoveries else f"{max(known):.1f}"
        half = f"{statistics.median(known):.1f}" if known else "-"
        seen = sorted(frozenset().union(*(each.seen for each in outcomes)))
        counts = self._counts(outcomes)
        numbers = (len(outcomes), sum(each.orders for each in outcomes), *counts.values())
        return (name, *map(str, numbers), half, worst, ", ".join(seen) or "nobody")

    def _notes(self) -> Iterator[str]:
        for name, why in self.not_tried.items():
            yield f"not tried: {name}: {why}"
        for text in self.broken:
            yield f"not brought to its end: {text}"

    def json(self) -> str:
        return json.dumps(self.facts())


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
