"""The dashboards as they are shipped, and how to walk through them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").rglob("*.json"))
Json = dict[str, Any]


def read(file: Path) -> Json:
    """A dashboard."""
    board: Json = json.loads(file.read_text())
    return board


def panels(board: Json) -> list[Json]:
    """All that show something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: Json) -> Iterator[tuple[str, str]]:
    """Title of the panel, and query."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def named(file: Path) -> str:
    """For the names of tests."""
    return f"{file.parent.name}-{file.stem}"
