"""Asking for positions of addresses that are there already (T25). The service `geocoder` looks them up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, update

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import GeoState
from intergestan_db.tables import Address, GeocodeCache, Party
from intergestan_erp.parties.addresses import key_of

_AT_ONCE: Final = 1000
_MISSING: Final = (GeoState.NONE, GeoState.NOT_FOUND, GeoState.FAILED)
_ASKED_AGAIN: Final = (*_MISSING, GeoState.WAITING)

_COLUMNS = (
    *(Address.id, Address.party_id, Address.line1, Address.postcode, Address.city, Address.country),
    Address.geo_state,
)
_OF_PARTIES = (
    select(*_COLUMNS)
    .where(
        Address.party_id.in_(bindparam("parties", expanding=True)),
        Address.geo_state.in_(bindparam("states", expanding=True)),
    )
    .order_by(Address.id)
    .with_for_update()
)
_FOLLOWING = (
    select(*_COLUMNS)
    .where(Address.id > bindparam("last"), Address.geo_state.in_(bindparam("states", expanding=True)))
    .order_by(Address.id)
    .limit(_AT_ONCE)
    .with_for_update()
)
_WAIT = (
    update(Address)
    .where(Address.id == bindparam("address"))
    .values(
        geo_state=str(GeoState.WAITING),
        geo_key=bindparam("key"),
        next_attempt_at=bindparam("due"),
        attempts=0,
        rung_at=None,
    )
)
_FORGET = delete(GeocodeCache).where(
    GeocodeCache.key.in_(bindparam("keys", expanding=True)), GeocodeCache.latitude.is_(None)
)


def locate_parties(connection: Connection, party_ids: Sequence[int], *, by: str, at: datetime) -> list[int]:
    """Let the addresses of these parties wait to be looked up; their ids, for whoever rings.

    What a provider did not know before it is asked again. Positions that are known stay.
    """
    given = {"parties": list(party_ids), "states": _words(_ASKED_AGAIN)}
    rows = connection.execute(_OF_PARTIES, given).mappings().all()
    keys = [key for row in rows if (key := key_of({**row})) is not None]
    if keys:
        connection.execute(_FORGET, {"keys": keys})
    return _let_wait(connection, rows, by=by, at=at)


def locate_missing(database: Database, *, by: str) -> int:
    """Let all addresses wait whose position nobody knows, some at a time, while others work on; how many there are."""
    last, count = 0, 0
    while True:
        with database.transaction() as connection:
            rows = connection.execute(_FOLLOWING, {"last": last, "states": _words(_MISSING)}).mappings().all()
            if not rows:
                return count
            count += len(_let_wait(connection, rows, by=by, at=database.now()))
        last = rows[-1]["id"]


def _let_wait(connection: Connection, rows: Sequence[RowMapping], *, by: str, at: datetime) -> list[int]:
    places = {row["id"]: key for row in rows if (key := key_of({**row})) is not None}
    if places:
        connection.execute(_WAIT, [{"address": each, "key": key, "due": at} for each, key in places.items()])
        parties = dict.fromkeys(row["party_id"] for row in rows if row["id"] in places)
        moved = [(party_id, None, None) for party_id in parties]
        states.record(connection, Party.__tablename__, moved, "locate", by=by, at=at)
    return list(places)


def _words(names: Collection[GeoState]) -> list[str]:
    return [str(name) for name in names]
