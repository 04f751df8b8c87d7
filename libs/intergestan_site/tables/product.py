"""The catalogue: a product's code is the join key between communicating bases (G05)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Fine, RowId, Table


class ProductFamily(Table):
    """A family of products (G07, FAMPROD)."""

    __tablename__ = "product_family"

    id: Mapped[RowId]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))


class ProductSubfamily(Table):
    """A sub-family (G07, SSFAMPROD)."""

    __tablename__ = "product_subfamily"

    id: Mapped[RowId]
    family_id: Mapped[int] = mapped_column(ForeignKey("product_family.id"), index=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))


class Product(Table):
    """What is bought and sold. Prices are per `unit` (UN/ECE Rec 20), without VAT."""

    __tablename__ = "product"

    id: Mapped[RowId]
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(3))
    gtin: Mapped[str | None] = mapped_column(String(14), index=True)
    sale_price: Mapped[Fine]
    purchase_price: Mapped[Fine | None]
    vat_category: Mapped[str] = mapped_column(String(2), default="S")
    vat_rate: Mapped[Fine]
    family_id: Mapped[int | None] = mapped_column(ForeignKey("product_family.id"))
    subfamily_id: Mapped[int | None] = mapped_column(ForeignKey("product_subfamily.id"))
    active: Mapped[bool] = mapped_column(default=True)


class ProductComponent(Table):
    """A product made of others (G07, LK_PRDPRDCOMP)."""

    __tablename__ = "product_component"
    __table_args__ = (UniqueConstraint("product_id", "component_id"),)

    id: Mapped[RowId]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    component_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[Fine]


class ProductMatch(Table):
    """What a partner's code means here: a person said so once, and it counts from then on."""

    __tablename__ = "product_match"
    __table_args__ = (UniqueConstraint("partner_id", "their_code"),)

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    their_code: Mapped[str] = mapped_column(String(60))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))


class PartnerPrice(Table):
    """A price agreed with one partner; it wins over the product's sale price."""

    __tablename__ = "partner_price"
    __table_args__ = (UniqueConstraint("partner_id", "product_id"),)

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    price: Mapped[Fine]
