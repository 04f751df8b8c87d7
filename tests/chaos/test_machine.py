"""The disk of a site fills up and loses its power as a real one does: else the faults on it would prove nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.machine import Disk

pytestmark = pytest.mark.skipif(bool(Disk.why_not()), reason=Disk.why_not())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "disk"


@pytest.fixture
def disk(folder: Path, tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "image", folder)
    yield made
    made.unmount()


def test_a_full_disk_has_room_for_nothing(disk: Disk, folder: Path) -> None:
    ballast = disk.fill()
    with pytest.raises(OSError) as full:  # noqa: PT011 - its number is looked at
        (folder / "file").write_bytes(b"x" * 100_000)
    assert full.value.errno == errno.ENOSPC
    ballast.unlink()
    (folder / "file").write_bytes(b"x" * 100_000)


def test_what_was_not_fsynced_is_gone_with_the_power(disk: Disk, folder: Path) -> None:
    kept, lost = folder / "kept", folder / "lost"
    with kept.open("wb") as file:
        file.write(b"kept")
        file.flush()
        os.fsync(file.fileno())
    with lost.open("wb") as file:
        file.write(b"lost")
    disk.lose_power()
    with pytest.raises(OSError) as dead:  # noqa: PT011
        (folder / "later").write_bytes(b"x")
    assert dead.value.errno == errno.EIO
    disk.unmount()
    disk.mount()
    assert kept.read_bytes() == b"kept"
    assert not lost.exists() or lost.read_bytes() != b"lost"
