"""What a program imports before it works. What that costs is measured by `python -m benchmarks start`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.start import FLOORS, SERVICES, environment, make_site

MOST_OF_OURS = {
    "composer": 165,
    "sender": 100,
    "poller": 120,
    "importer": 205,
    "dispatcher": 205,
    "--help": 105,
    "orders list": 90,
    "holds list": 85,
    "status": 95,
}
"""So many modules of ours a program may import. More is no mistake by itself, but somebody should have looked."""

ELSEWHERE = {
    *("aiosmtpd", "alembic", "babel", "dns", "joserfc", "lxml", "mnemonic", "obstore", "psycopg", "pydantic_settings"),
    *("pymap", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "stdnum", "xlsxwriter"),
}
"""What only few calls need, and no start and no list does."""

BESIDE = {"cryptography", "cffi_backend", "openssl", "msgspec", "uuid_utils", "sqlite3"}
"""What a command may import besides its floor: it looks at the key file; what holds say is JSON."""

_SHOW = "import atexit, sys; atexit.register(lambda: print('\\n', *sys.modules, file=sys.stderr))\n"


def _modules(program: str, *arguments: str, cwd: Path | None = None) -> set[str]:
    """The modules that a program has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", _SHOW + program, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


def _packages(modules: Iterable[str]) -> set[str]:
    """Third parties among them."""
    tops = {module.split(".")[0].strip("_") for module in modules}
    ours = {top for top in tops if top.startswith("intergestan_") or top in {"services", "main", "mp_main"}}
    return tops - ours - {name.strip("_") for name in sys.stdlib_module_names}


def _check(name: str, imported: set[str], beside: Iterable[str] = ()) -> None:
    floor = _modules(f"import {', '.join(FLOORS[name])}")
    assert _packages(imported) <= _packages(floor) | {*beside}
    assert not {each for each in imported if each in ELSEWHERE}
    ours = [each for each in imported if each.startswith(("intergestan_", "services"))]
    assert len(ours) <= MOST_OF_OURS[name], sorted(ours)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_what_its_floor_names(service: str) -> None:
    _check(service, _modules(f"import services.{service}.__main__"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("start") / "site", "redis://127.0.0.1:1/0").parent


@pytest.mark.parametrize("command", [name for name in FLOORS if name not in SERVICES])
def test_a_command_imports_what_it_uses(command: str, site: Path) -> None:
    _check(command, _modules("from services.cli.__main__ import main; main()", *command.split(), cwd=site), BESIDE)


def test_a_table_is_made_when_it_is_used() -> None:
    program = (
        "from intergestan_db.tables.types import METADATA\n"
        "from intergestan_db.tables import Partner, PurchaseOrder\n"
        "assert not METADATA.tables\n"
        "assert str(Partner.site_code) == 'partner.site_code'\n"
        "assert list(METADATA.tables) == ['partner']\n"
        "assert len(Partner.metadata.tables) > 50\n"
    )
    assert _modules(program)


def test_threads_that_meet_a_table_at_once_get_the_same_one() -> None:
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
    assert _modules(program)
