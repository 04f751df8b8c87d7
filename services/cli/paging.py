"""Lists in pages, as every command shows them: how many, the page after which one, and that there are more."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.output import say

Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="So many on a page.")]
After = Annotated[
    str | None, typer.Option("--after", metavar="MARK", help="The page after this one, as the page before says.")
]


def say_that_there_are_more(after: str | None) -> None:
    """`after` is the mark of the page that was shown, None on the last one."""
    if after is not None:
        say(_("There are more: --after {mark} shows them.").format(mark=after))
