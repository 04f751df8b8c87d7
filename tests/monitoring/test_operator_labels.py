"""Rules and dashboards under the labels that prometheus-operator gives: a real Prometheus, two sites, one broken."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry

from intergestan_db.enums import HoldReason
from intergestan_runtime.health import HealthServer
from intergestan_runtime.metric_table import METRICS, Metric
from intergestan_runtime.metrics import Metrics
from tests.deploy.test_kubernetes import template
from tests.monitoring.dashboards import FILES, GRAFANA, queries, read
from tests.monitoring.operator_labels import scrape_config, without_relabelings
from tests.patience import eventually
from tests.servers import PrometheusServer

RULES = GRAFANA.parent / "prometheus"
SERVICES = ("dispatcher", "poller")
NAMES = set(re.findall(r"- alert: (\w+)", (RULES / "alerts.yml").read_text()))
OF_PROCESSES = {"IntergestanServiceDown", "IntergestanMetricsAbsent"}
DAY = 86400.0

OPEN: dict[str, tuple[str, ...]] = {
    "mailbox": ("orders",),
    "route": ("P",),
    "name": ("orders",),
    "check": ("redis",),
    "reason": (HoldReason.TRANSFER_CONFLICT, HoldReason.ARCHIVE, HoldReason.POISON),
}
"""The same names at every site: one must not hide the other's."""


def values_of(metric: Metric) -> list[dict[str, str]]:
    """A series for each word of its labels."""
    found: list[dict[str, str]] = [{}]
    for label, allowed in metric.labels.items():
        words = allowed if isinstance(allowed, tuple) else OPEN.get(label, ("x",))
        found = [{**one, label: word} for one in found for word in words]
    return found


def be_well(metrics: Metrics, now: float) -> None:
    """All that is measured, as at a site where nothing is wrong."""
    fine = {
        **dict.fromkeys(
            ("redis_up", "ready", "archive_writable", "mailbox_owned", "build_info", "worker_threads"), 1.0
        ),
        "mailbox_last_success_timestamp_seconds": now + 600,
        "mailbox_poll_interval_seconds": 60.0,
        "certificate_expiry_timestamp_seconds": now + 400 * DAY,
        "archive_free_bytes": 9e10,
        "archive_disk_bytes": 1e11,
        "archive_least_bytes": 5e9,
        "redis_memory_limit_bytes": 1e9,
        "redis_memory_used_bytes": 1e6,
    }
    for metric in METRICS:
        for labels in values_of(metric):
            if metric.kind == "gauge":
                metrics.set(metric.name, fine.get(metric.name, 0.0), **labels)
            elif metric.kind == "counter":
                metrics.inc(metric.name, 0, **labels)
            else:
                metrics.observe(metric.name, 1.0, **labels)


def be_broken(metrics: Metrics, now: float) -> None:
    """Whatever an alert looks at is wrong."""
    metrics.set("oldest_pending_order_timestamp_seconds", now - 1000, step="send")
    metrics.set("mailbox_last_success_timestamp_seconds", now - 1000, mailbox="orders")
    metrics.set("mailbox_owned", 0, mailbox="orders")
    metrics.set("oauth_consent_ended", 1, mailbox="orders")
    for whose in ("ours", "theirs"):
        metrics.set("database_older", 1, whose=whose, route="P")
    for reason in (HoldReason.TRANSFER_CONFLICT, HoldReason.ARCHIVE, HoldReason.PARTNER_BUDGET):
        metrics.set("holds", 1, reason=reason)
    metrics.set("oldest_hold_timestamp_seconds", now - 4000)
    metrics.set("oldest_unallocated_order_timestamp_seconds", now - 1000)
    metrics.set("sequence_gaps", 1, route="P")
    metrics.set("partner_clock_ahead_seconds", 400, route="P")
    for kind in ("signing", "mailbox"):
        metrics.set("certificate_expiry_timestamp_seconds", now + DAY, kind=kind, name="orders")
    for store in ("base", "redis"):
        metrics.set("writes_refused", 1, store=store)
    metrics.set("geocode_resting", 1, reason="key")
    metrics.set("picking_slips", 1, state="error")
    metrics.set("ready", 0, check="pages")
    for name, value in {
        "delivery_notes_due": 3.0,
        "stock_negative": 1.0,
        "orders_unanswered": 1.0,
        "booking_paused": 1.0,
        "archive_writable": 0.0,
        "redis_up": 0.0,
        "redis_memory_used_bytes": 9e8,
        "clock_skew_seconds": 1.5,
        "archive_free_bytes": 1e9,
        "clock_set_back_timestamp_seconds": now,
    }.items():
        metrics.set(name, value)


@dataclass
class FakeSite:
    """The metrics of a site's processes."""

    code: str
    processes: dict[str, tuple[Metrics, HealthServer]] = field(default_factory=dict)

    def start(self) -> FakeSite:
        for service in SERVICES:
            metrics = Metrics(CollectorRegistry())
            be_well(metrics, time.time())
            health = HealthServer(metrics.registry, labels={"site": self.code})
            health.start()
            self.processes[service] = (metrics, health)
        return self

    def stop(self) -> None:
        for _, health in self.processes.values():
            health.stop()

    @property
    def targets(self) -> list[tuple[str, str]]:
        return [(f"127.0.0.1:{health.port}", service) for service, (_, health) in self.processes.items()]

    def break_all(self) -> None:
        for metrics, _ in self.processes.values():
            be_broken(metrics, time.time())

    def lose_heartbeats(self) -> None:
        for metrics, _ in self.processes.values():
            metrics.inc("heartbeats_total", 3, outcome="lost")


