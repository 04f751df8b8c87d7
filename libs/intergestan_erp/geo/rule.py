"""What people choose about positions of addresses, and about maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from intergestan_erp.geo.providers import NONE, PROVIDERS, Provider

MAPS: Final = (NONE, "tiles", "google")
CALLS: Final = 5000
"""Calls in a month, where nobody chose another number."""


@dataclass(frozen=True, slots=True)
class GeoRule:
    """How positions come about. :ivar on_save: whether an address that is saved is looked up (T25)."""

    on_save: bool = False
    provider_name: str = NONE
    calls_per_month: int = CALLS

    @property
    def provider(self) -> Provider | None:
        """Whom to ask; None: nobody, and what waits goes on waiting."""
        return PROVIDERS.get(self.provider_name)

    @property
    def rings(self) -> bool:
        """Whether somebody is to be told at once of an address that was saved."""
        return self.on_save and self.provider is not None


@dataclass(frozen=True, slots=True)
class MapRule:
    """What the page of the map shows (T26). :ivar google_key: the key of its scripts, which anybody sees there."""

    provider: str = NONE
    tiles: str = ""
    google_key: str = ""
