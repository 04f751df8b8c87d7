"""What a site stands on: processes that end with us, and a disk of its own that can be filled or lose its power."""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from tests.servers.process import find_program

_SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN, `_IOR('X', 125, __u32)` of linux/fs.h: from now on the file system touches its disk no more."""
_WITHOUT_LOG = 2
"""EXT4_GOING_FLAGS_NOLOGFLUSH: not even the journal is written, as when the power fails."""
_NEW_MOUNTS = 0x00020000
_PRIVATE = (1 << 18) | (1 << 14)


class Start(Protocol):
    """Starts a process of the product that dies with us."""

    def __call__(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: IO[bytes]
    ) -> subprocess.Popen[bytes]: ...


def cold(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """`python -m …` by exec, as a site does it; the kernel ends it when the thread ends that calls this."""
    setpriv = find_program("setpriv", "util-linux")
    return subprocess.Popen(
        [setpriv, "--pdeathsig", "KILL", "--", sys.executable, "-m", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )


@dataclass(frozen=True)
class Process:
    """A process that runs: its number, its parent's, and its command line."""

    pid: int
    parent: int
    command: str

    @property
    def service(self) -> str:
        """What of a site it is."""
        if found := re.search(r"services\.(\w+)", self.command):
            return found[1]
        return "redis" if re.search("valkey|redis", self.command) else "other"


def processes() -> Iterator[Process]:
    """All of this machine that we may see."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
                yield Process(int(folder.name), parent, command)


def below(pid: int) -> list[Process]:
    """The descendants of a process."""
    children: dict[int, list[Process]] = {}
    for each in processes():
        children.setdefault(each.parent, []).append(each)
    found, look = [], [pid]
    while look:
        these = children.get(look.pop(), [])
        found += these
        look += [each.pid for each in these]
    return found


def hit(pids: Sequence[int], how: signal.Signals) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def leave_mounts_to_us() -> None:
    """From now on what this process mounts is seen by it and its children alone, and is gone with them. As root."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) != 0 or libc.mount(b"none", b"/", None, _PRIVATE, None) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


class Disk:
    """A sparse file with ext4 in it, mounted at `folder`: of this size, and in truth as large as what lies on it."""

    def __init__(self, image: Path, folder: Path, size: int = 16 * 2**30) -> None:
        self._image = image
        self._folder = folder
        with image.open("wb") as file:
            file.truncate(size)
        _run("mkfs.ext4", "-q", "-F", image)
        folder.mkdir(parents=True)
        self._is_mounted = False
        self.mount()

    @staticmethod
    def why_not() -> str:
        """Why this machine has none; empty where it has."""
        if os.getuid() != 0:
            return "only root may mount"
        if not Path("/dev/loop-control").exists():
            return "there are no loop devices"
        return ""

    def mount(self) -> None:
        _run("mount", "-o", "loop", self._image, self._folder)
        self._is_mounted = True

    def unmount(self) -> None:
        """As soon as nobody has a file open on it; harmless where it is not mounted."""
        if not self._is_mounted:
            return
        for _ in range(100):
            done = subprocess.run(["umount", self._folder], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self._is_mounted = False
                return
            time.sleep(0.1)
        raise OSError(done.stderr.strip())

    def write_out(self) -> None:
        """All that was written so far is on the disk: what made the site was long ago."""
        _run("sync", "--file-system", self._folder)

    def lose_power(self) -> None:
        """What was not fsynced is gone. Whoever has a file open gets EIO; mount it again when they are dead."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUTDOWN, struct.pack("I", _WITHOUT_LOG))
        finally:
            os.close(folder)

    def fill(self) -> Path:
        """Take all the room that is left, at once; remove the file that is returned."""
        ballast = self._folder / "ballast"
        with ballast.open("wb") as file:
            size, at = 2**30, 0
            while size >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), at, size)
                    at += size
                except OSError:
                    size //= 2
        return ballast


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{command[0]}: {done.stderr.strip()}")
