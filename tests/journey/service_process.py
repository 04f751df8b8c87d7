"""One service of a site as a real process: started, killed, asked how it is. It dies with the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from intergestan_runtime.crashpoint import ENVIRONMENT
from intergestan_runtime.die_with_parent import bound
from tests import warm
from tests.patience import PATIENCE, TooLate, eventually
from tests.servers.process import HOST, free_port

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its sorted labels."""


class ServiceProcess:
    """`python -m services.<service>` of the site in `folder`. Its worker name is always the same.

    :param cold: started by `exec`, as a site does it, for those who ask what a process costs.
    :param environment: added to ours, for one that is `cold`.
    """

    def __init__(
        self, service: str, folder: Path, *, cold: bool = False, environment: Mapping[str, str] | None = None
    ) -> None:
        self.service = service
        self._cold = cold
        self._environment = dict(environment or {})
        self.worker = f"{service}-1"
        self.log_file = folder / f"{service}.log"
        self._config = folder / "intergestan.toml"
        self._port = free_port()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id while it runs, and after."""
        assert self._child is not None, f"{self.service} was not started"
        return self._child.pid

    @property
    def address(self) -> str:
        """Where its /metrics is, once it runs."""
        return f"{HOST}:{self._port}"

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the signal that killed it."""
        return None if self._child is None else self._child.poll()

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def start(self, crash: str = "") -> None:
        """Start it, from the main thread; `wait_ready` waits for it. With `crash` it dies at that point."""
        command = [sys.executable, "-m", f"services.{self.service}", "--config", str(self._config)]
        command += ["--worker", self.worker, "--health-port", str(self._port)]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("INTERGESTAN_")}
        environment |= self._environment
        with self.log_file.open("ab") as log:
            popen = subprocess.Popen[bytes] if self._cold else warm.Popen[bytes]
            self._child = popen(
                bound(command) if self._cold else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment | {"PYTHONFAULTHANDLER": "1"} | ({ENVIRONMENT: crash} if crash else {}),
                start_new_session=True,
            )

    def use_environment(self, environment: Mapping[str, str]) -> None:
        """From its next start on, for one that is `cold`."""
        self._environment = dict(environment)

    def wait_ready(self) -> None:
        """Until its /ready says so.

        :raises TooLate: with the end of its log.
        """

        def is_ready() -> bool:
            if self.exit_code is not None:
                raise TooLate(not_ready())
            return self.is_ready

        def not_ready() -> str:
            return f"{self.service} does not become ready:\n{self.log()[-3000:]}"

        eventually(is_ready, what=not_ready, every=0.05)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._end(signal.SIGTERM)

    def log(self) -> str:
        """All it logged, since the first start."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def metrics(self) -> dict[Series, float]:
        """What /metrics says, read over HTTP; without the label `site`, which all of them have alike."""
        with urllib.request.urlopen(f"http://{HOST}:{self._port}/metrics", timeout=PATIENCE) as answer:
            text = answer.read().decode()
        return {
            (sample.name, tuple(sorted(each for each in sample.labels.items() if each[0] != "site"))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    @property
    def is_ready(self) -> bool:
        """What /ready says now."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._port}/ready", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:  # also a 503, which urllib raises
            return False

    def _end(self, how: signal.Signals) -> None:
        if self.runs:
            assert self._child is not None
            self._child.send_signal(how)
            try:
                self._child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
