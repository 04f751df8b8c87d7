"""Every metric of ours, in one table; a name or a label that is not in it is an error, never a new series.

Names follow prometheus.io/docs/practices/naming: base units, `_total`, `_seconds`, timestamps instead of
ages. Labels hold short closed words or names from the configuration, never an address, an order number or a
person.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

PREFIX = "intergestan_"
OTHER = "other"

Kind = Literal["counter", "gauge", "histogram"]
Label = tuple[str, ...] | int
"""The values a label may have; or, where they come from the configuration, how many before the rest is
`other`.
"""


class UnknownMetric(KeyError):
    """A metric, a label or a label's value is not in the table `METRICS`: a fault in the program."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Metric:
    """One row of the table. :ivar name: without the prefix."""

    name: str
    kind: Kind
    help: str
    labels: Mapping[str, Label] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()


def _counter(name: str, text: str, **labels: Label) -> Metric:
    return Metric(name, "counter", text, labels)


def _gauge(name: str, text: str, **labels: Label) -> Metric:
    return Metric(name, "gauge", text, labels)


def _histogram(name: str, text: str, buckets: tuple[float, ...], **labels: Label) -> Metric:
    return Metric(name, "histogram", text, labels, buckets)


_STEPS = ("compose", "send", "poll", "import", "dispatch")
_OUTCOMES = ("done", "created", "duplicate", "held", "rejected", "conflict", "waiting", "retry")
_QUEUES, _MAILBOXES, _ROUTES, _REASONS, _STATES = 20, 20, 50, 40, 20
_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_TRANSIT = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 14400, 86400)

METRICS: tuple[Metric, ...] = (
    _gauge("build_info", "Always 1; the labels say what runs.", version=1, revision=1, python=1),
    _counter("orders_total", "Orders that went through a step.", step=_STEPS, outcome=_OUTCOMES),
    _counter("order_rejections_total", "Orders refused or held, by reason.", step=_STEPS, reason=_REASONS),
    _histogram("step_duration_seconds", "Working time of a step on one row.", _SECONDS, step=_STEPS),
    _histogram("queue_wait_seconds", "Time from the bell to the start of the work.", _SECONDS, queue=_QUEUES),
    _histogram("order_transit_seconds", "Time from Valider to the sales order.", _TRANSIT, route=_ROUTES),
    _gauge("oldest_pending_order_timestamp_seconds", "Since when the oldest waits; 0: none.", step=_STEPS),
    _gauge("orders_pending", "Orders that rest in a state, read from the base.", step=_STEPS, state=_STATES),
    _gauge(
        "mails_pending",
        "Mails that rest in a state, read from the base.",
        direction=("out", "in"),
        state=_STATES,
    ),
    _gauge("holds", "Orders and mails that wait for a person, by reason.", reason=_REASONS),
    _gauge("queue_messages", "Bells that wait in Redis.", queue=_QUEUES),
    _counter("rings_total", "Bells rung; a lost one is rung again.", queue=_QUEUES, outcome=("rung", "lost")),
    _counter(
        "messages_total",
        "Bells taken from a queue.",
        queue=_QUEUES,
        outcome=("done", "failed", "unknown_actor", "poison"),
    ),
    _gauge("messages_in_progress", "Bells being worked on in this process.", queue=_QUEUES),
    _counter(
        "mails_total",
        "Mails sent and received.",
        direction=("out", "in"),
        outcome=("accepted", "deferred", "unknown", "bounced", "order", "answer", "foreign", "malformed"),
    ),
    _counter(
        "smtp_responses_total",
        "How the relay answered.",
        **{"class": ("2xx", "4xx", "5xx", "network", "tls", "auth")},
    ),
    _gauge("mailbox_last_success_timestamp_seconds", "When a mailbox was last listed whole.", mailbox=_MAILBOXES),
    _gauge("mailbox_poll_interval_seconds", "How often a mailbox shall be listed.", mailbox=_MAILBOXES),
    _gauge("mailbox_lease_held", "1 where this process owns the mailbox.", mailbox=_MAILBOXES),
    _gauge("mailbox_backlog_messages", "Mails listed and not yet archived.", mailbox=_MAILBOXES),
    _histogram("mailbox_poll_duration_seconds", "Time of one poll.", _SECONDS, protocol=("imap", "pop3")),
    _counter("mailbox_idle_wakeups_total", "Mails announced by IDLE.", mailbox=_MAILBOXES),
    _counter("mailbox_reconnects_total", "Connections made again, by reason.", reason=_REASONS),
    _gauge("oauth_token_expiry_timestamp_seconds", "When the access token of an account ends.", mailbox=_MAILBOXES),
    _counter("oauth_refreshes_total", "Access tokens asked for.", outcome=("refreshed", "refused", "unavailable")),
    _gauge("archive_bytes", "Bytes in the archive of raw mails."),
    _gauge("archive_messages", "Mails in the archive."),
    _gauge("archive_free_bytes", "Free space where the archive lies."),
    _counter("replays_total", "Archived mails taken again.", outcome=_OUTCOMES),
)


