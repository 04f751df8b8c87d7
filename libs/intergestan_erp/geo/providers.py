"""Who may be asked where an address lies. Pure: only the service `geocoder` knows how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NONE: Final = "none"
"""The provider of a site that asks nobody: nothing leaves the house."""

FRENCH: Final = frozenset({"FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF"})
"""Countries whose addresses the French base of addresses has."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One that can be chosen.

    :ivar service: geopy's name of it.
    :ivar domain: where it is asked, if that is not what geopy takes.
    :ivar key: the argument by which geopy takes its key; None where there is none.
    :ivar seconds: least time between two calls of the whole site.
    :ivar countries: those whose addresses it knows; None: all.
    """

    service: str
    domain: str | None = None
    key: str | None = None
    seconds: float = 0.0
    countries: frozenset[str] | None = None

    def knows(self, country: str | None) -> bool:
        """Whether it is any use to ask for an address of a country; one that names none is taken for its own."""
        return self.countries is None or country is None or country in self.countries


PROVIDERS: Final[Mapping[str, Provider]] = {
    # geopy's own address of it (api-adresse.data.gouv.fr) was switched off in January 2026.
    "ban": Provider("banfrance", domain="data.geopf.fr/geocodage", countries=FRENCH),
    "nominatim": Provider("nominatim", seconds=1.0),  # operations.osmfoundation.org/policies/nominatim
    "google": Provider("google", key="api_key"),
    "photon": Provider("photon", seconds=1.0),
    "arcgis": Provider("arcgis"),
    "azure": Provider("azure", key="subscription_key"),
    "geonames": Provider("geonames", key="username"),
    **{
        name: Provider(name, key="api_key")
        for name in (
            *("bing", "geocodeearth", "geocodio", "geokeo", "geolake", "mapbox", "mapquest", "maptiler", "opencage"),
            *("openmapquest", "pickpoint", "tomtom", "woosmap", "yandex"),
        )
    },
}
"""By the name under which a person chooses it: those of geopy that find postal addresses and need a key at most.

Not those that want two secrets, answer in XML, know places by three words, or bend coordinates as China asks for it.
"""
