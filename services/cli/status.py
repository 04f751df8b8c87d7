"""`intergestan status`: where everything rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from services.cli.context import call_of
from services.cli.language import _, marked
from services.cli.output import AsJson, cell, print_json, print_table
from services.cli.run import SERVICES

if TYPE_CHECKING:
    from intergestan_site.status import Count, Status

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
)


def status(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show where everything rests: orders, mails, mailboxes, services, and what waits for a person."""
    from intergestan_site.status import read_status

    database = call_of(context).database
    with database.read() as connection:
        found = read_status(connection, database.now())
    if as_json:
        print_json(asdict(found))
        return
    _print_counts(found)
    _print_mailboxes(found)
    _print_relay(found)
    _print_workers(found)
    _print_holds(found)


def _print_counts(found: Status) -> None:
    subjects: Mapping[str, Mapping[str, Count]] = {
        _("Purchase orders"): found.purchase_orders,
        _("Mails sent"): found.outbound,
        _("Mails received"): found.inbound,
        _("Sales orders"): found.sales_orders,
    }
    rows = [
        [subject, _(state), str(count.count), count.oldest]
        for subject, counts in subjects.items()
        for state, count in counts.items()
    ]
    print_table([_("What"), _("State"), _("Count"), _("Oldest")], rows)


def _print_mailboxes(found: Status) -> None:
    if not found.mailboxes:
        return
    typer.echo()
    rows = [
        [box.name, box.owner or _("nobody"), box.last_success_at, str(box.backlog), box.last_error]
        for box in found.mailboxes
    ]
    titles = [_("Mailbox"), _("Polled by"), _("Last read"), _("Backlog"), _("Error")]
    print_table(titles, rows)


def _print_relay(found: Status) -> None:
    typer.echo()
    relay = found.relay
    if relay is None:
        typer.echo(_("Relay: there is none, no mail can leave. `intergestan relay set` names it."))
    elif relay.paused_until is not None:
        text = _("Relay {host} rests until {until}: {error}")
        typer.echo(text.format(host=relay.host, until=cell(relay.paused_until), error=relay.last_error))
    else:
        typer.echo(_("Relay {host}: {error}").format(host=relay.host, error=relay.last_error or _("no error")))


def _print_workers(found: Status) -> None:
    running = Counter(worker.service for worker in found.workers)
    missing = [service for service in SERVICES if service not in running]
    words = ", ".join(f"{service} {running[service]}" for service in SERVICES if service in running)
    typer.echo(_("Services that run: {services}").format(services=words or _("none")))
    if missing:
        text = _("Not running: {services}. `intergestan up` starts all, `intergestan run SERVICE` one.")
        typer.echo(text.format(services=", ".join(missing)))


def _print_holds(found: Status) -> None:
    if not found.holds:
        typer.echo(_("Nothing waits for a person."))
        return
    count = sum(found.holds.values())
    typer.echo(_("Waiting for a person: {count}. `intergestan holds list` shows what.").format(count=count))
