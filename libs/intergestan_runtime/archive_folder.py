"""The archive in a folder: ``ab/<sha256>.eml``. A crash leaves at most a file in ``tmp/``, which `sweep` removes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from intergestan_runtime.archive import Archive, ArchiveError, Found, Missing, NoSpace, Room, is_name, key_of
from intergestan_runtime.durable import sync_folder
from intergestan_runtime.said import Said

_FSYNCS_AT_ONCE = 8  # the file system puts simultaneous ones into one commit
_STALE = 3600.0  # seconds after which a temporary file belongs to nobody any more
_FULL = {errno.ENOSPC, errno.EDQUOT}


class FolderArchive(Archive):
    """The folder `root`; made by the first `put_many`, readable by its owner only. Where an administrator made it for
    a group of users (mode 2770), the mails in it are for that group to read and to remove, if the umask is 0007.

    A mail that `put_many` returned is on the disk: its bytes and its name were fsynced.

    :param min_free_bytes: `check_space` refuses below this ...
    :param min_free_share: ... or below this share of the disk.
    """

    def __init__(self, root: Path, *, min_free_bytes: int = 2 * 10**9, min_free_share: float = 0.05) -> None:
        self.root = root
        self._tmp = root / "tmp"
        self._min_free_bytes = min_free_bytes
        self._min_free_share = min_free_share
        self._known_folders: set[Path] = set()

    def is_intact(self, sha256: str) -> bool:
        """See `Archive`."""
        try:
            with self.path(sha256).open("rb", buffering=0) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError as error:
            raise Missing(f"{self.path(sha256)} is not there.") from error

    def find(self, sha256: str) -> Found | None:
        """See `Archive`."""
        try:
            found = self.path(sha256).stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return Found(found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def place(self, sha256: str) -> str:
        """See `Archive`."""
        return str(self.path(sha256))

    def path(self, sha256: str) -> Path:
        """Where a mail is, or would be. Raises ValueError where this is no sha256."""
        return self.root / key_of(sha256)

    def remove(self, sha256: str) -> None:
        """See `Archive`."""
        self.path(sha256).unlink(missing_ok=True)

    def room(self) -> Room:
        """See `Archive`."""
        disk = os.statvfs(next(folder for folder in (self.root, *self.root.absolute().parents) if folder.exists()))
        size = disk.f_blocks * disk.f_frsize
        least = max(self._min_free_bytes, int(self._min_free_share * size))
        return Room(size, disk.f_bavail * disk.f_frsize, least)

    def check_space(self) -> None:
        """See `Archive`."""
        room = self.room()
        if room.is_full:
            raise NoSpace(
                Said(
                    "{free} GB ({share}%) are free at {folder}; nothing is collected below {least} GB. "
                    "Free some space.",
                    free=_gigabytes(room.free),
                    share=room.percent,
                    folder=self.root,
                    least=_gigabytes(room.least),
                )
            )

    def try_writing(self) -> None:
        """See `Archive`."""
        file = self._tmp / f"try.{uuid4().hex}"
        try:
            self._make_folder(self._tmp)
            with ExitStack() as opened:
                _write(file, b"try", 0o600, opened)
            file.unlink()
        except OSError as error:
            raise self._failed(error) from error

    def sweep(self, older_than: float = _STALE) -> int:
        """Remove the temporary files of crashed processes; how many."""
        limit = time.time() - older_than
        stale = [file for file in _files(self._tmp) if file.stat().st_mtime < limit]
        for file in stale:
            file.unlink(missing_ok=True)
        return len(stale)

    def names(self, after: str = "") -> Iterator[str]:
        """See `Archive`. One folder's at a time are in memory."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            if folder.name >= after[:2]:
                mails = (file.stem for file in _files(folder) if self._is_mail(file))
                yield from sorted(name for name in mails if name > after)

    def newer_than(self, instant: datetime) -> list[tuple[str, datetime]]:
        """See `Archive`. A folder in which nothing was made since is not looked into."""
        since = instant.timestamp()
        found = []
        for folder in self.root.glob("[0-9a-f][0-9a-f]"):
            if folder.stat().st_mtime > since:
                times = ((file, file.stat().st_mtime) for file in _files(folder) if self._is_mail(file))
                found += [(file.stem, datetime.fromtimestamp(at, UTC)) for file, at in times if at > since]
        return sorted(found, key=lambda each: each[1], reverse=True)

    def strays(self) -> Iterator[str]:
        """See `Archive`."""
        places = (self.root, *sorted(self.root.iterdir())) if self.root.is_dir() else ()
        for folder in places:
            if folder.is_dir() and folder != self._tmp:
                yield from sorted(str(file) for file in _files(folder) if not self._is_mail(file))

    def _is_mail(self, file: Path) -> bool:
        return is_name(file.stem) and file == self.path(file.stem)

    def _read(self, sha256: str) -> bytes:
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise Missing(f"{self.path(sha256)} is not there.") from error

    def _keep(self, by_name: Mapping[str, bytes]) -> None:
        """A failed fsync must not be repeated: what it was about is written anew by the next call."""
        try:
            self._make_folder(self._tmp)
            self._write_and_rename(by_name)
        except OSError as error:
            self._known_folders.clear()
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> ArchiveError:
        kind = NoSpace if error.errno in _FULL else ArchiveError
        return kind(f"The archive in {self.root} cannot be written: {error}")

    def _write_and_rename(self, by_name: Mapping[str, bytes]) -> None:
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
        _at_once(sync_folder, list(folders))  # also of adopted mails: who wrote them may have crashed before this point

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
                mode = 0o640 if self._is_shared() else 0o600
                descriptors = [_write(files[name], mail, mode, opened) for name, mail in mails.items()]
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
        if not folder.is_dir():
            self._make(folder)
        sync_folder(folder.parent)
        self._known_folders.add(folder)

    def _make(self, folder: Path) -> None:
        """Whoever makes it, with whatever umask (`doctor` is typed with 022), the group may write into it."""
        shared = self._is_shared()
        try:
            folder.mkdir(mode=0o770 if shared else 0o700)
        except FileExistsError:
            return
        # Not always: the sandbox of the services lets nobody set S_ISGID, and with their umask it is inherited.
        if shared and not folder.stat().st_mode & stat.S_IWGRP:
            folder.chmod(stat.S_IMODE(self.root.stat().st_mode))

    def _is_shared(self) -> bool:
        return self.root.is_dir() and bool(self.root.stat().st_mode & stat.S_IWGRP)


def _write(file: Path, content: bytes, mode: int, opened: ExitStack) -> int:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode)
    opened.callback(os.close, descriptor)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return descriptor


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


def _gigabytes(size: int) -> Decimal:
    return (Decimal(size) / 10**9).quantize(Decimal("0.1"))
