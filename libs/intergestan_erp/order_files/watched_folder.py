"""A folder into which other software puts files: each is taken once, and stays in `done/` or `refused/`.

A file is taken when it has not changed for a moment (whoever renames a finished file into the folder is safe in
any case). Taking is a rename into a folder of its own, whose name is the token under which the base notes, in
the transaction that enters the orders, that this very file was taken. After a cut the file is found under its
token, and the base says whether it was entered.

Others write into the folder, perhaps with fewer rights than we have: no link in it is followed, and what has two names
is not taken, because whoever gave it the second one may not be allowed to read it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self
from uuid import uuid4

from intergestan_db.problem import Problem, ProblemCode

TAKING, DONE, REFUSED = "taking", "done", "refused"
MOST_STRIKES = 3
"""So often a file may end whoever reads it."""
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
            raise Problem("There is no folder {folder}.", ProblemCode.NO_PATH, folder=self._folder)
        for name in (TAKING, DONE, REFUSED):
            self._make(self._folder / name, 0o700 if name == TAKING else 0o777)
        self._lock = open(self._folder / TAKING / ".lock", "ab", opener=_no_link)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise Problem("Another process watches {folder} already.", ProblemCode.BUSY, folder=self._folder) from error
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._lock is not None
        self._lock.close()

    def left(self) -> list[Taken]:
        """The files that were taken and not finished, by an earlier run too."""
        taken = []
        for folder in sorted(path for path in (self._folder / TAKING).iterdir() if _is_folder(path)):
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

    def linked(self) -> list[Path]:
        """Files that are not taken, because they are links or have a second name."""
        return sorted(self._folder / entry.name for entry, found in self._looked() if _is_link(found))

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
        found = taken.file.lstat()
        if not _is_ours(found) or (seen is not None and _content(_signature(found)) != _content(seen[0])):
            self._give_back(taken, file)
            return None
        return taken

    def opened(self, taken: Taken) -> IO[bytes]:
        """A taken file, to be read.

        :raises Problem: it is a link by now, or no file.
        """
        try:
            opened = open(taken.file, "rb", opener=_no_link)  # noqa: SIM115 - Path.open has no opener
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENXIO}:
                raise
            raise _not_ours(taken.file) from error
        if not _is_ours(os.fstat(opened.fileno())):
            opened.close()
            raise _not_ours(taken.file)
        return opened

    def strike(self, taken: Taken) -> int:
        """Note that a file is about to be read; how often that was noted, this time included."""
        strikes = self._strikes(taken)
        try:
            before = int(strikes.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            before = 0
        self._note(strikes, str(before + 1))
        return before + 1

    def forgive(self, taken: Taken) -> None:
        """Whoever read the file lives, so that the last strike is none."""
        left = self.strike(taken) - 2
        if left > 0:
            self._note(self._strikes(taken), str(left))
        else:
            self._strikes(taken).unlink()

    def finish(self, taken: Taken, where: str, report: str) -> Path:
        """Put a file into `done` or `refused`, with the report beside it; its new place."""
        folder = self._folder / where
        target = folder / taken.file.name
        own = f"{_shortened(target.stem)}-{taken.token[:8]}"
        if os.path.lexists(target):
            target = folder / f"{own}{target.suffix}"
        name = target.name if target.name == _shortened(target.name) else own
        self._note(folder / f"{name}.report.txt", report)
        taken.file.rename(target)
        taken.file.parent.rmdir()
        self._strikes(taken).unlink(missing_ok=True)
        return target

    def _strikes(self, taken: Taken) -> Path:
        return self._folder / TAKING / f"{taken.token}.strikes"

    def _note(self, file: Path, text: str) -> None:
        """Write a small file, whatever has its name."""
        growing = self._folder / TAKING / f"{uuid4()}.tmp"
        with growing.open("x", encoding="utf-8", errors="replace") as opened:
            opened.write(text)
        growing.replace(file)

    def _make(self, folder: Path, mode: int) -> None:
        """One of our folders; nobody else has anything to do in the first one.

        :raises Problem: there is a link in its place.
        """
        folder.mkdir(mode, exist_ok=True)
        if not _is_folder(folder):
            raise Problem(
                "{folder} is a link: remove it, so that files stay in the folder that is watched.",
                ProblemCode.NO_PATH,
                folder=folder,
            )

    def _entries(self) -> Iterator[tuple[os.DirEntry[str], Signature]]:
        return ((entry, _signature(found)) for entry, found in self._looked() if _is_ours(found))

    def _looked(self) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~")) or entry.name.lower().endswith(_UNFINISHED):
                    continue
                try:
                    yield entry, entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue

    def _give_back(self, taken: Taken, file: Path) -> None:
        """Somebody still wrote it: it waits for its moment again, under its name if that is free."""
        if not os.path.lexists(file):
            taken.file.rename(file)
            taken.file.parent.rmdir()


def _shortened(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_NAME_BYTES])


def _is_folder(path: Path) -> bool:
    """A folder, and not one somewhere else."""
    return path.is_dir() and not path.is_symlink()


def _is_ours(found: os.stat_result) -> bool:
    """A file with one name. A second one may lie where whoever made it may not read."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _is_link(found: os.stat_result) -> bool:
    return stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1)


def _no_link(path: str, flags: int) -> int:
    """Opens what has this name itself, and waits for nobody who would write into a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)


def _not_ours(file: Path) -> Problem:
    return Problem(
        "{file} is no file by now, or has a second name: put a copy of the file itself there.",
        ProblemCode.NO_FILE,
        file=file.name,
    )


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
