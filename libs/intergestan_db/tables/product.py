"""The catalogue: a product's code is the join key between communicating bases (G05)."""

from __future__ import annotations

from sqlalchemy import String

from intergestan_db.enums import Supply
from intergestan_db.tables.types import Fine, RowId, Table, Typed, column, one_of, unique


class ProductFamily(Table):
    """A family of products (G07, FAMPROD)."""

    __tablename__ = "product_family"

    id: Typed[RowId]
    code: Typed[str] = column(String(40), unique=True)
    name: Typed[str] = column(String(200))


class ProductSubfamily(Table):
    """A sub-family (G07, SSFAMPROD)."""

    __tablename__ = "product_subfamily"

    id: Typed[RowId]
    family_id: Typed[int] = column(references="product_family.id", index=True)
    code: Typed[str] = column(String(40), unique=True)
    name: Typed[str] = column(String(200))


class Product(Table):
    """What is bought and sold. Prices are per `unit` (UN/ECE Rec 20), without VAT. Of services no stock is kept."""

    __tablename__ = "product"
    __table_args__ = (one_of("supply", Supply),)

    id: Typed[RowId]
    code: Typed[str] = column(String(60), unique=True)
    name: Typed[str] = column(String(200))
    unit: Typed[str] = column(String(3))
    gtin: Typed[str | None] = column(String(14), index=True)
    sale_price: Typed[Fine]
    purchase_price: Typed[Fine | None]
    vat_category: Typed[str] = column(String(2), default="S")
    vat_rate: Typed[Fine]
    family_id: Typed[int | None] = column(references="product_family.id")
    subfamily_id: Typed[int | None] = column(references="product_subfamily.id")
    active: Typed[bool] = column(default=True)
    supply: Typed[str] = column(String(8), default=Supply.GOODS, server_default="goods")


class ProductComponent(Table):
    """A product made of others (G07, LK_PRDPRDCOMP)."""

    __tablename__ = "product_component"
    __table_args__ = (unique("product_id", "component_id"),)

    id: Typed[RowId]
    product_id: Typed[int] = column(references="product.id")
    component_id: Typed[int] = column(references="product.id")
    quantity: Typed[Fine]


class ProductMatch(Table):
    """What a partner's code means here: a person said so once, and it counts from then on."""

    __tablename__ = "product_match"
    __table_args__ = (unique("partner_id", "their_code"),)

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    their_code: Typed[str] = column(String(60))
    product_id: Typed[int] = column(references="product.id")


class ProductName(Table):
    """What a supplier calls a product in lines that have neither code nor GTIN, as a person said once.

    `name_key` is what spellings of the name have in common; `name` is as it was said last.
    """

    __tablename__ = "product_name"
    __table_args__ = (unique("party_id", "name_key"),)

    id: Typed[RowId]
    party_id: Typed[int] = column(references="party.id")
    name_key: Typed[str] = column(String(400))
    name: Typed[str] = column(String(400))
    product_id: Typed[int] = column(references="product.id")


class PartnerPrice(Table):
    """A price agreed with one partner; it wins over the product's sale price."""

    __tablename__ = "partner_price"
    __table_args__ = (unique("partner_id", "product_id"),)

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    product_id: Typed[int] = column(references="product.id")
    price: Typed[Fine]
