"""The archive of raw mails."""

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from intergestan_runtime.archive import ArchiveError, Corrupt, Missing, NoSpace
from intergestan_runtime.archive_folder import FolderArchive

MAILS = [f"mail {number}\r\n".encode() * 1000 for number in range(50)]


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path / "site" / "archive")


def failing(error: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    return fail


def files(archive: FolderArchive) -> list[Path]:
    return [file for file in archive.root.rglob("*") if file.is_file()]


def test_mails_lie_under_their_digest(archive: FolderArchive) -> None:
    names = archive.put_many(MAILS)
    assert names == [hashlib.sha256(mail).hexdigest() for mail in MAILS]
    assert [archive.get(name) for name in names] == MAILS
    assert archive.path(names[0]) == archive.root / names[0][:2] / f"{names[0]}.eml"
    assert len(files(archive)) == 50
    assert list(archive.names()) == sorted(names)
    assert list(archive.verify()) == [(name, True) for name in sorted(names)]


@pytest.mark.parametrize("umask", [0o007, 0o022], ids=["of a service", "of whoever typed doctor first"])
def test_a_folder_that_was_made_for_a_group_stays_readable_for_it(archive: FolderArchive, umask: int) -> None:
    """The poller writes, the importer reads, the dispatcher removes: three users of one group."""
    archive.root.mkdir(parents=True)
    archive.root.chmod(0o2770)
    old = os.umask(umask)
    try:
        (name,) = archive.put_many([b"for the group"])
    finally:
        os.umask(old)
    file = archive.path(name)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)] == [0o640, 0o2770]


def test_only_its_owner_reads_it(archive: FolderArchive) -> None:
    old = os.umask(0)
    try:
        (name,) = archive.put_many([b"private"])
    finally:
        os.umask(old)
    assert archive.path(name).stat().st_mode & 0o077 == 0
    assert archive.root.stat().st_mode & 0o077 == 0


def test_what_is_there_is_adopted(archive: FolderArchive) -> None:
    (name,) = archive.put_many([b"twice"])
    before = archive.path(name).stat().st_ino
    assert archive.put_many([b"twice", b"new", b"twice"]) == [name, hashlib.sha256(b"new").hexdigest(), name]
    assert archive.path(name).stat().st_ino == before
    assert archive.put_many([]) == []


def test_an_altered_file_is_found_and_healed_by_the_same_mail(archive: FolderArchive) -> None:
    good, bad = archive.put_many([b"good", b"bad!"])
    archive.path(bad).write_bytes(b"bad?")
    with pytest.raises(Corrupt, match="backup"):
        archive.get(bad)
    assert dict(archive.verify()) == {good: True, bad: False}
    archive.put_many([b"bad!"])
    assert archive.get(bad) == b"bad!"


def test_missing_and_removed(archive: FolderArchive) -> None:
    (name,) = archive.put_many([b"alien"])
    assert archive.has(name)
    archive.remove(name)
    archive.remove(name)
    assert not archive.has(name)
    with pytest.raises(Missing):
        archive.get(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "ab", ""])
def test_only_digests_are_names(archive: FolderArchive, name: str) -> None:
    with pytest.raises(ValueError, match="no sha256"):
        archive.get(name)


@pytest.mark.parametrize("call", ["fsync", "write", "rename"])
def test_a_failing_disk_keeps_nothing_and_can_be_tried_again(
    archive: FolderArchive, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    archive.put_many([b"before"])
    with monkeypatch.context() as broken:
        broken.setattr(os, call, failing(errno.EIO))
        with pytest.raises(ArchiveError, match="Input/output error"):
            archive.put_many(MAILS)
    assert len(files(archive)) == 1
    archive.put_many(MAILS)
    assert len(files(archive)) == 51


def test_a_full_disk_has_its_own_name(archive: FolderArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", failing(errno.ENOSPC))
    with pytest.raises(NoSpace):
        archive.put_many([b"mail"])
    assert files(archive) == []


def test_a_short_write_is_continued(archive: FolderArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, bytes(data[:7])))
    (name,) = archive.put_many([MAILS[0]])
    assert archive.get(name) == MAILS[0]


def test_space_is_checked(archive: FolderArchive, tmp_path: Path) -> None:
    room = archive.room()
    assert 0 < room.free <= room.disk
    assert room.least == max(2 * 10**9, int(0.05 * room.disk))
    FolderArchive(tmp_path, min_free_bytes=0, min_free_share=0).check_space()
    with pytest.raises(NoSpace, match="Free some space"):
        FolderArchive(tmp_path, min_free_bytes=10**18).check_space()
    with pytest.raises(NoSpace):
        FolderArchive(tmp_path, min_free_bytes=0, min_free_share=1.1).check_space()


def test_a_folder_that_vanished_is_made_again(archive: FolderArchive) -> None:
    (name,) = archive.put_many([b"mail"])
    archive.remove(name)
    archive.path(name).parent.rmdir()
    with pytest.raises(ArchiveError):
        archive.put_many([b"mail"])
    archive.put_many([b"mail"])
    assert archive.get(name) == b"mail"


_ENDLESS = """
import sys
from pathlib import Path
from intergestan_runtime.archive_folder import FolderArchive
archive, n = FolderArchive(Path(sys.argv[1])), 0
while True:
    n += 1
    print(*archive.put_many([f"{n}-{i}".encode() * 3000 for i in range(20)]), flush=True)
"""


@pytest.mark.not_quick
def test_kill_9_leaves_no_half_mail(archive: FolderArchive) -> None:
    """What was announced is there; whatever is there is whole; what is left over is swept."""
    announced: list[str] = []
    for seconds in (0.3, 0.31, 0.32):
        argv = [sys.executable, "-c", _ENDLESS, str(archive.root)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            announced += child.stdout.readline().split()
            time.sleep(seconds)
            child.send_signal(signal.SIGKILL)
            announced += [name for line in child.stdout if line.endswith("\n") for name in line.split()]
    assert announced
    assert all(archive.has(name) for name in announced)
    assert all(whole for _name, whole in archive.verify())
    assert archive.sweep() == 0
    (archive.root / "tmp" / "left").touch()
    assert archive.sweep(older_than=-1) >= 1
    assert list((archive.root / "tmp").iterdir()) == []