class Metrics:
    """The metrics of one process, in its own registry.

    Series whose labels are all closed words exist from the start with 0, so that `increase()` sees the
    first event. Every method raises `UnknownMetric` for a name, label or value that the table does not
    have.
    """

    def __init__(self, registry: CollectorRegistry, table: Iterable[Metric] = METRICS) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the number of series
        self.registry = registry
        self._table = {metric.name: metric for metric in table}
        self._collectors = {name: _collector(metric, registry) for name, metric in self._table.items()}
        self._seen: dict[tuple[str, str], set[str]] = {}
        for metric in self._table.values():
            for values in _closed_combinations(metric):
                self._collectors[metric.name].labels(*values)

    def inc(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Add to a counter or a gauge."""
        self._series(name, ("counter", "gauge"), labels).inc(value)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        self._series(name, ("gauge",), labels).set(value)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Put a value into a histogram."""
        self._series(name, ("histogram",), labels).observe(value)

    def _series(self, name: str, kinds: tuple[Kind, ...], labels: Mapping[str, str]) -> Any:
        metric = self._table.get(name)
        if metric is None or metric.kind not in kinds:
            raise UnknownMetric(f"There is no {' or '.join(kinds)} {name!r} in the table of metrics.")
        if labels.keys() != metric.labels.keys():
            raise UnknownMetric(f"{name} has the labels {list(metric.labels)}, not {list(labels)}.")
        collector = self._collectors[name]
        if not labels:
            return collector
        return collector.labels(*(self._admit(metric, label, labels[label]) for label in metric.labels))

    def _admit(self, metric: Metric, label: str, value: str) -> str:
        allowed = metric.labels[label]
        if isinstance(allowed, tuple):
            if value not in allowed:
                raise UnknownMetric(f"{metric.name}: {label}={value!r} is none of {allowed}.")
            return value
        seen = self._seen.setdefault((metric.name, label), set())
        if value not in seen and len(seen) >= allowed:
            return OTHER
        seen.add(value)
        return value


def build_labels(version: str, revision: str) -> dict[str, str]:
    """The labels of `build_info`."""
    return {"version": version, "revision": revision, "python": platform.python_version()}


def _collector(metric: Metric, registry: CollectorRegistry) -> MetricWrapperBase:
    name, labels = PREFIX + metric.name, tuple(metric.labels)
    if metric.kind == "histogram":
        return Histogram(name, metric.help, labels, registry=registry, buckets=metric.buckets)
    kind = Counter if metric.kind == "counter" else Gauge
    return kind(name, metric.help, labels, registry=registry)


def _closed_combinations(metric: Metric) -> Iterator[tuple[str, ...]]:
    values = [allowed for allowed in metric.labels.values() if isinstance(allowed, tuple)]
    return product(*values) if values and len(values) == len(metric.labels) else iter(())
