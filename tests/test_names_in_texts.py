"""What CONTRIBUTING and docstrings call by name exists: files, modules, commands, options, names in the code."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("libs", "services", "tests", "benchmarks", "docs", "deploy", "requirements")
OURS = re.compile(r"(intergestan_\w+|services|tests|benchmarks)(\.\w+)+")
FILE = re.compile(r"[\w<>*./-]+\.(py|pyi|md|sql|toml|ya?ml|in|txt|json|po|mo|html|cfg|conf|mako)")
SPECIFICATION = {"design.md", "formats.md", "reliability.md", "performance.md"}
"""Pages that were written before the code. Those that docstrings cite have yet to come into `docs/`."""
WRITTEN = {"<name>.report.txt", "./intergestan.toml", "/etc/intergestan/intergestan.toml"}
"""Files of a site."""


def existing(text: str) -> bool:
    """Whether what stands between backticks in CONTRIBUTING is something of this project."""
    if text.startswith("make "):
        return re.search(rf"^{text.split()[1]}:", _read("Makefile"), re.MULTILINE) is not None
    if text.startswith("python -m "):
        return _is_module(text.split()[2])
    if text.startswith(".venv/bin/"):
        return all(_is_path(word) for word in text.split()[1:] if "/" in word)
    if text.startswith("--"):
        return any(f'"{text.split(maxsplit=1)[0]}' in _read(name) for name in _tracked("services"))
    if re.fullmatch(r"[GTAD]\d+", text):
        return any(text in _read(name) for name in _tracked("tests"))
    if setting := re.match(r"(\w+)=", text):
        return f"$({setting[1]})" in _read("Makefile") or any(
            f'"{setting[1]}"' in _read(name) for name in _tracked(*CODE)
        )
    return any(
        is_one(text)
        for is_one in (_is_path, _is_module, _is_defined, _is_declared, sys.stdlib_module_names.__contains__)
    )


def _is_path(text: str) -> bool:
    """Whether it is the path of a tracked file or folder, or the end of one; `<name>` is any one name."""
    pattern = "[^/\n]+".join(map(re.escape, re.split(r"<[^>]+>|\*", text.strip("/"))))
    return re.search(rf"(^|/){pattern}(/|$)", "\n".join(_tracked()), re.MULTILINE) is not None


def _is_module(text: str) -> bool:
    path = text.replace(".", "/")
    return bool(re.fullmatch(r"[\w.]+", text)) and any(
        _is_file(f"{root}{path}{end}") for root in ("", "libs/") for end in (".py", "/__init__.py", "/__main__.py")
    )


def _is_file(name: str) -> bool:
    return name in _tracked()


def _is_defined(text: str) -> bool:
    """Whether the code defines the name, imports it, or (`a.b`) has it in the module or class `a`; `*` is any text."""
    name = re.sub(r"\(.*\)$", "", text)
    if not re.fullmatch(r"[\w.*]+", name):
        return False
    owner, _, last = name.rpartition(".")
    if owner and not OURS.match(name):
        return (last in _defined() and owner.rpartition(".")[2] in _defined()) or _is_foreign(owner, last)
    if owner:
        return _is_module(owner) and last in _defined_in(_file_of(owner))
    return any(re.fullmatch(name.replace("*", r"\w+"), known) for known in _defined())


def _is_foreign(owner: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(owner), name)
    except ImportError:
        return False


def _file_of(module: str) -> str:
    path = module.replace(".", "/")
    ends = (f"{root}{path}{end}" for root in ("", "libs/") for end in (".py", "/__init__.py"))
    return next(name for name in ends if _is_file(name))


def _is_declared(text: str) -> bool:
    """Whether it is a program that is installed, a mark of tests, a definition of the chart, or a table."""
    return (
        f'\n{text} = "' in _read("pyproject.toml")
        or re.search(rf'^    "{re.escape(text)}[:(]', _read("pyproject.toml"), re.MULTILINE) is not None
        or any(f'define "{text}"' in _read(name) for name in _tracked("deploy") if name.endswith(".tpl"))
        or any(f'__tablename__ = "{text}"' in _read(name) for name in _tracked("libs") if "/tables/" in name)
    )


@cache
def _tracked(*folders: str) -> tuple[str, ...]:
    named = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(named, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(name for name in listed.splitlines() if (ROOT / name).is_file())


@cache
def _read(name: str) -> str:
    return (ROOT / name).read_text(errors="replace")


@cache
def _defined_in(name: str) -> frozenset[str]:
    """Functions, classes, constants, fields and what is imported, at any depth; found by their form, which is quick."""
    text = _read(name)
    imported = (
        each for line in re.findall(r"^ *from \S+ import (.+)", text, re.MULTILINE) for each in line.split(", ")
    )
    return frozenset((*re.findall(r"^ *(?:(?:async )?def |class )?(\w+) ?[:=(,]", text, re.MULTILINE), *imported))


@cache
def _defined() -> frozenset[str]:
    return frozenset(known for name in _tracked(*CODE) if name.endswith(".py") for known in _defined_in(name))


@cache
def _docstrings() -> frozenset[tuple[str, str]]:
    """Each text between backticks in a docstring, or in a text that describes a constant, with its file."""
    return frozenset(
        (name, text)
        for name in _tracked(*CODE)
        if name.endswith(".py")
        for docstring in _read(name).split('"""')[1::2]
        for text in re.findall(r"`+([^`\n]+)`+", docstring)
    )


def test_every_test_and_file_of_tests_that_the_proof_names_is_there() -> None:
    """`docs/proof.md` says which test shows what: whoever renames one says so there."""
    texts = re.findall(r"`([^`\n]+)`", _read("docs/proof.md"))
    named = [text.partition("::")[2] or text for text in texts if text.startswith(("test_", "tests/"))]
    assert len(named) > 60
    assert not [text for text in named if not (_is_path(text) or _is_defined(text))]


def test_contributing_names_what_exists() -> None:
    texts = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", _read("CONTRIBUTING.md"), flags=re.DOTALL))
    assert len(texts) > 100
    assert [text for text in dict.fromkeys(texts) if not existing(text)] == []


def test_docstrings_point_to_files_that_exist() -> None:
    pointing = {(name, text) for name, text in _docstrings() if FILE.fullmatch(text) and text not in SPECIFICATION}
    assert len(pointing) > 10
    assert sorted(f"{name}: {text}" for name, text in pointing if text not in WRITTEN and not _is_path(text)) == []


def test_docstrings_point_to_modules_that_exist() -> None:
    pointing = {(name, text) for name, text in _docstrings() if OURS.fullmatch(re.sub(r"\(.*\)$", "", text))}
    assert pointing
    wrong = (f"{name}: {text}" for name, text in pointing if not (_is_module(text) or _is_defined(text)))
    assert sorted(wrong) == []


@pytest.mark.parametrize(
    "text", ["_weight", "rules/no_such.py", "make nothing", "intergestan_msg.no_such", "--no-such", "Q99"]
)
def test_what_does_not_exist_is_told(text: str) -> None:
    """The check above can fail."""
    assert not existing(text)


def test_each_decision_has_a_number_of_its_own() -> None:
    """The number in its name is the one in its title."""
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(numbers) == len(set(numbers)), numbers
    assert [page.name for page in pages if not page.read_text().startswith(f"# {int(page.name[:4])}. ")] == []
