"""The lines of a form that a person fills in, of orders both ways and of quotes: their texts, and their buttons. Pure.

A line's fields are `l1_produit`, `l1_quantite`, …; those of another table have another letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from intergestan_erp.ordering.pasted import PastedLine, pasted_lines

LINE: Final = ("ligne", "produit", "nom", "quantite", "unite", "prix", "pour", "remise", "tva")
MOST_LINES: Final = 1000
FEW: Final = 3
"""So many empty lines has a new document."""
DO: Final = "faire"
"""The buttons of a form: which one was pressed."""

_NUMBERED: Final = re.compile(r"([a-z])([1-9]\d{0,3})_(\w+)")


def is_form(fields: Mapping[str, str]) -> bool:
    """Whether these are the fields of such a form."""
    return "l1_produit" in fields


def rows_of(fields: Mapping[str, str], letter: str, names: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table of the form, as they were posted."""
    rows: dict[int, dict[str, str]] = {}
    for name, text in fields.items():
        match = _NUMBERED.fullmatch(name)
        if match is not None and match[1] == letter:
            rows.setdefault(int(match[2]), {})[match[3]] = text
    return [{name: row.get(name, "") for name in names} for _n, row in sorted(rows.items())]


def lines_of(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The lines, as they were posted."""
    return rows_of(fields, "l", LINE)[:MOST_LINES]


def empty_line() -> dict[str, str]:
    """A line in which nothing is typed yet."""
    return dict.fromkeys(LINE, "")


def pasted(lines: Iterable[PastedLine]) -> list[dict[str, str]]:
    """Lines as they were pasted."""
    return [
        {
            **empty_line(),
            "produit": each.product,
            "nom": each.name,
            "quantite": each.quantity,
            "unite": each.unit,
            "prix": each.price,
            "remise": each.allowance,
            "tva": each.vat_rate,
        }
        for each in lines
    ]


def says_nothing(line: Mapping[str, str]) -> bool:
    """Whether nothing is typed into a line."""
    return not any(text.strip() for name, text in line.items() if name not in {"ligne", "pour"})


def edited(
    lines: Sequence[Mapping[str, str]], fields: Mapping[str, str]
) -> tuple[Sequence[Mapping[str, str]], str] | None:
    """The lines after a button that only changes them, and the field to go on with; None: it was another button."""
    wanted = fields.get(DO, "")
    if wanted == "ligne":
        more = [*lines, empty_line()]
        return more, f"l{len(more)}_produit"
    if wanted == "coller":
        typed = [line for line in lines if not says_nothing(line)]
        more = [*typed, *pasted(pasted_lines(fields.get("collage", "")))]
        return [*more, empty_line()], f"l{len(more) + 1}_produit"
    if wanted.startswith("retirer-"):
        left = [line for n, line in enumerate(lines, start=1) if wanted != f"retirer-{n}"]
        return left or [empty_line()], ""
    return None
