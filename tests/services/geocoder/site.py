"""A site that asks a scripted provider where its customers are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Address, GeocodeUsage
from intergestan_erp.parties.parties import NewParty, add_parties, set_party
from intergestan_erp.site.preferences import read_preferences, set_preference
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.secrets import Secrets
from services.geocoder.locators import LocatorMaker
from services.geocoder.settings import GeocoderSettings
from services.geocoder.worker import Geocoder
from tests.clock import Clock
from tests.databases import as_service
from tests.patience import PATIENCE
from tests.servers.places import ScriptedPlaces
from tests.site_factories import make_site, rows_of

CUSTOMER: Mapping[str, Any] = {
    "name": "Dupont SA",
    "is_customer": True,
    "line1": "12 rue de la Loi",
    "line2": "2e étage",
    "postcode": "68100",
    "city": "Mulhouse",
    "country": "FR",
    "contact": "Anne Roth",
}


class GeocodedSite:
    """Addresses are looked up when they are saved, at the French base of addresses, which is `places`."""

    def __init__(self, base: Database, places: ScriptedPlaces, folder: Path) -> None:
        self.base = base
        self.places = places
        self.folder = folder
        make_site(base)
        self.registry = CollectorRegistry()
        self._metrics = Metrics(self.registry, service="geocoder")
        self.choose("codes.mode", "automatic")
        self.choose("accounts.mode", "sequence")
        self.choose("geo.provider", "ban")
        self.choose("geo.on_save", "true")

    @property
    def clock(self) -> Clock:
        clock = self.base.now
        assert isinstance(clock, Clock)
        return clock

    def choose(self, name: str, value: str) -> None:
        with self.base.transaction() as connection:
            set_preference(connection, name, value, by="m", at=self.base.now())

    def add(self, **changed: Any) -> int:
        """A customer; the id of its address."""
        with self.base.transaction() as connection:
            rules = read_preferences(connection).rules
            party = NewParty(**{**CUSTOMER, **changed})
            (entered,) = add_parties(connection, [party], rules, by="m", at=self.base.now())
            return connection.execute(select(Address.id).where(Address.party_id == entered.id)).scalar_one()

    def set(self, address_id: int, **changes: Any) -> None:
        with self.base.transaction() as connection:
            party_id = connection.execute(select(Address.party_id).where(Address.id == address_id)).scalar_one()
            set_party(connection, party_id, changes, read_preferences(connection).rules, by="m", at=self.base.now())

    def geocoder(self, **settings: Any) -> Geocoder:
        """Another geocoder of this site."""
        given = {"domain": self.places.domain, "scheme": "http", "answer_seconds": min(60.0, PATIENCE)}
        own = GeocoderSettings(**{**given, **settings})
        maker = LocatorMaker(own, Secrets(self.folder), "intergestan/1 o@arts.test")
        return Geocoder(as_service(self.base, "geocoder"), self._metrics, maker)

    def address(self, address_id: int) -> Any:
        (row,) = rows_of(self.base, Address, id=address_id)
        return row

    def usage(self, provider: str = "ban") -> Any:
        (row,) = rows_of(self.base, GeocodeUsage, provider=provider)
        return row

    def calls(self, outcome: str, provider: str = "ban") -> float:
        """How many calls the metrics count."""
        labels = {"provider": provider, "outcome": outcome}
        return self.registry.get_sample_value("intergestan_geocode_calls_total", labels) or 0.0
