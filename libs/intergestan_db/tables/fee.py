"""The fees that we charge besides the goods (SOCIETE > Frais), and which of them each customer bears (T16, T17)."""

from __future__ import annotations

from sqlalchemy import String

from intergestan_db.enums import FeeKind
from intergestan_db.tables.types import Amount, Fine, RowId, Table, Typed, column, holds, one_of


class Fee(Table):
    """A fee of the catalogue: a fixed `amount`, or a `percent` of an order's goods without VAT; the other one is 0.

    One that is not `active` is proposed no more, and stays where it is.
    """

    __tablename__ = "fee"
    __table_args__ = (
        one_of("kind", FeeKind),
        holds("one_of_both", "amount >= 0 AND percent >= 0 AND (amount = 0 OR percent = 0)"),
    )

    id: Typed[RowId]
    code: Typed[str] = column(String(20), unique=True)
    name: Typed[str] = column(String(200))
    kind: Typed[str] = column(String(5))
    amount: Typed[Amount]
    percent: Typed[Fine]
    vat_category: Typed[str] = column(String(3))
    vat_rate: Typed[Fine]
    account_number: Typed[str | None] = column(String(50))
    active: Typed[bool] = column(default=True)


class PartyFee(Table):
    """A fee that a customer bears; `amount` is its own, without one it is the catalogue's."""

    __tablename__ = "party_fee"
    __table_args__ = (holds("amount", "amount >= 0"),)

    party_id: Typed[int] = column(references="party.id", primary_key=True)
    fee_id: Typed[int] = column(references="fee.id", primary_key=True)
    amount: Typed[Amount | None]
