"""Lists that are narrowed by a category (A17, A18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_db.enums import CategoryKind

InCategory = Annotated[str | None, typer.Option("--category", metavar="CODE", help="Only what bears this category.")]


def category_id(connection: Connection, code: str | None, kind: CategoryKind) -> int | None:
    """The id of the category that an option names; None where it was not given.

    :raises Problem: there is none that marks this.
    """
    from intergestan_erp.agencies.codes import category_called

    return None if code is None else category_called(connection, code, kind)
