"""What a mail's two bodies say, before they are text or HTML: titles, facts and tables of plain strings."""

from __future__ import annotations

from dataclasses import dataclass

Fact = tuple[str, str]
"""A label and its value, such as ("Livraison", "12 rue des Forges, 69007 Lyon")."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; figures stand on the right."""

    heading: str
    is_figure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One order, or the answer to one. Each row has as many cells as there are columns."""

    title: str
    facts: tuple[Fact, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    totals: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole body. All strings are on one line and free of hidden characters (see `plain_text.shown`)."""

    title: str
    intro: str
    sections: tuple[Section, ...]
    closing: tuple[str, ...] = ()
    language: str = "fr"
