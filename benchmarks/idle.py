"""What a site costs while nothing happens: commands to Redis, CPU, and memory."""

from __future__ import annotations

import time

import psutil

from tests.journey.pair_of_sites import PairOfSites


def redis_commands_per_s(sites: PairOfSites, seconds: float) -> float:
    """Commands per second of one site, of which two share the server."""
    with sites.servers.redis.client() as client:

        def calls() -> int:
            return sum(command["calls"] for command in client.info("commandstats").values())

        before, started = calls(), time.perf_counter()
        time.sleep(seconds)
        return (calls() - before - 1) / (time.perf_counter() - started) / 2  # one of them was our own question


def rss_mib(sites: PairOfSites) -> dict[str, float]:
    """Resident memory of each service process of the seller, its helpers apart."""
    found = {}
    for service, process in sites.seller.processes.items():
        found[service] = psutil.Process(process.pid).memory_info().rss / 2**20
        for helper in psutil.Process(process.pid).children(recursive=True):
            found[f"{service} helper {helper.pid}"] = helper.memory_info().rss / 2**20
    return found


def pss_mib(sites: PairOfSites) -> float:
    """What the machine gives the seller's services for all of them with their helpers: a page that several processes
    share counts once.
    """
    roots = [psutil.Process(process.pid) for process in sites.seller.processes.values()]
    every = (each for root in roots for each in (root, *root.children(recursive=True)))
    return sum(float(each.memory_full_info().pss) for each in every) / 2**20


def cpu_percent(sites: PairOfSites, seconds: float) -> dict[str, float]:
    """Of one core, by service of the seller with its helpers; the database is not in it."""
    roots = {service: process.pid for service, process in sites.seller.processes.items()}
    before, started = {service: _spent(pid) for service, pid in roots.items()}, time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - started
    return {service: 100 * (_spent(pid) - before[service]) / passed for service, pid in roots.items()}


def _spent(pid: int) -> float:
    process = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))
