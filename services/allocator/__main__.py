"""`python -m services.allocator`: wires the allocator and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_operations.starting import startup
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import ALLOCATE, SERVE
from services.allocator.settings import AllocatorProcess, AllocatorSettings
from services.allocator.worker import Allocator, declare


def main(argv: Sequence[str]) -> int:
    """Run an allocator; its exit code."""
    process, _ = startup.start("allocator", AllocatorProcess, argv)
    own: AllocatorSettings = process.own
    declare(process.broker, Allocator(process.database, process.metrics))
    return run_service(
        "allocator",
        process.broker,
        steps=[ALLOCATE, SERVE],
        threads=own.threads,
        loops=[startup.signs_of_life(process, "allocator")],
        health=process.health,
        bounds=process.bounds(),
    )


if __name__ == "__main__":
    startup.run("allocator", main)
