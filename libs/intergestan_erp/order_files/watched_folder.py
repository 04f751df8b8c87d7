"""A folder into which other software puts files: each is taken once, and stays in `done/` or `refused/`.

A file is taken when it has not changed for a moment (whoever renames a finished file into the folder is safe in
any case). Taking is a rename into a folder of its own, whose name is the token under which the base notes, in
the transaction that enters the orders, that this very file was taken. After a cut the file is found under its
token, and the base says whether it was entered.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self
from uuid import uuid4

from intergestan_db.problem import Problem

TAKING, DONE, REFUSED = "taking", "done", "refused"
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", "~")
"""How programs call files that they are still writing. Names that begin with a dot or ~ are left alone too."""
_NAME_BYTES = 200  # of a name that gets an ending; file systems take 255

Signature = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that is ours now; `token` is its name in the base."""

    token: str
    file: Path


class WatchedFolder:
    """One folder, for one process at a time. A context manager.

    :param settle: for how many seconds a file must not have changed.
    :raises Problem: on entering, when there is no such folder or another process watches it.
    """

    def __init__(self, folder: Path, settle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._settle = settle
        self._clock = clock
        self._seen: dict[str, tuple[Signature, float]] = {}
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if not self._folder.is_dir():
            raise Problem("There is no folder {folder}.", folder=self._folder)
        for name in (TAKING, DONE, REFUSED):
            (self._folder / name).mkdir(exist_ok=True)
        self._lock = (self._folder / TAKING / ".lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise Problem("Another process watches {folder} already.", folder=self._folder) from error
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._lock is not None
        self._lock.close()

    def left(self) -> list[Taken]:
        """The files that were taken and not finished, by an earlier run too."""
        taken = []
        for folder in sorted(path for path in (self._folder / TAKING).iterdir() if path.is_dir()):
            files = sorted(folder.iterdir())
            if not files:
                folder.rmdir()  # cut before the rename
            taken += [Taken(folder.name, file) for file in files[:1]]
        return taken

    def settled(self) -> list[Path]:
        """The files that have not changed for the moment, by name; look again and again."""
        now = self._clock()
        looked = {entry.name: signature for entry, signature in self._entries()}
        self._seen = {
            name: self._seen[name] if name in self._seen and self._seen[name][0] == signature else (signature, now)
            for name, signature in looked.items()
        }
        return [self._folder / name for name, (_, since) in sorted(self._seen.items()) if now - since >= self._settle]

    def take(self, file: Path) -> Taken | None:
        """Make a file ours; None when it is gone, or was changed since it was looked at."""
        token = str(uuid4())
        folder = self._folder / TAKING / token
        folder.mkdir()
        try:
            file.rename(folder / file.name)
        except FileNotFoundError:
            folder.rmdir()
            return None
        for changed in (folder, folder.parent, self._folder):
            _sync(changed)  # before the base notes the token: else a power cut could bring the file back without it
        seen = self._seen.pop(file.name, None)
        taken = Taken(token, folder / file.name)
        if seen is not None and _content(_signature(taken.file.lstat())) != _content(seen[0]):
            self._give_back(taken, file)
            return None
        return taken

    def finish(self, taken: Taken, where: str, report: str) -> Path:
        """Put a file into `done` or `refused`, with the report beside it; its new place."""
        folder = self._folder / where
        target = folder / taken.file.name
        own = f"{_shortened(target.stem)}-{taken.token[:8]}"
        if target.exists():
            target = folder / f"{own}{target.suffix}"
        name = target.name if target.name == _shortened(target.name) else own
        growing = taken.file.parent.with_suffix(".report")
        growing.write_text(report, encoding="utf-8", errors="replace")
        growing.replace(folder / f"{name}.report.txt")
        taken.file.rename(target)
        taken.file.parent.rmdir()
        return target

    def _entries(self) -> Iterator[tuple[os.DirEntry[str], Signature]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~")) or entry.name.lower().endswith(_UNFINISHED):
                    continue
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(found.st_mode):
                    yield entry, _signature(found)

    def _give_back(self, taken: Taken, file: Path) -> None:
        """Somebody still wrote it: it waits for its moment again, under its name if that is free."""
        if not file.exists():
            taken.file.rename(file)
            taken.file.parent.rmdir()


def _shortened(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_NAME_BYTES])


def _signature(found: os.stat_result) -> Signature:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _content(signature: Signature) -> Signature:
    """Without the time of the last rename."""
    inode, size, written, _ = signature
    return inode, size, written, 0


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
