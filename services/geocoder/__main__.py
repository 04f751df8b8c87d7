"""`python -m services.geocoder`: wires the geocoder and runs it until it is told to stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec

from intergestan_db.site_rows import read_site
from intergestan_operations.language.wording import language_of_process, sentence
from intergestan_operations.starting import startup
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import Secrets
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import GEOCODE
from services.geocoder.locators import LocatorMaker
from services.geocoder.settings import GeocoderProcess, GeocoderSettings
from services.geocoder.worker import Geocoder, declare

MORE_SECONDS = 60
"""What looking up an address takes besides the answer: it is not to be taken for one that hangs."""


def main(argv: Sequence[str]) -> int:
    """Run a geocoder; its exit code."""
    if find_spec("geopy") is None:
        said = Said("The extra `geocoder` is not installed. Run: pip install 'intergestan[geocoder]'")
        sys.stderr.write(f"geocoder: {sentence(said, language_of_process())}\n")
        raise SystemExit(startup.CONFIGURATION)
    process, _ = startup.start("geocoder", GeocoderProcess, argv)
    own: GeocoderSettings = process.own
    with process.database.read() as connection:
        address = read_site(connection).orders_address
    locators = LocatorMaker(own, Secrets(process.site.secrets_dir), f"intergestan/{version('intergestan')} {address}")
    geocoder = Geocoder(process.database, process.metrics, locators)
    geocoder.start()
    declare(process.broker, geocoder)
    return run_service(
        "geocoder",
        process.broker,
        steps=[GEOCODE],
        threads=own.threads,
        loops=[startup.signs_of_life(process, "geocoder", chore=geocoder.bring_near)],
        health=process.health,
        bounds=process.bounds(own.answer_seconds + MORE_SECONDS),
    )


if __name__ == "__main__":
    startup.run("geocoder", main)
