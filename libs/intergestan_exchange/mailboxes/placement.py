"""Which poller should have a mailbox. Pure: whoever knows the same pollers decides alike, without asking the others.

Rendezvous hashing (Thaler and Ravishankar, 1998): each poller has a weight for each mailbox, and the heaviest should
have it. So a poller that joins takes only what is its own from now on, and one that leaves gives away only what it
had. Who *does* have a mailbox is a lease (`leases.py`); what *counts* are the UNIQUE keys of the base.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Self

_REPLICA = re.compile(r"(.+):[1-9][0-9]*")
_SHARD = re.compile(r"([0-9]+|ordinal)/([1-9][0-9]*)")
_ORDINAL = re.compile(r"[0-9]+$")


@dataclass(frozen=True, slots=True)
class Shard:
    """A fixed share of all mailboxes: the one with this `index`, from 0, of `count` shares."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str, host: str) -> Self:
        """`0/3`, or `ordinal/3` for the number at the end of the host's name, such as a StatefulSet's pods have.

        :raises ValueError: with the cure.
        """
        found = _SHARD.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is no share: it looks like 0/3, or ordinal/3, or is the word auto.")
        ordinal = _ORDINAL.search(host) if found[1] == "ordinal" else None
        if found[1] == "ordinal" and ordinal is None:
            raise ValueError(f"The name of this host, {host!r}, does not end with a number: say 0/{found[2]}.")
        shard = cls(int(ordinal[0] if ordinal else found[1]), int(found[2]))
        if shard.index >= shard.count:
            raise ValueError(f"Shares count from 0: of {shard.count}, the last one is {shard.count - 1}.")
        return shard

    def has(self, mailbox: str) -> bool:
        """Whether a mailbox belongs to this share; more shares than before take as few as can be."""
        return max(range(self.count), key=lambda index: weight(f"share {index}", mailbox)) == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


@dataclass(frozen=True, slots=True)
class Takes:
    """Which mailboxes a poller may have: those named, those of a share, or any.

    `orders:2` also names `orders`: it is how the second of several pollers of one mailbox is called.
    """

    names: tuple[str, ...] = ()
    shard: Shard | None = None

    @classmethod
    def of_json(cls, value: Any) -> Self:
        """As `as_json` wrote it."""
        shard = value.get("shard")
        return cls(tuple(value.get("mailboxes", ())), None if shard is None else Shard(*shard))

    def as_json(self) -> dict[str, Any]:
        """For the column `poller.takes`."""
        found: dict[str, Any] = {"mailboxes": list(self.names)} if self.names else {}
        return found if self.shard is None else found | {"shard": [self.shard.index, self.shard.count]}

    def name(self, mailbox: str) -> bool:
        """Whether the mailbox is among those named."""
        return any(mailbox in {name, without_replica(name)} for name in self.names)

    def may_have(self, mailbox: str) -> bool:
        """Whether this poller may have a mailbox at all."""
        if self.names:
            return self.name(mailbox)
        return self.shard is None or self.shard.has(mailbox)


ANY = Takes()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A poller that lives. :ivar worker: the process that bears the name."""

    name: str
    worker: str
    takes: Takes


def chosen(mailbox: str, pinned_to: str | None, pollers: Iterable[Candidate]) -> Candidate | None:
    """Who should have a mailbox: the poller it is pinned to, else one that names it, else any; by weight."""
    able = [poller for poller in pollers if poller.takes.may_have(mailbox)]
    return max(
        able,
        key=lambda one: (one.name == pinned_to, one.takes.name(mailbox), weight(one.name, mailbox), one.name),
        default=None,
    )


@lru_cache(maxsize=1 << 16)
def weight(poller: str, mailbox: str) -> int:
    """How much a poller should have a mailbox; the same on every machine and in every release."""
    return int.from_bytes(blake2b(f"{poller}\0{mailbox}".encode(), digest_size=8).digest())


def without_replica(name: str) -> str:
    """`orders` for `orders:2`."""
    found = _REPLICA.fullmatch(name)
    return found[1] if found else name
