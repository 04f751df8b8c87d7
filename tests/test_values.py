"""What faces call gives values (ADR 77): no function that a face imports gives rows, or what is of any type."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FACES = ("cli", "console", "demo", "dispatcher")
UNTYPED = {"Any", "AnyRow", "Row"}


def called() -> Iterator[tuple[str, str]]:
    """The module and name of each function of a library that a face imports."""
    for face in FACES:
        for file in (ROOT / "services" / face).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("intergestan_"):
                    yield from ((node.module or "", alias.name) for alias in node.names)


@cache
def returned(file: Path) -> Mapping[str, set[str]]:
    """The names in what each function of a file says that it returns."""
    functions = (node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef))
    return {
        each.name: {part.id for part in ast.walk(each.returns) if isinstance(part, ast.Name)}
        for each in functions
        if each.returns is not None
    }


def gives_rows(module: str, name: str) -> bool:
    file = (ROOT / "libs" / module.replace(".", "/")).with_suffix(".py")
    return file.exists() and bool(returned(file).get(name, set()) & UNTYPED)


def test_what_a_face_calls_gives_values() -> None:
    assert sorted(f"{module}.{name}" for module, name in set(called()) if gives_rows(module, name)) == []


def test_rows_would_be_seen() -> None:
    """A function of the libraries that does give rows, and stays within them."""
    assert gives_rows("intergestan_db.site_rows", "read_partner")
