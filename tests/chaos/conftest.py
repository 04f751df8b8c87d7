"""One world for all tests of this folder, whose processes are forked (`tests.warm`)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest

from tests import warm
from tests.chaos.world import World
from tests.servers.process import ServerProcess


def forked(
    arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """A process of ours and its children, as `tests.chaos.machine.cold` starts them, for a hundredth of the cost."""
    return warm.FamilyPopen[bytes](
        [sys.executable, "-m", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """On SQLite, the seller's Redis behind a proxy, without disks of its own."""
    if not ServerProcess.may_start:
        pytest.skip("`make quick` starts no server.")
    with World("sqlite", 7, forked, with_disks=False) as made:
        yield made
