"""`make test` by somebody who is not root: what this machine lacks is left out, said and counted; the rest runs.

For root, and in CI, a missing server is a failure: `make test` would have installed it.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from tests.servers.process import Unavailable

_HEAD = "Not run, because this user may not install it:"


@cache
def may_install() -> bool:
    """Whether `make test` could install what is missing."""
    if os.geteuid() == 0 or os.environ.get("CI") == "true":
        return True
    try:
        return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def left_out() -> Iterator[None]:
    """What is unavailable in this block is left out, unless this user could have installed it."""
    try:
        yield
    except Unavailable as error:
        if may_install():
            raise
        pytest.skip(f"{_HEAD} {error}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Iterator[None]:
    """Servers are started by fixtures."""
    with left_out():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Or by the test."""
    with left_out():
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests were left out for what."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if report.longrepr]
    found = Counter(reason.partition(f"{_HEAD} ")[2] for reason in reasons if _HEAD in reason)
    if found:
        terminalreporter.section(_HEAD)
        for reason, count in found.most_common():
            terminalreporter.line(f"{count:5}  {reason}")
