"""What people call the establishment, depot, books and kind of a document, in place of the ids of their rows."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, select

from intergestan_db.tables import AccountingFolder, Category, Depot, Establishment, OperationCode

_NAMES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("establishment_id", "establishment", Establishment.number),
    ("invoicing_establishment_id", "invoicing_establishment", Establishment.number),
    ("depot_id", "depot", Depot.code),
    ("accounting_folder_id", "accounting_folder", AccountingFolder.number),
    ("operation_code_id", "operation", OperationCode.code),
    ("category_id", "category", Category.code),
)


def named_ids(table: Any) -> tuple[ColumnElement[Any], ...]:
    """For each such id that a table has a column with the number or code: NULL where it has none."""
    columns = table.__table__.columns
    return tuple(
        select(name).where(name.table.c.id == columns[of]).correlate(table.__table__).scalar_subquery().label(label)
        for of, label, name in _NAMES
        if of in columns
    )
