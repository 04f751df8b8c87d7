"""`python -m tests.services.geocoder.locating URL DOMAIN SECRETS ID …`: a geocoder that looks up these, one by one.

It prints `started` and waits for a line. With INTERGESTAN_CRASH=geocoder.reserved it dies with its first call spent.
"""

from __future__ import annotations

import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.secrets import Secrets
from services.geocoder.locators import LocatorMaker
from services.geocoder.settings import GeocoderSettings
from services.geocoder.worker import Geocoder


def main(url: str, domain: str, secrets: str, *ids: str) -> None:
    settings = GeocoderSettings(domain=domain, scheme="http", answer_seconds=60)
    database = Database(url)
    maker = LocatorMaker(settings, Secrets(Path(secrets)), "intergestan/1 test")
    geocoder = Geocoder(database, Metrics(CollectorRegistry()), maker)
    print("started", flush=True)
    sys.stdin.readline()
    for each in ids:
        geocoder.locate(int(each))
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
