"""What must still be there after a power cut: a new file is whole or not there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from intergestan_runtime.durable import write_new
from tests.patience import eventually


def test_a_new_file_is_ours_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_new(tmp_path / "key", b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("key", b"secret")]


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    write_new(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "key", b"second")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("key", b"first")]


WRITES = "import sys; from pathlib import Path; from intergestan_runtime.durable import write_new; "
SIZE = 50_000_000


def test_who_is_killed_while_writing_has_made_no_file(tmp_path: Path) -> None:
    """Of a size that takes a while; whenever the kill comes, under its name there is all of it or nothing."""
    file = tmp_path / "key"
    program = f"{WRITES}write_new(Path(sys.argv[1]), b'x' * {SIZE})"
    with subprocess.Popen([sys.executable, "-c", program, str(file)]) as writer:
        eventually(lambda: list(tmp_path.iterdir()) or writer.poll() is not None)
        writer.kill()
    assert not file.exists() or file.stat().st_size == SIZE
