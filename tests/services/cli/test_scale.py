"""`scale`, `mailbox pin`: the plan, what is asked of systemd, compose and Kubernetes, and the wait for the lease."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import warm
from tests.patience import PATIENCE, eventually, patient
from tests.services.cli.conftest import Run

SCRIPT = Path(__file__).parents[3] / "deploy" / "scale-pollers"
ACCOUNT = ("--host", "127.0.0.1", "--port", "1", "--security", "none", "--login", "appros@arts.test")


@pytest.fixture
def folder(shop: Path, run: Run) -> Path:
    """The shop, with the mailbox `orders`; its server is away, which is no matter of leases."""
    account = (*ACCOUNT, "--password-stdin", "--untested")
    assert run("mailbox", "add", "orders", *account, cwd=shop, stdin="s3cret\n").code == 0
    return shop


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What `systemctl`, `docker` and `kubectl` were asked; they do nothing, and fail where a file `refuse` is.

    Asked for the status of a site they show the file `status`.
    """
    programs = tmp_path / "programs"
    programs.mkdir()
    log = tmp_path / "asked"
    for name in ("systemctl", "docker", "kubectl"):
        program = programs / name
        program.write_text(
            f'#!/bin/sh\necho "{name} $*" >> "{log}"\n'
            f'[ -e "{tmp_path}/refuse" ] && {{ echo "Access denied" >&2; exit 4; }}\n'
            f'[ "$1" = list-units ] && cat "{tmp_path}/units" 2>/dev/null\n'
            f'case "$*" in *"status --json") cat "{tmp_path}/status" ;; esac\nexit 0\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return lambda: [line for line in log.read_text().splitlines() if "list-units" not in line] if log.exists() else []


@contextmanager
def pollers(folder: Path, *names: str) -> Iterator[None]:
    """Real ones, each with such a `--mailbox`, started by whoever was asked to."""
    command = [sys.executable, "-m", "services.poller", "--mailbox"]
    with (folder / "poller.log").open("ab") as log:
        running = [warm.Popen([*command, name], cwd=folder, stderr=log) for name in names]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(PATIENCE)


def eventually_held(folder: Path, run: Run) -> None:
    def is_held() -> bool:
        (box,) = run("status", "--json", cwd=folder).json["mailboxes"]
        return box["poller"] is not None and box["poller"] == box["should"]

    eventually(is_held, what=(folder / "poller.log").read_text, every=0.1)


def test_a_dry_run_shows_the_plan_and_does_nothing(folder: Path, run: Run, asked: Callable[[], list[str]]) -> None:
    shown = run("scale", "--mailbox", "orders", "--replicas", 2, "--dry-run", cwd=folder)
    assert shown.code == 0
    assert "intergestan-poller@orders.service intergestan-poller@orders:2.service" in shown.out
    assert asked() == []


def test_it_asks_systemd_and_waits_until_the_lease_is_held(
    folder: Path, run: Run, asked: Callable[[], list[str]]
) -> None:
    """0 once two stand ready and one of them reads; then down to none."""
    with pollers(folder, "orders", "orders:2"):
        done = run("scale", "--mailbox", "orders", "--replicas", 2, "--json", cwd=folder)
        assert (done.code, done.json["in_time"], len(done.json["pollers"])) == (0, True, 2), done.err
        assert done.json["holder"] in done.json["pollers"]
        status = run("status", "--json", cwd=folder).json
        assert [(box["name"], box["poller"] == box["should"]) for box in status["mailboxes"]] == [("orders", True)]
        assert sorted(one["holds"] for one in status["pollers"]) == [0, 1]
    (folder.parent / "units").write_text("intergestan-poller@orders:2.service loaded active running Intergestan\n")
    done = run("scale", "--mailbox", "orders", "--replicas", 0, cwd=folder)
    assert (done.code, "Nobody reads orders" in done.err) == (0, True)
    assert asked() == [
        "systemctl enable --now intergestan-poller@orders.service intergestan-poller@orders:2.service",
        "systemctl disable --now intergestan-poller@orders:2.service",
    ]


def test_a_base_that_cannot_be_reached_is_asked_through_its_own_command(
    folder: Path, tmp_path: Path, run: Run, asked: Callable[[], list[str]]
) -> None:
    """Beside compose and Kubernetes nobody has a way into the base but the site's own containers."""
    beside = tmp_path / "beside"
    beside.mkdir()
    status = tmp_path / "status"
    through = ("--through", "docker compose run --rm -T cli")
    with pollers(folder, "orders"):
        eventually_held(folder, run)
        status.write_text(run("status", "--json", cwd=folder).out)
    done = run("scale", "--mailbox", "orders", "--replicas", 1, "--on", "compose", *through, "--json", cwd=beside)
    assert (done.code, done.json["in_time"], len(done.json["pollers"])) == (0, True, 1), done.err
    assert asked()[0] == "docker compose run --rm -T cli status --json"
    status.write_text("no such service: cli")
    lost = run("scale", "--mailbox", "orders", "--replicas", 1, "--on", "compose", *through, cwd=beside)
    assert (lost.code, "does not say how the site is" in lost.err) == (1, True)


def test_what_does_not_come_about_in_time_is_75(folder: Path, run: Run, asked: Callable[[], list[str]]) -> None:
    began = time.monotonic()
    late = run("scale", "--mailbox", "orders", "--replicas", 1, "--on", "kubernetes", "--timeout", 0.5, cwd=folder)
    assert late.code == 75
    assert time.monotonic() - began < patient(60)  # which is what it waits for when it is told nothing
    assert asked() == ["kubectl scale deployment/intergestan-poller-orders --replicas=1"]


def test_what_is_refused_is_told(folder: Path, run: Run, asked: Callable[[], list[str]]) -> None:
    (folder.parent / "refuse").touch()
    refused = run("scale", "--mailbox", "orders", "--replicas", 1, cwd=folder)
    assert (refused.code, "Access denied" in refused.err) == (1, True)
    assert run("scale", "--mailbox", "none", "--replicas", 1, cwd=folder).code == 1
    assert run("scale", "--mailbox", "orders", "--replicas", -1, cwd=folder).code == 2
    assert asked() == []  # it was the first question that was refused


def test_the_script_scales_several_and_keeps_the_worst_code(
    folder: Path, asked: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(*arguments: str) -> int:
        return subprocess.run([SCRIPT, *arguments], cwd=folder, check=False, capture_output=True).returncode

    monkeypatch.setenv("INTERGESTAN", f"{sys.executable} -m services.cli")
    assert script("--on", "compose", "--timeout", "0.1", "orders=1") == 75
    (line,) = asked()
    assert line.startswith("docker compose --file compose.yaml --file compose.poller-orders.yaml up")
    assert '"extends"' in (folder / "compose.poller-orders.yaml").read_text()
    assert script("--on", "kubernetes", "--dry-run", "orders=3", "none=1") == 1
    assert (script(), script("orders"), script("--on")) == (2, 2, 2)


def test_pins_and_limits(folder: Path, run: Run) -> None:
    pinned = run("mailbox", "pin", "orders", "host-2", cwd=folder)
    assert (pinned.code, "host-2" in pinned.err) == (0, True)
    assert run("mailbox", "set", "orders", "--connections", 4, "--bytes-per-day", 1000, cwd=folder).code == 0
    (box,) = run("mailbox", "list", "--json", cwd=folder).json
    assert (box["pinned_to"], box["connections"], box["bytes_per_day"]) == ("host-2", 4, 1000)
    assert run("mailbox", "unpin", "orders", cwd=folder).code == 0
    assert run("mailbox", "set", "orders", "--bytes-per-day", 0, cwd=folder).code == 0
    (box,) = run("mailbox", "list", "--json", cwd=folder).json
    assert (box["pinned_to"], box["bytes_per_day"]) == (None, None)
    assert run("mailbox", "set", "orders", cwd=folder).code == 2
    assert run("mailbox", "pin", "none", "host", cwd=folder).code == 1


def test_the_limits_of_known_providers(shop: Path, run: Run) -> None:
    """Google lets an account have 15 connections and fetch 2500 MB a day (reliability.md §3.1)."""
    for name, port in (("a", 993), ("b", 993)):
        account = ("--host", "imap.gmail.com", "--port", port, "--login", "a@gmail.com")
        assert run("mailbox", "add", name, *account, "--password-stdin", "--untested", cwd=shop, stdin="x\n").code == 0
    assert [box["bytes_per_day"] for box in run("mailbox", "list", "--json", cwd=shop).json] == [2_500_000_000] * 2
    assert run("mailbox", "set", "a", "--connections", 10, cwd=shop).code == 0
    refused = run("mailbox", "set", "b", "--connections", 6, cwd=shop)
    assert (refused.code, "15" in refused.err) == (1, True)
    assert run("mailbox", "set", "b", "--connections", 5, cwd=shop).code == 0


def test_root_asks_the_base_as_its_owner_and_systemd_as_root(tmp_path: Path) -> None:
    """Roles of PostgreSQL are users of the machine: root has none, and nobody else may enable units.

    Whoever is not root stays who they are.
    """
    user, group = os.geteuid(), os.getegid()
    is_root = user == 0
    owner, owning = (65534, 65534) if is_root else (user, group)
    os.chown(tmp_path, owner, owning)
    command = [sys.executable, "-c", AS_BOTH, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(owner), str(owning), str(user)]


AS_BOTH = """
import os, sys
from pathlib import Path
from services.cli.running import scale
scale._ask_the_base_as_its_owner(Path(sys.argv[1]))
print(os.geteuid(), os.getegid(), scale._run(["id", "-u"]))
"""
