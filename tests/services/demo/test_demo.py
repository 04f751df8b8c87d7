"""The demonstration as a person starts it: all processes, real SMTP and IMAP."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from intergestan_db.database import Database
from intergestan_db.enums import CONSOLE, SERVICES
from intergestan_msg.seal import SigningKey
from services.demo.findings import bought, sold
from services.demo.stage import Role, Site
from services.demo.verdict import Verdict, judge
from tests import warm
from tests.patience import PATIENCE, eventually

Start = Callable[..., "subprocess.Popen[bytes]"]
ROLE = Role("any", "ANY", "75001", "PARIS", "Anne")


class Demo:
    """A run of the demo in a process of its own; everything it starts is ended with it.

    :param popen: `subprocess.Popen` where the subject is that all processes start by themselves, and end with it.
    """

    def __init__(self, tmp_path: Path, *options: str, popen: Start = warm.FamilyPopen) -> None:
        self.errors = tmp_path / "stderr"
        self.temporary = tmp_path / "tmp"
        self.temporary.mkdir()
        with self.errors.open("wb") as stderr:
            self.process = popen(
                [sys.executable, "-m", "services.cli", "demo", *options],
                env={"TMPDIR": str(self.temporary), "LANG": "C.UTF-8"},
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        self._seen: dict[int, psutil.Process] = {}

    def family(self) -> list[psutil.Process]:
        """All that it has started so far."""
        self._seen |= {child.pid: child for child in psutil.Process(self.process.pid).children(recursive=True)}
        return list(self._seen.values())

    def wait_for(self, module: str, count: int) -> list[psutil.Process]:
        """Until `count` processes run a module."""

        def found() -> list[psutil.Process]:
            assert self.process.poll() is None, self.errors.read_text()
            return [child for child in self.family() if module in command(child)]

        eventually(lambda: len(found()) >= count, what=self.errors.read_text)
        return found()

    def survivors(self) -> list[str]:
        """What still runs of it, a moment after its end."""
        _, alive = psutil.wait_procs(self._seen.values(), timeout=PATIENCE)
        return [command(child) for child in alive if child.status() != psutil.STATUS_ZOMBIE]

    def end(self, how: signal.Signals) -> int:
        """Its exit code."""
        self.family()
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()


def command(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except psutil.Error:
        return ""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    runs: list[Demo] = []

    def start(*options: str, popen: Start = warm.FamilyPopen) -> Demo:
        runs.append(Demo(tmp_path, *options, popen=popen))
        return runs[-1]

    yield start
    for run in runs:
        run.close()


@dataclass(frozen=True)
class Kept:
    """What a whole run left behind."""

    folder: Path
    result: dict[str, Any]
    exit_code: int
    survivors: list[str]
    metrics: str
    words: str
    pages: list[str]


def links_in(words: str, *, sites: int) -> list[str]:
    """By which a person enters the pages of each site; none until all are there."""
    found = re.findall(r"http://127\.0\.0\.1:\d+/invitation#\S+", words)
    return found if len(found) == sites else []


def page_behind(link: str) -> str:
    """What a browser gets that opens it; what stands behind the # it keeps for itself."""
    with urllib.request.urlopen(link.partition("#")[0], timeout=PATIENCE) as reply:  # the demo's own loopback address
        return str(reply.read().decode())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """`demo --serve`, looked at while it serves, ended by Ctrl-C."""
    folder = tmp_path_factory.mktemp("demo")
    options = ["--orders", "4", "--sites", "2", "--lines", "3", "--serve", "--json", "--keep", str(folder / "kept")]
    run = Demo(folder, *options, popen=subprocess.Popen)
    try:
        assert run.process.stdout is not None
        line = run.process.stdout.readline()  # bounded by the test's time limit
        url = next(text for text in run.errors.read_text().split() if text.endswith("/metrics"))
        with urllib.request.urlopen(url, timeout=PATIENCE) as reply:  # the demo's own loopback address
            metrics = reply.read().decode()
        pages = [page_behind(link) for link in eventually(lambda: links_in(run.errors.read_text(), sites=2))]
        code = run.end(signal.SIGINT)
        yield Kept(folder / "kept", json.loads(line), code, run.survivors(), metrics, run.errors.read_text(), pages)
    finally:
        run.close()


def test_every_order_arrives_once_and_is_answered(kept: Kept) -> None:
    """Two sites, their processes, an embedded bell, SMTP and IMAP: four orders there, four answers back."""
    assert kept.exit_code == 0
    figures = {name: value for name, value in kept.result.items() if not name.startswith("seconds")}
    assert figures == {
        "sites": 2,
        "orders_sent": 4,
        "mails_sent": 1,
        "sales_orders": 4,
        "duplicates": 0,
        "lost": 0,
        "altered": 0,
        "answers_applied": 4,
        "held": 0,
    }
    steps = kept.result["seconds_by_step"]
    assert steps.keys() == {"start", "compose", "send", "poll", "import", "answer"}
    assert 0 < steps["start"] < kept.result["seconds"]


def test_both_sites_have_pages_with_a_link_that_lets_in(kept: Kept) -> None:
    """On loopback, on ports of their own."""
    links = links_in(kept.words, sites=2)
    assert len({link.partition("/invitation")[0] for link in links}) == 2
    assert len({link.partition("#")[2] for link in links}) == 2
    assert [name in page for name, page in zip(("STAUBER", "Durand Cuisine Pro"), kept.pages, strict=True)] == [
        True
    ] * 2


