"""Compares the archive with itself and with the base: every file with its name, every row with its file.

Both are read in the order of the sha256, so that neither is ever in memory as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intergestan_db.problem import Act
from intergestan_runtime.said import Said, marked

if TYPE_CHECKING:
    from intergestan_exchange.mailboxes.archive_rows import Kept
    from intergestan_runtime.archive import Archive

UNDER_WAY_S = 600.0
"""A file without a row that is younger may be a mail that a poller is about to enter."""

WHAT = {
    "missing": marked("not in the archive"),
    "altered": marked("altered"),
    "unreadable": marked("the disk cannot read it"),
    "orphan": marked("unknown to the base"),
    "stray": marked("no mail of the archive"),
}
CURE = {
    "missing": marked(
        "Bring the file back from a backup, to be able to take it in again. What was booked from it stands."
    ),
    "altered": marked(
        "Bring the file back from a backup. What was booked from it was checked before that, and stands."
    ),
    "unreadable": marked("Check the disk; bring the file back from a backup onto another one."),
    "orphan": marked("Take the archive in again; nothing is ever booked twice."),
    "stray": marked("Somebody put it there: look at it, and move it elsewhere."),
}


NEXT: Mapping[str, tuple[Act, ...]] = {"orphan": (Act.REPLAY_ALL,)}
"""What may be done about it, which each face words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a key of `WHAT`, and the file. `sha256` is None of a stray."""

    kind: str
    path: str
    sha256: str | None = None


@dataclass(slots=True)
class Checked:
    """How much was read. :ivar last: the sha256 of the last file; :ivar ended: whether there was no further one."""

    files: int = 0
    octets: int = 0
    last: str = ""
    ended: bool = False


def try_archive(archive: Archive, kept: Callable[[], int]) -> None:
    """Whether mails can be archived, and those that came are not gone as a whole.

    :param kept: how many mails the database knows in it; only asked where nothing is found there.
    :raises ArchiveError: why not; `Unreachable` is none, of a bucket.
    """
    from intergestan_runtime.archive import ArchiveError

    archive.try_writing()
    if next(archive.names(), None) is None and (count := kept()):
        raise ArchiveError(
            Said(
                "it is empty, and the base knows {count} mails in it: it was moved, or its disk is not mounted; what "
                "was booked stands",
                count=count,
            )
        )


class ArchiveCheck:
    """One verification.

    :param kept: the base's rows by sha256, from the same place on as the files.
    :param is_kept: asks the base once more about one mail; mails come and go meanwhile.
    """

    def __init__(self, archive: Archive, kept: Iterator[Kept], is_kept: Callable[[str], bool | None]) -> None:
        self.checked = Checked()
        self._archive = archive
        self._kept = kept
        self._is_kept = is_kept
        self._row = next(kept, None)

    def run(self, after: str, limit: int | None) -> Iterator[Fault | None]:
        """Each fault; and None for each file that is as it should be, to show how far we are.

        :param after: begin behind this sha256.
        :param limit: read so many files at most.
        """
        for name in self._archive.names(after):
            if self.checked.files == limit:
                return
            yield from self._missing_before(name)
            yield self._file(name)
        yield from self._missing_before(None)
        self.checked.ended = True
        for path in self._archive.strays():
            yield Fault("stray", path)

    def _missing_before(self, name: str | None) -> Iterator[Fault]:
        """The rows up to a file's name, all of them at the end; whose file is not there, they tell."""
        while self._row is not None and (name is None or self._row.sha256 <= name):
            sha256, self._row = self._row.sha256, next(self._kept, None)
            if sha256 != name and self._is_kept(sha256) and not self._archive.has(sha256):
                yield Fault("missing", self._archive.place(sha256), sha256)

    def _file(self, name: str) -> Fault | None:
        from intergestan_runtime.archive import Missing

        path = self._archive.place(name)
        self.checked.files += 1
        self.checked.last = name
        try:
            intact, found = self._archive.is_intact(name), self._archive.find(name)
        except Missing:
            found = None
        except OSError:
            return Fault("unreadable", path, name)
        if found is None:
            return None  # dropped in this moment; if the base wants it, the next verification tells
        self.checked.octets += found.size
        if not intact:
            return Fault("altered", path, name)
        is_old = found.kept_at.timestamp() < time.time() - UNDER_WAY_S
        return Fault("orphan", path, name) if is_old and self._is_kept(name) is None else None
