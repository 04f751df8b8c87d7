"""The command, run in this process: as `intergestan …` in a folder of its own."""

import gettext
import io
import json
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from intergestan_db import leases
from intergestan_db.enums import SERVICES
from intergestan_erp.site.day import zone_of
from services.cli.__main__ import main
from tests.patience import PATIENCE
from tests.services.cli.exchange import base
from tests.tester_disk import ROOMY_ENVIRONMENT

FIRST_SIRET, SECOND_SIRET = "73282932000074", "80295478500028"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("orders", "list", cwd=…, stdin=…)`: nothing of the machine's own configuration plays a part."""
    for name in ("LC_ALL", "LC_MESSAGES", "INTERGESTAN_USER", "INTERGESTAN_HERE", "INTERGESTAN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "")
    for name, value in ROOMY_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))

    def run_in(*arguments: object, cwd: Path = tmp_path, stdin: str = "") -> Ran:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        gettext.textdomain("messages")
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0 if code is None else 1, out, err)

    return run_in


class MadeSites:
    """Folders of sites, each made by commands once in a session, and copied for each test: the keys are the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, name: str, to: Path, make: Callable[[Path], object]) -> Path:
        """A copy of the site of this name, which `make` puts into a new folder when it is asked for first."""
        made = self._folder / name
        if not made.exists():
            make(self._folder / f"{name}, unfinished")
            (self._folder / f"{name}, unfinished").rename(made)
        return shutil.copytree(made, to, dirs_exist_ok=True)


@pytest.fixture
def today() -> date:
    """The day at the sites of these tests, which from 22 or 23 o'clock UTC on is no longer the machine's."""
    return datetime.now(zone_of("Europe/Paris")).date()


@pytest.fixture(scope="session")
def made_sites(tmp_path_factory: pytest.TempPathFactory) -> MadeSites:
    return MadeSites(tmp_path_factory.mktemp("made-sites"))


@pytest.fixture
def shop(tmp_path: Path, run: Run, made_sites: MadeSites) -> Path:
    """The folder of a site whose user is marie."""

    def make(folder: Path) -> None:
        made = run(
            *("init", "--name", "Arts de la Table", "--orders-address", "commandes@arts.test"),
            *("--siret", FIRST_SIRET, "--login", "marie", "--data-dir", folder),
        )
        assert made.code == 0, made.err

    return made_sites.copy("shop", tmp_path / "shop", make)


@pytest.fixture
def stauber(tmp_path: Path, run: Run, made_sites: MadeSites) -> Path:
    """The folder of the supplier's site, with its card in `stauber.card`."""

    def make(folder: Path) -> None:
        made = run(
            *("init", "--name", "STAUBER", "--orders-address", "appros@stauber.test"),
            *("--siret", SECOND_SIRET, "--login", "jean", "--data-dir", folder),
        )
        assert made.code == 0, made.err
        (folder / "stauber.card").write_text(run("site", "card", cwd=folder).out)

    return made_sites.copy("stauber", tmp_path / "stauber", make)


@pytest.fixture
def paired_shop(shop: Path, stauber: Path, run: Run, made_sites: MadeSites) -> Path:
    """The shop, which trusts STAUBER and knows the demo's products."""

    def make(folder: Path) -> None:
        shutil.copytree(shop, folder)
        card = run("site", "card", "--json", cwd=stauber).json
        added = run("partner", "add", stauber / "stauber.card", "--fingerprint", card["kid"], cwd=folder)
        assert added.code == 0, added.err
        assert run("catalog", "import", data("catalogue_shop.csv"), cwd=folder).code == 0

    return made_sites.copy("paired shop", shop, make)


def data(name: str) -> Path:
    """A file of the demo."""
    import services.demo

    return Path(services.demo.__file__).parent / "data" / name


BEAT = 1
"""So many seconds lie between two signs of life."""


@contextmanager
def services_alive(folder: Path, services: Collection[str] = SERVICES) -> Iterator[None]:
    """These services give signs of life meanwhile, as often as they do it themselves."""
    over = threading.Event()

    def beat() -> None:
        with base(folder) as database:
            while True:
                with database.transaction() as connection:
                    for service in services:
                        leases.beat(connection, f"{service}-1", service, database.now())
                began.set()
                if over.wait(BEAT):
                    return

    began = threading.Event()
    thread = threading.Thread(target=beat)
    thread.start()
    assert began.wait(PATIENCE)
    try:
        yield
    finally:
        over.set()
        thread.join()
