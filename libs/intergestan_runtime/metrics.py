"""The metrics of one process; a name or a label that is not in the table is an error, never a new series."""

from __future__ import annotations

import platform
import threading
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase
from structlog.contextvars import get_contextvars

from intergestan_runtime.metric_table import METRICS, OTHER, PREFIX, STEP_OF, Kind, Metric

POLL_QUEUE = "poll"
"""Each poller has a queue of its own name, `poll.<worker>`; as a label they are one."""

_EXEMPLAR = "transfer"


class UnknownMetric(KeyError):
    """A metric, a label or a label's value is not in the table `METRICS`: a fault in the program."""

    def __str__(self) -> str:
        return str(self.args[0])


class Metrics:
    """The metrics of one process, in its own registry.

    Series whose labels are all closed words exist from the start with 0, so that `increase()` sees the
    first event; `start` makes others exist. Every method raises `UnknownMetric` for a name, label or value
    that the table does not have. Counters and histograms carry the transfer id that is bound to the log (`logs.bind`)
    as their exemplar.

    :param service: only what this service moves exists from the start; all of the table without it.
    """

    def __init__(self, registry: CollectorRegistry, table: Iterable[Metric] = METRICS, service: str = "") -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the number of series
        self.registry = registry
        self._service = service
        self._lock = threading.Lock()
        self._table = {metric.name: metric for metric in table}
        self._collectors: dict[str, MetricWrapperBase] = {}
        self._seen: dict[tuple[str, str], set[str]] = {}
        for metric in self._table.values():
            if not service or not metric.services or service in metric.services:
                self._collectors[metric.name] = _collector(metric, registry)
                if all(isinstance(allowed, tuple) for allowed in metric.labels.values()):
                    self.start(metric.name)

    def start(self, name: str, /, **values: Iterable[str]) -> None:
        """Let series exist with 0: one for each combination of these values and the closed words of the other labels.

        :param values: for each open label; for a closed one, only these of its words.
        """
        metric = self._metric(name, ("counter", "gauge", "histogram"))
        if not metric.labels:
            return
        choices = [tuple(values[label]) if label in values else self._words(metric, label) for label in metric.labels]
        for combination in product(*choices):
            self._series(name, (metric.kind,), dict(zip(metric.labels, combination, strict=True)))

    def inc(self, name: str, value: float = 1, /, **labels: str) -> None:
        """Add to a counter or a gauge."""
        series = self._series(name, ("counter", "gauge"), labels)
        if self._table[name].kind == "counter":
            series.inc(value, exemplar=_exemplar())
        else:
            series.inc(value)

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        self._series(name, ("gauge",), labels).set(value)

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Put a value into a histogram."""
        self._series(name, ("histogram",), labels).observe(value, exemplar=_exemplar())

    def vanish(self, *names: str) -> None:
        """Drop gauges whole: what they tell could not be read, and an old value would look like a new one. The next
        `set` brings one back.
        """
        for name in names:
            self._metric(name, ("gauge",))
            with self._lock:
                collector = self._collectors.pop(name, None)
                if collector is None:
                    continue
                self.registry.unregister(collector)
                for key in [key for key in self._seen if key[0] == name]:
                    del self._seen[key]

    def forget(self, name: str, /, kept: Mapping[str, Iterable[str]]) -> None:
        """Drop the series of a gauge whose label has none of these values: what they told of is no more."""
        metric = self._metric(name, ("gauge",))
        ((label, values),) = kept.items()
        allowed = metric.labels[label]
        seen = set(allowed) if isinstance(allowed, tuple) else self._seen.get((name, label), set())
        gone = seen - set(values)
        collector = self._collectors.get(name)
        if collector is None:
            return  # it vanished
        for value in gone:
            collector.remove_by_labels({label: value})
        seen -= gone

    def _words(self, metric: Metric, label: str) -> tuple[str, ...]:
        """The closed words of a label. A service starts the counts of its own step only."""
        allowed = metric.labels[label]
        if not isinstance(allowed, tuple):
            raise UnknownMetric(f"{metric.name} can only be started with the values of {label}.")
        own = STEP_OF.get(self._service)
        return (own,) if label == "step" and metric.kind != "gauge" and own in allowed else allowed

    def _metric(self, name: str, kinds: tuple[Kind, ...]) -> Metric:
        metric = self._table.get(name)
        if metric is None or metric.kind not in kinds:
            raise UnknownMetric(f"There is no {' or '.join(kinds)} {name!r} in the table of metrics.")
        return metric

    def _series(self, name: str, kinds: tuple[Kind, ...], labels: Mapping[str, str]) -> Any:
        metric = self._metric(name, kinds)
        if labels.keys() != metric.labels.keys():
            raise UnknownMetric(f"{name} has the labels {list(metric.labels)}, not {list(labels)}.")
        collector = self._collectors.get(name) or self._late(metric)
        if not labels:
            return collector
        return collector.labels(*(self._admit(metric, label, labels[label]) for label in metric.labels))

    def _late(self, metric: Metric) -> MetricWrapperBase:
        """A metric that the table gives to other services; what happened is counted all the same."""
        with self._lock:
            if metric.name not in self._collectors:
                self._collectors[metric.name] = _collector(metric, self.registry)
            return self._collectors[metric.name]

    def _admit(self, metric: Metric, label: str, value: str) -> str:
        allowed = metric.labels[label]
        if isinstance(allowed, tuple):
            if value not in allowed:
                raise UnknownMetric(f"{metric.name}: {label}={value!r} is none of {allowed}.")
            return value
        if label == "queue" and value.startswith(f"{POLL_QUEUE}."):
            return POLL_QUEUE
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


def _exemplar() -> dict[str, str] | None:
    """The transfer that is being worked on; 36 characters, where OpenMetrics allows 128."""
    transfer = get_contextvars().get(_EXEMPLAR)
    return None if transfer is None else {_EXEMPLAR: str(transfer)[:100]}
