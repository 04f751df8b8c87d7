"""Who may import whom (`docs/architecture.md`): libraries know no service, services know no other service."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "intergestan_msg": set[str](),
    "intergestan_runtime": set[str](),
    "intergestan_db": {"intergestan_msg"},
    "intergestan_erp": {"intergestan_msg", "intergestan_db"},
    "intergestan_exchange": {"intergestan_msg", "intergestan_db", "intergestan_erp"},
    "intergestan_operations": {
        "intergestan_msg",
        "intergestan_runtime",
        "intergestan_db",
        "intergestan_erp",
        "intergestan_exchange",
    },
}
OURS = {*ALLOWED, "services"}


def _modules(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.py"))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("library", sorted(ALLOWED))
def test_a_library_imports_only_what_it_may(library: str) -> None:
    wrong = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in _modules(ROOT / "libs" / library)
        for name in _imports(file)
        if (top := name.split(".")[0]) in OURS and top not in ALLOWED[library] | {library}
    }
    assert not wrong


@pytest.mark.parametrize("service", sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir()))
def test_a_service_imports_no_other_service(service: str) -> None:
    wrong = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in _modules(ROOT / "services" / service)
        for name in _imports(file)
        if name.startswith("services.") and not name.startswith(f"services.{service}")
    }
    assert not wrong


def test_every_service_has_the_same_files() -> None:
    for service in ("composer", "sender", "poller", "importer", "dispatcher"):
        names = {path.name for path in (ROOT / "services" / service).glob("*.py")}
        assert {"__init__.py", "__main__.py", "settings.py", "worker.py"} <= names, service


def test_no_service_loads_the_orm() -> None:
    """ADR 0002: it costs every process a third of a second and ten MiB, and nothing uses it."""
    services = ", ".join(
        f"services.{name}.__main__" for name in ("composer", "sender", "poller", "importer", "dispatcher")
    )
    program = f"import sys, {services}; sys.exit('sqlalchemy.orm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_msgspec_meets_no_type_in_a_thread() -> None:
    """It crashes the process when two threads do at once: types are read through a `Shape`, a constant."""
    reads = {f"{module}.{name}" for module in ("msgspec", "msgspec.json") for name in ("convert", "decode", "Decoder")}
    reading, shaping = set[str](), set[str]()
    for file in (file for top in ("libs", "services") for file in _modules(ROOT / top)):
        tree = ast.parse(file.read_text())
        if reads & (
            {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {*_imports(file)}
        ):
            reading.add(file.name)
        functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda)))
        if any("Shape(" in ast.unparse(function) for function in functions):
            shaping.add(file.name)
    assert (reading, shaping) == ({"shapes.py"}, set())


def test_nothing_happens_at_import() -> None:
    """Importing every module opens no file of ours, no socket, no thread."""
    names = [
        ".".join(file.relative_to(base).with_suffix("").parts).removesuffix(".__init__")
        for base, folders in ((ROOT / "libs", sorted(ALLOWED)), (ROOT, ["services"]))
        for folder in folders
        for file in _modules(base / folder)
        if "migrations" not in file.parts
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
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_generated_documentation_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_pins_name_no_address() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in file.read_text(), file.name
