"""The commands of docs/operations.md, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
_LEFT_OUT = re.compile(r"^…|# .*SQLite")


def blocks(heading: str) -> list[list[str]]:
    """The commands of each block that root types under a heading; without those of a site on SQLite."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE)
    if section is None:
        raise ValueError(f"{PAGE.name} has no section «{heading}».")
    return [_commands(block) for block in re.findall(r"```console\n(# .*?)```", section[1], re.DOTALL)]


def _commands(block: str) -> list[str]:
    lines = re.sub(r" *\\\n +", " ", block).splitlines()
    return [line.removeprefix("# ") for line in lines if not _LEFT_OUT.search(line.removeprefix("# "))]


def at_the_shop(command: str) -> str:
    """What the shop types where the page says the depot's."""
    for depot, shop in (
        ("Dépôt central", "Boutique"),
        ("appros@depot", "commandes@shop"),
        ("anne", "marc"),
        ("depot", "shop"),
    ):
        command = command.replace(depot, shop)
    return command
