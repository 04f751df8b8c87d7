"""Whoever reads a command's output may leave, and whoever typed it may stop it: neither is a fault of the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.services.cli.conftest import Run
from tests.services.cli.test_outage_words import typed

AT_IMPORT = """
import builtins, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may not want it heard
from services.cli.__main__ import main
real, wanted, *words = builtins.__import__, *sys.argv[1:]
def importing(name, *rest):
    if name == wanted:
        builtins.__import__ = real
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = importing
main(words)
"""
"""The program, interrupted when it begins to import a module."""


@pytest.fixture
def left() -> Iterator[int]:
    """An output that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    with closing(os.fdopen(writing, "w")) as file:
        yield file.fileno()


@pytest.mark.parametrize("command", ["site show", "orders list --all --json", "holds list", "--help", "orders list -h"])
def test_a_reader_that_leaves_is_no_failure(shop: Path, left: int, command: str) -> None:
    """`intergestan orders list | head -1` ends with 0."""
    assert typed(*command.split(), cwd=shop, out=left)[0] == 0


def test_what_was_asked_for_is_done_though_nobody_reads(shop: Path, run: Run, left: int) -> None:
    assert typed("user", "add", "zoe", "--email", "zoe@durand.fr", cwd=shop, out=left, err=left) == (0, "")
    assert "zoe@durand.fr" in run("user", "list", cwd=shop).out


def test_a_failure_keeps_its_code_though_nobody_reads(shop: Path, left: int) -> None:
    assert typed("orders", "show", "CFR404", cwd=shop, out=left, err=left)[0] == 1
    assert typed("orders", "shwo", cwd=shop, out=left, err=left)[0] == 2


@pytest.mark.parametrize(
    ("module", "code"),
    [("typer", -signal.SIGINT), ("services.cli.app", -signal.SIGINT), ("sqlalchemy", 128 + signal.SIGINT)],
)
def test_an_interrupt_in_the_first_second_is_quiet(shop: Path, module: str, code: int) -> None:
    """A shell tells 130 for either."""
    assert _interrupted(shop, module, "orders", "list") == (code, "")


def _interrupted(shop: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", AT_IMPORT, *arguments],
        cwd=shop,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stderr
