"""A site with three agencies, made and used by commands of the command line alone: `demo --agencies`."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree
from types import TracebackType
from typing import Any, Final, Self

from intergestan_runtime.die_with_parent import bound
from services.demo.cast import environment

ARTICLE: Final = "ALB0002"
CUSTOMER: Final = "C0000004"
DEPOTS: Final = {1: "AB", 2: "RD", 3: "ABL"}
"""The depot of each agency, by the agency's number."""
_WEST, _EAST = "Etc/GMT+12", "Pacific/Kiritimati"
"""Where a day ends last, and where it begins first: what is this day there is always yesterday here."""
_CATALOGUE = f"""Code;Désignation;Prix de vente;TVA;Unité
{ARTICLE};Article {ARTICLE};10,00;20;C62
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote for programs; None where it wrote nothing."""
        return json.loads(self.out) if self.out.strip() else None


class CommandFailed(Exception):
    """A command ended otherwise than it should. :ivar line: what was typed; `said`: its answer."""

    def __init__(self, line: str, said: Said) -> None:
        super().__init__(f"intergestan {line}: {said.code}\n{said.err or said.out}")
        self.line = line
        self.said = said


class Terminal:
    """Types command lines, one after the other; a context manager."""

    def __init__(self, language: str) -> None:
        self._language = language
        self.typed = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            bound([sys.executable, "-m", "services.cli.batch"]),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for us
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:  # which closes its pipes, and waits
            self._process.kill()

    def type(self, config: Path, words: Sequence[str]) -> Said:
        """Type a command at a site, and wait for its end."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        line = json.dumps(["--config", str(config), "--lang", self._language, *words])
        process.stdin.write(f"{line}\n".encode())
        process.stdin.flush()
        self.typed += 1
        return Said(**json.loads(process.stdout.readline()))


class AgencySite:
    """A site in a folder, with its commands."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self._terminal = terminal
        self.folder = folder

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "intergestan.toml"

    def type(self, line: str, *more: str, code: int = 0) -> Said:
        """Type a command.

        :param more: words that have spaces in them, behind the others.
        :raises CommandFailed: it ends with another exit code.
        """
        said = self._terminal.type(self.config, [*shlex.split(line), *more])
        if said.code != code:
            raise CommandFailed(shlex.join([*shlex.split(line), *more]), said)
        return said

    def ask(self, line: str) -> Any:
        """What a command shows, as programs read it."""
        return self.type(f"{line} --json").json

    def copy(self, folder: Path) -> AgencySite:
        """The same site once more, as it is now."""
        copytree(self.folder, folder)
        return AgencySite(self._terminal, folder)


def make_agencies(terminal: Terminal, folder: Path, database_url: str | None = None) -> AgencySite:
    """One company with three agencies, each with a depot in which ten of an article lie; a customer, and the parties
    that stand for the depots.

    :param database_url: of its base; a file in the folder by default.
    """
    site = AgencySite(terminal, folder)
    words = ("--siret", "73282932000074", "--login", "demo", "--country", "FR", "--timezone", _WEST)
    where = ("--data-dir", str(folder), "--orders-address", "commandes@agences.example", "--name", "Siège")
    base = () if database_url is None else ("--database-url", database_url)
    site.type("init", *words, *where, *base)
    catalogue = folder / "catalogue.csv"
    catalogue.write_text(_CATALOGUE, encoding="utf-8")
    site.type("catalog import", str(catalogue))
    site.type("dossier set --stock --reservations --reserve-at-entry")
    site.type("settings set credit.block_from order")
    site.type("agencies add 2 --name", "Agence RD")
    site.type("agencies add 3 --name", "Agence ABL")
    for number, depot in DEPOTS.items():
        site.type(f"depots add {depot} --agency {number} --reservations --name", f"Dépôt {depot}")
        site.type(f"parties add --code AG{number} --customer --supplier --name", f"Agence {depot}")
        site.type(f"depots set {depot} --customer AG{number} --supplier AG{number}")
        site.type(f"stock receive {ARTICLE}=10 --cost 6,00 --opening --here {number}/{depot}")
    site.type("depots rank 1 AB RD ABL")
    site.type(f"parties add --code {CUSTOMER} --customer --credit-max 10000 --city Lyon --name", "Client 4")
    return site


def today() -> date:
    """The day at the site, as long as it lies in the west."""
    return (datetime.now(UTC) - timedelta(hours=12)).date()


def month() -> tuple[date, date]:
    """The first and the last day of this month there."""
    first = today().replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def end_year(site: AgencySite, day: date) -> str:
    """Let the fiscal year end with this day, and be the next one at the site: it lies in the east from now on.

    A year has a month at least, so that one of January belongs to the one before, in which something was entered once.

    :returns: the year as `books close` calls it.
    """
    for line in year_ends(day):
        site.type(line)
    site.type(f"site set --timezone {_EAST}")
    return f"{day:%Y}"


def year_ends(day: date) -> Iterable[str]:
    """The commands that let the fiscal year end with a day. Pure."""
    year = day.year
    if day < date(year, 1, 31):
        year -= 1
        entered = f"books enter OD --on 31/12/{year} --piece A --label A --line 512000=1 --line 101000=-1 --title"
        yield f"{entered} 101000=Capital"
        yield f"books reverse OD1 --on 31/12/{year}"
    yield f"books years {year} --last {day:%d/%m/%Y}"
