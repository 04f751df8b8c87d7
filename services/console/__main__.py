"""`python -m services.console`: wires the console and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_operations.starting import startup
from intergestan_runtime.secrets import read_base_key
from intergestan_runtime.service import run_service
from intergestan_runtime.settings import ConsoleSettings
from services.console.settings import ConsoleProcess
from services.console.worker import Console, ringing, serving, sweeping


def main(argv: Sequence[str]) -> int:
    """Run a console; its exit code."""
    process, _ = startup.start("console", ConsoleProcess, argv)
    own: ConsoleSettings = process.own
    site = process.site
    if own.second_factor == "required":
        read_base_key(site.console_key_file)  # without it nobody could enter
    console = Console(
        process.database,
        own,
        site.answer_hours,
        process.broker,
        process.tracer,
        process.metrics,
        key_file=site.console_key_file,
        checked=process.settings,
    )
    return run_service(
        "console",
        process.broker,
        loops=[
            startup.signs_of_life(process, "console"),
            serving(console, process.health),
            ringing(console),
            sweeping(process.database),
        ],
        health=process.health,
        bounds=process.bounds(),
    )


if __name__ == "__main__":
    startup.run("console", main)
