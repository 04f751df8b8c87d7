"""Third parties of the base, and the partners among them: the sites whose keys we pinned."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from intergestan_site.tables.types import Fine, Instant, RowId, Table, one_of
from intergestan_site.words import Acceptance, PriceAction, PricePolicy, UnknownProduct


class Party(Table):
    """A customer, a supplier or both."""

    __tablename__ = "party"

    id: Mapped[RowId]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    is_customer: Mapped[bool] = mapped_column(default=False)
    is_supplier: Mapped[bool] = mapped_column(default=False)
    siret: Mapped[str | None] = mapped_column(String(14))
    vat_id: Mapped[str | None] = mapped_column(String(20))


class Address(Table):
    """A postal address of a party."""

    __tablename__ = "address"

    id: Mapped[RowId]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    line1: Mapped[str | None] = mapped_column(String(200))
    line2: Mapped[str | None] = mapped_column(String(200))
    postcode: Mapped[str | None] = mapped_column(String(20))
    city: Mapped[str | None] = mapped_column(String(100))
    country: Mapped[str | None] = mapped_column(String(2))


class Contact(Table):
    """A person at a party."""

    __tablename__ = "contact"

    id: Mapped[RowId]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    telephone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))


class Partner(Table):
    """A site we trust, with the addresses, counters and policies that we keep for it."""

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint(one_of("price_policy", PricePolicy), "price_policy"),
        CheckConstraint(one_of("price_action", PriceAction), "price_action"),
        CheckConstraint(one_of("unknown_product", UnknownProduct), "unknown_product"),
        CheckConstraint(one_of("acceptance", Acceptance), "acceptance"),
    )

    id: Mapped[RowId]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), unique=True)
    site_code: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    siret: Mapped[str | None] = mapped_column(String(14))
    vat_id: Mapped[str | None] = mapped_column(String(20))
    order_address: Mapped[str | None] = mapped_column(String(254))
    proposed_order_address: Mapped[str | None] = mapped_column(String(254))
    answer_address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2), default="fr")
    out_epoch: Mapped[int] = mapped_column(default=1)
    out_seq: Mapped[int] = mapped_column(default=0)
    price_policy: Mapped[str] = mapped_column(String(20), default=PricePolicy.COMPARE)
    price_tolerance: Mapped[Fine] = mapped_column(default=Decimal("0.01"))
    price_tolerance_percent: Mapped[Fine] = mapped_column(default=Decimal(0))
    price_action: Mapped[str] = mapped_column(String(20), default=PriceAction.HOLD)
    unknown_product: Mapped[str] = mapped_column(String(20), default=UnknownProduct.HOLD)
    acceptance: Mapped[str] = mapped_column(String(20), default=Acceptance.ACCEPT)
    created_at: Mapped[Instant]


class PartnerKey(Table):
    """A public key pinned for a partner; it counts for mails composed inside its window, until revoked."""

    __tablename__ = "partner_key"

    id: Mapped[RowId]
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    kid: Mapped[str] = mapped_column(String(43), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    valid_from: Mapped[Instant | None]
    valid_until: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]
