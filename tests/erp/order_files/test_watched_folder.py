"""The watched folder: files taken whole, once, whatever is cut between."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from intergestan_db.database import Database
from intergestan_db.problem import FileProblems, Problem
from intergestan_db.tables import PurchaseOrder, TakenFile
from intergestan_erp.order_files.order_files import Imported
from intergestan_erp.order_files.watched_folder import DONE, REFUSED, Taken, WatchedFolder
from tests.erp.order_files.test_order_export import shop
from tests.order_files import enter
from tests.patience import PATIENCE

NAMELESS = b"date;supplier;product;quantity\n2026-11-15;F001;CAS16;1\n"


class Watch:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_file_that_grows_is_left_until_it_rests(tmp_path: Path, watch: Watch) -> None:
    file = tmp_path / "orders.csv"
    with WatchedFolder(tmp_path, 2, watch) as folder:
        for grown in range(1, 4):
            file.write_bytes(NAMELESS[: 10 * grown])
            watch.now += 1.9
            assert folder.settled() == []
        watch.now += 1.9
        assert folder.settled() == []
        watch.now += 0.1
        assert folder.settled() == [file]


def test_what_is_no_finished_file(tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe.csv")
    for name in (".hidden", "~$orders.xlsx", "orders.csv.part", "orders.TMP", "orders.csv~"):
        (tmp_path / name).touch()
    with WatchedFolder(tmp_path, 0, watch) as folder:
        assert folder.settled() == []
        (tmp_path / "orders.csv.part").rename(tmp_path / "orders.csv")
        assert folder.settled() == [tmp_path / "orders.csv"]


def test_a_file_that_is_written_while_it_is_taken_waits_again(tmp_path: Path, watch: Watch) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(NAMELESS)
    with WatchedFolder(tmp_path, 0, watch) as folder:
        folder.settled()
        file.write_bytes(NAMELESS * 2)
        assert folder.take(file) is None
        assert file.read_bytes() == NAMELESS * 2
        assert folder.left() == []
        folder.settled()
        assert folder.take(file) is not None
        assert folder.take(file) is None


def test_one_process_watches_a_folder(tmp_path: Path) -> None:
    with WatchedFolder(tmp_path, 0), pytest.raises(Problem, match="Another process"), WatchedFolder(tmp_path, 0):
        pass
    with WatchedFolder(tmp_path, 0):
        pass
    with pytest.raises(Problem, match="no folder"), WatchedFolder(tmp_path / "none", 0):
        pass


def test_files_of_one_name_lie_side_by_side(tmp_path: Path) -> None:
    long = f"{'é' * 110}.csv"
    with WatchedFolder(tmp_path, 0) as folder:
        for _ in range(2):
            for name in ("orders.csv", long):
                (tmp_path / name).write_bytes(NAMELESS)
                folder.settled()
                taken = folder.take(tmp_path / name)
                assert taken is not None
                folder.finish(taken, DONE, "report\n")
    names = sorted(path.name for path in (tmp_path / DONE).iterdir())
    assert len(names) == 8
    assert sum(name.endswith(".report.txt") for name in names) == 4
    assert sorted(path.name for path in (tmp_path / "taking").iterdir()) == [".lock"]


def orders(base: Database) -> int:
    with base.read() as connection:
        return connection.execute(select(func.count()).select_from(PurchaseOrder)).scalar_one()


STEPS: list[Callable[[Database, WatchedFolder, Taken], object]] = [
    lambda _base, _folder, _taken: None,
    lambda base, _folder, taken: enter(base, taken.token, taken.file.name, taken.file.read_bytes(), by="marie"),
    lambda _base, folder, taken: folder.finish(taken, DONE, "entered\n"),
]


@pytest.mark.parametrize("cut_after", range(len(STEPS)))
def test_a_cut_anywhere_enters_the_orders_once(base: Database, tmp_path: Path, cut_after: int) -> None:
    """Also orders without numbers, which would get a second number if their file were read twice."""
    shop(base)
    place = tmp_path / "in"
    place.mkdir()
    (place / "orders.csv").write_bytes(NAMELESS)
    with WatchedFolder(place, 0) as folder:
        folder.settled()
        taken = folder.take(place / "orders.csv")
        assert taken is not None
        for step in STEPS[: cut_after + 1]:
            step(base, folder, taken)
    with WatchedFolder(place, 0) as folder:
        left = folder.left()
        assert len(left) == (0 if cut_after == 2 else 1)
        for again in left:
            assert enter(base, again.token, "orders.csv", again.file.read_bytes(), by="marie").new == ("CFR1",)
            folder.finish(again, DONE, "entered\n")
        assert folder.left() == []
        assert folder.settled() == []
    assert orders(base) == 1
    assert [path.name for path in sorted((place / DONE).iterdir())] == ["orders.csv", "orders.csv.report.txt"]


def test_what_was_said_of_a_file_is_said_again_after_a_cut(base: Database) -> None:
    """Doubts and remarks, with their places: between the commit and the report the machine may stop."""
    shop(base)
    enter(base, "a" * 36, "a.csv", b"number;date;supplier;product;quantity\nabc;2026-11-15;F001;CAS16;1\n", by="marie")
    data = b"\nnumber;date;supplier;product;quantity\nABC;2026-11-15;F001;CAS16;1\n"
    first = enter(base, "b" * 36, "b.csv", data, by="marie")
    again = enter(base, "b" * 36, "b.csv", data, by="marie")
    assert len(first.doubts) == 1
    assert len(first.said) == 2
    assert list(map(str, again.doubts)) == list(map(str, first.doubts))
    assert list(map(str, again.said)) == list(map(str, first.said))


def test_the_same_content_twice_is_two_orders(base: Database) -> None:
    """A shop that orders the same every Monday means it."""
    shop(base)
    assert enter(base, "a" * 36, "o.csv", NAMELESS, by="marie") == Imported(("CFR1",), ())
    assert enter(base, "b" * 36, "o.csv", NAMELESS, by="marie") == Imported(("CFR2",), ())
    assert enter(base, "a" * 36, "o.csv", NAMELESS, by="marie") == Imported(("CFR1",), ())


def test_a_refused_file_leaves_no_trace_in_the_base(base: Database, tmp_path: Path) -> None:
    shop(base)
    with pytest.raises(FileProblems):
        enter(base, "a" * 36, "o.csv", NAMELESS.replace(b"CAS16", b"NONE"), by="marie")
    with base.read() as connection:
        assert connection.execute(select(func.count()).select_from(TakenFile)).scalar_one() == 0
    with WatchedFolder(tmp_path, 0) as folder:
        (tmp_path / "o.csv").write_bytes(NAMELESS)
        folder.settled()
        taken = folder.take(tmp_path / "o.csv")
        assert taken is not None
        place = folder.finish(taken, REFUSED, "no\n")
    assert (place.parent.name, place.read_bytes()) == (REFUSED, NAMELESS)
    assert (place.parent / "o.csv.report.txt").read_text() == "no\n"


def _race(folder: Path, gate: str) -> None:
    while not Path(gate).exists():
        pass
    try:
        with WatchedFolder(folder, 0) as watched:
            watched.settled()
            for file in list(folder.glob("*.csv")):
                taken = watched.take(file)
                if taken is not None:
                    watched.finish(taken, DONE, "x")
    except Problem:
        pass


@pytest.mark.race
def test_two_processes_at_once(tmp_path: Path) -> None:
    """Whoever comes second is told; every file is finished once."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.csv").write_bytes(NAMELESS)
    context = multiprocessing.get_context("spawn")
    racers = [context.Process(target=_race, args=(folder, str(tmp_path / "gate"))) for _ in range(2)]
    for racer in racers:
        racer.start()
    (tmp_path / "gate").touch()
    for racer in racers:
        racer.join(PATIENCE)
        assert racer.exitcode == 0
    assert len(list((folder / DONE).glob("*.csv"))) == 20


