"""`python -m services.poller`: wires the poller and runs it until it is told to stop."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from intergestan_runtime.archive import Archive
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import IMPORT, poll_step
from services import startup
from services.poller.collect import Tools
from services.poller.settings import PollerProcess, PollerSettings
from services.poller.worker import Poller, declare

STOP_SECONDS = 15.0
"""For a batch that is being archived; a connection is hung up on after one second."""


def main(argv: Sequence[str]) -> int:
    """Run a poller; its exit code."""
    process, options = startup.start("poller", PollerProcess, argv, _options)
    names = options.mailbox or process.own.mailboxes
    poller = Poller(process.database, process.worker, names, lambda die: _tools(process, die))
    declare(process.broker, process.worker, poller)
    process.health.ready_when("mailboxes", poller.problem)
    return run_service(
        "poller",
        process.broker,
        steps=[poll_step(process.worker)],
        threads=process.own.threads,
        loops=[poller.run],
        health=process.health,
        stop_seconds=STOP_SECONDS,
    )


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mailbox", nargs="+", metavar="NAME", help="the only mailboxes this poller takes; all by default"
    )


def _tools(process: startup.Process[PollerSettings], die: Callable[[BaseException], None]) -> Tools:
    own = process.own
    return Tools(
        archive=Archive(
            process.site.archive_dir,
            min_free_bytes=own.min_free_bytes,
            min_free_share=own.min_free_share,
        ),
        metrics=process.metrics,
        settings=own,
        ring=lambda ids: IMPORT.ring(process.broker, *ids),
        password_for=lambda row: process.password_of(row) or "",
        language=process.site.language,
        die=die,
    )


if __name__ == "__main__":
    startup.run(main)
