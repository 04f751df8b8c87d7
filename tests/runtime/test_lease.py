"""The timing of leases, and the heart that renews them."""

import threading

from intergestan_runtime.lease import ROW_BEAT, ROW_LEASE, WORKER_BEAT, WORKER_LEASE, Heart


def test_two_beats_may_be_missed() -> None:
    """Design §12: 3 s and 9 s, 15 s and 60 s."""
    assert WORKER_LEASE >= 3 * WORKER_BEAT
    assert ROW_LEASE >= 3 * ROW_BEAT


def test_it_beats_until_stopped() -> None:
    beaten = threading.Semaphore(0)
    with Heart(beaten.release, every=0.01):
        assert all(beaten.acquire(timeout=10) for _ in range(5))
    while beaten.acquire(blocking=False):
        pass
    assert not beaten.acquire(timeout=0.05)


def test_a_failed_beat_is_counted_and_the_next_one_comes() -> None:
    beats: list[int] = []
    recovered, failed = threading.Event(), threading.Event()

    def beat() -> None:
        beats.append(heart.failures)
        if len(beats) <= 2:
            raise OSError("the base is away")
        (recovered if heart.failures == 0 else failed).set()

    heart = Heart(beat, every=0.01)
    with heart:
        assert recovered.wait(10)
    assert failed.is_set()
    assert beats[:4] == [0, 1, 2, 0]


def test_one_that_never_began_can_be_stopped() -> None:
    Heart(lambda: None, every=1).stop()
