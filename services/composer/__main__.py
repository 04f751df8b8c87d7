"""`python -m services.composer`: wires the composer and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_msg.seal import SigningKey
from intergestan_runtime.secrets import check_private
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import COMPOSE
from services import startup
from services.composer.settings import ComposerProcess
from services.composer.worker import Composer, declare


def main(argv: Sequence[str]) -> int:
    """Run a composer; its exit code."""
    process, _ = startup.start("composer", ComposerProcess, argv)
    check_private(process.site.key_file)
    key = SigningKey.from_pem(process.site.key_file.read_bytes())
    composer = Composer(process.database, process.broker, process.metrics, key, process.own.max_mail_bytes)
    declare(process.broker, composer)
    return run_service(
        "composer",
        process.broker,
        steps=[COMPOSE],
        threads=process.own.threads,
        loops=[startup.signs_of_life(process, "composer")],
        health=process.health,
    )


if __name__ == "__main__":
    startup.run(main)
