"""`python -m services.sender`: wires the sender and runs it until it is told to stop."""

from __future__ import annotations

from collections.abc import Sequence

from intergestan_db.enums import NoticeAbout
from intergestan_operations.starting import startup
from intergestan_runtime.service import run_service
from intergestan_runtime.steps import NOTIFY, SEND
from services.sender import notify
from services.sender.deliver import Timeouts
from services.sender.notify import NoticeSender
from services.sender.settings import SenderProcess, SenderSettings
from services.sender.worker import Connections, Sender, declare

STOP_SECONDS = 11 * 60
"""Longer than the wait for the reply to a final dot: stopping must not make an outcome unknown."""
MORE_SECONDS = 60
"""What a delivery takes besides the conversation: it is not to be taken for one that hangs."""


def main(argv: Sequence[str]) -> int:
    """Run a sender; its exit code."""
    process, _ = startup.start("sender", SenderProcess, argv)
    own: SenderSettings = process.own
    timeouts = Timeouts(connect=own.hello_seconds, before_dot=own.before_dot_seconds, after_dot=own.after_dot_seconds)
    connections = Connections(timeouts, process.password_of)
    sender = Sender(process.database, process.metrics, process.worker, process.own, connections, process.tracer)
    declare(process.broker, sender)
    settings: SenderProcess = process.settings
    readers = {NoticeAbout.HOLDS: settings.notices.to, NoticeAbout.ALARMS: settings.alarms.to}
    notices = NoticeSender(process.database, process.metrics, process.worker, process.own, connections, readers)
    notify.declare(process.broker, notices)
    code = run_service(
        "sender",
        process.broker,
        steps=[SEND, NOTIFY],
        threads=process.own.threads,
        loops=[startup.signs_of_life(process, "sender", sender.claims, notices.claims, chore=sender.bring_near)],
        health=process.health,
        stop_seconds=STOP_SECONDS,
        bounds=process.bounds(process.own.before_dot_seconds + process.own.after_dot_seconds + MORE_SECONDS),
    )
    connections.close()
    return code


if __name__ == "__main__":
    startup.run("sender", main)
