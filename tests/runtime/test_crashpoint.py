"""A process dies at the point that the environment names."""

import os
import subprocess
import sys

import pytest

CODE = "from intergestan_runtime.crashpoint import crashpoint; crashpoint('here'); print('alive')"


@pytest.mark.parametrize(("name", "code", "said"), [("here", -9, b""), ("there", 0, b"alive\n"), ("", 0, b"alive\n")])
def test_dies_where_told(name: str, code: int, said: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env={**os.environ, "INTERGESTAN_CRASH": name},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, said)
