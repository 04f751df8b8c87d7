"""T25: when a position is asked for, when it is dropped, and what nobody but a person changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import Address, Event, GeocodeCache
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.geo.waiting import cached, count_waiting
from intergestan_erp.parties.locating import locate_missing, locate_parties
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties, set_party
from tests.site_factories import NOW

TICKED = PartyRules(geo=GeoRule(on_save=True))
NOT_TICKED = PartyRules()
LOI: dict[str, Any] = {"line1": "12 rue de la Loi", "postcode": "68100", "city": "Mulhouse", "country": "FR"}
FOUND: dict[str, Any] = {
    "geo_state": "found",
    "latitude": Decimal("47.7508"),
    "longitude": Decimal("7.3389"),
    "geo_source": "ban",
    "geo_at": NOW,
    "next_attempt_at": None,
}


def add(database: Database, rules: PartyRules, code: str = "DUP", **address: Any) -> int:
    with database.transaction() as connection:
        new = NewParty(code=code, name=code, is_customer=True, **address)
        return add_parties(connection, [new], rules, by="m", at=NOW)[0].id


def change(database: Database, party_id: int, rules: PartyRules, **changes: Any) -> None:
    with database.transaction() as connection:
        set_party(connection, party_id, changes, rules, by="m", at=NOW)


def address(database: Database, party_id: int) -> Any:
    with database.read() as connection:
        return connection.execute(select(Address.__table__).where(Address.party_id == party_id)).one()


def write(database: Database, party_id: int, **values: Any) -> None:
    with database.transaction() as connection:
        connection.execute(update(Address).where(Address.party_id == party_id).values(**values))


@pytest.mark.parametrize(("rules", "state"), [(TICKED, "waiting"), (NOT_TICKED, "none")])
def test_an_address_that_is_saved(database: Database, rules: PartyRules, state: str) -> None:
    """T25: ticked, it waits to be looked up; not ticked, nobody asks."""
    found = address(database, add(database, rules, **LOI))
    assert (found.geo_state, found.next_attempt_at) == (state, NOW if state == "waiting" else None)
    assert len(found.geo_key) == 64
    assert address(database, add(database, rules, "B", line1="12 rue de la Loi", country="FR")).geo_state == "none"


@pytest.mark.parametrize("name", ["line1", "postcode", "city", "country"])
@pytest.mark.parametrize(("rules", "state"), [(TICKED, "waiting"), (NOT_TICKED, "none")])
def test_another_place_drops_the_old_position(sqlite_base: Database, rules: PartyRules, state: str, name: str) -> None:
    """T25: and is looked up if that is ticked."""
    party = add(sqlite_base, rules, **LOI)
    key = address(sqlite_base, party).geo_key
    write(sqlite_base, party, **FOUND)
    change(sqlite_base, party, rules, **{name: "BE" if name == "country" else "99"})
    found = address(sqlite_base, party)
    assert (found.geo_state, found.latitude, found.longitude, found.geo_source) == (state, None, None, None)
    assert found.geo_key != key


@pytest.mark.parametrize(
    "changes",
    [{"line2": "cour"}, {"name": "Durand"}, {"city": "MULHOUSE"}, {"contact": "Luc"}, {"line1": "12 RUE  de la Loi"}],
)
def test_what_is_no_other_place_keeps_it(sqlite_base: Database, changes: dict[str, str]) -> None:
    """T25: name and second line, and the same place in another spelling."""
    party = add(sqlite_base, TICKED, **LOI)
    write(sqlite_base, party, **FOUND)
    change(sqlite_base, party, TICKED, **changes)
    found = address(sqlite_base, party)
    assert (found.geo_state, found.latitude) == ("found", Decimal("47.7508"))


def test_saving_asks_for_what_nobody_asked_for_before(sqlite_base: Database) -> None:
    """T25: an address of before the upgrade, or of before it was ticked."""
    party = add(sqlite_base, NOT_TICKED, **LOI)
    write(sqlite_base, party, geo_key=None)
    change(sqlite_base, party, TICKED, line2="cour")
    assert address(sqlite_base, party).geo_state == "waiting"


def test_a_position_set_by_hand_is_a_persons(database: Database) -> None:
    """T25: it outlives another address, and nothing asks for it; a person takes it away again."""
    party = add(database, TICKED, **LOI)
    change(database, party, TICKED, latitude=Decimal("47.1"), longitude=Decimal("7.2"))
    change(database, party, TICKED, city="Colmar", postcode="68000")
    found = address(database, party)
    assert (found.geo_state, found.latitude, found.geo_source, found.next_attempt_at) == (
        *("by_hand", Decimal("47.1"), None, None),
    )
    with database.transaction() as connection:
        assert locate_parties(connection, [party], by="m", at=NOW) == []
    assert locate_missing(database, by="m") == 0
    change(database, party, NOT_TICKED, latitude=None, longitude=None)
    assert (address(database, party).geo_state, address(database, party).latitude) == ("none", None)
    with database.read() as connection:
        details = connection.execute(select(Event.detail).where(Event.name == "set")).scalars().all()
    assert details[0] == {"changed": ["latitude", "longitude"]}, "D34: not the value"


@pytest.mark.parametrize(
    "given", [{"latitude": Decimal(1)}, {"longitude": None}, {"latitude": Decimal(1), "longitude": None}]
)
def test_half_a_position_is_none(sqlite_base: Database, given: dict[str, Any]) -> None:
    party = add(sqlite_base, TICKED, **LOI)
    with pytest.raises(Problem, match="give both"):
        change(sqlite_base, party, TICKED, **given)
    assert address(sqlite_base, party).geo_state == "waiting"


def test_a_party_without_an_address_may_have_a_position(sqlite_base: Database) -> None:
    party = add(sqlite_base, TICKED)
    change(sqlite_base, party, TICKED, latitude=Decimal(1), longitude=Decimal(2))
    assert address(sqlite_base, party).geo_state == "by_hand"


def test_all_that_nobody_knows_are_asked_for(database: Database) -> None:
    """T25: `--missing`, also for addresses of before the upgrade; what is found stays as it is."""
    states = ("none", "not_found", "failed", "found", "waiting", "by_hand")
    parties = {state: add(database, NOT_TICKED, state.upper(), **LOI) for state in states}
    for state, party in parties.items():
        write(database, party, geo_state=state, geo_key=None, next_attempt_at=NOW if state == "waiting" else None)
    add(database, NOT_TICKED, "NOWHERE", line1="rue", country="FR")
    assert locate_missing(database, by="m") == 3
    found = {state: address(database, party).geo_state for state, party in parties.items()}
    assert found == {
        **dict.fromkeys(("none", "not_found", "failed", "waiting"), "waiting"),
        "found": "found",
        "by_hand": "by_hand",
    }
    with database.read() as connection:
        assert count_waiting(connection) == 4
        named = connection.execute(select(Event.subject_id).where(Event.name == "locate")).scalars().all()
    assert sorted(named) == sorted(parties[state] for state in ("none", "not_found", "failed"))


def test_asking_for_one_forgets_that_it_was_not_known(database: Database) -> None:
    """T25: a person asks again; a position that is known is nobody's to forget."""
    party = add(database, NOT_TICKED, **LOI)
    key = address(database, party).geo_key
    with database.transaction() as connection:
        connection.execute(insert(GeocodeCache).values(key=key, source="ban", at=NOW))
        assert cached(connection, key, "ban", NOW) is not None
        assert locate_parties(connection, [party], by="m", at=NOW) == [address(database, party).id]
        assert cached(connection, key, "ban", NOW) is None
