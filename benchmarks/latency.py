"""How long one order takes in two idle sites with IDLE: from Valider to the committed sales order."""

from __future__ import annotations

import time
from statistics import quantiles

from tests.journey.pair_of_sites import PairOfSites

PATIENCE = 60.0
REST = 0.5  # seconds for the answer's way back to be over, and for the sites to be idle again


def latencies(sites: PairOfSites, orders: int) -> list[float]:
    """Seconds for each of so many orders, sent one after another."""
    return [_latency(sites) for _ in range(orders)]


def _latency(sites: PairOfSites) -> float:
    (number,) = sites.enter(1)
    started = time.perf_counter()
    sites.send([number])
    while not sites.booked([number]):
        assert time.perf_counter() - started < PATIENCE, sites.picture()
        time.sleep(0.005)
    seconds = time.perf_counter() - started
    sites.wait_answered([number], PATIENCE)
    sites.wait_at_rest(PATIENCE)
    time.sleep(REST)
    return seconds


def percentiles(values: list[float]) -> tuple[float, float]:
    """The median and the 95th."""
    cuts = quantiles(values, n=20, method="inclusive")
    return cuts[9], cuts[18]
