"""`python -m services.importer`: wires the importer and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_operations.starting import startup
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import CREDIT, IMPORT
from services.importer.settings import ImporterProcess
from services.importer.worker import Importer, declare, looking


def main(argv: Sequence[str]) -> int:
    """Run an importer; its exit code."""
    pool = ReaderPool()  # before there is any thread
    process, _ = startup.start("importer", ImporterProcess, argv)
    startup.refuse_older_than_archive("importer", process, pool.read)
    importer = Importer(
        database=process.database,
        broker=process.broker,
        metrics=process.metrics,
        archive=process.archive(),
        pool=pool,
        worker=process.worker,
        max_age=timedelta(days=process.own.max_age_days),
        limits=startup.limits_of(process.settings.budgets),
        bounce_key=process.bounce_key(),
        under_way=timedelta(minutes=process.site.statement_minutes),
        rhythm=startup.rhythm_of(process.settings.heartbeats),
        tracer=process.tracer,
    )
    declare(process.broker, importer)
    code = run_service(
        "importer",
        process.broker,
        steps=[IMPORT, CREDIT],
        threads=process.own.threads,
        loops=[startup.signs_of_life(process, "importer", importer.claims), looking(importer)],
        health=process.health,
        bounds=process.bounds(),
    )
    pool.close()
    return code


if __name__ == "__main__":
    startup.run("importer", main)
