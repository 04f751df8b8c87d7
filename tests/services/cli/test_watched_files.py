"""`orders watch`: what a file can do to it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.limited_child import children
from intergestan_db.limited_child.limits import Limits
from intergestan_erp.order_files.order_drop import enter
from intergestan_erp.order_files.order_reading import LimitedOrders
from intergestan_erp.order_files.watched_folder import WatchedFolder
from services.cli.buying.watch import _Counter
from services.cli.context import Call
from services.cli.errors import FAILED, NOT_YET
from tests.patience import patient
from tests.services.cli.conftest import Run

SMALL = Limits(memory_bytes=48 * 2**20, cpu_seconds=30, wall_seconds=patient(60.0), answer_bytes=2**20)
ROW = "Date;Fournisseur;Produit;Quantité\n{day};STAUBER;CAS-16;1\n"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    place = tmp_path / "drop"
    place.mkdir()
    return place


@pytest.fixture
def counter(paired_shop: Path, drop: Path) -> Iterator[_Counter]:
    """What `orders watch` does at each look, with small limits."""
    call = Call(paired_shop / "intergestan.toml")
    with LimitedOrders(SMALL) as readers, WatchedFolder(drop, 0) as watched:
        yield _Counter(watched, partial(enter, call.database, read=readers.read, by="marie"))
    call.close()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_that_ends_its_reader_is_set_aside_and_the_others_go_on(
    counter: _Counter, drop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (drop / "poison.csv").write_bytes(b"Date;Fournisseur\n" + b";" * 20_000_000)
    assert counter.look() == NOT_YET
    (drop / "bad.csv").write_text("Date;Fournisseur;Produit\n")
    assert counter.look() == NOT_YET
    assert names(drop / "refused") == ["bad.csv", "bad.csv.report.txt"]
    assert counter.look() == FAILED
    assert names(drop / "refused")[2:] == ["poison.csv", "poison.csv.report.txt"]
    assert "could not be read with 48 MB of memory" in (drop / "refused" / "poison.csv.report.txt").read_text()
    assert names(drop / "taking") == [".lock"]
    assert capsys.readouterr().err.count("could not be read with") == 2  # once while it waits, once for good


def test_a_file_that_ended_the_program_itself_is_set_aside(counter: _Counter, drop: Path) -> None:
    """Then nobody was left to say what it was."""
    file = drop / "poison.csv"
    file.write_bytes(b"x")
    watched: WatchedFolder = counter._watched
    watched.settled()
    taken = watched.take(file)
    assert taken is not None
    for _ in range(3):
        watched.strike(taken)
    assert counter.look() == FAILED
    assert "ends over it, 3 times" in (drop / "refused" / "poison.csv.report.txt").read_text()


def test_a_machine_without_room_for_a_child_is_not_the_files_fault(
    counter: _Counter, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_arguments: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    (drop / "bad.csv").write_text("Date;Fournisseur;Produit\n")
    with monkeypatch.context() as patched:
        patched.setattr(children, "_Child", no_room)
        counter._enter.keywords["read"].__self__.__exit__()  # type: ignore[attr-defined]  # its child has gone
        for _ in range(5):
            assert counter.look() == NOT_YET
    assert counter.look() == FAILED  # for what is wrong with it
    assert "Quantité" in (drop / "refused" / "bad.csv.report.txt").read_text()


def test_links_are_named_once(paired_shop: Path, run: Run, drop: Path) -> None:
    (drop / "link.csv").symlink_to(paired_shop / "site.key")
    ended = run("orders", "watch", drop, "--once", "--settle", "0", cwd=paired_shop)
    assert ended.code == 0
    assert ended.err.count("link.csv is a link or has a second name") == 1
    assert names(drop) == ["done", "link.csv", "refused", "taking"]


def test_a_report_shows_what_cannot_be_seen(paired_shop: Path, run: Run, drop: Path) -> None:
    (drop / "o\u202e.csv").write_text("Date;Fournisseur;Produit;Quantité\n\x9b2J;S;P;1\n")
    ended = run("orders", "watch", drop, "--once", "--settle", "0", cwd=paired_shop)
    assert (ended.code, "«<U+009B>2J»" in ended.err, "o<U+202E>.csv" in ended.err) == (1, True, True)
    (report,) = (drop / "refused").glob("*.report.txt")
    assert "«<U+009B>2J»" in report.read_text()
