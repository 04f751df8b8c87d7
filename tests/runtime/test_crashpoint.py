"""A process dies at the point that the environment names, or around the commit whose number it tells."""

import os
import subprocess
import sys

import pytest

from intergestan_runtime.crashpoint import ENVIRONMENT, dying_at_commit

CODE = "from intergestan_runtime.crashpoint import crashpoint; crashpoint('here'); print('alive')"
COMMITS = """
from intergestan_runtime.crashpoint import dying_at_commit
at_commit = dying_at_commit()
for number in range(1, 4):
    at_commit("before")
    print(number, flush=True)
    at_commit("after")
"""


def run(code: str, crash: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, ENVIRONMENT: crash}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "code", "said"), [("here", -9, ""), ("there", 0, "alive\n"), ("", 0, "alive\n")])
def test_dies_where_told(name: str, code: int, said: str) -> None:
    done = run(CODE, name)
    assert (done.returncode, done.stdout) == (code, said)


@pytest.mark.parametrize(("crash", "done"), [("commit:1", 0), ("commit:2", 1), ("commit:2:after", 2)])
def test_dies_around_the_commit_told(crash: str, done: int) -> None:
    died = run(COMMITS, crash)
    assert (died.returncode, died.stdout.split()) == (-9, [str(number) for number in range(1, done + 1)])


def test_without_a_number_nobody_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "here")
    assert dying_at_commit() is None
    monkeypatch.setenv(ENVIRONMENT, "commit:first")
    with pytest.raises(ValueError, match="first"):
        dying_at_commit()
