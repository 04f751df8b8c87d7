"""The catalogue of fees in pages."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import FeeKind
from intergestan_db.tables import Fee, PartyFee
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.parties.fees import FeeValues


def list_fees(
    connection: Connection, *, everything: bool = False, size: int = USUAL, after: str | None = None
) -> Page[FeeValues]:
    """A page of the fees, by code.

    :param everything: also those that are switched off.
    :raises Problem: `after` is of no such page.
    """
    columns = [Fee.__table__.c[name] for name in FeeValues.__dataclass_fields__]
    query = select(*columns) if everything else select(*columns).where(Fee.active)

    def made(row: AnyRow) -> FeeValues:
        values = {name: getattr(row, name) for name in FeeValues.__dataclass_fields__}
        return FeeValues(**{**values, "kind": FeeKind(row.kind)})

    return read_page(connection, query, [Fee.code], made, size=size, after=after)


def count_bearers(connection: Connection) -> dict[str, int]:
    """How many customers bear each fee, by its code; none of those that nobody bears."""
    query = select(Fee.code, func.count()).join(PartyFee, PartyFee.fee_id == Fee.id).group_by(Fee.code)
    return {row[0]: row[1] for row in connection.execute(query)}
