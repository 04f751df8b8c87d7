"""The dashboards of deploy/grafana, by the rules of grafana/dashboard-linter and some of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from intergestan_runtime.metric_table import METRICS, PREFIX
from tests.monitoring.dashboards import FILES, GRAFANA, Json, named, panels, queries, read

ROOT = GRAFANA.parents[1]
SELECTOR = re.compile(r"\b(intergestan_\w+|up)(\{[^}]*\})?")
MATCHERS = ('job=~"$job"', 'instance=~"$instance"', 'site=~"$site"')
SUFFIXES = ("_bucket", "_count", "_sum")


@pytest.fixture(params=FILES, ids=named)
def board(request: pytest.FixtureRequest) -> Json:
    return read(request.param)


def test_they_are_there_in_both_languages() -> None:
    """Issue 4: Flow, Mailboxes, Queues and workers, Partners, Agencies; the same panels in French and in English."""
    names = {"flow", "mailboxes", "queues", "partners", "agencies"}
    assert {named(file) for file in FILES} == {f"{language}-{name}" for language in ("en", "fr") for name in names}
    for name in names:
        english, french = (read(GRAFANA / "dashboards" / language / f"{name}.json") for language in ("en", "fr"))
        assert list(dict(enumerate(queries(english))).keys()) == list(dict(enumerate(queries(french))).keys())
        assert [query for _, query in queries(english)] == [query for _, query in queries(french)]
        same = [a["description"] for a, b in zip(panels(english), panels(french), strict=True) if a == b]
        assert not same, same


def test_nothing_generated_is_out_of_date() -> None:
    """The dashboards, docs/metrics.md and the other generated pages are what their sources say."""
    command: list[str | Path] = [sys.executable, ROOT / "docs" / "generate.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_frame(board: Json) -> None:
    assert board["schemaVersion"] == 41
    assert board["editable"] is False
    assert "intergestan" in board["tags"]
    assert board["links"][0]["type"] == "dashboards"
    assert set(board["links"][0]["tags"]) <= set(board["tags"])
    assert len({read(file)["uid"] for file in FILES}) == len(FILES)


def test_the_variables(board: Json) -> None:
    """dashboard-linter: template-datasource-rule, template-job-rule, template-instance-rule, …"""
    source, *others = board["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
    assert source["label"] == "Data source"
    assert {variable["name"] for variable in others} == {"job", "instance", "site"}
    for variable in others:
        assert variable["datasource"]["uid"] == "${datasource}"
        assert (variable["multi"], variable["allValue"], variable["refresh"]) == (True, ".+", 2)
        assert variable["query"]["query"].startswith("label_values(")
        assert variable["label"]


def test_the_panels(board: Json) -> None:
    """dashboard-linter: panel-datasource-rule, panel-title-description-rule, panel-units-rule, …"""
    for panel in panels(board):
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            assert target["instant"] != target["range"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)


def test_nothing_overlaps(board: Json) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def test_the_queries(board: Json) -> None:
    """dashboard-linter: target-rate-interval-rule, target-counter-agg-rule, target-job-rule, target-instance-rule."""
    ours = {PREFIX + metric.name: metric for metric in METRICS}
    for title, query in queries(board):
        assert not re.search(r"\brate\([^)]*\[(?!\$__rate_interval\])", query), (title, query)
        selectors = SELECTOR.findall(query)
        assert selectors, (title, query)
        for name, matchers in selectors:
            assert all(matcher in matchers for matcher in MATCHERS), (title, name, matchers)
            if name == "up":
                continue
            base = next((name.removesuffix(end) for end in SUFFIXES if name.removesuffix(end) in ours), name)
            assert base in ours, (title, name)
            if ours[base].kind != "gauge":
                assert re.search(rf"(rate|increase)\({name}{re.escape(matchers)}\[", query), (title, query)


def test_provisioning_names_the_folders() -> None:
    text = (GRAFANA / "provisioning" / "dashboards" / "intergestan.yml").read_text()
    for folder in {file.parent.name for file in FILES}:
        assert f"/intergestan/{folder}}}" in text
    assert "allowUiUpdates: true" not in text


def test_a_metric_in_no_dashboard_is_known() -> None:
    """What is measured is looked at: in a dashboard, or by an alert."""
    shown = {name for file in FILES for _, query in queries(read(file)) for name, _ in SELECTOR.findall(query)}
    rules = "".join((ROOT / "deploy" / "prometheus" / file).read_text() for file in ("alerts.yml", "recording.yml"))
    for metric in METRICS:
        names = {PREFIX + metric.name, *(PREFIX + metric.name + end for end in SUFFIXES)}
        assert names & shown or PREFIX + metric.name in rules, metric.name
    assert Path(ROOT / "docs" / "metrics.md").read_text().count("\n| `") == len(METRICS)
