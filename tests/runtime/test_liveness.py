"""When a thread hangs, and when a process that cannot prove that it lives ends itself: decided from values."""

from __future__ import annotations

import threading

import pytest

from intergestan_runtime.liveness import (
    Bounds,
    Pulse,
    PulsingStop,
    Verdict,
    comes_on,
    hanging,
    pulse_of_this_thread,
    verdict_of,
)
from intergestan_runtime.supervisor import Silence


class Steady:
    """A clock that only goes forward, when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_thread_that_works_too_long_hangs() -> None:
    clock = Steady()
    pulse = Pulse("importer", 60, clock)
    clock.now += 60
    assert not pulse.hangs()
    clock.now += 1
    assert pulse.hangs()
    assert hanging([pulse, Pulse("other", 60, clock)]) == "These threads hang: importer."
    pulse.beat()
    assert hanging([pulse]) is None


def test_a_thread_that_rests_may_rest_for_ever() -> None:
    clock = Steady()
    pulse = Pulse("watch", 60, clock)
    with pulse.resting():
        clock.now += 10_000
        assert not pulse.hangs()
    assert not pulse.hangs(), "it works from now on"
    clock.now += 61
    assert pulse.hangs()


def test_who_asks_whether_to_stop_shows_that_it_comes_round() -> None:
    clock, told = Steady(), threading.Event()
    pulse = Pulse("loop", 60, clock)
    stop = PulsingStop(told, pulse)
    clock.now += 100
    assert not stop.is_set()
    assert not pulse.hangs()
    clock.now += 100
    assert not stop.wait(0)
    assert not pulse.hangs()
    stop.set()
    assert told.is_set()
    assert stop.wait(None)


def test_a_long_piece_of_work_says_that_it_comes_on() -> None:
    """Such as removing a hundred thousand mails from a bucket."""
    clock = Steady()
    pulse = Pulse("tidy", 60, clock)
    comes_on()  # nobody's: harmless
    with pulse_of_this_thread(pulse):
        clock.now += 61
        assert pulse.hangs()
        comes_on()
        assert not pulse.hangs()


def looks(verdict: Verdict, *, failing: bool, every: float, start: float, until: float) -> float | None:
    """Looks of a process, as often; when it ends, if it does."""
    now = start
    while now <= until:
        if verdict.is_over(failing, now):
            return now
        now += every
    return None


@pytest.mark.parametrize("every", [0.5, 2.0, 9.0])
def test_a_minute_of_failing_ends_the_process(every: float) -> None:
    end = looks(Verdict(60, starved=10), failing=True, every=every, start=0, until=200)
    assert end is not None
    assert 60 <= end <= 60 + every


def test_failing_that_passes_is_forgotten() -> None:
    verdict = Verdict(60, starved=10)
    assert looks(verdict, failing=True, every=2, start=0, until=58) is None
    assert not verdict.is_over(False, 60)
    assert looks(verdict, failing=True, every=2, start=62, until=120) is None
    assert looks(verdict, failing=True, every=2, start=122, until=130) == 122


def test_a_machine_that_slept_proves_nothing() -> None:
    """Eight hours later each thread seems to hang: until it had a minute of real time to come round."""
    verdict = Verdict(60, starved=10)
    assert looks(verdict, failing=False, every=2, start=0, until=100) is None
    slept = 100 + 8 * 3600
    assert looks(verdict, failing=True, every=2, start=slept, until=slept + 58) is None
    assert looks(verdict, failing=False, every=2, start=slept + 60, until=slept + 200) is None


def test_a_process_that_hardly_runs_does_not_end() -> None:
    """Starved for as long as one likes: who looks every 20 s in place of every 2 s cannot judge others."""
    assert looks(Verdict(60, starved=10), failing=True, every=20, start=0, until=5000) is None


def test_the_bounds_of_a_site_and_of_a_test() -> None:
    assert Bounds().look == 2.0
    assert Bounds(patience=1).look == pytest.approx(0.1)
    end = looks(verdict_of(Bounds(patience=1)), failing=True, every=0.1, start=0, until=10)
    assert end == pytest.approx(1, abs=0.15)


def silent_from(silence: Silence, start: float, every: float, until: float) -> float | None:
    """When a supervisor that looks as often takes a child for dead that says nothing from `start` on."""
    now = start
    while now <= until:
        if silence.is_too_long(now):
            return now
        now += every
    return None


def test_a_child_that_fell_silent_is_found() -> None:
    silence = Silence(60, 0)
    silence.hear(3)
    found = silent_from(silence, 3, 0.1, 200)
    assert found == pytest.approx(63.1, abs=0.2)


def test_the_first_sign_may_take_its_time() -> None:
    assert silent_from(Silence(60, 0), 0, 0.1, 299) is None
    assert silent_from(Silence(60, 0), 0, 0.1, 400) == pytest.approx(300, abs=0.3)


def test_a_child_that_says_how_long_it_will_take_may_take_so_long() -> None:
    """The sender, which ends what is under way for eleven minutes."""
    silence = Silence(60, 0)
    silence.hear(3, 670)
    assert silent_from(silence, 3, 0.1, 670) is None


def test_a_supervisor_that_slept_accuses_nobody() -> None:
    silence = Silence(60, 0)
    silence.hear(3)
    assert silent_from(silence, 3, 0.1, 50) is None
    assert not silence.is_too_long(50 + 8 * 3600), "nobody ran"
    assert silent_from(silence, 50 + 8 * 3600, 0.1, 50 + 8 * 3600 + 10) is None
    assert silent_from(silence, 60 + 8 * 3600, 0.1, 200 + 8 * 3600) == pytest.approx(63 + 8 * 3600, abs=1)


def test_a_supervisor_that_hardly_runs_accuses_nobody() -> None:
    """Starved together with its children: a look every six seconds counts for none."""
    silence = Silence(60, 0)
    silence.hear(0)
    assert silent_from(silence, 0, 6.0, 5000) is None
