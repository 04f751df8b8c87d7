"""`run`: one service becomes the process, several are supervised; none of it outlives its signal."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from intergestan_db.database import Database
from tests.patience import PATIENCE, eventually
from tests.services.cli.conftest import Run


@contextmanager
def running(folder: Path, *services: str) -> Iterator[int]:
    """`intergestan run …`; its process id. It must end well by SIGTERM."""
    command = [sys.executable, "-m", "services.cli", "run", *services]
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stderr=log)
    try:
        yield process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def alive(run: Run, folder: Path) -> set[str]:
    return {worker["service"] for worker in run("status", "--json", cwd=folder).json["workers"]}


def test_one_service_becomes_the_process(shop: Path, run: Run) -> None:
    """`run dispatcher` is the dispatcher itself: its exit code and its signals are the supervisor's business."""
    with running(shop, "dispatcher") as pid:
        eventually(lambda: alive(run, shop) == {"dispatcher"})
        assert b"services.dispatcher" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    assert alive(run, shop) == set()


def test_several_services_are_supervised(shop: Path, run: Run) -> None:
    with running(shop, "dispatcher", "composer") as pid:
        eventually(lambda: alive(run, shop) == {"composer", "dispatcher"})
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert len(children) == 2
    assert alive(run, shop) == set()
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_wrong_settings_end_it_with_78(shop: Path) -> None:
    """A supervisor need not try again (sysexits.h EX_CONFIG)."""
    file = shop / "intergestan.toml"
    file.write_text(file.read_text() + "\n[composer]\nthreats = 3\n")
    command = [sys.executable, "-m", "services.cli", "run", "composer"]
    refused = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (refused.returncode, "threats" in refused.stderr) == (78, True)


def test_a_base_without_a_site_is_waited_for(shop: Path, sqlite_base: Database) -> None:
    """In containers the tables are made before `init`: a supervisor shall try again (EX_TEMPFAIL)."""
    file = shop / "intergestan.toml"
    file.write_text(file.read_text().replace("[site]", f'[site]\ndatabase_url = "{sqlite_base.url}"'))
    command = [sys.executable, "-m", "services.cli", "run", "composer"]
    refused = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (refused.returncode, "Make it first" in refused.stderr) == (75, True)


def test_a_health_port_that_another_program_has(shop: Path) -> None:
    """The last run of the service may have it for a moment: a supervisor shall try again."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "services.composer", "--health-port", port]
        refused = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert refused.returncode == 75
    assert f"Port {port} of 127.0.0.1" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("arguments", ["postman", "", "sender --mailbox x"])
def test_what_cannot_be_run(run: Run, arguments: str) -> None:
    assert run("run", *arguments.split()).code == 2
