"""`slips validate`: each slip that is ready becomes a delivery note, or says why it cannot (A35, A52, A53).

Slips of a customer whose card groups them become one, where they go to the same place and are invoiced alike (D48).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from intergestan_db.among import among
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import SlipState
from intergestan_db.problem import Problem, Word
from intergestan_db.tables import Party, PickingSlip, SalesOrder
from intergestan_erp.agencies.places import Place
from intergestan_erp.picking.counts import IS_OPEN
from intergestan_erp.picking.faults import as_problem
from intergestan_erp.picking.ready import deliver_ready
from intergestan_erp.picking.slips import refuse_state, slip_called

_PLACE: Final = tuple(
    getattr(PickingSlip, f"delivery_{part}") for part in ("name", "line1", "line2", "postcode", "city", "country")
)
_ALIKE: Final = (
    *(PickingSlip.customer_id, PickingSlip.depot_id, *_PLACE),
    *(func.coalesce(SalesOrder.payment_term_id, Party.payment_term_id), SalesOrder.currency),
    SalesOrder.operation_code_id,
)
"""What slips of one delivery note have in common (D48)."""
_DIFFERS: Final = (
    *(Word("another customer"), Word("another depot"), *([Word("another address")] * len(_PLACE))),
    *(Word("another payment term"), Word("another currency"), Word("another operation code")),
)
"""What keeps a slip from the delivery note of others, in the order of `_ALIKE`."""
_READY: Final = (
    select(PickingSlip.id, PickingSlip.number, PickingSlip.customer_id, PickingSlip.sales_order_id, Party.group_slips)
    .add_columns(*(column.label(f"alike{place}") for place, column in enumerate(_ALIKE)))
    .join(SalesOrder, SalesOrder.id == PickingSlip.sales_order_id)
    .join(Party, Party.id == PickingSlip.customer_id)
    .where(PickingSlip.state == SlipState.READY)
    .order_by(PickingSlip.id)
)
_NAMED: Final = _READY.where(among(PickingSlip.id, "slips"))
_OF_DEPOT: Final = _READY.where(IS_OPEN, PickingSlip.depot_id == bindparam("depot"))


@dataclass(frozen=True, slots=True)
class Together:
    """Slips that would become one delivery note. :ivar why_apart: what they have not in common with the customer's
    first others.
    """

    slips: tuple[str, ...]
    why_apart: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Validated:
    """A slip that became a delivery note, or one that is in error.

    :ivar note: the number of its delivery note. :ivar problem: why it has none.
    :ivar alone: its customer's slips are grouped, and it could not go with the ones before it.
    """

    slip: str
    note: str | None = None
    problem: Problem | None = None
    alone: bool = False


def validate(
    database: Database, place: Place, numbers: Sequence[str] | None = None, *, by: str, at: datetime
) -> Iterator[Validated]:
    """Let slips become delivery notes, each note in a transaction of its own; done once more it delivers nothing twice.

    :param numbers: of the slips, each ready and of the place's depot; None: all of the depot that are ready.
    :raises Problem: one that is named is not; nothing is changed then.
    """
    with database.read() as connection:
        rows = _all_ready(connection, place) if numbers is None else _named(connection, place, numbers)
    for group, is_alone in groups(rows):
        with database.transaction() as connection:
            slip_ids = [row.id for row in group]
            orders = {row.sales_order_id for row in group}
            done = deliver_ready(connection, group[0].customer_id, orders, slip_ids, by=by, at=at)
        for row in group:
            if row.number in done.notes:
                yield Validated(row.number, note=done.notes[row.number], alone=is_alone)
            elif row.number in done.faults:
                yield Validated(row.number, problem=as_problem(done.faults[row.number]))


def foresee(connection: Connection, place: Place) -> list[Together]:
    """How the slips that are ready in the place's depot would become delivery notes, as far as customers' are grouped.

    A customer's only slip is not told: there is nothing to say of it.
    """
    firsts: dict[int, Any] = {}
    found: dict[int, list[Together]] = {}
    for group, _is_alone in groups(_all_ready(connection, place)):
        if not group[0].group_slips:
            continue
        customer_id, first = group[0].customer_id, firsts.setdefault(group[0].customer_id, group[0])
        names = (f"alike{at}" for at in range(len(_ALIKE)))
        differing = [getattr(first, name) != getattr(group[0], name) for name in names]
        why = dict.fromkeys(word for word, differs in zip(_DIFFERS, differing, strict=True) if differs)
        found.setdefault(customer_id, []).append(Together(tuple(row.number for row in group), tuple(why)))
    return [each for own in found.values() if len(own) > 1 or len(own[0].slips) > 1 for each in own]


def validate_one(connection: Connection, place: Place, number: str, *, by: str, at: datetime) -> Validated:
    """The same of one slip alone, in the transaction of whoever asks.

    :raises Problem: it is not ready, or of another depot; nothing is changed then.
    """
    (row,) = _named(connection, place, [number])
    done = deliver_ready(connection, row.customer_id, {row.sales_order_id}, [row.id], by=by, at=at)
    if row.number in done.notes:
        return Validated(row.number, note=done.notes[row.number])
    return Validated(row.number, problem=as_problem(done.faults[row.number]))


def groups(rows: Iterable[Any]) -> list[tuple[list[Any], bool]]:
    """Which slips become one delivery note, and whether one stands alone although its customer's are grouped. Pure."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        alike = tuple(getattr(row, f"alike{place}") for place in range(len(_ALIKE)))
        found.setdefault((alike, None if row.group_slips else row.id), []).append(row)
    several = [row.customer_id for group in found.values() for row in group[:1] if row.group_slips]
    return [(group, several.count(group[0].customer_id) > 1) for group in found.values()]


def _all_ready(connection: Connection, place: Place) -> list[AnyRow]:
    return list(connection.execute(_OF_DEPOT, {"depot": place.depot_id}))


def _named(connection: Connection, place: Place, numbers: Sequence[str]) -> list[AnyRow]:
    slips = [slip_called(connection, number, place) for number in dict.fromkeys(numbers)]
    for slip in slips:
        refuse_state(slip, "validate")
    return list(connection.execute(_NAMED, {"slips": [slip.id for slip in slips]}))
