"""`python -m services.composer`: wires the composer and runs it until it is told to stop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from intergestan_db.database import Database
from intergestan_db.site_rows import read_site
from intergestan_exchange.keys.own_keys import signs_now
from intergestan_operations.starting import startup
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import COMPOSE
from services.composer.card import CardPublisher
from services.composer.key_ring import KeyRing, NoKey, ring_of
from services.composer.settings import ComposerProcess
from services.composer.worker import Composer, declare


def main(argv: Sequence[str]) -> int:
    """Run a composer; its exit code."""
    process, _ = startup.start("composer", ComposerProcess, argv)
    keys = _keys(process.site.key_file, process.database)
    composer = Composer(
        process.database,
        process.broker,
        process.metrics,
        keys,
        process.own.max_mail_bytes,
        process.bounce_key(),
        timedelta(minutes=process.site.statement_minutes),
        process.tracer,
        process.settings.budgets.missing_numbers,
    )
    declare(process.broker, composer)
    return run_service(
        "composer",
        process.broker,
        steps=[COMPOSE],
        threads=process.own.threads,
        loops=[startup.signs_of_life(process, "composer", chore=CardPublisher(process.database, keys).publish)],
        health=process.health,
        bounds=process.bounds(),
    )


def _keys(key_file: Path, database: Database) -> KeyRing:
    """The site's keys; without the one that signs now there is nothing to start for."""
    keys = ring_of(key_file)
    with database.read() as connection:
        own = signs_now(read_site(connection), database.now())
    try:
        keys.key(own.kid)
    except NoKey as error:
        sys.stderr.write(f"composer: {error}\n")
        raise SystemExit(startup.CONFIGURATION) from error
    return keys


if __name__ == "__main__":
    startup.run("composer", main)
