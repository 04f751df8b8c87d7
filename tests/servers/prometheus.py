"""Prometheus of Debian, which scrapes what a test tells it to every second."""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.patience import PATIENCE
from tests.servers.process import ServerProcess, find_program, free_port

Scrape = tuple[str, dict[str, str]]
"""An address and the labels of what it tells."""


class PrometheusServer(ServerProcess):
    """`rules`: files with rules; `configs`: further jobs, as prometheus.yml has them. Exemplars are kept."""

    name: ClassVar[str] = "prometheus"

    def __init__(
        self,
        job: str,
        targets: Sequence[Scrape],
        rules: Sequence[Path] = (),
        configs: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__()
        self.port = free_port()
        self._job = job
        self._targets = targets
        self._rules = rules
        self._configs = configs

    def ask(self, path: str, **parameters: str | float) -> Any:
        """The data of an answer of its HTTP API; raises urllib's HTTPError for a query that is wrong."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(
            f"http://{self.host}:{self.port}/api/v1/{path}?{query}", timeout=PATIENCE
        ) as answer:
            return json.load(answer)["data"]

    def scrape_errors(self) -> dict[str, str]:
        """Why a target could not be scraped just now, by its service."""
        targets = self.ask("targets")["activeTargets"]
        return {target["labels"]["service"]: target["lastError"] for target in targets if target["lastError"]}

    def _prepare(self) -> None:
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(file) for file in self._rules],
            "scrape_configs": [
                {
                    "job_name": self._job,
                    "static_configs": [{"targets": [address], "labels": labels} for address, labels in self._targets],
                },
                *self._configs,
            ],
        }
        (self.directory / "prometheus.yml").write_text(json.dumps(config))  # YAML is a superset of JSON

    def _command(self) -> list[str | Path]:
        return [
            find_program("prometheus", "prometheus"),
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address={self.host}:{self.port}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}/-/ready", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
