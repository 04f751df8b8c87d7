"""The raw mails received, each in a file that is named by its content: ``ab/<sha256>.eml``, never changed.

A mail that `put_many` returned is on the disk for good: its bytes and its name were fsynced. A crash before
leaves at most a file in ``tmp/``, which `sweep` removes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FSYNCS_AT_ONCE = 8  # the file system puts simultaneous ones into one commit
_STALE = 3600.0  # seconds after which a temporary file belongs to nobody any more
_FULL = {errno.ENOSPC, errno.EDQUOT}


class ArchiveError(Exception):
    """The archive could not do it; nothing was returned as kept."""


class NoSpace(ArchiveError):
    """The disk is full, or nearly so. The message says how much must be freed where."""


class Missing(ArchiveError):
    """There is no such mail in the archive."""


class Corrupt(ArchiveError):
    """A file's content is not what its name promises: restore it from a backup."""


class Archive:
    """The folder `root`; made by the first `put_many`, readable by its owner only.

    :param min_free_bytes: `check_space` refuses below this ...
    :param min_free_share: ... or below this share of the disk.
    """

    def __init__(self, root: Path, *, min_free_bytes: int = 2 * 10**9, min_free_share: float = 0.05) -> None:
        self.root = root
        self._tmp = root / "tmp"
        self._min_free_bytes = min_free_bytes
        self._min_free_share = min_free_share
        self._known_folders: set[Path] = set()

    def put_many(self, mails: Sequence[bytes]) -> list[str]:
        """Keep these mails (at most some dozens, for each holds a file open); their sha256, in the same
        order.

        What is there already is adopted. All or an exception: after an error nobody knows what is on the disk
        (a failed fsync must not be repeated), so nothing counts as kept, and the same call may be made again.

        :raises NoSpace: the disk is full.
        :raises ArchiveError: the disk failed.
        """
        names = [hashlib.sha256(mail).hexdigest() for mail in mails]
        by_name = dict(zip(names, mails, strict=True))
        try:
            self._make_folder(self._tmp)
            self._keep(by_name)
        except OSError as error:
            self._known_folders.clear()
            kind = NoSpace if error.errno in _FULL else ArchiveError
            raise kind(f"The archive in {self.root} cannot be written: {error}") from error
        return names

    def get(self, sha256: str) -> bytes:
        """The bytes of a mail, checked. Raises `Missing` or `Corrupt`."""
        try:
            mail = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise Missing(f"{self.path(sha256)} is not there.") from error
        if hashlib.sha256(mail).hexdigest() != sha256:
            raise Corrupt(f"{self.path(sha256)} was altered; restore it from a backup.")
        return mail

    def has(self, sha256: str) -> bool:
        """Whether there is a file of this name."""
        return self.path(sha256).is_file()

    def path(self, sha256: str) -> Path:
        """Where a mail is, or would be. Raises ValueError where this is no sha256."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no sha256 in hexadecimal.")
        return self.root / sha256[:2] / f"{sha256}.eml"

    def remove(self, sha256: str) -> None:
        """Drop a mail (an alien, after 7 days); harmless where it is gone."""
        self.path(sha256).unlink(missing_ok=True)

    def free_space(self) -> tuple[int, float]:
        """Free bytes, and as a share of the disk."""
        disk = os.statvfs(next(folder for folder in (self.root, *self.root.absolute().parents) if folder.exists()))
        return disk.f_bavail * disk.f_frsize, disk.f_bavail / disk.f_blocks

    def check_space(self) -> None:
        """Raise `NoSpace` while too little is left to go on receiving."""
        free, share = self.free_space()
        if free < self._min_free_bytes or share < self._min_free_share:
            raise NoSpace(
                f"{free / 1e9:.1f} GB ({share:.0%}) are free at {self.root}; nothing is collected below "
                f"{self._min_free_bytes / 1e9:g} GB or {self._min_free_share:.0%}. Free some space."
            )

    def sweep(self, older_than: float = _STALE) -> int:
        """Remove the temporary files of crashed processes; how many."""
        limit = time.time() - older_than
        stale = [file for file in _files(self._tmp) if file.stat().st_mtime < limit]
        for file in stale:
            file.unlink(missing_ok=True)
        return len(stale)

    def names(self) -> Iterator[str]:
        """The sha256 of every mail, sorted."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(file.stem for file in _files(folder) if _SHA256.fullmatch(file.stem))

    def verify(self) -> Iterator[tuple[str, bool]]:
        """Every mail with whether its content still is what its name promises."""
        for name in self.names():
            try:
                self.get(name)
            except Corrupt:
                yield name, False
            else:
                yield name, True

    def _keep(self, by_name: dict[str, bytes]) -> None:
        folders = {self.path(name).parent for name in by_name}
        absent = {name: mail for name, mail in by_name.items() if not self._adopts(name, mail)}
        written = self._write_all(absent)
        try:
            for folder in folders:
                self._make_folder(folder)
            for name, file in written.items():
                file.rename(self.path(name))
        except BaseException:
            _unlink(written.values())
            raise
        _fsync_all(folders)  # also of adopted mails: who wrote them may have crashed before this point

    def _adopts(self, name: str, mail: bytes) -> bool:
        try:
            return self.path(name).read_bytes() == mail
        except FileNotFoundError:
            return False

    def _write_all(self, mails: dict[str, bytes]) -> dict[str, Path]:
        """Temporary files with these contents, fsynced."""
        files = {name: self._tmp / f"{name}.{uuid4().hex}" for name in mails}
        try:
            with ExitStack() as opened:
                descriptors = [_write(files[name], mail, opened) for name, mail in mails.items()]
                _at_once(os.fsync, descriptors)
        except BaseException:
            _unlink(files.values())
            raise
        return files

    def _make_folder(self, folder: Path) -> None:
        """Make it and fsync its parent, so that it is there after a power cut."""
        if folder in self._known_folders:
            return
        if not folder.parent.exists():
            self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _fsync_folder(folder.parent)
        self._known_folders.add(folder)


def _write(file: Path, content: bytes, opened: ExitStack) -> int:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    opened.callback(os.close, descriptor)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return descriptor


def _fsync_all(folders: Iterable[Path]) -> None:
    _at_once(_fsync_folder, list(folders))


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _at_once(function: Callable[[Any], None], items: Sequence[Any]) -> None:
    if len(items) <= 1:
        for item in items:
            function(item)
        return
    with ThreadPoolExecutor(_FSYNCS_AT_ONCE) as pool:
        list(pool.map(function, items))


def _unlink(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else iter(())
