"""Grafana's classic dashboard JSON from a few words: a panel is a line of a table, the rest is the same for all.

In a query `@` stands for the matchers of the dashboard's variables. Every text is a pair, English and French.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intergestan_msg.typography import printed

LANGUAGES = ("en", "fr")
MATCHERS = 'job=~"$job", instance=~"$instance", site=~"$site"'
SCHEMA = 41
"""Grafana 10 to 13 load it."""

TAG = "intergestan"
COLUMNS, ROW_HEIGHT, HEIGHT = 24, 1, 7
SOURCE = {"type": "prometheus", "uid": "${datasource}"}

Text = tuple[str, str]
Json = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A query and how its series are called."""

    query: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True)
class Panel:
    """What a panel shows.

    :ivar unit: one of Grafana's names: s, short, bytes, percentunit, ops …
    :ivar red: from this value on it is red; `orange` likewise. `below`: from these values *down*.
    :ivar words: what is shown in place of a value.
    """

    title: Text
    about: Text
    targets: tuple[Target, ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    orange: float | None = None
    red: float | None = None
    below: bool = False
    words: Mapping[str, tuple[Text, str]] | None = None


@dataclass(frozen=True)
class Row:
    """Panels under a title."""

    title: Text
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: Text
    about: Text
    rows: tuple[Row, ...]


def _said(text: Text, word: int) -> str:
    return printed(text[word], LANGUAGES[word])


def dashboard(board: Board, language: str) -> Json:
    """A dashboard in one language, as Grafana reads it."""
    word = LANGUAGES.index(language)
    suffix = "" if language == "en" else f"-{language}"
    return {
        "uid": f"{TAG}-{board.uid}{suffix}",
        "title": f"Intergestan / {_said(board.title, word)}",
        "description": _said(board.about, word),
        "tags": [TAG, f"{TAG}-{language}"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [_link(language)],
        "templating": {"list": list(_variables(word))},
        "panels": list(_panels(board.rows, word)),
    }


def _link(language: str) -> Json:
    return {
        "type": "dashboards",
        "title": "Intergestan",
        "tags": [f"{TAG}-{language}"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _variables(word: int) -> Iterator[Json]:
    yield {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "", "value": ""},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "refresh": 1,
        "regex": "",
    }
    yield _label_values("job", ("Job", "Tâche"), "intergestan_build_info", word)
    yield _label_values("site", ("Site", "Site"), 'intergestan_build_info{job=~"$job"}', word)
    series = 'intergestan_build_info{job=~"$job", site=~"$site"}'
    yield _label_values("instance", ("Instance", "Instance"), series, word)


def _label_values(name: str, label: Text, series: str, word: int) -> Json:
    query = f"label_values({series}, {name})"
    return {
        "name": name,
        "label": _said(label, word),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "StandardVariableQuery"},
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
        "includeAll": True,
        "multi": True,
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
    }


def _panels(rows: Sequence[Row], word: int) -> Iterator[Json]:
    """Rows one below the other, their panels from left to right."""
    number, y = 0, 0
    for row in rows:
        number += 1
        place = {"x": 0, "y": y, "w": COLUMNS, "h": ROW_HEIGHT}
        yield {
            "id": number,
            "type": "row",
            "title": _said(row.title, word),
            "collapsed": False,
            "panels": [],
            "gridPos": place,
        }
        x, y = 0, y + ROW_HEIGHT
        for panel in row.panels:
            number += 1
            if x + panel.width > COLUMNS:
                x, y = 0, y + HEIGHT
            yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": HEIGHT}, word)
            x += panel.width
        y += HEIGHT


def _panel(panel: Panel, number: int, place: Json, word: int) -> Json:
    return {
        "id": number,
        "type": panel.kind,
        "title": _said(panel.title, word),
        "description": _said(panel.about, word),
        "datasource": SOURCE,
        "gridPos": place,
        "targets": [_target(target, chr(ord("A") + place), panel) for place, target in enumerate(panel.targets)],
        "fieldConfig": {"defaults": _defaults(panel, word), "overrides": []},
        "options": OPTIONS[panel.kind],
    }


def _target(target: Target, ref: str, panel: Panel) -> Json:
    return {
        "refId": ref,
        "datasource": SOURCE,
        "expr": " ".join(target.query.replace("@", MATCHERS).split()),
        "legendFormat": target.legend,
        "instant": panel.kind == "stat",
        "range": panel.kind != "stat",
        "exemplar": target.exemplars,
    }


def _defaults(panel: Panel, word: int) -> Json:
    found: Json = {
        "unit": panel.unit,
        "color": {"mode": "thresholds" if panel.kind != "timeseries" else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": list(_steps(panel))},
        "mappings": [],
        "custom": CUSTOM[panel.kind],
    }
    if panel.words is not None:
        texts = {value: {"text": _said(text, word), "color": color} for value, (text, color) in panel.words.items()}
        found["mappings"] = [{"type": "value", "options": texts}]
    return found


def _steps(panel: Panel) -> Iterator[Json]:
    bounds = [(panel.orange, "orange"), (panel.red, "red")]
    if panel.below:
        colors = ["red", "orange", "green"] if panel.orange is not None else ["red", "green"]
        yield {"color": colors[0], "value": None}
        for (bound, _), color in zip(
            [each for each in reversed(bounds) if each[0] is not None], colors[1:], strict=True
        ):
            yield {"color": color, "value": bound}
        return
    yield {"color": "green", "value": None}
    for bound, color in bounds:
        if bound is not None:
            yield {"color": color, "value": bound}


OPTIONS: Mapping[str, Json] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    },
    "state-timeline": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
        "showValue": "auto",
        "rowHeight": 0.9,
        "mergeValues": True,
        "alignValue": "left",
    },
}
CUSTOM: Mapping[str, Json] = {
    "timeseries": {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": True},
    "stat": {},
    "state-timeline": {"lineWidth": 0, "fillOpacity": 80},
}
