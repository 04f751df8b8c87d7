"""What orders between establishments would be, pair by pair: invoiced or not, with which codes, what it lacks (A14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import Depot, Establishment, OperationCode, Party
from intergestan_erp.agencies.establishments import dossier_row, folder_called
from intergestan_erp.agencies.settings_rules import Side, is_billable, missing_sides

MOST = 400
"""So many pairs are told at once: those of twenty establishments."""


@dataclass(frozen=True, slots=True)
class AgencyPair:
    """What one establishment would order from another one. Both are told by number and name.

    :ivar is_internal: it is invoiced, and stays in the books of one company (A48).
    :ivar customers: codes of the third parties that stand for the requesting one; `suppliers`: for the supplying one.
    :ivar missing: the depots that lack a third party, each with the side, `customer` or `supplier`.
    """

    requesting: int
    requesting_name: str
    supplying: int
    supplying_name: str
    is_billable: bool
    is_internal: bool
    customer_operation: str
    supplier_operation: str
    customers: tuple[str, ...]
    suppliers: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]


def agency_pairs(
    connection: Connection, number: int | None = None, folders: Mapping[int, int | None] | None = None
) -> list[AgencyPair]:
    """The pairs of a dossier's establishments in use, at most `MOST`.

    :param folders: accounting folders that establishments would have, both by number: what would become of the pairs.
    """
    dossier = dossier_row(connection, number)
    query = select(Establishment.__table__).where(Establishment.dossier_id == dossier.id, Establishment.active)
    establishments = connection.execute(query.order_by(Establishment.number)).all()
    own = {each.number: each.accounting_folder_id for each in establishments}
    for establishment, folder in (folders or {}).items():
        own[establishment] = None if folder is None else folder_called(connection, folder).id
    codes = {row.id: row.code for row in connection.execute(select(OperationCode.id, OperationCode.code))}
    depots = _depots(connection, [each.id for each in establishments])
    found: list[AgencyPair] = []
    for requesting, supplying in permutations(establishments, 2):
        if len(found) == MOST:
            break
        sides = [Side(each.id, own[each.number]) for each in (requesting, supplying)]
        billable = is_billable(*sides)
        books = {side.own_folder or dossier.accounting_folder_id for side in sides}
        kind = "billable" if billable else "plain"
        buyers, sellers = depots.get(requesting.id, []), depots.get(supplying.id, [])
        found.append(
            AgencyPair(
                *(requesting.number, requesting.name, supplying.number, supplying.name),
                is_billable=billable,
                is_internal=billable and len(books) == 1,
                customer_operation=codes[getattr(dossier, f"customer_op_{kind}_id")],
                supplier_operation=codes[getattr(dossier, f"supplier_op_{kind}_id")],
                customers=_named(each.customer for each in buyers),
                suppliers=_named(each.supplier for each in sellers),
                missing=tuple(
                    (each.code, side)
                    for each in (*buyers, *sellers)
                    for side in missing_sides(each.customer_party_id, each.supplier_party_id)
                ),
            )
        )
    return found


def changed_pairs(before: Sequence[AgencyPair], after: Sequence[AgencyPair]) -> list[AgencyPair]:
    """The pairs that become invoiced, internal or neither, as they would be then."""
    return [new for old, new in zip(before, after, strict=True) if _kind(old) != _kind(new)]


def _kind(pair: AgencyPair) -> tuple[bool, bool]:
    return pair.is_billable, pair.is_internal


def _depots(connection: Connection, establishments: Sequence[int]) -> dict[int, list[AnyRow]]:
    customer, supplier = Party.__table__.alias("as_customer"), Party.__table__.alias("as_supplier")
    query = (
        select(
            *(Depot.establishment_id, Depot.code, Depot.customer_party_id, Depot.supplier_party_id),
            *(customer.c.code.label("customer"), supplier.c.code.label("supplier")),
        )
        .outerjoin(customer, customer.c.id == Depot.customer_party_id)
        .outerjoin(supplier, supplier.c.id == Depot.supplier_party_id)
        .where(Depot.establishment_id.in_(establishments), Depot.active)
        .order_by(Depot.code)
    )
    found: dict[int, list[AnyRow]] = {}
    for row in connection.execute(query):
        found.setdefault(row.establishment_id, []).append(row)
    return found


def _named(codes: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in codes if code is not None))
