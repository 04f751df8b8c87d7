"""What lies between the relay and the mailboxes: other firms' network, which loses, doubles, delays and damages."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence

from tests.chaos.letters import DAMAGED, marked

Rule = Callable[[str, bytes], Sequence[bytes]]
"""What arrives of one mail to this address: none, one, several. A rule that raises refuses it for now (4xx)."""


class Post:
    """`take` is called by the relay for each recipient. Rules act one after another, in the order of their coming."""

    def __init__(self, deliver: Callable[[str, bytes], None]) -> None:
        self._deliver = deliver
        self._rules: list[Rule] = []
        self._guard = threading.Lock()
        self.passed: list[tuple[str, bytes]] = []
        """Every mail as it was given to us, with its address."""

    def take(self, address: str, raw: bytes) -> None:
        """Let the mail through the rules of this moment."""
        mails: Sequence[bytes] = [raw]
        for rule in list(self._rules):
            mails = [out for each in mails for out in rule(address, each)]
        with self._guard:
            self.passed.append((address, raw))
        for each in mails:
            self._deliver(address, each)

    def add(self, rule: Rule) -> None:
        self._rules.append(rule)

    def remove(self, rule: Rule) -> None:
        self._rules.remove(rule)

    def deliver(self, address: str, raw: bytes) -> None:
        """Past all rules, such as what was kept back."""
        self._deliver(address, raw)

    def all_passed(self) -> Sequence[tuple[str, bytes]]:
        with self._guard:
            return self.passed[-200:]


class Greylist:
    """Refuses each mail once, as many servers do (RFC 6647)."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, bytes]] = set()

    def __call__(self, address: str, raw: bytes) -> Sequence[bytes]:
        if (address, raw) not in self._seen:
            self._seen.add((address, raw))
            raise OSError("greylisted")
        return [raw]


class KeptBack:
    """Keeps every mail, and gives them out in another order."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, bytes]] = []

    def __call__(self, address: str, raw: bytes) -> Sequence[bytes]:
        self._kept.append((address, raw))
        return []

    def release(self, post: Post, rng: random.Random) -> None:
        kept, self._kept = self._kept, []
        rng.shuffle(kept)
        for address, raw in kept:
            post.deliver(address, raw)


def lost(_address: str, _raw: bytes) -> Sequence[bytes]:
    return []


def tripled(_address: str, raw: bytes) -> Sequence[bytes]:
    return [raw] * 3


def cut(_address: str, raw: bytes) -> Sequence[bytes]:
    return [marked(raw[: len(raw) * 2 // 3], DAMAGED, "cut")]


def altered(_address: str, raw: bytes) -> Sequence[bytes]:
    """A footer, and one character of base64 that is another."""
    where = raw.rfind(b"QUJD") if b"QUJD" in raw else len(raw) * 3 // 4
    changed = b"B" if raw[where : where + 1] == b"A" else b"A"
    return [marked(raw[:where] + changed + raw[where + 1 :] + b"\r\n--\r\nScanned.\r\n", DAMAGED, "altered")]