def test_no_link_is_followed(tmp_path: Path, watch: Watch) -> None:
    """Neither by its name nor by a second one; its owner may be allowed to read less than we are."""
    secret, place = tmp_path / "secret", tmp_path / "in"
    secret.write_bytes(NAMELESS)
    place.mkdir()
    (place / "soft.csv").symlink_to(secret)
    (place / "hard.csv").hardlink_to(secret)
    with WatchedFolder(place, 0, watch) as folder:
        assert folder.settled() == []
        assert folder.linked() == [place / "hard.csv", place / "soft.csv"]
        (place / "own.csv").write_bytes(NAMELESS)
        assert folder.settled() == [place / "own.csv"]
        (place / "own.csv").unlink()
        (place / "own.csv").hardlink_to(secret)  # in the moment between
        assert folder.take(place / "own.csv") is None
        assert folder.left() == []
        assert (place / "own.csv").exists()


@pytest.mark.parametrize("harm", ["soft", "hard", "pipe"])
def test_what_was_taken_and_exchanged_is_not_read(tmp_path: Path, harm: str) -> None:
    (tmp_path / "secret").write_bytes(NAMELESS)
    place = tmp_path / "in"
    place.mkdir()
    (place / "o.csv").write_bytes(NAMELESS)
    with WatchedFolder(place, 0) as folder:
        folder.settled()
        taken = folder.take(place / "o.csv")
        assert taken is not None
        with folder.opened(taken) as opened:
            assert opened.read() == NAMELESS
        taken.file.unlink()
        if harm == "pipe":
            os.mkfifo(taken.file)
        elif harm == "soft":
            taken.file.symlink_to(tmp_path / "secret")
        else:
            taken.file.hardlink_to(tmp_path / "secret")
        with pytest.raises(Problem, match=r"o\.csv is no file"):
            folder.opened(taken)


