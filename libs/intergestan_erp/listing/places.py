"""Where third parties lie, in pages (T25, T26)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.enums import GeoState
from intergestan_db.tables import Address, Party
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class Place:
    """An address whose position is known."""

    code: str
    name: str
    line1: str | None
    postcode: str | None
    city: str | None
    latitude: Decimal
    longitude: Decimal
    geo: GeoState


def _place(row: Any) -> Place:
    return Place(
        *(row.code, row.name, row.line1, row.postcode, row.city),
        latitude=row.latitude,
        longitude=row.longitude,
        geo=GeoState(row.geo_state),
    )


def list_places(
    connection: Connection,
    code: str | None = None,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[Place]:
    """A page of the addresses whose position is known, by the code of their third party.

    :param code: only those of this one.
    :raises Problem: `after` or `before` is of no such page.
    """
    query = (
        select(
            *(Party.code, Party.name, Address.line1, Address.postcode, Address.city),
            *(Address.latitude, Address.longitude, Address.geo_state),
        )
        .join(Address, Address.party_id == Party.id)
        .where(Address.latitude.is_not(None))
    )
    if code is not None:
        query = query.where(Party.code == code)
    return read_page(
        connection,
        query,
        [Party.code, Address.id],
        _place,
        size=size,
        after=after,
        before=before,
    )
