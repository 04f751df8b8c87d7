"""What to ring for after a commit. The base does not ring: it only knows which rows are due now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bells:
    """Row ids by step: outbound mails to compose, outbound mails to send, inbound mails to take in, sales orders to
    allocate, products that are free for orders that wait, addresses to look up; and what pollers are to do, by the name
    of their worker.

    A lost bell costs seconds: the dispatcher rings for every due row.
    """

    compose: tuple[int, ...] = ()
    send: tuple[int, ...] = ()
    take_in: tuple[int, ...] = ()
    allocate: tuple[int, ...] = ()
    serve: tuple[int, ...] = ()
    locate: tuple[int, ...] = ()
    poll: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __add__(self, other: Bells) -> Bells:
        return Bells(
            *(self.compose + other.compose, self.send + other.send, self.take_in + other.take_in),
            *(self.allocate + other.allocate, self.serve + other.serve, self.locate + other.locate),
            {
                worker: self.poll.get(worker, ()) + other.poll.get(worker, ())
                for worker in dict.fromkeys((*self.poll, *other.poll))
            },
        )
