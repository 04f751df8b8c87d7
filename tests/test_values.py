"""What faces call gives values: the functions that give rows, or what is of any type, are named here, and get fewer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FACES = ("cli", "console", "dispatcher")
UNTYPED = {"Any", "AnyRow", "Row"}

LEFT = {
    "intergestan_erp.books.fec_rows.fec_entries",
    "intergestan_erp.selling.drafts.decide_prices",
    "intergestan_erp.selling.quotes.show_quote",
    "intergestan_erp.selling.sales.show_delivery_note",
    "intergestan_erp.selling.sales.show_invoice",
    "intergestan_erp.selling.sales.show_sales_order",
}
"""They give rows of the database, or dicts of them, still. A name leaves when its function gives values; none comes."""


def called() -> Iterator[tuple[str, str]]:
    """The module and name of each function of a library that a face imports."""
    for face in FACES:
        for file in (ROOT / "services" / face).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("intergestan_"):
                    yield from ((node.module or "", alias.name) for alias in node.names)


def gives_rows(module: str, name: str) -> bool:
    file = (ROOT / "libs" / module.replace(".", "/")).with_suffix(".py")
    if not file.exists():
        return False
    functions = (node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef))
    return any(
        isinstance(part, ast.Name) and part.id in UNTYPED
        for function in functions
        if function.name == name and function.returns is not None
        for part in ast.walk(function.returns)
    )


def test_what_a_face_calls_gives_values() -> None:
    found = {f"{module}.{name}" for module, name in set(called()) if gives_rows(module, name)}
    assert found == LEFT
