"""Third parties that stand for our own depots in orders between agencies (A16, D40)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, or_

from intergestan_db.tables import Depot, Party


def stands_for_depot() -> ColumnElement[bool]:
    """Whether a party is a side of a depot: part of a query that reads parties."""
    return exists().where(or_(Depot.customer_party_id == Party.id, Depot.supplier_party_id == Party.id))
