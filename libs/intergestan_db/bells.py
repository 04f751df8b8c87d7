"""What to ring for after a commit. The base does not ring: it only knows which rows are due now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bells:
    """Row ids by step: outbound mails to compose, outbound mails to send, inbound mails to take in, sales orders to
    allocate, products that are free for orders that wait.

    A lost bell costs seconds: the dispatcher rings for every due row.
    """

    compose: tuple[int, ...] = ()
    send: tuple[int, ...] = ()
    take_in: tuple[int, ...] = ()
    allocate: tuple[int, ...] = ()
    serve: tuple[int, ...] = ()

    def __add__(self, other: Bells) -> Bells:
        return Bells(
            *(self.compose + other.compose, self.send + other.send, self.take_in + other.take_in),
            *(self.allocate + other.allocate, self.serve + other.serve),
        )
