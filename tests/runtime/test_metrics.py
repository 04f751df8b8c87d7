"""The register of metrics."""

import re
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics import parser

from intergestan_runtime.logs import bind
from intergestan_runtime.metric_table import METRICS, STEP_OF, Metric
from intergestan_runtime.metrics import Metrics, UnknownMetric, build_labels


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


def test_a_service_starts_what_it_moves() -> None:
    sender = Metrics(CollectorRegistry(), service="sender")
    assert value(sender, "smtp_responses_total", **{"class": "4xx"}) == 0
    assert value(sender, "step_duration_seconds_count", step="send") == 0
    assert value(sender, "step_duration_seconds_count", step="import") is None
    assert value(sender, "archive_bytes") is None
    sender.set("archive_bytes", 5)
    assert value(sender, "archive_bytes") == 5


def test_series_with_names_of_the_configuration_start_too(metrics: Metrics) -> None:
    metrics.start("rings_total", queue=["send"])
    assert value(metrics, "rings_total", queue="send", outcome="lost") == 0
    metrics.start("orders_total", step=["import"])
    with pytest.raises(UnknownMetric, match="queue"):
        metrics.start("rings_total")


def test_pollers_share_one_queue_label(metrics: Metrics) -> None:
    metrics.observe("queue_wait_seconds", 0.2, queue="poll.poller-host-17-ab")
    assert value(metrics, "queue_wait_seconds_count", queue="poll") == 1


def test_what_is_no_more_is_forgotten(metrics: Metrics) -> None:
    for name in ("a", "b"):
        metrics.set("mailbox_owned", 1, mailbox=name)
    metrics.forget("mailbox_owned", {"mailbox": ["b"]})
    assert value(metrics, "mailbox_owned", mailbox="a") is None
    assert value(metrics, "mailbox_owned", mailbox="b") == 1


def test_exemplars_carry_the_transfer(metrics: Metrics) -> None:
    """Issue 4: from a slow order in a dashboard to its transfer; as OpenMetrics, which a parser reads."""
    with bind(transfer="0199-transfer"):
        metrics.inc("orders_total", step="import", outcome="created")
        metrics.observe("order_transit_seconds", 7, route="STAUBER-1")
    metrics.inc("orders_total", step="import", outcome="held")
    encode, _ = choose_encoder("application/openmetrics-text; version=1.0.0")
    families: Any = parser.text_string_to_metric_families
    samples = [sample for family in families(encode(metrics.registry).decode()) for sample in family.samples]
    told = {sample.name: sample.exemplar.labels for sample in samples if sample.exemplar is not None}
    assert told == {
        "intergestan_orders_total": {"transfer": "0199-transfer"},
        "intergestan_order_transit_seconds_bucket": {"transfer": "0199-transfer"},
    }


def test_the_table_names_services_that_there_are() -> None:
    """The console is one that works on no queue."""
    assert {service for metric in METRICS for service in metric.services} <= {*STEP_OF, "console"}


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


def test_what_cannot_be_read_vanishes_and_comes_back(metrics: Metrics) -> None:
    """An old value would look like a new one."""
    metrics.set("redis_memory_used_bytes", 5)
    metrics.set("mailbox_owned", 1, mailbox="orders")
    metrics.vanish("redis_memory_used_bytes", "mailbox_owned", "mailbox_owned")
    assert value(metrics, "redis_memory_used_bytes") is None
    assert value(metrics, "mailbox_owned", mailbox="orders") is None
    metrics.set("redis_memory_used_bytes", 6)
    metrics.set("mailbox_owned", 0, mailbox="orders")
    assert value(metrics, "redis_memory_used_bytes") == 6
    assert value(metrics, "mailbox_owned", mailbox="orders") == 0
    with pytest.raises(UnknownMetric):
        metrics.vanish("orders_total")
