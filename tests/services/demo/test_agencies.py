"""`demo --agencies`: what it shows, and that it fails where a row is not as it must be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.demo import agencies
from services.demo.agency_cases import CASES, Row, Story
from services.demo.agency_site import AgencySite, Terminal, month, today, year_ends
from services.demo.leave import Leave
from services.demo.settings import Options, parse
from tests.patience import PATIENCE

TITLE = ("Case", "Cas")
ROOT = Path(__file__).parents[3]


def options(*words: str) -> Options:
    return parse(["--agencies", *words])


def as_somebody() -> list[str]:
    """What comes before a command so that not root types it; nothing where that need not or cannot be."""
    words = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if os.geteuid():
        return []
    tried = subprocess.run([*words, "id", "-u"], capture_output=True, text=True, check=False)
    return words if tried.stdout == "1000\n" else []


def test_it_plays_all_cases(tmp_path: Path) -> None:
    """A01 to A51: by commands alone, with a file for the tax office; exit code 0 because every row is right. Whoever
    tries it is hardly root.
    """
    words = ["--agencies", "--json", "--lang", "fr", "--keep", str(tmp_path / "kept")]
    command = [*as_somebody(), sys.executable, "-m", "services.demo", *words]  # not here: it sets the umask
    told = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT, check=False)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["ok"]
    assert {row["case"] for row in found["rows"]} == {title[1] for title, _play in CASES.values()}
    assert [row for row in found["rows"] if row["expected"] != row["found"]] == []
    assert told.stderr.count("✓") == len(found["rows"]) > 80
    assert "✗" not in told.stderr
    (file,) = (tmp_path / "kept" / "case-1" / "fec").glob("732829320FEC*[0-9].txt")
    assert len(file.read_bytes().splitlines()) == 6


@pytest.mark.parametrize(("found", "code", "mark"), [("72.00", 0, "✓"), ("71.00", 1, "✗")])
def test_a_row_that_is_not_right_is_shown_with_both_values(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    found: str,
    code: int,
    mark: str,
) -> None:
    def case(_site: AgencySite, story: Story) -> None:
        story.after("run", "facturation")
        story.row("amount", "montant", "72.00", found)

    monkeypatch.setattr(agencies, "CASES", {"x": (TITLE, case)})
    monkeypatch.setattr(agencies, "make_agencies", lambda _terminal, folder: _Empty(folder))
    assert agencies.play(options("--lang", "en"), tmp_path, Leave()) == code
    told = capsys.readouterr().out
    assert (mark in told, "72.00" in told, f"instead: {found}" in told) == (True, True, bool(code))


def test_a_command_that_fails_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def case(site: AgencySite, _story: Story) -> None:
        site.type("stock show")

    monkeypatch.setattr(agencies, "CASES", {"x": (TITLE, case)})
    monkeypatch.setattr(agencies, "make_agencies", AgencySite)
    (tmp_path / "morning").mkdir()
    assert agencies.play(options("--lang", "en"), tmp_path, Leave()) == 1
    assert "exit code 78: intergestan stock show" in capsys.readouterr().out


class _Empty:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def copy(self, folder: Path) -> _Empty:
        return _Empty(folder)


def test_nothing_is_served_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options("--serve")
    assert (ended.value.code, "--serve" in capsys.readouterr().err) == (2, True)


def test_commands_begin_anew_each_time(tmp_path: Path) -> None:
    """What one says is not in another's answer, and what it did to its process neither."""
    with Terminal("fr") as terminal:
        none = terminal.type(tmp_path / "none.toml", ["here"])
        help_, wrong = (terminal.type(tmp_path / "none.toml", [word]) for word in ("help", "nonsense"))
    assert (none.code, none.out, bool(none.err)) == (78, "", True)
    assert (help_.code, "Premiers pas" in help_.out) == (0, True)
    assert (wrong.code, "nonsense" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("day", "commands"),
    [
        (date(2026, 1, 31), ["books years 2026 --last 31/01/2026"]),
        (date(2026, 12, 31), ["books years 2026 --last 31/12/2026"]),
    ],
)
def test_the_year_ends_with_any_day(day: date, commands: list[str]) -> None:
    """D61: it has a month at least."""
    assert list(year_ends(day)) == commands


def test_a_day_of_january_belongs_to_the_year_before() -> None:
    commands = list(year_ends(date(2026, 1, 30)))
    assert [line.split()[:2] for line in commands] == [["books", "enter"], ["books", "reverse"], ["books", "years"]]
    assert commands[-1] == "books years 2025 --last 30/01/2026"


def test_the_month_of_the_day() -> None:
    first, last = month()
    assert first <= today() <= last
    assert (first.day, (last + timedelta(days=1)).day) == (1, 1)


def test_rows() -> None:
    assert Row(TITLE, TITLE, "1", "1").is_right
    assert not Row(TITLE, TITLE, "1", "2").is_right
