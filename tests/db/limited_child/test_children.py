"""Children that read for us. How the importer bears their deaths is in `tests/pipeline/test_importer_limits.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.limited_child.children import Children, ReaderDied
from intergestan_db.limited_child.limits import LimitedReader, Limits
from intergestan_msg.shapes import Shape
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.not_quick
LIMITS = Limits(memory_bytes=64 * 2**20, cpu_seconds=30, wall_seconds=PATIENCE, answer_bytes=2**15)
READER = "tests.db.limited_child.readers:act"
PID, TEXTS = Shape(int), Shape(list[str])


@pytest.fixture
def children() -> Iterator[Children]:
    made = Children(LimitedReader(READER, LIMITS), "fork")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("eat", r"The reader failed: MemoryError \(readers\.py:\d+\)\.$"),
        ("fail", r"The reader failed: LookupError: no \? 3 \(readers\.py:\d+\)\.$"),
        ("talk", "The reader cannot be heard: bad message length"),
        ("lie", "The reader answered nonsense: Expected `int`, got `object`"),
    ],
)
def test_a_child_that_fails_is_replaced(children: Children, asked: str, said: str) -> None:
    first = children.ask(b"", b"", PID)
    assert children.ask(b"", b"", PID) == first
    with pytest.raises(ReaderDied, match=f"^{said}"):
        children.ask(asked.encode(), b"abc", PID)
    assert children.ask(b"", b"", PID) != first


def test_a_child_without_room_for_the_file_itself_says_so(
    children: Children, capfd: pytest.CaptureFixture[str]
) -> None:
    """And nothing else: a traceback on a person's terminal helps nobody."""
    with pytest.raises(ReaderDied, match=r"^The reader failed: MemoryError"):
        children.ask(b"", bytes(2**27), PID)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [0, 2**20], ids=["over a file", "while it takes one"])
def test_a_child_that_hangs_is_killed(size: int) -> None:
    """Also one that does not even read its pipe, which has room for 64 KB."""
    children = Children(LimitedReader(READER, Limits(64 * 2**20, 30, 0.2, 2**15)), "fork")
    if size:
        os.kill(children.ask(b"", b"", PID), signal.SIGSTOP)
    with pytest.raises(ReaderDied, match="more than"):
        children.ask(b"wait", bytes(size), PID)
    children.close()


def test_a_fork_has_nothing_of_its_parent_open(children: Children, tmp_path: Path) -> None:
    """Not the base, no key file, not the pipe of another child."""
    (tmp_path / "secret").touch()
    with (tmp_path / "secret").open("rb"):
        children.start()
        children.start()
        (pipe,) = children.ask(b"open", b"", TEXTS)
    assert pipe.startswith("socket:")


ORPHAN = """
import time
from intergestan_db.limited_child.children import Children
from tests.db.limited_child.test_children import LIMITS, PID, READER, LimitedReader
children = Children(LimitedReader(READER, LIMITS), "fork")
children.start()
print(children.ask(b"", b"", PID), flush=True)
time.sleep(60)
"""


def test_a_fork_ends_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = Path(f"/proc/{parent.stdout.readline().strip()}")
        assert child.exists()
        parent.kill()
    eventually(lambda: not child.exists() or child.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z")
