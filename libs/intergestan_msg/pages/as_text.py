"""A page as plain text, with its tables aligned for a fixed-width font."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intergestan_msg.pages.page import Fact, Page, Section


def render(page: Page) -> str:
    """Write the page as text; lines end with CR LF."""
    lines = [page.title, _underline(page.title), "", page.intro, ""]
    for section in page.sections:
        lines += [section.title, _underline(section.title)]
        lines += _facts(section.facts)
        lines += _table(section)
        lines += [f"  {label}: {value}" for label, value in section.totals]
        lines.append("")
    lines += page.closing
    return "\r\n".join(lines) + "\r\n"


def _underline(title: str) -> str:
    """Not with hyphens: a reader would count the line among the delimiters of the mail."""
    return "~" * len(title)


def _facts(facts: tuple[Fact, ...]) -> list[str]:
    return [f"{label}: {value}" for label, value in facts]


def _table(section: Section) -> Iterator[str]:
    if not section.rows:
        return
    grid = [tuple(column.heading for column in section.columns), *section.rows]
    widths = [max(map(len, cells)) for cells in zip(*grid, strict=True)]
    aligns = [
        f"{{:{'>' if column.is_figure else '<'}{width}}}" for column, width in zip(section.columns, widths, strict=True)
    ]
    form = "  " + "  ".join(aligns)
    yield ""
    for row in grid:
        yield form.format(*row).rstrip()
    yield ""
