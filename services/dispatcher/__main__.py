"""`python -m services.dispatcher`: wires the dispatcher and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_runtime.service import run_service
from services import startup
from services.dispatcher.settings import DispatcherProcess
from services.dispatcher.worker import Dispatcher


def main(argv: Sequence[str]) -> int:
    """Run a dispatcher; its exit code."""
    process, _ = startup.start("dispatcher", DispatcherProcess, argv)
    dispatcher = Dispatcher(process.database, process.broker, process.metrics, process.archive(), process.own)
    return run_service(
        "dispatcher",
        process.broker,
        loops=[
            dispatcher.ringing,
            dispatcher.measuring,
            dispatcher.tidying,
            startup.signs_of_life(process, "dispatcher"),
        ],
        health=process.health,
    )


if __name__ == "__main__":
    startup.run(main)
