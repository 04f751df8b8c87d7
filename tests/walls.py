"""The walls of the house: who may import whom, read from the sources.

A room is a folder of a library with all that is in it, or a file at the library's top. What it may import of its
neighbours it says itself, a folder in the docstring of its `__init__.py` ("May import: parties, catalogue."), a file in
that of the library ("`states.py` may import: nothing."). Imports for types and imports inside functions count. Relative
imports need no look: ruff refuses them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

LIBRARIES: Mapping[str, frozenset[str]] = {
    "intergestan_msg": frozenset(),
    "intergestan_runtime": frozenset(),
    "intergestan_db": frozenset({"intergestan_msg"}),
    "intergestan_erp": frozenset({"intergestan_msg", "intergestan_db"}),
    "intergestan_exchange": frozenset({"intergestan_msg", "intergestan_db", "intergestan_erp"}),
    "intergestan_operations": frozenset(
        {"intergestan_msg", "intergestan_runtime", "intergestan_db", "intergestan_erp", "intergestan_exchange"}
    ),
}
"""Each library, and the libraries that it may import."""
OURS = frozenset({*LIBRARIES, "services", "tests", "benchmarks"})

_STATED = re.compile(r"^(?:`(\w+)\.py` may|May) import: ([\w, \n]+)\.$", re.MULTILINE)


@cache
def imports(file: Path) -> frozenset[str]:
    """Every module that a file imports, and every name that it takes from one, dotted."""
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def up_or_aside(libs: Path) -> list[str]:
    """Imports of what is ours and a library may not import, and folders that are no library of the table."""
    wrong = [f"{folder.name} is no library of the house" for folder in _folders(libs) if folder.name not in LIBRARIES]
    for library, allowed in LIBRARIES.items():
        for file in sorted((libs / library).rglob("*.py")):
            tops = {name.split(".")[0] for name in imports(file)} & OURS - allowed - {library}
            wrong += [f"{file.relative_to(libs)} imports {top}" for top in sorted(tops)]
    return wrong


def between_services(services: Path) -> list[str]:
    """Imports of another service."""
    wrong = []
    for folder in _folders(services):
        for file in sorted(folder.rglob("*.py")):
            others = {name for name in imports(file) if name.startswith("services.")}
            others = {name for name in others if name.split(".")[1] != folder.name}
            wrong += [f"{file.relative_to(services)} imports {name}" for name in sorted(others)]
    return wrong


def between_rooms(library: Path) -> list[str]:
    """Where what rooms say and what they import differ, and where they import each other in a circle."""
    stated, found = _stated(library), _found(library)
    wrong = [f"{room} is no room" for room in sorted(stated.keys() - found.keys())]
    for room, neighbours in found.items():
        if room not in stated:
            wrong.append(f"{room} does not say what it may import")
            continue
        wrong += [f"{room} imports {name} and does not say so" for name in sorted(neighbours - stated[room])]
        wrong += [f"{room} says that it may import {name} and does not" for name in sorted(stated[room] - neighbours)]
    try:
        TopologicalSorter(found).prepare()
    except CycleError as circle:
        wrong.append(f"circle: {' → '.join(circle.args[1])}")
    return wrong


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if any(each.glob("*.py")))


def _found(library: Path) -> dict[str, set[str]]:
    """The neighbours that each room imports; the library's own `__init__.py` is a room that says what files may."""
    files = {file: file.relative_to(library).parts[0].removesuffix(".py") for file in sorted(library.rglob("*.py"))}
    found: dict[str, set[str]] = {room: set() for room in files.values() if room != "__init__"}
    for file, room in files.items():
        inside = [name.split(".")[1] for name in imports(file) if name.startswith(f"{library.name}.")]
        if neighbours := {name for name in inside if name in found and name != room}:
            found.setdefault(room, set()).update(neighbours)
    return found


def _stated(library: Path) -> dict[str, set[str]]:
    stated = {}
    for file in (library / "__init__.py", *sorted(library.glob("*/__init__.py"))):
        at_top = file.parent == library
        for name, neighbours in _STATED.findall(ast.get_docstring(ast.parse(file.read_text())) or ""):
            if bool(name) == at_top:
                stated[name or file.parent.name] = set(re.findall(r"\w+", neighbours)) - {"nothing"}
    return stated
