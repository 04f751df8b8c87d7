"""The register of metrics."""

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from intergestan_runtime.metrics import METRICS, Metric, Metrics, UnknownMetric, build_labels


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"intergestan_{name}", labels)


def test_closed_series_start_at_zero(metrics: Metrics) -> None:
    assert value(metrics, "orders_total", step="import", outcome="created") == 0
    assert value(metrics, "smtp_responses_total", **{"class": "4xx"}) == 0
    assert value(metrics, "step_duration_seconds_count", step="send") == 0
    assert value(metrics, "rings_total", queue="send", outcome="rung") is None


def test_counts_sets_and_observes(metrics: Metrics) -> None:
    metrics.inc("orders_total", 3, step="import", outcome="created")
    metrics.set("orders_pending", 7, step="send", state="waiting")
    metrics.set("archive_bytes", 1e9)
    metrics.observe("step_duration_seconds", 0.07, step="send")
    metrics.inc("messages_in_progress", -1, queue="send")
    assert value(metrics, "orders_total", step="import", outcome="created") == 3
    assert value(metrics, "orders_pending", step="send", state="waiting") == 7
    assert value(metrics, "archive_bytes") == 1e9
    assert value(metrics, "step_duration_seconds_bucket", step="send", le="0.1") == 1
    assert value(metrics, "messages_in_progress", queue="send") == -1


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("order_total", {"step": "import", "outcome": "created"}),
        ("orders_total", {"step": "import"}),
        ("orders_total", {"step": "import", "outcome": "created", "site": "a"}),
        ("orders_total", {"step": "import", "outcome": "CREATED"}),
        ("step_duration_seconds", {"step": "import"}),
    ],
    ids=["name", "a label is missing", "a label too many", "value", "kind"],
)
def test_what_the_table_does_not_have_is_an_error(metrics: Metrics, name: str, labels: dict[str, str]) -> None:
    with pytest.raises(UnknownMetric):
        metrics.inc(name, **labels)
    with pytest.raises(KeyError, match=name):
        metrics.inc(name, **labels)


def test_open_labels_have_a_limit(metrics: Metrics) -> None:
    for number in range(100):
        metrics.set("mailbox_lease_held", 1, mailbox=f"box-{number}")
    series = list(metrics.registry.collect())
    samples = [sample for family in series for sample in family.samples if "lease_held" in sample.name]
    assert len(samples) == 21
    assert value(metrics, "mailbox_lease_held", mailbox="other") == 1
    assert value(metrics, "mailbox_lease_held", mailbox="box-99") is None


def test_each_process_has_its_own(metrics: Metrics) -> None:
    other = Metrics(CollectorRegistry())
    other.inc("orders_total", step="import", outcome="created")
    assert value(metrics, "orders_total", step="import", outcome="created") == 0


def test_names_follow_the_conventions() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"[a-z][a-z_]+", metric.name)
        assert metric.help.endswith(".")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        assert (metric.kind == "histogram") == bool(metric.buckets)
        if metric.kind == "histogram":
            assert metric.name.endswith("_seconds")


def test_few_series_at_the_start(metrics: Metrics) -> None:
    assert len(generate_latest(metrics.registry).splitlines()) < 500


def test_a_table_of_ones_own() -> None:
    table = [Metric("tries_total", "counter", "Tries.")]
    metrics = Metrics(CollectorRegistry(), table)
    metrics.inc("tries_total", 2)
    assert value(metrics, "tries_total") == 2


def test_what_runs(metrics: Metrics) -> None:
    labels = build_labels("0.1.0", "abc")
    metrics.set("build_info", 1, **labels)
    assert value(metrics, "build_info", **labels) == 1
    assert labels["python"].startswith("3.")
