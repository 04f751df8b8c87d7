"""Where a document is that nobody made at a place of their own, such as an order that came by mail.

Each is part of the INSERT, so that no statement is added on the way of an order. Acts of people say their place (D62).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, literal_column


def _of_dossier(column: str) -> ColumnElement[int]:
    return _query(f"SELECT {column} FROM dossier ORDER BY number LIMIT 1")  # noqa: S608 - our own names


def _query(text: str) -> ColumnElement[int]:
    return literal_column(f"({text})", BigInteger())


USUAL_ESTABLISHMENT = _of_dossier("default_establishment_id")
USUAL_DEPOT = _query(
    "SELECT p.id FROM dossier d JOIN depot p ON p.establishment_id = d.default_establishment_id"
    " LEFT JOIN depot_rank r ON r.establishment_id = p.establishment_id AND r.depot_id = p.id"
    " WHERE p.active ORDER BY d.number, coalesce(r.rank, 999), p.code LIMIT 1"
)
"""The depot that the usual establishment draws on first."""
SALE = _of_dossier("customer_op_billable_id")
PURCHASE = _of_dossier("supplier_op_billable_id")
