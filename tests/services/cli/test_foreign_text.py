"""What a partner wrote reaches our people's terminals as marks, our programs as it is, and nobody as a formula."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.patience import PATIENCE
from tests.services.cli.conftest import Run

EVIL = "Casserole\x9b2J\x9d0;pwned\x9c\x1b[31m\u202edrow\u200b"
SEEN = "Casserole<U+009B>2J<U+009D>0;pwned<U+009C><U+001B>[31m<U+202E>drow<U+200B>"
OBEYED = set(EVIL) - set("Caserolde2J0;pwn[31m")


@pytest.fixture
def evil_shop(paired_shop: Path) -> Path:
    """The shop, whose supplier calls himself and his products so."""
    base = sqlite3.connect(paired_shop / "site.db")
    for table, column in (("party", "name"), ("partner", "name"), ("product", "name")):
        base.execute(f"UPDATE {table} SET {column} = ?", [EVIL])
    base.commit()
    base.close()
    return paired_shop


COMMANDS = [
    ("partner", "list"),
    ("status",),
    ("doctor",),
    ("orders", "list", "--all"),
    ("orders", "show", "CFR1"),
    ("orders", "show", f"No{EVIL}"),
    ("partner", "set", f"No{EVIL}", "--city", "x"),
    ("partner", "set", "STAUBER", "--language", EVIL),
    ("orders", "import", f"No{EVIL}"),
    (f"No{EVIL}",),
    ("trace", f"No{EVIL}"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=[" ".join(each)[:20] for each in COMMANDS])
def test_no_command_lets_a_text_speak_to_the_terminal(evil_shop: Path, run: Run, command: tuple[str, ...]) -> None:
    row = "number;date;supplier;product;quantity\nCFR1;{day};80295478500028;CAS-16;1\n"
    (evil_shop / "o.csv").write_text(row.format(day="2026-11-20"))
    run("orders", "import", "o.csv", "--dates", "any", cwd=evil_shop)
    ran = run(*command, cwd=evil_shop)
    assert OBEYED & set(ran.out + ran.err) == set()
    if command == ("partner", "list"):
        assert SEEN in ran.out


def test_json_says_what_it_is(evil_shop: Path, run: Run) -> None:
    ran = run("partner", "list", "--json", cwd=evil_shop)
    assert OBEYED & set(ran.out) == set()
    assert ran.json[0]["name"] == EVIL


def test_a_text_forges_no_line(evil_shop: Path, run: Run) -> None:
    ran = run("orders", "show", "X\nOK  site: everything is fine", cwd=evil_shop)
    assert "X⏎OK  site" in ran.err
    assert not [line for line in ran.err.splitlines() if line.startswith("OK")]


def test_also_where_the_system_speaks_ascii(evil_shop: Path) -> None:
    """There Typer would write to the stream below ours."""
    ran: subprocess.CompletedProcess[bytes] = warm.run(
        [sys.executable, "-m", "services.cli", "partner", "list"],
        cwd=evil_shop,
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin", "LANGUAGE": "en"},
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    assert SEEN in ran.stdout.decode()
