"""A site with customers, a provider on loopback, and a real geocoder between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from intergestan_db.database import Database
from tests.servers.places import ScriptedPlaces
from tests.services.geocoder.site import GeocodedSite


@pytest.fixture
def places() -> Iterator[ScriptedPlaces]:
    with ScriptedPlaces() as server:
        yield server


@pytest.fixture
def site(base: Database, places: ScriptedPlaces, tmp_path: Path) -> GeocodedSite:
    """On both kinds of base."""
    return GeocodedSite(base, places, tmp_path)


@pytest.fixture
def sqlite_site(sqlite_base: Database, places: ScriptedPlaces, tmp_path: Path) -> GeocodedSite:
    """On the embedded base."""
    return GeocodedSite(sqlite_base, places, tmp_path)
