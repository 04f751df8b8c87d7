"""What a quote or an order would come to, while a person types it: by the code that books it, without a lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.enums import Stage
from intergestan_db.tables import Party
from intergestan_erp.agencies.places import Place, usual_place
from intergestan_erp.credit import gate
from intergestan_erp.selling.drafts import Draft, Typed, price_with_origins
from intergestan_erp.selling.enter import SmallOrder, need_of, small_order
from intergestan_erp.selling.prices import Decided
from intergestan_erp.site.zone import today
from intergestan_erp.stock.at_entry import goods_and_services, sourcing_at_entry
from intergestan_erp.stock.sourcing import read_in_all


@dataclass(frozen=True, slots=True)
class ForeseenSale:
    """What was typed, priced.

    :ivar origins: what each line costs where no person says a price, and the list that this is of.
    :ivar small: what is to be said of the customer's minimum; of a quote nothing is (D19).
    :ivar credit: what it would do to what the customer owes; None: there is no ceiling.
    :ivar available: what all depots have of each line's product and set aside for nobody; None where no stock is
        managed. Of services nothing is said.
    """

    draft: Draft
    origins: tuple[Decided, ...]
    small: SmallOrder | None
    credit: gate.Foreseen | None
    available: tuple[Decimal | None, ...] | None


def foresee_sale(
    connection: Connection, typed: Typed, stage: Stage, *, place: Place | None = None, at: datetime
) -> ForeseenSale:
    """What this would be as a quote or as an order (`stage`), as far as nobody sells to the customer meanwhile.

    :raises Problem: as `price` does.
    """
    draft, origins = price_with_origins(connection, typed, today(connection, at), place)
    small = None
    if stage is Stage.ORDER:
        minimum = connection.execute(select(Party.minimum_order).where(Party.id == typed.customer_id)).scalar_one()
        small = small_order(connection, minimum, draft)
    total = draft.sums.totals.payable
    assert total is not None, "lines with prices add up"
    credit = gate.foresee_passing(
        connection,
        typed.customer_id,
        stage,
        total,
        establishment_id=None if place is None else place.establishment_id,
        at=at,
    )
    return ForeseenSale(draft, origins, small, credit, _available(connection, draft, place))


def _available(connection: Connection, draft: Draft, place: Place | None) -> tuple[Decimal | None, ...] | None:
    sourcing = sourcing_at_entry(connection, place or usual_place(connection))
    ids = {line.product_id for line in draft.lines if line.product_id is not None}
    found = read_in_all(connection, sourcing, ids)
    if found is None:
        return None
    needs = goods_and_services(connection, [need_of(line) for line in draft.lines])
    return tuple(found[need.product_id] if need.is_goods else None for need in needs)
