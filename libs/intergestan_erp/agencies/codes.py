"""Operation codes, which say whether a document is invoiced (A13 to A15), and categories, by which lists are narrowed
(A17, A18).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import CategoryKind, OperationSide
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import Category, OperationCode
from intergestan_erp.agencies.cards import add_row, checked, read_code

_MOST_OPERATION = 10
_MOST_CATEGORY = 20


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation code."""

    code: str
    name: str
    side: OperationSide
    billable: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A category of parties or documents."""

    code: str
    name: str
    kind: CategoryKind


def list_operations(connection: Connection) -> list[Operation]:
    """All operation codes, by code: there are few."""
    query = select(OperationCode.code, OperationCode.name, OperationCode.side, OperationCode.billable)
    rows = connection.execute(query.order_by(OperationCode.code))
    return [Operation(row.code, row.name, OperationSide(row.side), row.billable) for row in rows]


def list_categories(connection: Connection) -> list[Mark]:
    """All categories, by code: there are few."""
    rows = connection.execute(select(Category.code, Category.name, Category.kind).order_by(Category.code))
    return [Mark(row.code, row.name, CategoryKind(row.kind)) for row in rows]


def add_operation(connection: Connection, operation: Operation, *, by: str, at: datetime) -> str:
    """Enter an operation code; the code as it is kept.

    :raises Problem: it is no code, or there is one.
    """
    code = read_code(operation.code, _MOST_OPERATION)
    _refuse_taken(connection, OperationCode, code)
    values = {"code": code, "name": operation.name, "side": operation.side, "billable": operation.billable}
    add_row(connection, OperationCode, checked(OperationCode, values), by=by, at=at)
    return code


def add_category(connection: Connection, mark: Mark, *, by: str, at: datetime) -> str:
    """Enter a category; the code as it is kept.

    :raises Problem: it is no code, or there is one.
    """
    code = read_code(mark.code, _MOST_CATEGORY)
    _refuse_taken(connection, Category, code)
    values = {"code": code, "name": mark.name, "kind": mark.kind}
    add_row(connection, Category, checked(Category, values), by=by, at=at)
    return code


def operation_called(connection: Connection, text: str, side: OperationSide, billable: bool) -> AnyRow:  # noqa: FBT001 - two facts of one code
    """The operation code for documents of a side that are invoiced, or are not.

    :raises Problem: there is none, or it is for others.
    """
    code = text.strip().upper()
    row = connection.execute(select(OperationCode.__table__).where(OperationCode.code == code)).one_or_none()
    if row is None or (row.side, row.billable) != (side, billable):
        raise Problem(
            "«{code}» is no operation code for {side}, {billable}. Nothing was changed.",
            ProblemCode.NO_OPERATION,
            (Act.LIST_OPERATIONS,),
            code=text,
            side=Word(side),
            billable=Word("billable") if billable else Word("not billable"),
        )
    return row


def category_called(connection: Connection, text: str, kind: CategoryKind) -> int:
    """The id of the category of this code that marks parties, or documents.

    :raises Problem: there is none, or it marks others.
    """
    code = text.strip().upper()
    row = connection.execute(select(Category.__table__).where(Category.code == code)).one_or_none()
    if row is None or row.kind != kind:
        raise Problem(
            "«{code}» is no category of what it is to mark. Nothing was done.",
            ProblemCode.NO_CATEGORY,
            (Act.LIST_CATEGORIES,),
            code=text,
        )
    return int(row.id)


def _refuse_taken(connection: Connection, table: type[OperationCode | Category], code: str) -> None:
    if connection.execute(select(table.id).where(table.code == code)).first():
        raise Problem("The code {code} is taken. Nothing was changed.", ProblemCode.CODE_TAKEN, code=code)
