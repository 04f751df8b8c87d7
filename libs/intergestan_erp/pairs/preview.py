"""What would be ordered between agencies now, at which prices, before anything is written (A42)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.tables import Category, Dossier, Establishment, OperationCode
from intergestan_erp.pairs.pairing import Pair, PairLine, Refused, pair_up
from intergestan_erp.pairs.pending import Wanted, read_pending
from intergestan_erp.pairs.prices import prices_of
from intergestan_erp.site.zone import today


@dataclass(frozen=True, slots=True)
class Marks:
    """What both orders of a pair bear, by id: operation codes (A14, A15) and the category (A18); None: no category."""

    customer_operation_id: int
    supplier_operation_id: int
    category_id: int | None


@dataclass(frozen=True, slots=True)
class FuturePair:
    """A pair as it would be ordered. The operation codes and the category are codes.

    :ivar category: what lists are narrowed by (A18); None: the dossier has chosen none.
    """

    pair: Pair
    lines: tuple[PairLine, ...]
    customer_operation: str
    supplier_operation: str
    category: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The pairs, ascending, and what cannot be ordered."""

    pairs: tuple[FuturePair, ...]
    refused: tuple[Refused, ...]


_MARKS: Final = (
    select(
        *(Dossier.customer_op_billable_id, Dossier.customer_op_plain_id, Dossier.supplier_op_billable_id),
        *(Dossier.supplier_op_plain_id, Dossier.document_category_id),
    )
    .join(Establishment, Establishment.dossier_id == Dossier.id)
    .where(Establishment.id == bindparam("establishment"))
)


def read_marks(connection: Connection, pair: Pair) -> Marks:
    """What the orders of a pair bear, as its dossier says."""
    row = connection.execute(_MARKS, {"establishment": pair.requesting.id}).one()
    if pair.billable:
        return Marks(row.customer_op_billable_id, row.supplier_op_billable_id, row.document_category_id)
    return Marks(row.customer_op_plain_id, row.supplier_op_plain_id, row.document_category_id)


def preview(connection: Connection, wanted: Wanted, at: datetime) -> Preview:
    """What `order_pairs` would order; it locks and writes nothing."""
    pairing = pair_up(read_pending(connection, wanted))
    operations = {row.id: row.code for row in connection.execute(select(OperationCode.id, OperationCode.code))}
    categories = {row.id: row.code for row in connection.execute(select(Category.id, Category.code))}
    day = today(connection, at)
    pairs = []
    for pair in pairing.pairs:
        marks = read_marks(connection, pair)
        category = None if marks.category_id is None else categories[marks.category_id]
        codes = operations[marks.customer_operation_id], operations[marks.supplier_operation_id]
        pairs.append(FuturePair(pair, pair.lines(prices_of(connection, pair, day)), *codes, category))
    return Preview(tuple(pairs), pairing.refused)
