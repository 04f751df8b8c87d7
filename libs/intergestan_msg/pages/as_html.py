"""A page as HTML that any mail program shows: tables, inline styles, no script, nothing fetched from afar."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_msg.pages.page import Fact, Page, Section

_BODY = "font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#222222"
_TABLE = '<table cellpadding="4" cellspacing="0" border="1" style="border-collapse:collapse">'
_FACTS = '<table cellpadding="2" cellspacing="0" border="0">'
_SEPARATOR = "\x1f"  # never in a cell: `plain_text.shown` drops it


def render(page: Page) -> str:
    """Write the page as one HTML document; every string of it is escaped, lines end with CR LF."""
    lines = [
        f'<!DOCTYPE html><html lang="{escape(page.language)}"><head><meta charset="utf-8">',
        f'<title>{escape(page.title)}</title></head><body style="{_BODY}">',
        f"<h2>{escape(page.title)}</h2>",
        f"<p>{escape(page.intro)}</p>",
    ]
    for section in page.sections:
        lines.append(f"<h3>{escape(section.title)}</h3>")
        lines += _facts(section.facts)
        lines += _table(section)
        lines += _facts(section.totals)
    lines += [f"<p>{escape(sentence)}</p>" for sentence in page.closing]
    lines.append("</body></html>")
    return "\r\n".join(lines) + "\r\n"


def _facts(facts: tuple[Fact, ...]) -> list[str]:
    if not facts:
        return []
    rows = [f"<tr><td>{escape(label)}</td><td><b>{escape(value)}</b></td></tr>" for label, value in facts]
    return [_FACTS, *rows, "</table>"]


def _table(section: Section) -> list[str]:
    if not section.rows:
        return []
    headings = "".join(f"<th>{escape(column.heading)}</th>" for column in section.columns)
    cells = ('<td align="right">{}</td>' if column.is_figure else "<td>{}</td>" for column in section.columns)
    form = f"<tr>{''.join(cells)}</tr>"
    # One call of escape per row and not per cell: it is most of the work.
    rows = [form.format(*escape(_SEPARATOR.join(row)).split(_SEPARATOR)) for row in section.rows]
    return [_TABLE, f"<tr>{headings}</tr>", *rows, "</table>"]
