"""Whatever file or folder our code makes, it says for whom: none is left to the umask (ADR 0033)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAKING = ("mkdir", "makedirs", "touch", "write_text", "write_bytes", "copyfile", "open(")
"""What is looked for in a file before its calls are: to look through all that most files say takes seconds."""

UMASK = {
    "libs/intergestan_erp/order_files/watched_folder.py": "a folder that is shared with other software, on purpose",
    "libs/intergestan_operations/language/texts.py": "a tool for who works on the project",
    "libs/intergestan_operations/opening/high_water_file.py": "writes through a descriptor of mkstemp, with fchmod",
    "services/cli/running/scale.py": "compose reads it, as another user perhaps",
    "services/demo": "the demo sets the umask first, for its servers as well",
}
"""Who goes by the umask, and why that is right."""


def by_the_umask(tree: ast.AST) -> Iterator[int]:
    """The lines of calls that make a file or a folder without saying its mode."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        named = {each.arg for each in node.keywords}
        texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        makes = {
            "mkdir": not ({"mode"} & named or (name == "mkdir" and node.args)),
            "makedirs": True,
            "touch": "mode" not in named,
            "write_text": True,
            "write_bytes": True,
            "copyfile": True,
            "open": any(set(text) & set("wxa") and set(text) <= set("wxab+t") for text in texts),
        }
        # Path.mkdir(parents=True) makes those above it for everybody, whatever its mode says.
        parents = name == "mkdir" and "parents" in named
        if makes.get(name, False) or parents:
            yield node.lineno


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("folder.mkdir()", [1]),
        ("folder.mkdir(exist_ok=True)", [1]),
        ("folder.mkdir(mode=0o700)", []),
        ("folder.mkdir(mode=0o700, parents=True)", [1]),
        ('file.write_text("x")', [1]),
        ('open(file, "wb")', [1]),
        ('file.open("xb")', [1]),
        ('file.open("rb")', []),
        ('opener.open("web")', []),
        ("os.open(file, flags, 0o600)", []),
        ("file.touch()", [1]),
    ],
)
def test_it_would_be_seen(source: str, lines: list[int]) -> None:
    assert list(by_the_umask(ast.parse(source))) == lines
    assert any(word in source for word in MAKING) or not lines


def test_every_file_says_for_whom_it_is() -> None:
    found = set()
    for file in sorted((*ROOT.glob("libs/**/*.py"), *ROOT.glob("services/**/*.py"))):
        place = str(file.relative_to(ROOT))
        text = file.read_text()
        if any(word in text for word in MAKING) and (lines := list(by_the_umask(ast.parse(text)))):
            (reason,) = [name for name in UMASK if place.startswith(name)] or [f"{place}, line {lines[0]}"]
            found.add(reason)
    assert found == set(UMASK)
