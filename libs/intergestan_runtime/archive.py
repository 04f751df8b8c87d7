"""What the archive of raw mails promises, wherever it is: each mail under the sha256 of its content, never changed.

`archive_folder.FolderArchive` keeps them in a folder, `archive_s3.S3Archive` in a bucket;
`intergestan_operations.opening.stores` chooses.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

_SHA256 = re.compile(r"[0-9a-f]{64}")


class ArchiveError(Exception):
    """The archive could not do it; nothing was returned as kept."""


class NoSpace(ArchiveError):
    """The disk is full, or nearly so. The message says how much must be freed where."""


class Unreachable(ArchiveError):
    """A store behind a network does not answer, or refuses us. Nothing is known to be wrong with any mail, and the
    same call may be made again.
    """


class Missing(ArchiveError):
    """There is no such mail in the archive."""


class Corrupt(ArchiveError):
    """A mail's content is not what its name promises: restore it from a backup."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mail that the archive has. :ivar size: in octets; :ivar kept_at: since when it is there."""

    size: int
    kept_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """The disk on which an archive lies, in bytes.

    :ivar disk: all of it; :ivar free: what is left for us; :ivar least: with less free, nothing is received.
    """

    disk: int
    free: int
    least: int

    @property
    def is_full(self) -> bool:
        """Whether too little is left to go on receiving."""
        return self.free < self.least

    @property
    def is_nearly_full(self) -> bool:
        """Whether a person should make room soon: half of what is left would be too little."""
        return self.free < 2 * self.least

    @property
    def percent(self) -> int:
        """What is free, as a part of the disk."""
        return round(100 * self.free / self.disk) if self.disk else 0


class Archive(ABC):
    """The mails received, each named by the sha256 of its content."""

    def put_many(self, mails: Sequence[bytes]) -> list[str]:
        """Keep these mails (at most some dozens at once); their sha256, in the same order.

        What was returned is kept for good: it survives a power cut. What is there already is adopted. All or an
        exception: after one nobody knows what is kept, so nothing counts as kept, and the same call may be made again.

        :raises NoSpace: the disk is full.
        :raises Unreachable: the store does not answer.
        :raises ArchiveError: the disk failed.
        """
        names = [hashlib.sha256(mail).hexdigest() for mail in mails]
        self._keep(dict(zip(names, mails, strict=True)))
        return names

    def get(self, sha256: str) -> bytes:
        """The bytes of a mail, checked. Raises `Missing`, `Corrupt` or `Unreachable`; OSError of a failing disk."""
        mail = self._read(sha256)
        if hashlib.sha256(mail).hexdigest() != sha256:
            raise Corrupt(f"{self.place(sha256)} was altered; restore it from a backup.")
        return mail

    def has(self, sha256: str) -> bool:
        """Whether there is a mail of this name; nothing is said about its content. Raises `Unreachable`."""
        return self.find(sha256) is not None

    def verify(self) -> Iterator[tuple[str, bool]]:
        """Every mail with whether its content still is what its name promises."""
        for name in self.names():
            yield name, self.is_intact(name)

    @abstractmethod
    def is_intact(self, sha256: str) -> bool:
        """Whether a mail's content, read piece by piece, still is what its name promises.

        Raises `Missing` where it is not there, `Unreachable`, OSError where the disk cannot read it.
        """

    def is_whole(self, sha256: str) -> bool:
        """Whether a mail can be read from here as it came: it is there, and the disk lets it be read. `Unreachable`."""
        try:
            return self.is_intact(sha256)
        except (Missing, OSError):
            return False

    @abstractmethod
    def find(self, sha256: str) -> Found | None:
        """What is known of a mail without reading it; None where it is not there. Raises `Unreachable`."""

    @abstractmethod
    def place(self, sha256: str) -> str:
        """Where a mail is, or would be, for people. Raises ValueError where this is no sha256."""

    @abstractmethod
    def remove(self, sha256: str) -> None:
        """Drop a mail (an alien, after 7 days); harmless where it is gone. Raises `Unreachable`."""

    @abstractmethod
    def names(self, after: str = "") -> Iterator[str]:
        """The sha256 of every mail behind `after`, sorted; never all of them in memory. Raises `Unreachable`."""

    @abstractmethod
    def newer_than(self, instant: datetime) -> list[tuple[str, datetime]]:
        """The sha256 of the mails that came later, each with when, the newest first.

        Nothing where that is not known without looking at each mail (a bucket). Raises OSError of a failing disk.
        """

    @abstractmethod
    def strays(self) -> Iterator[str]:
        """The places of what is no mail of the archive by name or place, apart from what is being written."""

    @abstractmethod
    def room(self) -> Room | None:
        """How much more it can take; None where there is no end to it."""

    @abstractmethod
    def check_space(self) -> None:
        """Raise `NoSpace` while too little is left to go on receiving."""

    @abstractmethod
    def try_writing(self) -> None:
        """Write something small and take it away again. Raises what `put_many` raises."""

    @abstractmethod
    def _keep(self, by_name: Mapping[str, bytes]) -> None:
        """Keep these mails for good, or adopt them, or raise."""

    @abstractmethod
    def _read(self, sha256: str) -> bytes:
        """What is kept under this name. Raises `Missing`, ValueError where this is no sha256."""


def key_of(sha256: str) -> str:
    """Where in an archive a mail is: ``ab/<sha256>.eml``. Raises ValueError where this is no sha256."""
    if not is_name(sha256):
        raise ValueError(f"{sha256!r} is no sha256 in hexadecimal.")
    return f"{sha256[:2]}/{sha256}.eml"


def is_name(text: str) -> bool:
    """Whether this could be the name of a mail."""
    return _SHA256.fullmatch(text) is not None
