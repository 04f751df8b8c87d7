"""`python -m services.poller`: wires the poller and runs it until it is told to stop."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Sequence

from intergestan_exchange.mailboxes.placement import Shard, Takes
from intergestan_operations.opening.stores import open_archive
from intergestan_operations.starting import startup
from intergestan_runtime.archive import Archive
from intergestan_runtime.broker import ClockCheck
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import IMPORT, poll_step
from services.poller.collect import Tools
from services.poller.settings import AUTO, PollerProcess, PollerSettings
from services.poller.troubles import Kind
from services.poller.worker import Poller, Seat, declare

STOP_SECONDS = 15.0
"""For a batch that is being archived; a connection is hung up on after one second."""


def main(argv: Sequence[str]) -> int:
    """Run a poller; its exit code."""
    process, options = startup.start("poller", PollerProcess, argv, _options)
    try:
        seat = seat_of(process, options)
    except ValueError as error:
        sys.stderr.write(f"poller: {error}\n")
        return startup.CONFIGURATION
    archive = open_archive(process.site)
    clock = ClockCheck(process.broker)
    poller = Poller(process.database, seat, lambda die: _tools(process, archive, die), clock, process.hangs)
    declare(process.broker, process.worker, poller)
    process.health.ready_when("mailboxes", poller.problem)
    process.health.live_when("mailboxes", poller.hanging)
    return run_service(
        "poller",
        process.broker,
        steps=[poll_step(process.worker)],
        threads=process.own.threads,
        loops=[poller.run],
        health=process.health,
        stop_seconds=STOP_SECONDS,
        bounds=process.bounds(),
    )


def seat_of(process: startup.Process[PollerSettings], options: argparse.Namespace) -> Seat:
    """The poller's name, and which mailboxes it takes.

    :raises ValueError: what is said about it cannot be.
    """
    own, host = process.own, socket.gethostname()
    names = tuple(options.mailbox or own.mailboxes)
    share = options.shard or own.shard
    if names and share != AUTO:
        raise ValueError("A poller takes the mailboxes that are named, or a share of all: not both.")
    takes = Takes(names, None if share == AUTO else Shard.parse(share, host))
    name = options.name or own.name
    return Seat(process.worker, name or host, takes, only=name is not None)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mailbox", nargs="+", metavar="NAME", help="the only mailboxes this poller takes; all by default"
    )
    parser.add_argument("--shard", metavar="I/N|auto", help="the share of the mailboxes that this poller takes")
    parser.add_argument("--name", help="the poller's name, which no other has; the host's, with a number, by default")


def _tools(process: startup.Process[PollerSettings], archive: Archive, die: Callable[[BaseException], None]) -> Tools:
    process.metrics.start("mailbox_reconnects_total", reason=Kind)
    return Tools(
        archive=archive,
        metrics=process.metrics,
        settings=process.own,
        ring=lambda ids: IMPORT.ring(process.broker, *ids),
        ring_first=lambda ids: IMPORT.ring(process.broker, *ids, first=True),
        password_for=lambda row: process.password_of(row) or "",
        language=process.site.language,
        die=die,
        tracer=process.tracer,
    )


if __name__ == "__main__":
    startup.run("poller", main)
