"""Price lists by party and establishment, and what parties may owe to one establishment (A06, A07)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import String

from intergestan_db.enums import PriceSide
from intergestan_db.tables.types import Amount, Fine, RowId, Table, Typed, column, holds, index, index_where, one_of


class PriceList(Table):
    """Prices for a party, an establishment, both or everybody (NULL), from one day to another, both included (D42)."""

    __tablename__ = "price_list"
    __table_args__ = (
        one_of("side", PriceSide),
        index("side", "party_id"),
        holds("days", "valid_until >= valid_from"),
    )

    id: Typed[RowId]
    code: Typed[str] = column(String(20), unique=True)
    side: Typed[str] = column(String(8))
    establishment_id: Typed[int | None] = column(references="establishment.id")
    party_id: Typed[int | None] = column(references="party.id")
    valid_from: Typed[date]
    valid_until: Typed[date | None]


class PriceLine(Table):
    """A price of a product, of a family or of all products (NULL), from a quantity on; `discount` is in percent.

    Without a `price` it is the product's own.
    """

    __tablename__ = "price_line"
    __table_args__ = (
        holds("of_one", "product_id IS NULL OR family_id IS NULL"),
        holds("price", "price >= 0"),
        holds("min_quantity", "min_quantity >= 0"),
        holds("discount", "discount BETWEEN 0 AND 100000000"),
        index_where(
            "product_id IS NOT NULL",
            *("product_id", "price_list_id", "min_quantity"),
            name="uq_price_line_of_product",
            unique=True,
        ),
        index_where(
            "family_id IS NOT NULL",
            *("family_id", "price_list_id", "min_quantity"),
            name="uq_price_line_of_family",
            unique=True,
        ),
        index_where(
            "product_id IS NULL AND family_id IS NULL",
            *("price_list_id", "min_quantity"),
            name="uq_price_line_of_all",
            unique=True,
        ),
    )

    id: Typed[RowId]
    price_list_id: Typed[int] = column(references="price_list.id", index=True)
    product_id: Typed[int | None] = column(references="product.id")
    family_id: Typed[int | None] = column(references="product_family.id")
    min_quantity: Typed[Fine] = column(default=Decimal(0))
    price: Typed[Fine | None]
    discount: Typed[Fine] = column(default=Decimal(0))


class PartyCredit(Table):
    """What a customer may owe to one establishment, beside what they may owe in all (A06); both count."""

    __tablename__ = "party_credit"
    __table_args__ = (
        holds("credit_max", "credit_max >= 0"),
        holds("credit_insured", "credit_insured >= 0"),
        holds("credit_covered", "credit_insured <= credit_max"),
    )

    party_id: Typed[int] = column(references="party.id", primary_key=True, autoincrement=False)
    establishment_id: Typed[int] = column(references="establishment.id", primary_key=True, autoincrement=False)
    credit_max: Typed[Amount]
    credit_insured: Typed[Amount] = column(default=Decimal(0), server_default="0")
