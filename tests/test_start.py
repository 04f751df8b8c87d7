"""What a program imports before it works. What that costs is measured by `python -m benchmarks start`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from benchmarks.start import COMMAND, FLOORS, INIT, SERVICE, SERVICES, environment, make_site
from tests.imported import Imported, Importer, Program
from tests.walls import LIBRARIES

ROOT = Path(__file__).parents[1]
ASKING = ROOT / "services/geocoder/asking.py"
"""Imported when somebody is asked."""

pytestmark = pytest.mark.not_quick

MOST_OF_OURS = {
    "composer": 226,
    "sender": 126,
    "poller": 145,
    "importer": 291,
    "dispatcher": 332,
    "geocoder": 132,
    "allocator": 135,
    "console": 246,
    "--help": 181,
    "orders list": 128,
    "holds list": 111,
    "status": 118,
}
"""So many modules of ours a program may import. More is no mistake by itself, but somebody should have looked."""

ELSEWHERE = {
    *(
        "aiosmtpd",
        "alembic",
        "babel",
        "dns",
        "geopy",
        "joserfc",
        "lxml",
        "mnemonic",
        "obstore",
        "psycopg",
        "pydantic_settings",
    ),
    *("fastapi", "pymap", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "stdnum", "xlsxwriter"),
}
"""What only few calls need, and no start and no list does. The ORM nobody needs: decision 2."""

NOT_IN_A_COMMAND = {
    *("alembic", "babel", "dramatiq", "lxml", "prometheus_client", "redis", "rich", "structlog"),
}
"""What a list does not wait for, even if Typer or SQLAlchemy would bring it."""

BESIDE = {"cryptography", "cffi_backend", "openssl", "msgspec", "uuid_utils", "sqlite3"}
"""What a list may import besides its floor: it looks at the key file; what holds say is JSON."""


def _packages(modules: Iterable[str]) -> set[str]:
    """Third parties among them."""
    tops = {module.split(".")[0].strip("_") for module in modules}
    ours = {top for top in tops if top.startswith("intergestan_") or top in {"services", "main", "mp_main"}}
    return tops - ours - {name.strip("_") for name in sys.stdlib_module_names}


def _check(name: str, found: Imported, beside: Iterable[str] = ()) -> None:
    assert _packages(found.modules) <= _packages(found.floor) | {*beside}
    assert not {each for each in found.modules if each in ELSEWHERE}
    ours = [each for each in found.modules if each.startswith(("intergestan_", "services"))]
    assert len(ours) <= MOST_OF_OURS[name], sorted(ours)


@pytest.fixture(scope="module")
def with_a_base() -> Iterator[Importer]:
    with Importer(SERVICE, environment()) as importer:
        yield importer


@pytest.fixture(scope="module")
def with_a_command_line() -> Iterator[Importer]:
    with Importer(COMMAND, environment()) as importer:
        yield importer


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_what_its_floor_names(service: str, with_a_base: Importer) -> None:
    program = Program(f"import services.{service}.__main__", [*FLOORS[service]])
    _check(service, with_a_base.run(program))


def test_no_page_of_the_console_imports_what_few_need(with_a_base: Importer) -> None:
    """What reads mails and documents, and what speaks to mail servers, waits for a form that asks for it."""
    program = (
        "import services.console.__main__\n"
        "import importlib, pkgutil\n"
        "from services.console import pages\n"
        "for each in pkgutil.iter_modules(pages.__path__, f'{pages.__name__}.'): importlib.import_module(each.name)\n"
    )
    found = with_a_base.run(Program(program, [*FLOORS["console"]]))
    assert not {each for each in found.modules if each in ELSEWHERE}
    ours = [each for each in found.modules if each.startswith(("intergestan_", "services"))]
    assert len(ours) > MOST_OF_OURS["console"] + 100, "the pages are not there"


_COMMAND = "from services.cli.__main__ import main; main()"


@pytest.fixture(scope="module")
def site(with_a_command_line: Importer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    def init(folder: Path) -> None:
        with_a_command_line.run(Program(_COMMAND, arguments=INIT, folder=str(folder)))

    return make_site(tmp_path_factory.mktemp("start") / "site", "redis://127.0.0.1:1/0", init).parent


@pytest.mark.parametrize("command", [name for name in FLOORS if name not in SERVICES])
def test_a_command_imports_what_it_uses(command: str, with_a_command_line: Importer, site: Path) -> None:
    program = Program(_COMMAND, [*FLOORS[command]], command.split(), str(site))
    found = with_a_command_line.run(program)
    _check(command, found, () if command == "--help" else BESIDE)
    assert not NOT_IN_A_COMMAND & _packages(found.modules)


def test_a_table_is_made_when_it_is_used(with_a_base: Importer) -> None:
    program = (
        "from intergestan_db.tables.types import METADATA\n"
        "from intergestan_db.tables import Partner, PurchaseOrder\n"
        "assert not METADATA.tables\n"
        "assert str(Partner.site_code) == 'partner.site_code'\n"
        "assert list(METADATA.tables) == ['partner']\n"
        "assert len(Partner.metadata.tables) > 50\n"
    )
    assert with_a_base.run(Program(program)).modules


def test_threads_that_meet_a_table_at_once_get_the_same_one(with_a_base: Importer) -> None:
    program = (
        "import sys, threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from intergestan_db.tables import InboundMail\n"
        "sys.setswitchinterval(1e-6)\n"
        "together = threading.Barrier(8)\n"
        "def meet(column):\n"
        "    together.wait()\n"
        "    return getattr(InboundMail, column).table\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    tables = set(pool.map(meet, ['id', 'state', 'lease_owner', 'rung_at'] * 2))\n"
        "assert tables == {InboundMail.__table__}\n"
    )
    assert with_a_base.run(Program(program)).modules


def test_garbage_is_first_looked_for_after_the_start(with_a_base: Importer) -> None:
    program = (
        "import gc\n"
        "looks = []\n"
        "gc.callbacks.append(lambda phase, info: looks.append(phase) if phase == 'stop' else None)\n"
        "import services.dispatcher.__main__\n"
        "assert not gc.get_freeze_count()\n"
        "assert not looks, len(looks)\n"
        "lists = [[] for _ in range(310_000)]\n"
        "assert looks and gc.get_freeze_count() > 200_000\n"
        "assert gc.isenabled() and gc.get_threshold()[0] <= 50_000\n"
    )
    assert with_a_base.run(Program(program)).modules


def test_nothing_happens_at_import(with_a_base: Importer) -> None:
    """Importing every module opens no file of ours, no socket, no thread."""
    names = [
        ".".join(file.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
        for base, folders in ((ROOT / "libs", sorted(LIBRARIES)), (ROOT, ["services"]))
        for folder in folders
        for file in sorted((base / folder).rglob("*.py"))
        if "migrations" not in file.parts and file != ASKING
    ]
    program = (
        "import importlib, sys, threading\n"
        "opened = []\n"
        "sys.addaudithook(lambda name, args: opened.append((name, args)) if name in "
        "('socket.connect', 'socket.bind', 'subprocess.Popen') else None)\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "assert not opened, opened\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    assert {*names} - {name for name in names if name.endswith(".__main__")} <= with_a_base.run(
        Program(program)
    ).modules
