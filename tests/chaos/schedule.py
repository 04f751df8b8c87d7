"""What happens when, drawn from the seed alone: the same seed gives the same schedule, whatever the sites do."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.faults import ChaosFault

SITES = ("buyer", "seller")
PAIR_EVERY = 3
"""Each third step is two faults at once."""


@dataclass(frozen=True)
class Blow:
    """A fault of the schedule: which, where, when it begins within its step, how long it lasts, and its own seed."""

    fault: ChaosFault
    site: str
    begins: float
    seconds: float
    seed: int

    @property
    def ends(self) -> float:
        return self.begins + self.seconds

    def __str__(self) -> str:
        return f"{self.fault.name} ({self.site}, at {self.begins:.1f} s, for {self.seconds:.0f} s)"


Step = tuple[Blow, ...]
"""One fault, or two that overlap."""


def schedule(seed: int, faults: Sequence[ChaosFault]) -> Iterator[Step]:
    """For ever; of no faults nothing. Every one comes alone once before one comes alone again, and pairs in between."""
    rng = random.Random(f"schedule {seed}")
    count = 0
    while faults:
        deck = list(faults)
        rng.shuffle(deck)
        for fault in deck:
            count += 1
            if count % PAIR_EVERY == 0 and (pair := _pair(rng, faults)) is not None:
                yield pair
            yield (blow(rng, fault, 0.0),)


def _pair(rng: random.Random, faults: Sequence[ChaosFault]) -> Step | None:
    first = rng.choice(faults)
    others = [fault for fault in faults if not fault.touches & first.touches]
    if not others:
        return None
    one = blow(rng, first, 0.0)
    return one, blow(rng, rng.choice(others), rng.uniform(0, max(1.0, one.seconds / 2)))


def blow(rng: random.Random, fault: ChaosFault, begins: float) -> Blow:
    """This fault, somewhere, for some time."""
    site = rng.choice(SITES)
    return Blow(fault, fault.site or site, begins, rng.uniform(*fault.seconds), rng.getrandbits(32))
