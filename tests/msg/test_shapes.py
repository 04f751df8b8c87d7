"""Types that msgspec reads, first met by many threads at once: each in a process of its own, for it may crash."""

from __future__ import annotations

import subprocess
import sys

import pytest

_MANY_THREADS = """
import sys, threading
from intergestan_msg.manifest import MANIFEST
from intergestan_exchange.inbox.reading import READING
import msgspec

sys.setswitchinterval(1e-6)  # a thread is interrupted wherever it can be
start = threading.Barrier(8)

def read():
    start.wait()
    for shape in (READING, MANIFEST):
        try:
            shape.decode("{}")
        except msgspec.ValidationError as error:
            assert "missing required field" in str(error)
        else:
            raise AssertionError("taken without its fields")

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all read")
"""


@pytest.mark.race
def test_many_threads_may_meet_a_type_at_once() -> None:
    run = subprocess.run([sys.executable, "-c", _MANY_THREADS], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "all read\n", "")
