"""A clock that somebody sets is told from one that drifts, or a machine that slept."""

from __future__ import annotations

import pytest

from intergestan_runtime.clock_watch import ClockWatch, steady


class Clocks:
    """A wall clock and one that nobody sets."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_795_000_000.0, 500.0
        self.watch = ClockWatch(lambda: self.wall, lambda: self.steady)

    def pass_by(self, seconds: float, *, step: float = 0.0) -> float:
        self.wall += seconds + step
        self.steady += seconds
        return self.watch.step()


@pytest.mark.parametrize("step", [-3600.0, 7200.0, -2.0, 86_400.0])
def test_a_step_is_told_once(step: float) -> None:
    clocks = Clocks()
    assert clocks.pass_by(5) == 0.0
    assert clocks.pass_by(5, step=step) == pytest.approx(step)
    assert clocks.pass_by(5) == 0.0


def test_drift_never_becomes_a_step() -> None:
    """A clock that is slewed by half a millisecond a second for a day was not set."""
    clocks = Clocks()
    assert not any(clocks.pass_by(5, step=-0.0025) for _ in range(17_280))


def test_a_step_while_the_machine_slept_is_seen() -> None:
    clocks = Clocks()
    assert clocks.pass_by(30_000) == 0.0
    assert clocks.pass_by(30_000, step=-600) == pytest.approx(-600)


def test_the_steady_clock_goes_forward() -> None:
    first = steady()
    assert steady() >= first
    assert ClockWatch().step() == 0.0
