"""What the files of deploy/ must agree with: our services, settings, command line; and how validators are run."""

from __future__ import annotations

import functools
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
import yaml

from intergestan_db.enums import OPTIONAL_SERVICES, SERVICES
from intergestan_operations.opening.high_water_file import FOLDER
from intergestan_runtime.settings import ENV_DELIMITER, ENV_PREFIX
from services.allocator.settings import AllocatorProcess
from services.cli.__main__ import globals_first
from services.cli.app import build
from services.cli.settings import CliProcess
from services.composer.settings import ComposerProcess
from services.console.settings import ConsoleProcess
from services.dispatcher.settings import DispatcherProcess
from services.geocoder.settings import GeocoderProcess
from services.importer.settings import ImporterProcess
from services.poller.settings import PollerProcess
from services.sender.settings import SenderProcess
from tests.patience import PATIENCE
from tests.servers.process import Unavailable

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

PORTS = {
    "composer": 9471,
    "sender": 9472,
    "poller": 9473,
    "importer": 9474,
    "dispatcher": 9475,
    "console": 9476,
    "allocator": 9477,
    "geocoder": 9478,
}
"""Where each service tells how it is, wherever it runs."""

ARCHIVISTS = frozenset(
    name
    for name in PORTS
    if re.search(r"\bopen_archive\(|\.archive\(\)", (ROOT / f"services/{name}/__main__.py").read_text())
)
"""The services that read or write the archive, as their code says; they need what opens a bucket."""

HISTORY = str(Path(tomllib.loads((DEPLOY / "containers.toml").read_text())["site"]["data_dir"]) / FOLDER)
"""Where the high-water file lies, wherever the database is a server."""

NOT_SETTINGS = {"INTERGESTAN_REVISION", "INTERGESTAN_USER"}
"""Variables of ours that are read beside the settings."""

PROCESSES = (
    *(ComposerProcess, SenderProcess, PollerProcess, ImporterProcess, DispatcherProcess, GeocoderProcess),
    *(AllocatorProcess, ConsoleProcess, CliProcess),
)

assert set(PORTS) == {*SERVICES, *OPTIONAL_SERVICES}


def known_variables() -> set[str]:
    """Every environment variable that a process of ours reads."""
    return NOT_SETTINGS | {
        f"{ENV_PREFIX}{table}{ENV_DELIMITER}{key}".upper()
        for process in PROCESSES
        for table, section in process.tables().items()
        for key in section.keys
    }


def unknown_variables(names: Sequence[str] | Mapping[str, Any]) -> set[str]:
    """Those of ours that no process reads."""
    return {name for name in names if name.startswith(ENV_PREFIX)} - known_variables()


@functools.cache
def whole_command() -> Any:
    """`intergestan` with all its groups; to make it costs a second."""
    return typer.main.get_command(build())


def parse_command(arguments: Sequence[str]) -> str:
    """Parse a call of `intergestan` as it is parsed when it runs, without running it; the command's name.

    :raises Exception: what Typer raises for a wrong one.
    """
    command = whole_command()
    context = command.make_context("intergestan", globals_first(list(arguments)))
    words = []
    while hasattr(command, "resolve_command"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
        words.append(name)
    return " ".join(words)


def program(name: str, cure: str) -> str:
    """A validator; the test fails where it is missing, and says how it is had."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise Unavailable(f"The validator {name} is missing. {cure}")
    return found


def run(*command: str | Path, cwd: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a validator to its end."""
    return subprocess.run(
        command,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


def listens(path: Path) -> bool:
    """Whether a server takes connections there; the file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@functools.cache
def read_yaml(file: Path) -> Any:
    """A YAML file, with its anchors resolved; read once, not to be changed."""
    return yaml.safe_load(file.read_text())