def test_ctrl_c_ends_all_that_serves(kept: Kept) -> None:
    assert kept.survivors == []
    assert re.search(r'intergestan_orders_total\{outcome="created",site="[^"]+",step="import"\} 4\.0', kept.metrics)


def test_a_service_that_dies_while_it_serves_is_named(tmp_path: Path) -> None:
    run = Demo(tmp_path, "--orders", "2", "--sites", "2", "--lines", "1", "--serve", "--json")
    try:
        assert run.process.stdout is not None
        run.process.stdout.readline()  # bounded by the test's time limit
        importer, *_ = run.wait_for("services.importer", 1)
        importer.kill()
        assert run.process.wait(PATIENCE) == 1
        assert run.survivors() == []
        words = run.errors.read_text()
        assert "importer ended by itself" in words
        assert "Traceback" not in words
    finally:
        run.close()


def test_what_is_kept_can_be_looked_at(kept: Kept) -> None:
    """Each site has its base, its keys, its configuration, its logs; the mails lie in the archive."""
    for site in ("stauber", "durand"):
        logs = {file.name for file in (kept.folder / site / "logs").iterdir()}
        assert logs == {f"{name}.log" for name in (*SERVICES, CONSOLE)}
        assert len(list((kept.folder / site / "archive").glob("*/*.eml"))) == 1
        assert f"--config {kept.folder / site / 'intergestan.toml'}" in kept.words
    assert "Matériel cuisine" in kept.words


def test_the_comparison_is_with_what_the_bases_hold(kept: Kept) -> None:
    """What is changed or removed in the seller's base is seen."""
    assert judged(kept).good
    with sqlite3.connect(kept.folder / "stauber" / "site.db") as base:
        line, order, quantity = base.execute("SELECT id, sales_order_id, quantity FROM sales_order_line").fetchone()
        base.execute("UPDATE sales_order_line SET quantity = quantity + 1 WHERE id = ?", (line,))
    assert len(judged(kept).altered) == 1
    with sqlite3.connect(kept.folder / "stauber" / "site.db") as base:
        base.execute("UPDATE sales_order_line SET quantity = ? WHERE id = ?", (quantity, line))
        base.execute("UPDATE sales_order SET customer_order_number = 'X' WHERE id = ?", (order,))
    verdict = judged(kept)
    assert (len(verdict.lost), len(verdict.duplicates), len(verdict.altered)) == (1, 1, 0)
    with sqlite3.connect(kept.folder / "stauber" / "site.db") as base:
        base.execute("UPDATE sales_order SET customer_order_number = ? WHERE id = ?", (verdict.lost[0][1], order))
    assert judged(kept).good


def judged(kept: Kept) -> Verdict:
    """As the demo judged before it left a draft, which is there for whoever opens the pages."""
    with sqlite3.connect(kept.folder / "durand" / "site.db") as base:
        ((draft,),) = base.execute("SELECT number FROM purchase_order WHERE state = 'draft'").fetchall()
    orders = [each for each in bought(site(kept.folder / "durand")) if each.document.key[1] != draft]
    return judge(orders, sold(site(kept.folder / "stauber")))


def site(folder: Path) -> Site:
    with sqlite3.connect(folder / "site.db") as base:
        ((code,),) = base.execute("SELECT code FROM site").fetchall()
    return Site(ROLE, folder, code, SigningKey.generate(), 1, Database(f"sqlite:///{folder}/site.db"), "")


def test_a_killed_demo_leaves_no_process(demo: Callable[..., Demo]) -> None:
    run = demo("--orders", "2", "--sites", "2", popen=subprocess.Popen)
    run.wait_for("services.importer", 1)
    assert run.end(signal.SIGKILL) == -signal.SIGKILL
    assert run.survivors() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_leaves_no_process_and_no_folder(demo: Callable[..., Demo], how: signal.Signals) -> None:
    run = demo("--orders", "2", "--sites", "2")
    run.wait_for("services.importer", 1)
    assert run.end(how) == 128 + how
    assert run.survivors() == []
    assert list(run.temporary.glob("intergestan-demo-*")) == []


SWALLOWS = """
import os, signal, sys
from services.demo.leave import Leave

class Collected:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)  # Python drops whatever is raised in here

leave = Leave()
leave.on_signals()
Collected()
print("dropped", flush=True)
leave.check()
"""


def test_a_signal_in_an_unlucky_moment_is_not_lost() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SWALLOWS], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, "dropped\n")


def test_a_service_that_dies_is_named_with_its_log(demo: Callable[..., Demo]) -> None:
    run = demo("--orders", "2", "--sites", "2", "--json")
    run.wait_for("services.composer", 1)[0].kill()
    assert run.process.wait(PATIENCE) == 1
    (folder,) = run.temporary.glob("intergestan-demo-*")
    assert str(folder / "stauber" / "logs" / "composer.log") in run.errors.read_text()
    assert run.survivors() == []


def test_a_folder_with_something_in_it_is_refused(demo: Callable[..., Demo], tmp_path: Path) -> None:
    run = demo("--keep", str(tmp_path))
    assert run.process.wait(PATIENCE) == 2
    assert f"{tmp_path} is there and not empty" in run.errors.read_text()
