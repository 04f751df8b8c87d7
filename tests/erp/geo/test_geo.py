"""Pure: what is asked of an address, its key, and when to ask again (T25)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.database import Database
from intergestan_erp.geo.answers import BACK_OFF, Position, back_off
from intergestan_erp.geo.place import OF_PLACE, geo_key, place_text, question
from intergestan_erp.geo.providers import NONE, PROVIDERS
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.parties.addresses import key_of
from intergestan_erp.site.zone import this_month
from tests.site_factories import make_site

LOI: dict[str, Any] = {"line1": "12 rue de la Loi", "postcode": "68100", "city": "Mulhouse", "country": "FR"}
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "12 rue de la Loi, 68100 Mulhouse, FR"),
        ({"line2": "2e étage", "name": "Dupont"}, "12 rue de la Loi, 68100 Mulhouse, FR"),
        ({"line1": "  12   rue\tde la Loi "}, "12 rue de la Loi, 68100 Mulhouse, FR"),
        ({"country": None}, "12 rue de la Loi, 68100 Mulhouse"),
        ({"postcode": None}, "12 rue de la Loi, Mulhouse, FR"),
        ({"city": ""}, "12 rue de la Loi, 68100, FR"),
        ({"line1": None}, "68100 Mulhouse, FR"),
        ({"postcode": None, "city": "  "}, None),
    ],
)
def test_what_is_asked(changed: dict[str, Any], text: str | None) -> None:
    """T25: street, postcode, city and country; a street alone is in hundreds of towns, and is not asked for."""
    address = {**LOI, **changed}
    assert place_text(address) == text
    asked = question(address)
    assert (asked is None) == (text is None)
    if asked is not None:
        assert asked[1] == address["country"]


def test_the_key_is_that_of_the_place_however_it_is_written() -> None:
    """T25, D9: folded, in lower case, single-spaced."""
    assert key_of(LOI) == geo_key("12 rue de la loi, 68100 mulhouse, fr")
    assert key_of({**LOI, "city": "MULHOUSE", "line1": "12  Rue de la LOI"}) == key_of(LOI)
    assert key_of({**LOI, "city": "Sète"}) == key_of({**LOI, "city": "SETE"})
    assert key_of({**LOI, "line2": "cour"}) == key_of(LOI)
    for name in OF_PLACE:
        assert key_of({**LOI, name: "99"}) != key_of(LOI), name


@given(st.fixed_dictionaries({name: st.none() | st.text(max_size=40) for name in OF_PLACE}))
def test_any_address_has_a_key_or_is_no_place(address: dict[str, Any]) -> None:
    key = key_of(address)
    assert key is None or (len(key) == 64 and key == key_of({**address}))


@pytest.mark.parametrize(("north", "east"), [("90.0000001", "0"), ("0", "-180.1"), ("NaN", "0"), ("0", "Infinity")])
def test_what_is_no_place_on_earth(north: str, east: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        Position(Decimal(north), Decimal(east))


def test_when_to_ask_again() -> None:
    """D30: 1, 5, 30 minutes, 2 hours, then daily."""
    waits = [back_off(failures, NOW) - NOW for failures in range(1, 9)]
    assert waits[:5] == [timedelta(seconds=each) for each in BACK_OFF]
    assert set(waits[4:]) == {timedelta(days=1)}


@pytest.mark.parametrize(
    ("at", "name", "ends"),
    [
        (datetime(2026, 11, 30, 22, 59, tzinfo=UTC), "2026-11", datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "2026-12", datetime(2026, 12, 31, 23, tzinfo=UTC)),
        (datetime(2027, 3, 1, 12, 0, tzinfo=UTC), "2027-03", datetime(2027, 3, 31, 22, tzinfo=UTC)),
    ],
)
def test_a_month_is_the_sites_own(sqlite_base: Database, at: datetime, name: str, ends: datetime) -> None:
    """D30: in the site's zone, Paris, not in UTC."""
    make_site(sqlite_base)
    with sqlite_base.read() as connection:
        month = this_month(connection, at)
    assert (month.name, month.ends) == (name, ends)


def test_whom_a_rule_asks() -> None:
    """T25: nobody by default; who asks nobody is rung for by nobody."""
    assert (GeoRule().provider, GeoRule(on_save=True).rings) == (None, False)
    assert GeoRule(on_save=True, provider_name="ban").rings
    assert NONE not in PROVIDERS
    assert PROVIDERS["ban"].knows("RE")
    assert PROVIDERS["ban"].knows(None)
    assert not PROVIDERS["ban"].knows("DE")
    assert PROVIDERS["nominatim"].knows("DE")
