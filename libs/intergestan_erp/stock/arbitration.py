"""What a person sees before choosing from which depots the lines of an order come (A32). It writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import Arbitrate, Route
from intergestan_db.tables import Stock
from intergestan_erp.stock.plan import Need, as_typed, plan
from intergestan_erp.stock.propose import Proposal, usual_route
from intergestan_erp.stock.sourcing import Available, Sourcing
from intergestan_msg.money import ZERO

_STOCK: Final = select(Stock.product_id, Stock.depot_id, Stock.on_hand, Stock.reserved).where(
    Stock.product_id.in_(bindparam("products", expanding=True))
)


@dataclass(frozen=True, slots=True)
class DepotRow:
    """A depot with what a product has there, and what of it is proposed."""

    depot: str
    on_hand: Decimal
    reserved: Decimal
    proposed: Decimal
    route: Route

    @property
    def available(self) -> Decimal:
        """What may be set aside."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class LineProposal:
    """Where a line would come from. :ivar is_short: the order's own depot does not suffice.

    :ivar typed: as a person would write it.
    """

    line: str
    product: str
    need: Decimal
    depots: tuple[DepotRow, ...]
    remainder: Decimal
    is_short: bool
    typed: str

    def is_asked(self, arbitrate: Arbitrate) -> bool:
        """Whether a person is asked about it."""
        return arbitrate is Arbitrate.ALWAYS or (arbitrate is Arbitrate.SHORT and self.is_short)


def foresee(connection: Connection, sourcing: Sourcing, needs: Sequence[Need]) -> list[LineProposal]:
    """Where these would come from now, the goods alone.

    :raises Problem: a choice names a depot or a way that cannot be.
    """
    goods = [need for need in needs if need.is_goods]
    if not goods:
        return []
    products = sorted({need.product_id for need in goods})
    rows = {(row.product_id, row.depot_id): row for row in connection.execute(_STOCK, {"products": products})}
    available: Available = {key: row.on_hand - row.reserved for key, row in rows.items()}
    plans = plan(sourcing, goods, available)
    return [_line(sourcing, need, proposal, rows) for need, proposal in zip(goods, plans, strict=True)]


def _line(sourcing: Sourcing, need: Need, proposal: Proposal, rows: dict[tuple[int, int], AnyRow]) -> LineProposal:
    own = {sourcing.own.id: need.quantity}
    taken = {share.depot_id: share.quantity for share in proposal.shares}
    return LineProposal(
        *(need.line, need.product, need.quantity),
        tuple(_depots(sourcing, need, proposal, rows)),
        proposal.remainder,
        is_short=taken != own,
        typed=as_typed(proposal, sourcing.depots),
    )


def _depots(
    sourcing: Sourcing, need: Need, proposal: Proposal, rows: dict[tuple[int, int], AnyRow]
) -> Iterator[DepotRow]:
    own = sourcing.shelf(sourcing.own, ZERO)
    shares = {share.depot_id: share for share in proposal.shares}
    for source in sorted(sourcing.depots.values(), key=lambda each: (each.id != own.depot_id, each.rank, each.code)):
        if source.reserves:
            row = rows.get((need.product_id, source.id))
            on_hand, reserved = (ZERO, ZERO) if row is None else (row.on_hand, row.reserved)
            share = shares.get(source.id)
            route = usual_route(sourcing.shelf(source, ZERO), own, sourcing.invoicer) if share is None else share.route
            yield DepotRow(source.code, on_hand, reserved, ZERO if share is None else share.quantity, route)
