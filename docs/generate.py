"""Writes what stands in the code: settings, metrics, state diagrams, titles, shown requirements, and the dashboards.

`python docs/generate.py` writes them; with `--check` it says what is out of date and exits with 1.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import LANGUAGES, dashboard
from deploy.postgresql import rights
from docs.requirement_list import SOURCES
from intergestan_db.states import MACHINES, diagram
from intergestan_erp.order_files.order_csv import COLUMNS
from intergestan_runtime.metric_table import METRICS, PREFIX, Metric
from intergestan_runtime.settings_docs import document
from services.allocator.settings import AllocatorProcess
from services.cli.settings import CliProcess
from services.composer.settings import ComposerProcess
from services.console.settings import ConsoleProcess
from services.dispatcher.settings import DispatcherProcess
from services.geocoder.settings import GeocoderProcess
from services.importer.settings import ImporterProcess
from services.poller.settings import PollerProcess
from services.sender.settings import SenderProcess

DOCS = Path(__file__).parent
DASHBOARDS = DOCS.parent / "deploy" / "grafana" / "dashboards"
PROCESSES = [
    *(ComposerProcess, SenderProcess, PollerProcess, ImporterProcess, DispatcherProcess, GeocoderProcess),
    AllocatorProcess,
    ConsoleProcess,
    CliProcess,
]
SETTINGS_HEAD = """# Settings

TOML, in rising order: defaults, `/etc/intergestan/intergestan.toml`, `~/.config/intergestan/intergestan.toml`,
`./intergestan.toml` or `--config FILE`, the environment, flags. An unknown key is an error. Mailboxes, the relay,
partners and users are no settings: they stand in the base (`intergestan mailbox add` and so on).
"""
METRICS_HEAD = """# Metrics

What a service tells on its `/metrics`, as Prometheus' text or, when asked for, as OpenMetrics; there counters and
histograms carry the id of the transfer they last counted as their exemplar. Each process tells what it moves itself
(*told by*), every series from the start with 0. A label whose values come from the configuration has a limit; what
exceeds it is counted as `other`. A whole site with 50 partners and 20 mailboxes stays under 3 000 series (a test counts
them). `site`, `service` and `instance` are labels of the scrape (`deploy/prometheus/prometheus.yml`).

| metric | type | labels | told by | meaning |
|---|---|---|---|---|
"""
ROLES = DOCS.parent / "deploy" / "postgresql" / "roles.sql"
REQUIREMENTS_HEAD = """# Requirements

Every statement of the three source documents, and the tests that show it: their docstrings name its id
(`grep -rn T05 tests`). What no test shows is not built yet. The decisions where the sources are silent stand in
[decisions](decisions).
"""
ID = re.compile(r"\b([GTA])(\d\d)(?: to \1(\d\d))?\b")
MOST_SHOWN = 3


def _row(metric: Metric) -> str:
    labels = "<br>".join(
        f"`{label}`: {f'at most {words}' if isinstance(words, int) else ', '.join(words)}"
        for label, words in metric.labels.items()
    )
    by = ", ".join(metric.services) or "all"
    return f"| `{PREFIX}{metric.name}` | {metric.kind} | {labels} | {by} | {metric.help} |\n"


def _dashboards() -> Iterator[tuple[Path, str]]:
    for language in LANGUAGES:
        for board in BOARDS:
            text = json.dumps(dashboard(board, language), ensure_ascii=False, indent=1)
            yield DASHBOARDS / language / f"{board.uid}.json", f"{text}\n"


def _between(page: Path, parts: dict[str, str]) -> str:
    """A page with these parts, each between the lines that say where it begins and ends."""
    text = page.read_text()
    for name, part in parts.items():
        lines = re.compile(rf"(^(?:<!--|--) begin {name}.*?\n).*?(^(?:<!--|--) end {name})", re.DOTALL | re.MULTILINE)
        text, found = lines.subn(lambda match, part=part: f"{match[1]}{part}{match[2]}", text)
        assert found == 1, name
    return text


def titles() -> str:
    """What the columns of orders may be called besides."""
    rows = "".join(f"| {each[0]} | {', '.join(each[1:])} |\n" for each in COLUMNS.values() if each[1:])
    return f"| column | also |\n|---|---|\n{rows}"


def ids_in(text: str) -> set[str]:
    """The ids that a docstring names, with those between the ends of a range."""
    return {
        f"{letter}{number:02d}"
        for letter, first, last in ID.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


def shown_by(tests: Path) -> dict[str, list[str]]:
    """The tests that name each id, as `file: function`."""
    found: dict[str, list[str]] = {}
    for file in sorted(tests.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for each in sorted(ids_in(ast.get_docstring(node) or "")):
                    found.setdefault(each, []).append(f"{file.relative_to(tests.parent)}: {node.name}")
    return found


def requirements(sources: Mapping[str, Mapping[str, str]], shown: Mapping[str, list[str]]) -> Iterator[str]:
    """The lines of the page."""
    yield REQUIREMENTS_HEAD
    for title, sentences in sources.items():
        built = sum(each in shown for each in sentences)
        yield f"## {title} ({built} of {len(sentences)})\n"
        yield "| id | what is asked for | shown by |\n|---|---|---|"
        yield from (f"| {each} | {text} | {_shown(shown.get(each, ()))} |" for each, text in sentences.items())
        yield ""


def _shown(names: Iterable[str]) -> str:
    every = list(names)
    more = " …" if len(every) > MOST_SHOWN else ""
    return "<br>".join(f"`{name}`" for name in every[:MOST_SHOWN]) + more if every else "not built yet"


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    architecture = DOCS / "architecture.md"
    diagrams = "\n".join(f"### {machine.name}\n\n```mermaid\n{diagram(machine)}\n```\n" for machine in MACHINES)
    return {
        DOCS / "settings.md": f"{SETTINGS_HEAD}\n{document(PROCESSES)}",
        DOCS / "requirements.md": "\n".join(requirements(SOURCES, shown_by(DOCS.parent / "tests"))),
        DOCS / "metrics.md": METRICS_HEAD + "".join(map(_row, METRICS)),
        **dict(_dashboards()),
        architecture: _between(architecture, {"states": diagrams}),
        DOCS / "files.md": _between(DOCS / "files.md", {"titles": titles()}),
        DOCS / "security.md": _between(DOCS / "security.md", {"rights": rights.matrix()}),
        ROLES: _between(ROLES, {"rights": rights.grants(), "guards": rights.triggers()}),
    }


def main() -> int:
    """Write the pages, or check them."""
    stale = [page for page, text in pages().items() if not page.exists() or page.read_text() != text]
    if "--check" in sys.argv:
        for page in stale:
            sys.stderr.write(f"docs/{page.name} is out of date: run `make docs`.\n")
        return int(bool(stale))
    for page in stale:
        page.write_text(pages()[page])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
