"""A partner as the rules see it: who that is, and what we agreed on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import Acceptance, MinimumOrderAction, PriceAction, PricePolicy, UnknownProduct
from intergestan_db.tables import Partner, Party
from intergestan_exchange.partners.partner_clock import Ahead, known_ahead


@dataclass(frozen=True, slots=True)
class PartnerFacts:
    """Who sent the order, and what we agreed with them.

    :ivar minimum_order: of the customer that the partner is for us; its orders for others have that of these.
    """

    id: int
    party_id: int
    site_code: str
    name: str
    siret: str | None
    vat_id: str | None
    price_policy: PricePolicy = PricePolicy.COMPARE
    price_tolerance: Decimal = Decimal("0.01")
    price_tolerance_percent: Decimal = Decimal(0)
    price_action: PriceAction = PriceAction.HOLD
    unknown_product: UnknownProduct = UnknownProduct.HOLD
    acceptance: Acceptance = Acceptance.ACCEPT
    language: str = "fr"
    clock_ahead_least: int | None = None
    clock_ahead_most: int | None = None
    clock_noted_at: datetime | None = None
    minimum_order_action: MinimumOrderAction = MinimumOrderAction.NOTE
    minimum_order: Decimal | None = None

    @property
    def clock(self) -> Ahead | None:
        """How far their clock is ahead of ours, as far as it is known."""
        return known_ahead(self.clock_ahead_least, self.clock_ahead_most)


_MINIMUM = select(Party.minimum_order).where(Party.id == Partner.party_id).scalar_subquery().label("minimum_order")
PARTNER_COLUMNS: tuple[ColumnElement[Any], ...] = (
    *(Partner.__table__.c[each.name] for each in fields(PartnerFacts) if each.name != _MINIMUM.name),
    _MINIMUM,
)
"""What `partner_facts` reads, and no more: every column of a row is work for each mail."""


def partner_facts(row: AnyRow) -> PartnerFacts:
    """The facts that stand in a row of `PARTNER_COLUMNS`."""
    return PartnerFacts(
        id=row.id,
        party_id=row.party_id,
        site_code=row.site_code,
        name=row.name,
        siret=row.siret,
        vat_id=row.vat_id,
        price_policy=PricePolicy(row.price_policy),
        price_tolerance=row.price_tolerance,
        price_tolerance_percent=row.price_tolerance_percent,
        price_action=PriceAction(row.price_action),
        unknown_product=UnknownProduct(row.unknown_product),
        acceptance=Acceptance(row.acceptance),
        language=row.language,
        clock_ahead_least=row.clock_ahead_least,
        clock_ahead_most=row.clock_ahead_most,
        clock_noted_at=row.clock_noted_at,
        minimum_order_action=MinimumOrderAction(row.minimum_order_action),
        minimum_order=row.minimum_order,
    )
