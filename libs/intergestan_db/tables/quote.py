"""Quotes (devis): what we offer a customer, before it is a sales order."""

from __future__ import annotations

from datetime import date

from sqlalchemy import String

from intergestan_db.enums import QuoteState
from intergestan_db.tables.order import ChargeColumns, LineColumns, OrderColumns
from intergestan_db.tables.types import Instant, RowId, Table, Typed, column, one_of, unique


class Quote(OrderColumns, Table):
    """An offer. One that is open after the day `valid_until` has expired, whatever its row says (ADR 0046)."""

    __tablename__ = "quote"
    __table_args__ = (one_of("state", QuoteState),)

    id: Typed[RowId]
    customer_id: Typed[int] = column(references="party.id", index=True)
    state: Typed[str] = column(String(20))
    valid_until: Typed[date | None]
    created_at: Typed[Instant]


class QuoteLine(LineColumns, Table):
    """A line of a quote."""

    __tablename__ = "quote_line"
    __table_args__ = (unique("quote_id", "line_id"),)

    id: Typed[RowId]
    quote_id: Typed[int] = column(references="quote.id")
    product_id: Typed[int | None] = column(references="product.id")


class QuoteCharge(ChargeColumns, Table):
    """A charge of a quote; `fee_id`: the fee of our catalogue that it is."""

    __tablename__ = "quote_charge"

    id: Typed[RowId]
    quote_id: Typed[int] = column(references="quote.id", index=True)
    fee_id: Typed[int | None] = column(references="fee.id")
