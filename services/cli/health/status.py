"""`intergestan status`: where everything rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from intergestan_db.enums import SERVICES
from intergestan_operations.language.language import _, ngettext, spoken
from intergestan_runtime.said import marked
from services.cli.context import Call, call_of
from services.cli.output import AsJson, print_json, print_table
from services.cli.shown import cell, tenths, wording

if TYPE_CHECKING:
    from intergestan_exchange.health.alarms import Machine
    from intergestan_exchange.health.resting import Count
    from intergestan_exchange.health.status import MailboxStatus, Status

STATES = (
    marked("requested"),
    marked("composed"),
    marked("sending"),
    marked("sent"),
    marked("unknown"),
    marked("answered"),
    marked("held"),
    marked("abandoned"),
    marked("archived"),
    marked("done"),
    marked("alien"),
    marked("review"),
    *(marked("auto"), marked("on"), marked("off")),
)


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show where everything rests: orders, mails, mailboxes, services, and what waits for a person."""
    from intergestan_exchange.health.status import read_status

    call = call_of(context)
    database = call.database
    with database.read() as connection:
        found = read_status(connection, database.now(), call.site.answer_hours)
    machine = _machine(call)
    if as_json:
        print_json({**asdict(found), "redis": machine.redis_away, "machine": asdict(machine)})
        return
    _print_machine(machine)
    _print_clock(found)
    _print_counts(found)
    _print_mailboxes(found)
    _print_relay(found)
    _print_workers(found)
    _print_routes(found)
    _print_unanswered(found)
    _print_paused(found)
    _print_resting(found)
    _print_holds(found)


def _machine(call: Call) -> Machine:
    """What the base's rows cannot tell, as far as it is found out at once: of a bucket it is not."""
    from intergestan_db.write_trial import refusal
    from intergestan_exchange.health.alarms import Machine
    from intergestan_exchange.mailboxes.archive_rows import count_kept
    from intergestan_operations.checks.archive_check import try_archive
    from intergestan_operations.opening.stores import open_archive
    from intergestan_runtime.archive import ArchiveError

    error, room = None, None
    if call.site.archive_url is None:
        archive = open_archive(call.site)
        try:
            try_archive(archive, lambda: count_kept(call.database))
        except ArchiveError as found:
            error = wording(found)
        room = archive.room()
    return Machine(error, room, None, None, refusal(call.database), redis_away=_redis_away(call))


def _redis_away(call: Call) -> str | None:
    """Why Redis does not answer."""
    from intergestan_exchange.findings.system_words import text_of
    from intergestan_runtime.embedded_redis import EmbeddedRedis
    from intergestan_runtime.redis_ping import silence

    said = silence(call.site.redis_url or EmbeddedRedis(call.site.data_dir).url, seconds=2)
    return said if said is None or said.error is None else text_of(said.error, said, said.place)


def _print_machine(machine: Machine) -> None:
    """In the words in which `watch` says it."""
    from intergestan_exchange.health.alarm_text import sentence
    from intergestan_exchange.health.alarms import of_machine

    for alarm in of_machine(machine):
        typer.echo(sentence(alarm, spoken()))


def _print_clock(found: Status) -> None:
    from intergestan_exchange.health.clock import span

    clock = found.clock
    if clock.set_back_at is not None:
        text = _("The clock of this machine was set back by {span}; that was noticed on {when}.")
        typer.echo(text.format(span=span(clock.seconds), when=cell(clock.set_back_at)))
    elif clock.ahead:
        text = _("The newest entries lie {span} in the future: the clock was set back, or another machine's is ahead.")
        typer.echo(text.format(span=span(clock.ahead)))
    for each in found.clocks:
        ahead, behind = (
            _("The clock of {partner} is ahead of ours by {span}."),
            _("The clock of {partner} is behind ours by {span}."),
        )
        typer.echo((ahead if each.seconds > 0 else behind).format(partner=each.name, span=span(each.seconds)))


def _seen(instant: datetime | None, found: Status) -> datetime | str | None:
    """A time that lies in the past; else it is of a clock that was set back since."""
    from intergestan_exchange.health.clock import is_in_future

    return _("in the future") if instant is not None and is_in_future(instant, found.at) else instant


def _print_counts(found: Status) -> None:
    subjects: Mapping[str, Mapping[str, Count]] = {
        _("Purchase orders"): found.purchase_orders,
        _("Mails sent"): found.outbound,
        _("Mails received"): found.inbound,
        _("Sales orders"): found.sales_orders,
    }
    rows = [
        [subject, _(state), str(count.count), _seen(count.oldest, found)]
        for subject, counts in subjects.items()
        for state, count in counts.items()
    ]
    print_table([_("What"), _("State"), _("Count"), _("Oldest")], rows)


