"""Who says during a fault that something is wrong: three commands, /live, /ready, the metrics, the log of `up`."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.site import SERVICES, Site

NOISE = {"HoldsWaiting"}
"""What forged mails cause all the time."""
TROUBLE = re.compile(
    r"^intergestan_(?:archive_errors_total|sequence_gaps|mailbox_reconnects_total"
    r"|messages_total\{[^}]*outcome=\"(?:failed|poison)\"|rings_total\{[^}]*outcome=\"lost\""
    r"|smtp_responses_total\{[^}]*class=\"(?:4xx|5xx|network|tls|auth)\").* ([\d.e+]+)$",
    re.MULTILINE,
)
"""Counters that rise when something fails."""
ENDED = b"A process ended."
TRACEBACK = b"Traceback (most recent call last)"


class Lookout:
    """Looks at sites once, in threads of its own, while a fault lasts.

    :param usual: what is said without any fault.
    """

    def __init__(self, sites: Sequence[Site], usual: frozenset[str] = frozenset()) -> None:
        self._sites = sites
        self._usual = usual
        self._before = {site.name: _troubles(site) for site in sites}
        self._logs = {site.name: _size(site) for site in sites}
        self._said: set[str] = set()
        self._threads: list[threading.Thread] = []

    def look(self) -> None:
        """Begin to look; `said` waits for the end of it."""
        self._threads = [threading.Thread(target=self._look_at, args=(site,), daemon=True) for site in self._sites]
        for thread in self._threads:
            thread.start()

    def said(self) -> frozenset[str]:
        """Who saw it, and what they called it."""
        for thread in self._threads:
            thread.join()
        for site in self._sites:
            self._said.update(self._in_metrics(site))
            self._said.update(self._in_log(site))
        return frozenset(self._said) - self._usual

    def _look_at(self, site: Site) -> None:
        self._said.update(_not_well(site))
        alarms = site.type("watch", "--once", "--json", seconds=60)
        names = {alarm["name"] for alarm in alarms.json() if isinstance(alarm, dict)} - NOISE
        self._said.update(f"watch: {name}" for name in names)
        if not names and alarms.code not in {0, 1}:
            self._said.add("watch: no answer" if alarms.code is None else f"watch: exit code {alarms.code}")
        self._said.update(f"status: {text}" for text in _in_status(site.type("status", "--json", seconds=60).json()))
        checks = site.type("doctor", "--json", seconds=60)
        failed = {check["subject"] for check in checks.json() if isinstance(check, dict) and not check["ok"]}
        self._said.update(f"doctor: {name}" for name in failed)

    def _in_metrics(self, site: Site) -> Iterator[str]:
        before = self._before[site.name]
        for name, value in _troubles(site).items():
            if value > before.get(name, 0.0):
                yield f"metrics: {name}"

    def _in_log(self, site: Site) -> Iterator[str]:
        if site.log.exists():
            with site.log.open("rb") as log:
                log.seek(self._logs[site.name])
                said = log.read()
            if ENDED in said:
                yield "up: a process ended"
            if TRACEBACK in said:
                yield "log: a traceback"


def _in_status(status: Any) -> Iterator[str]:
    """Services that do not run, and the last errors of relay and mailboxes."""
    if not isinstance(status, dict):
        return
    running = {worker["service"] for worker in status["workers"]}
    if missing := [service for service in SERVICES if service not in running]:
        yield f"no {' '.join(missing)}"
    if (status["relay"] or {}).get("last_error"):
        yield "relay"
    if any(mailbox["last_error"] for mailbox in status["mailboxes"]):
        yield "mailbox"


def _not_well(site: Site) -> Iterator[str]:
    for question in ("live", "ready"):
        silent = [service for service in SERVICES if not site.answers(service, question)]
        if silent:
            yield f"/{question}: {' '.join(silent)}"


def _troubles(site: Site) -> dict[str, float]:
    found: dict[str, float] = {}
    for service in SERVICES:
        for match in TROUBLE.finditer(site.metrics(service)):
            name = re.split(r"[{ ]", match[0])[0].removeprefix("intergestan_").removesuffix("_total")
            found[name] = found.get(name, 0.0) + float(match[1])
    return found


def _size(site: Site) -> int:
    return site.log.stat().st_size if site.log.exists() else 0
