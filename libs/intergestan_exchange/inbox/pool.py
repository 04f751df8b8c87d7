"""Mails are read in limited children: the parent sees a `Reading`, or that the child died (`design.md` §9)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from intergestan_db.limited_child.children import Children
from intergestan_db.limited_child.limits import LimitedReader, Limits
from intergestan_exchange.inbox.reading import READING, Reading

LIMITS = Limits(memory_bytes=512 * 2**20, cpu_seconds=10, wall_seconds=20.0, answer_bytes=256 * 2**20)


class ReaderPool:
    """As many children as threads use it at the same time; made before the process has any thread."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        reader = LimitedReader("intergestan_exchange.inbox.read:answer", limits, preload=("intergestan_msg.jws",))
        self._children = Children(reader, "forkserver")

    def read(self, raw: bytes, keys: Mapping[str, bytes]) -> Reading:
        """Read a mail in a child.

        :param keys: the pinned public keys, 32 bytes each, by key id.
        :raises ReaderDied: the child was killed by its limits, hung, or answered nonsense.
        :raises NoReader: there is no child to read it.
        """
        return self._children.ask(msgspec.json.encode(keys), raw, READING)

    def close(self) -> None:
        """End all idle children."""
        self._children.close()