def _print_mailboxes(found: Status) -> None:
    if not found.mailboxes:
        return
    typer.echo()
    rows = [
        [box.name, _holder(box), box.pinned_to, _seen(box.last_success_at, found), str(box.backlog), box.last_error]
        for box in found.mailboxes
    ]
    titles = [_("Mailbox"), _("Polled by"), _("Pinned to"), _("Last read"), _("Backlog"), _("Error")]
    print_table(titles, rows)
    if len(found.pollers) > 1:
        typer.echo()
        pollers = [[one.name, _takes(one.takes), str(one.holds)] for one in found.pollers]
        print_table([_("Poller"), _("Takes"), _("Has")], pollers)


def _holder(box: MailboxStatus) -> str:
    """Who has it; and who is about to; or who says that nobody shall."""
    if not box.active:
        return _("out of use")
    if box.rests_since is not None:
        return _("paused by {who}: {why}").format(who=box.rests_by, why=box.rests_reason)
    now = box.poller or box.owner or _("nobody")
    return now if box.should in {None, box.poller} else f"{now} → {box.should}"


def _takes(takes: Mapping[str, Any]) -> str:
    if "shard" in takes:
        return "{}/{}".format(*takes["shard"])
    return ", ".join(takes["mailboxes"]) if "mailboxes" in takes else _("its share")


def _print_relay(found: Status) -> None:
    from intergestan_msg.diagnosis import told

    typer.echo()
    relay = found.relay
    if relay is None:
        typer.echo(_("Relay: there is none, no mail can leave. `intergestan relay set` names it."))
        return
    error = told(relay.last_error, spoken()) if relay.last_error else _("no error")
    if relay.paused_until is not None:
        text = _("Relay {host} rests until {until}: {error}")
        typer.echo(text.format(host=relay.host, until=cell(relay.paused_until), error=error))
    else:
        typer.echo(_("Relay {host}: {error}").format(host=relay.host, error=error))


def _print_workers(found: Status) -> None:
    running = Counter(worker.service for worker in found.workers)
    missing = [service for service in SERVICES if service not in running]
    words = ", ".join(f"{service} {running[service]}" for service in SERVICES if service in running)
    typer.echo(_("Services that run: {services}").format(services=words or _("none")))
    if missing:
        text = _("Not running: {services}. `intergestan up` starts all, `intergestan run SERVICE` one.")
        typer.echo(text.format(services=", ".join(missing)))


def _print_routes(found: Status) -> None:
    rows = [
        [
            route.code,
            _(route.policy),
            _seen(route.sent_at, found),
            _seen(route.returned_at, found),
            None if route.seconds is None else f"{tenths(route.seconds)} s",
            str(route.late),
            str(route.lost),
        ]
        for route in found.routes
        if route.active or route.sent_at is not None
    ]
    if not rows:
        return
    typer.echo()
    titles = [_("Heartbeats to"), _("Sent when"), _("Last sent"), _("Last back"), _("Round trip")]
    print_table([*titles, _("Late today"), _("Lost today")], rows)
    typer.echo()


def _print_unanswered(found: Status) -> None:
    if found.unanswered:
        text = ngettext(
            "Without an answer for too long: {count} order. `intergestan orders list --unanswered` shows which.",
            "Without an answer for too long: {count} orders. `intergestan orders list --unanswered` shows which.",
            found.unanswered,
        )
        typer.echo(text.format(count=found.unanswered))


def _print_paused(found: Status) -> None:
    for each in found.paused:
        text = ngettext(
            "Booking of the orders of {partner} rests since the restore of {since}: {count} mail waits.",
            "Booking of the orders of {partner} rests since the restore of {since}: {count} mails wait.",
            each.mails,
        )
        typer.echo(text.format(partner=each.name, since=cell(each.since), count=each.mails))


def _print_resting(found: Status) -> None:
    for each in found.resting:
        texts = {
            "sending": _("Nothing leaves to {partner}: {who} paused it on {when} ({why})."),
            "booking": _("Orders of {partner} wait: {who} paused it on {when} ({why})."),
            "both": _("Nothing leaves to {partner}, and their orders wait: {who} paused it on {when} ({why})."),
        }
        said = {"partner": each.name, "who": each.by, "when": cell(each.since), "why": each.reason}
        typer.echo(texts[each.what].format(**said))


def _print_holds(found: Status) -> None:
    if not found.holds:
        typer.echo(_("Nothing waits for a person."))
        return
    count = sum(found.holds.values())
    typer.echo(_("Waiting for a person: {count}. `intergestan holds list` shows what.").format(count=count))
