"""What goes on for hours is said once a minute and cause."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from intergestan_runtime import logs
from intergestan_runtime.rarely import MINUTE, QuietLibrary, Rarely


class Ticks:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("test", form="json", stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_cause_is_told_once_a_minute_and_what_was_left_out_is_counted(ticks: Ticks, stream: io.StringIO) -> None:
    rarely, log = Rarely(ticks), structlog.get_logger("ours")
    for _ in range(600):
        for cause in ("base", "redis"):
            rarely.warn(log, cause, f"{cause} is away")
        ticks.now += 0.2
    told = [(each["event"], each.get("more")) for each in lines(stream)]
    assert told == [("base is away", None), ("redis is away", None), ("base is away", 299), ("redis is away", 299)]


def test_another_cause_is_told_at_once(ticks: Ticks) -> None:
    rarely = Rarely(ticks)
    assert rarely.ask("57P01") == 0
    assert rarely.ask("53100") == 0
    assert rarely.ask("57P01") is None
    ticks.now += MINUTE
    assert rarely.ask("57P01") == 1
    for number in range(5000):
        rarely.ask(number)
    assert len(rarely._told) <= 1000


def test_a_librarys_tracebacks_are_told_once_for_each_error(ticks: Ticks) -> None:
    """155 MB a day of them were seen while a disk was full: the same error about another row is the same error."""
    quiet = QuietLibrary("dramatiq", Rarely(ticks))

    def record(level: int, text: str, error: Exception | None = None, name: str = "dramatiq.worker.Thread(a)") -> bool:
        info = (type(error), error, None) if error else None
        return quiet.filter(logging.LogRecord(name, level, "x.py", 1, text, ("message",), info))

    failed = "Failed to process message %s with unhandled exception."
    passed = [record(logging.ERROR, failed, OSError(f"row {number} of 4f2a{number}")) for number in range(50)]
    assert passed == [True] + [False] * 49
    assert record(logging.ERROR, failed, ValueError("row 1"))
    assert record(logging.CRITICAL, "Consumer encountered a connection error: %s")
    assert not record(logging.CRITICAL, "Consumer encountered a connection error: %s", name="dramatiq.worker.Thread(b)")
    assert all(record(logging.INFO, "x") for _ in range(3))
    assert all(record(logging.ERROR, "x", name="ours") for _ in range(3))
    ticks.now += MINUTE
    assert record(logging.ERROR, failed, OSError("row 7"))
