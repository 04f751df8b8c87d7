"""The geocoder's own settings; who is asked, and how often, stands in the base (`intergestan settings`)."""

from __future__ import annotations

from typing import Literal

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.posted_url import check_posted
from intergestan_runtime.sections import key
from intergestan_runtime.settings import ConfigPath, ServiceSettings


class GeocoderSettings(ServiceSettings):
    """Asks where addresses lie; nobody, unless `intergestan settings set geo.provider` chose a provider."""

    threads: int = key(1, ge=1, le=8, description="Addresses looked up at the same time.")
    domain: str | None = key(
        None,
        pattern=r"^[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~-]+)*$",
        description="Host of the provider, with its port and path, in place of the usual one: your own Nominatim, say.",
    )
    scheme: Literal["https", "http"] = key("https", description="http only for a provider on this machine.")
    ca_file: ConfigPath | None = key(
        None, description="Certificates (PEM) of the provider's authority, if the machine does not know it."
    )
    google_key: str | None = key(
        None,
        description="Name of the secret with Google's key for geocoding; another one than `maps.google_key`, which "
        "whoever opens the map sees.",
    )
    provider_key: str | None = key(None, description="Name of the secret with the key of another provider.")
    answer_seconds: float = key(10, gt=0, le=60, description="How long an answer may take, to its last byte.")

    def check(self) -> None:
        """What leaves this machine is encrypted."""
        check_posted(f"{self.scheme}://{self.domain or 'elsewhere'}")


class GeocoderProcess(ServiceProcess):
    """All that a geocoder process reads."""

    geocoder: GeocoderSettings
