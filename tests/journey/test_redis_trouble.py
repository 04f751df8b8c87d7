"""Redis is only a bell: wiped, restarted empty or frozen with work in flight, it costs seconds and no order."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.journey.conftest import MakePair
from tests.journey.journey_site import USUAL
from tests.journey.oracles import check_everything
from tests.journey.pair_of_sites import PairOfSites
from tests.patience import ENOUGH
from tests.servers import RedisServer

pytestmark = pytest.mark.mainly_on("sqlite")

Trouble = Callable[[RedisServer, float], None]


def wipe(redis: RedisServer, _seconds: float) -> None:
    """FLUSHALL: every bell is lost."""
    redis.wipe()


def restart(redis: RedisServer, _seconds: float) -> None:
    """Dead and back, with an empty memory."""
    redis.kill()
    redis.bring_back()


def freeze(redis: RedisServer, seconds: float) -> None:
    """SIGSTOP: connections stay, nobody answers."""
    redis.pause()
    time.sleep(seconds)
    redis.resume()


def refuse_to_save(redis: RedisServer, seconds: float) -> None:
    """MISCONF: it answers, and refuses every write."""
    redis.refuse_saving()
    time.sleep(seconds)
    redis.allow_saving()


def load(redis: RedisServer, seconds: float) -> None:
    """LOADING: it answers nothing else, and has forgotten what it was told since it saved."""
    redis.load_slowly()
    time.sleep(seconds)
    redis.load_quickly()


TROUBLES = (wipe, restart, freeze)


def suffer(sites: PairOfSites, trouble: Trouble, *, frozen: float, healed_within: float) -> None:
    """Let it happen while six mails are on their way; no process may be started again, and nothing be missing."""
    pids = [process.pid for process in sites.processes()]
    numbers = sites.enter(18)
    sites.send(numbers[:9], mails=3)
    time.sleep(0.3)
    trouble_at_once = sites.servers.redis
    sites.send(numbers[9:], mails=3, ring=trouble is not freeze)
    trouble(trouble_at_once, frozen)
    sites.wait_answered(numbers, healed_within)
    sites.wait_at_rest(healed_within)
    check_everything(sites, numbers)
    assert [process.pid for process in sites.processes()] == pids
    assert all(process.runs for process in sites.processes())


@pytest.mark.parametrize("trouble", TROUBLES)
def test_redis_comes_back(sites: PairOfSites, trouble: Trouble) -> None:
    """F3, with quick settings and eight seconds of frost."""
    suffer(sites, trouble, frozen=8, healed_within=ENOUGH)


@pytest.mark.campaign
@pytest.mark.parametrize("trouble", [refuse_to_save, load])
def test_redis_answers_and_takes_no_bells(sites: PairOfSites, trouble: Trouble) -> None:
    """F4: the same, and the logs stay small: a line a minute for each cause, and no traceback."""
    said = {process: len(process.log()) for process in sites.processes()}
    suffer(sites, trouble, frozen=8, healed_within=ENOUGH)
    for process, length in said.items():
        lines = process.log()[length:].splitlines()
        assert not [line for line in lines if "Traceback" in line]
        assert len([line for line in lines if '"level": "warning"' in line]) < 10, lines


@pytest.mark.campaign
@pytest.mark.timeout(600)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_redis_comes_back_with_the_usual_settings(base: str, make_pair: MakePair, trouble: Trouble) -> None:
    """F3: after 90 s of frost, or a wipe, all due work is done 60 s after Redis is back."""
    sites = make_pair(base, USUAL)
    try:
        suffer(sites, trouble, frozen=90, healed_within=60)
    finally:
        sites.stop()