@pytest.mark.parametrize("name", ["taking", "done", "refused", "taking/.lock"])
def test_our_own_folders_are_no_links(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "in"
    (place / "taking").mkdir(parents=True)
    if name == "taking":
        (place / "taking").rmdir()
    (place / name).symlink_to(tmp_path / "elsewhere" / ("file" if name == "taking/.lock" else ""))
    with pytest.raises((Problem, OSError)), WatchedFolder(place, 0):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_report_is_written_beside_what_has_its_name(tmp_path: Path) -> None:
    """Somebody put a link where the report goes: it is replaced, and where it led to nothing is changed."""
    (tmp_path / "other").write_text("theirs")
    place = tmp_path / "in"
    place.mkdir()
    (place / "o.csv").write_bytes(NAMELESS)
    with WatchedFolder(place, 0) as folder:
        (place / DONE / "o.csv.report.txt").symlink_to(tmp_path / "other")
        (place / DONE / "o.csv").symlink_to(tmp_path / "nowhere")
        folder.settled()
        taken = folder.take(place / "o.csv")
        assert taken is not None
        target = folder.finish(taken, DONE, "entered\n")
    assert (tmp_path / "other").read_text() == "theirs"
    assert (target.read_bytes(), target.name.startswith("o-")) == (NAMELESS, True)


def test_strikes_outlive_the_process_and_are_forgiven(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_bytes(NAMELESS)
    with WatchedFolder(tmp_path, 0) as folder:
        folder.settled()
        taken = folder.take(tmp_path / "o.csv")
        assert taken is not None
        assert [folder.strike(taken), folder.strike(taken)] == [1, 2]
    with WatchedFolder(tmp_path, 0) as folder:
        (again,) = folder.left()
        folder.forgive(again)
        assert folder.strike(again) == 2
        folder.forgive(again)
        folder.forgive(again)
        assert folder.strike(again) == 1
        folder.finish(again, REFUSED, "no\n")
    assert [path.name for path in (tmp_path / "taking").iterdir()] == [".lock"]
