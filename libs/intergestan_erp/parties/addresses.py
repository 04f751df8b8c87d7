"""A party's own postal address with its position, and the person to ask there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from intergestan_db.enums import GeoState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Address, Contact
from intergestan_erp.geo.place import geo_key, place_text
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.parties.folding import name_key

MAIN: Final = "main"
"""The kind of a party's own postal address."""
POSTAL: Final = ("line1", "line2", "postcode", "city", "country")
POSITION: Final = ("latitude", "longitude")
OF_CONTACT: Final = ("contact", "telephone", "email")
ADDRESS_INCOMPLETE: Final = "address_incomplete"
"""What becomes of orders that go to this address and of which not all is there (A39)."""


def main_address() -> Any:
    """A subquery with the id of each party's own address: the first of its kind."""
    return (
        select(Address.party_id, func.min(Address.id).label("id"))
        .where(Address.kind == MAIN)
        .group_by(Address.party_id)
        .subquery()
    )


@dataclass(frozen=True, slots=True)
class Written:
    """An address of a party, as it is written."""

    id: int
    kind: str
    lines: tuple[str, ...]


def addresses_of(connection: Connection, party_id: int) -> list[Written]:
    """All addresses of a party, its own first."""
    query = select(Address.id, Address.kind, *(getattr(Address, name) for name in POSTAL))
    rows = connection.execute(query.where(Address.party_id == party_id).order_by(Address.kind != MAIN, Address.id))
    return [Written(row[0], row[1], tuple(text for text in row[2:] if text)) for row in rows]


def key_of(address: Mapping[str, Any]) -> str | None:
    """The key of where an address lies; None for one that is no place."""
    text = place_text(address)
    return None if text is None else geo_key(name_key(text))


def placed(address: Mapping[str, Any], rule: GeoRule, at: datetime) -> dict[str, Any]:
    """The columns of the position of an address that is new or was changed: nobody knows it yet.

    Where addresses are looked up when they are saved (T25) it waits for that; this transaction asks nobody.
    """
    key = key_of(address)
    waits = rule.on_save and key is not None
    return {
        **dict.fromkeys((*POSITION, "geo_source", "geo_at", "rung_at")),
        "geo_state": str(GeoState.WAITING if waits else GeoState.NONE),
        "geo_key": key,
        "next_attempt_at": at if waits else None,
        "attempts": 0,
    }


def set_address(connection: Connection, party_id: int, values: Mapping[str, Any], rule: GeoRule, at: datetime) -> None:
    """Change a party's own postal address (`line1`, `line2`, `postcode`, `city`, `country`), or enter it.

    A position that was looked up for the old place is dropped, one that was set by hand stays; `latitude` and
    `longitude` set it by hand, and with None take it away.

    :raises Problem: one of both was given alone.
    """
    if not values:
        return
    _check_position(values)
    query = select(Address.__table__).where(Address.party_id == party_id, Address.kind == MAIN).order_by(Address.id)
    row = connection.execute(query.limit(1)).mappings().one_or_none()
    before = None if row is None else {str(name): value for name, value in row.items()}
    after = {name: values.get(name, before[name] if before else None) for name in POSTAL}
    written = {**values, **_position(before, after, values, rule, at)}
    if before is None:
        connection.execute(insert(Address).values(party_id=party_id, kind=MAIN, **written))
    else:
        connection.execute(update(Address).where(Address.id == before["id"]).values(**written))


def _position(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    values: Mapping[str, Any],
    rule: GeoRule,
    at: datetime,
) -> dict[str, Any]:
    """What changes of the position of an address that becomes `after`."""
    fresh = placed(after, rule, at)
    if values.get("latitude") is not None:
        by_hand = {"latitude": values["latitude"], "longitude": values["longitude"], "geo_at": at}
        return fresh | by_hand | {"geo_state": str(GeoState.BY_HAND), "next_attempt_at": None}
    if before is None or "latitude" in values:
        return fresh
    if before["geo_state"] == GeoState.BY_HAND:
        return {"geo_key": fresh["geo_key"]}
    is_as_before = key_of(before) == fresh["geo_key"]
    return {} if is_as_before and before["geo_state"] != GeoState.NONE else fresh


def _check_position(values: Mapping[str, Any]) -> None:
    given = [values[name] is not None for name in POSITION if name in values]
    if len(given) == 1 or len(set(given)) == 2:
        raise Problem(
            "A position has a latitude and a longitude: give both. Nothing was changed.", ProblemCode.NO_VALUE
        )


def set_contact(connection: Connection, party_id: int, values: Mapping[str, str | None]) -> None:
    """Change the person to ask at a party (`contact` is the name, `telephone`, `email`), or enter one."""
    columns = {"name" if name == "contact" else name: value for name, value in values.items()}
    if "name" in columns:
        columns["name"] = columns["name"] or ""
    if not columns:
        return
    first = connection.execute(select(func.min(Contact.id)).where(Contact.party_id == party_id)).scalar_one_or_none()
    if first is None:
        connection.execute(insert(Contact).values(**{"party_id": party_id, "name": "", **columns}))
    else:
        connection.execute(update(Contact).where(Contact.id == first).values(**columns))
