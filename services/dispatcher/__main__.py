"""`python -m services.dispatcher`: wires the dispatcher and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_operations.alerting.watching import watch, watcher_of
from intergestan_operations.opening.high_water_file import file_of
from intergestan_operations.starting import startup
from intergestan_runtime.service import run_service
from services.dispatcher.budgets import Budgets
from services.dispatcher.clock import ClockKeeper
from services.dispatcher.credit import CreditRinger
from services.dispatcher.damaged_mails import DamagedMails
from services.dispatcher.heartbeats import HeartbeatKeeper
from services.dispatcher.high_water import HighWaterKeeper
from services.dispatcher.loops import every
from services.dispatcher.notify import Notifier
from services.dispatcher.settings import DispatcherProcess, DispatcherSettings
from services.dispatcher.statements import Statements
from services.dispatcher.strangers import Strangers
from services.dispatcher.worker import Dispatcher

REMIND_SECONDS = 60.0
TIDY_SECONDS = 3600.0
CREDIT_SECONDS = 300.0
TRIAL_SECONDS = 30.0


def main(argv: Sequence[str]) -> int:
    """Run a dispatcher; its exit code."""
    process, _ = startup.start("dispatcher", DispatcherProcess, argv)
    archive, hours = process.archive(), process.site.answer_hours
    credit_days = process.settings.credit.hold_days
    dispatcher = Dispatcher(process.database, process.broker, process.metrics, archive, process.own, hours, credit_days)
    notifier = Notifier(process.database, process.broker, process.settings.notices, process.site.language)
    keeper = HeartbeatKeeper(process.database, process.broker, process.metrics, archive, process.settings.heartbeats)
    damaged = DamagedMails(process.database, process.broker, archive)
    own: DispatcherSettings = process.own
    strangers = Strangers(process.database, archive, process.metrics, own)
    budgets = Budgets(process.database, process.broker, startup.limits_of(process.settings.budgets))
    statements = Statements(process.database, process.broker, own.statement_hours)
    alarms, beats = process.settings.alarms, process.settings.heartbeats
    watcher = watcher_of(
        process.database, process.broker, archive, process.site, alarms, beats, process.settings.credit
    )
    high_water = HighWaterKeeper(process.database, file_of(process.site, process.database))
    return run_service(
        "dispatcher",
        process.broker,
        loops=[
            every(own.scan_seconds, ClockKeeper(process.database).look),
            every(own.scan_seconds, dispatcher.ring_due),
            every(own.scan_seconds, dispatcher.close_gaps),
            every(own.gauge_seconds, dispatcher.measure),
            every(own.gauge_seconds, notifier.notify),
            every(CREDIT_SECONDS, CreditRinger(process.database, process.broker).ring_for_credit),
            every(own.scan_seconds, budgets.let_go_on),
            every(own.scan_seconds, statements.end_pauses),
            every(own.gauge_seconds, statements.ask_for_statements),
            every(REMIND_SECONDS, dispatcher.remind),
            lambda stop: watch(watcher, alarms.every_seconds, stop),
            every(REMIND_SECONDS, strangers.tidy),
            every(TIDY_SECONDS, dispatcher.count_resting),
            every(own.gauge_seconds, damaged.mend),
            every(TRIAL_SECONDS, dispatcher.try_writes),
            every(own.scan_seconds, keeper.beat),
            every(own.gauge_seconds, keeper.measure),
            every(TIDY_SECONDS, keeper.tidy),
            every(TIDY_SECONDS, statements.tidy),
            high_water.loop(own.scan_seconds),
            startup.signs_of_life(process, "dispatcher"),
        ],
        health=process.health,
        bounds=process.bounds(),
    )


if __name__ == "__main__":
    startup.run("dispatcher", main)
