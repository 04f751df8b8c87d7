"""Who let a document pass although its customer owes more than they may (T20)."""

from __future__ import annotations

from sqlalchemy import String, Text

from intergestan_db.enums import Stage
from intergestan_db.tables.types import Amount, Instant, RowId, Table, Typed, column, index, one_of


class CreditOverride(Table):
    """A person let one document pass; written once and never changed.

    `document` is its number, of an order that came by mail the customer's; `total_ttc` is what it came to: it passes at
    its later stages, too, as long as it does not come to more. `delta` is what it added to what the customer owed.
    """

    __tablename__ = "credit_override"
    __table_args__ = (index("party_id", "at"), one_of("stage", Stage))

    id: Typed[RowId]
    party_id: Typed[int] = column(references="party.id")
    stage: Typed[str] = column(String(8))
    document: Typed[str] = column(String(60))
    exposure: Typed[Amount]
    maximum: Typed[Amount]
    delta: Typed[Amount]
    total_ttc: Typed[Amount]
    reason: Typed[str] = column(Text())
    by: Typed[str] = column(String(80))
    at: Typed[Instant]