WELL, BROKEN = ("shop", "south"), ("depot", "north")
"""The first of each by the chart's ServiceMonitor, the second by one without relabelings."""


@pytest.fixture
def impatient(tmp_path: Path) -> Path:
    """The rules, without waiting until something has lasted."""
    file = tmp_path / "alerts.yml"
    file.write_text(re.sub(r"^    for: \d+m$", "    for: 0s", (RULES / "alerts.yml").read_text(), flags=re.MULTILINE))
    return file


@pytest.fixture
def sites() -> Iterator[dict[str, FakeSite]]:
    found = {code: FakeSite(code).start() for code in (*WELL, *BROKEN)}
    yield found
    for site in found.values():
        site.stop()


@pytest.fixture
def prometheus(sites: dict[str, FakeSite], impatient: Path) -> Iterator[PrometheusServer]:
    configs = []
    for code, site in sites.items():
        done, text, said = template({"serviceMonitor": {"enabled": True}, "site": {"code": code}})
        assert done == 0, said
        (monitor,) = [each for each in yaml.safe_load_all(text) if each and each["kind"] == "ServiceMonitor"]
        monitor["metadata"]["name"] = code
        if code in {WELL[1], BROKEN[1]}:
            monitor = without_relabelings(monitor)
        configs.append(scrape_config(monitor, site.targets))
    with PrometheusServer("intergestan", (), [RULES / "recording.yml", impatient], configs) as server:
        wanted = len(sites) * len(SERVICES)
        query = f"count(up == 1) == {wanted}"
        eventually(lambda: server.ask("query", query=query)["result"], every=0.3, what="scraped")
        yield server


def filled(query: str) -> str:
    """A query of a dashboard with all of its variables chosen."""
    for name, value in {"$__rate_interval": "10s", "$job": "intergestan", "$site": ".+", "$instance": ".+"}.items():
        query = query.replace(name, value)
    return query


def firing(prometheus: PrometheusServer) -> set[tuple[str, str | None]]:
    """Name and site of each alert that fires."""
    alerts = prometheus.ask("alerts")["alerts"]
    return {(each["labels"]["alertname"], each["labels"].get("site")) for each in alerts if each["state"] == "firing"}


def every_panel_shows_both_sites(prometheus: PrometheusServer, sites: dict[str, FakeSite]) -> None:
    """What has a name within a site is told for each site; counts are sums over the sites."""
    asked = {filled(query): title for file in FILES for title, query in queries(read(file))}

    def missing() -> list[str]:
        """The panels that do not show both sites, or nothing at all."""
        answers = {query: prometheus.ask("query", query=query)["result"] for query in asked}
        told = {query: {each["metric"].get("site") for each in found} for query, found in answers.items()}
        right = ({None}, {WELL[0], BROKEN[0]})
        return [f"{asked[query]}, {query}: {told[query]}" for query in asked if told[query] not in right]

    eventually(lambda: not missing(), every=1, what=lambda: "\n".join(missing()))
    for site in sites.values():
        for metrics, _ in site.processes.values():
            metrics.set("holds", 2, reason=HoldReason.POISON)
    (total,) = [query for query in asked if query.startswith("sum by (reason) (max by (site, reason) (")]

    def counted() -> bool:
        found = prometheus.ask("query", query=total)["result"]
        return bool({each["metric"]["reason"]: each["value"][1] for each in found}[HoldReason.POISON] == "4")

    eventually(counted, every=0.3, what="two of each site, which two processes tell alike")


def each_alert_fires_for_the_broken_site_alone(prometheus: PrometheusServer, sites: dict[str, FakeSite]) -> None:
    """And at last, when its processes end, those about processes."""
    assert firing(prometheus) == set()
    for code in BROKEN:
        sites[code].break_all()
    wanted = {(name, code) for name in NAMES - OF_PROCESSES for code in BROKEN}

    def all_fire() -> bool:
        for code in BROKEN:
            sites[code].lose_heartbeats()
        return firing(prometheus) >= wanted

    eventually(all_fire, every=1, what=lambda: f"still silent: {sorted(map(str, wanted - firing(prometheus)))}")
    assert firing(prometheus) == wanted
    query = 'group by (__name__, job, site, service, exported_site) ({__name__=~"up|intergestan_holds"})'
    labels = {json.dumps(each["metric"], sort_keys=True) for each in prometheus.ask("query", query=query)["result"]}
    for code in (WELL[0], BROKEN[0]):
        for name in ("up", "intergestan_holds"):
            for service in SERVICES:
                found = {"__name__": name, "job": "intergestan", "site": code, "service": service}
                assert json.dumps(found, sort_keys=True) in labels
    for code in BROKEN:
        sites[code].stop()
    wanted = {(name, code) for name in OF_PROCESSES for code in BROKEN}
    eventually(lambda: firing(prometheus) >= wanted, every=0.5, what=lambda: f"{firing(prometheus)}")
    assert {site for _, site in firing(prometheus)} == set(BROKEN)


def test_two_sites_under_the_labels_of_an_operator(prometheus: PrometheusServer, sites: dict[str, FakeSite]) -> None:
    """Issue 13: with mailboxes and partners of the same names; whatever is broken at one site is told of it alone."""
    every_panel_shows_both_sites(prometheus, sites)
    each_alert_fires_for_the_broken_site_alone(prometheus, sites)
