"""Every list of the command line comes in pages, and all of it without keeping more than one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from typer.main import get_command

from services.cli.app import build
from tests.services.cli.conftest import Run

LISTS = frozenset(
    {"list", "log", "entries", "moves", "returns", "due", "overrides", "differences", "undelivered", "names"}
)
"""The last words of commands that show rows of which there may be any number."""
SHOWN = frozenset({"find", "show", "fields"})
"""Words that show one thing, or some of the likeliest, and say to type more of it."""
_ACTS = """
abandon abort accept activate add allocate allocations anonymise bank cancel card change charge chart check close
columns confirm console copy count credit deactivate delete deliver demo digest doctor drift edit end enter export fail
fec finish help here import init invite invoice letter locate lock login make match move new order password pause pin
poll preview purge rank receive refuse reindex release reopen replay resend restored result resume return reverse
revoke rotate run scale second-factor send set settle setup statement status test trace unconfirm unpause unpin up
upgrade validate verify watch years
"""
ACTS = frozenset(_ACTS.split())
"""The last words of all others: acts, and what shows one thing, or as many rows as the site's settings have."""


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it."""
    command = command or get_command(build())
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name in list(inner):
        yield from commands(inner[name], (*path, name))


def options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


def lacking(found: dict[tuple[str, ...], click.Command]) -> list[str]:
    """What is wrong with the lists among some commands."""
    return [
        *(
            f"{' '.join(path)} is a list without {missing}"
            for path, command in found.items()
            if path[-1] in LISTS
            for missing in sorted({"--limit", "--after"} - options(command))
        ),
        *(
            f"{' '.join(path)}: is «{path[-1]}» a list? say so in this file"
            for path in found
            if path[-1] not in LISTS | ACTS | SHOWN
        ),
    ]


def test_every_list_has_its_pages() -> None:
    assert lacking(dict(commands())) == []


def test_a_list_without_pages_would_be_seen() -> None:
    @click.command("list")
    def bare() -> None: ...

    assert len(lacking({("x", "list"): bare})) == 2
    assert lacking({("x", "gather"): bare}) == ["x gather: is «gather» a list? say so in this file"]


def test_pages_of_one_row_are_the_whole_list(paired_shop: Path, run: Run) -> None:
    """Whatever the list: page by page it has the rows that it has at once, in the same order."""
    for number in (1, 2, 3):
        run("orders", "new", "--supplier", "STAUBER", "--line", f"CAS-16={number}", "--confirm", cwd=paired_shop)
        run("categories", "add", f"K{number}", "--name", "x", "--for", "document", cwd=paired_shop)
    for path, command in commands():
        if path[-1] == "list" and "--after" in options(command):
            page_through(paired_shop, run, path)


def page_through(folder: Path, run: Run, path: tuple[str, ...]) -> None:
    whole = run(*path, "--limit", "1000", "--json", cwd=folder)
    assert whole.code == 0, (path, whole.err)
    (name,) = whole.json.keys() - {"after"}
    found: list[Any] = []
    after: tuple[str, ...] = ()
    while True:
        page = run(*path, "--limit", "1", *after, "--json", cwd=folder).json
        assert len(page[name]) <= 1
        found += page[name]
        if page["after"] is None:
            break
        after = ("--after", page["after"])
    assert found == whole.json[name], path
    told = run(*path, "--after", "bm9uZQ", cwd=folder)
    assert told.code == 1, "a mark of no list is refused"
    assert "is not where a page of this list ended" in told.err


def test_without_a_limit_all_of_it_is_shown(paired_shop: Path, run: Run) -> None:
    for number in (1, 2, 3):
        run("orders", "new", "--supplier", "STAUBER", "--line", f"CAS-16={number}", "--confirm", cwd=paired_shop)
    assert [row["number"] for row in run("orders", "list", "--json", cwd=paired_shop).json] == ["CFR1", "CFR2", "CFR3"]
    page = run("orders", "list", "--limit", "2", cwd=paired_shop)
    assert len(page.out.splitlines()) == 3
    assert "There are more: --after " in page.err
    assert "id" not in run("orders", "list", "--json", cwd=paired_shop).json[0]
