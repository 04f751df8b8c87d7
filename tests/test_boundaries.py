"""What holds of every module (who may import whom: `test_walls.py`), and of what is generated from the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.enums import OPTIONAL_SERVICES, SERVICES
from tests.walls import imports

ROOT = Path(__file__).parents[1]


def _modules(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*.py"))


def test_every_service_has_the_same_files() -> None:
    for service in (*SERVICES, *OPTIONAL_SERVICES):
        names = {path.name for path in (ROOT / "services" / service).glob("*.py")}
        assert {"__init__.py", "__main__.py", "settings.py", "worker.py"} <= names, service


def test_one_module_knows_geopy() -> None:
    """T25, ADR 0052: nobody else can ask anybody where an address lies."""
    found = {
        str(file.relative_to(ROOT))
        for top in ("libs", "services")
        for file in _modules(ROOT / top)
        if "geopy" in file.read_text() and any(name.split(".")[0] == "geopy" for name in imports(file))
    }
    assert found == {"services/geocoder/asking.py"}


def test_msgspec_meets_no_type_in_a_thread() -> None:
    """It crashes the process when two threads do at once: types are read through a `Shape`, a constant."""
    reads = {f"{module}.{name}" for module in ("msgspec", "msgspec.json") for name in ("convert", "decode", "Decoder")}
    reading, shaping = set[str](), set[str]()
    for file in (file for top in ("libs", "services") for file in _modules(ROOT / top)):
        text = file.read_text()
        if "msgspec" not in text and "Shape" not in text:
            continue  # to look through all that most files say takes seconds
        tree = ast.parse(text)
        if reads & (
            {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {*imports(file)}
        ):
            reading.add(file.name)
        functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda)))
        if any("Shape(" in ast.unparse(function) for function in functions):
            shaping.add(file.name)
    assert (reading, shaping) == ({"shapes.py"}, set())


@pytest.mark.not_quick
def test_the_generated_documentation_is_current() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_pins_name_no_address() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in file.read_text(), file.name
