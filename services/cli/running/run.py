"""`intergestan run`: one or several services of the site; `intergestan console`: where its pages are."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import OPTIONAL_SERVICES, SERVICES
from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.output import AsJson

if TYPE_CHECKING:
    from intergestan_runtime.supervisor import Child

STOP_SECONDS = {"sender": 11 * 60.0}
"""Between SIGTERM and SIGKILL, where a service needs longer: a mail whose dot was sent must hear its reply."""


def run(
    context: typer.Context,
    *,
    services: Annotated[
        list[str],
        typer.Argument(
            metavar="SERVICE …", help="composer, sender, poller, importer, dispatcher, geocoder, allocator, console."
        ),
    ],
    mailboxes: Annotated[
        list[str] | None,
        typer.Option(
            "--mailbox", metavar="NAME", help="The only mailboxes that the poller takes; several with commas."
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N|auto", help="The share of the mailboxes that the poller takes."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="The poller's name; the host's, with a number, by default."),
    ] = None,
) -> None:
    """Run services until told to stop (SIGTERM, Ctrl-C). One becomes this process; several are supervised."""
    there_are = (*SERVICES, *OPTIONAL_SERVICES)
    unknown = [service for service in services if service not in there_are]
    if unknown:
        text = _("There is no service {names}: there are {services}.")
        raise typer.BadParameter(text.format(names=", ".join(unknown), services=", ".join(there_are)))
    poller = _of_poller(mailboxes or [], shard, name)
    if poller and "poller" not in services:
        raise typer.BadParameter(_("--mailbox, --shard and --name are for the poller."))
    call = call_of(context)
    wanted = list(dict.fromkeys(services))
    if len(wanted) == 1:
        command = service_command(call, wanted[0], poller)
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    raise typer.Exit(_supervise(call, wanted, poller))


def service_command(call: Call, service: str, poller: Sequence[str] = ()) -> list[str]:
    """The command that becomes a service of this site; `poller` are the poller's own options."""
    command = [sys.executable, "-m", f"services.{service}"]
    if call.config is not None:
        command += ["--config", str(Path(call.config).absolute())]
    if service == "poller":
        command += poller
    return command


def _of_poller(mailboxes: Sequence[str], shard: str | None, name: str | None) -> list[str]:
    """The options that only the poller has."""
    names = [one for each in mailboxes for one in each.split(",") if one]
    options = ["--mailbox", *names] if names else []
    options += ["--shard", shard] if shard else []
    return options + (["--name", name] if name else [])


def _supervise(call: Call, services: Sequence[str], poller: Sequence[str]) -> int:
    from intergestan_runtime.stopping import stop_on_signals
    from intergestan_runtime.supervisor import Supervisor

    children = [service_child(call, service, poller) for service in services]
    return Supervisor(children, as_json=log_here(call)).run(stop_on_signals())


def service_child(call: Call, service: str, poller: Sequence[str] = ()) -> Child:
    """A service for a supervisor. It writes into a pipe; at a terminal its log is for a person all the same."""
    from intergestan_runtime.supervisor import Child

    readable = call.settings.log.form == "auto" and sys.stderr.isatty()
    return Child(
        service,
        service_command(call, service, poller),
        environment={"INTERGESTAN_LOG__FORM": "console"} if readable else {},
        stop_seconds=STOP_SECONDS.get(service, 30.0),
        silent_seconds=call.settings.cli.silent_seconds,
    )


def log_here(call: Call) -> bool:
    """The supervisor's own log, in one stream with the others; whether that is for machines."""
    from intergestan_runtime import logs

    logs.configure("supervisor", form=call.settings.log.form, level=call.settings.log.level)
    return logs.writes_json()


def console(
    context: typer.Context,
    *,
    new: Annotated[
        Path | None, typer.Option("--new", metavar="FOLDER", help="Make a site in this folder, in the browser; run it.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open them in this machine's browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say where the pages of the site are, and whether they answer. `intergestan up` serves them.

    With --new an empty folder becomes a site: this prints an address at which a form makes it, then runs it. The same
    command goes on where one left.
    """
    from services.cli.output import print_json, say

    if new is not None:
        from services.cli.running.first_run import begin

        raise typer.Exit(begin(context, new, opens=open_))
    call = call_of(context)
    url, runs = address_of(call), _runs(call)
    if as_json:
        print_json({"url": url, "runs": runs})
    else:
        typer.echo(url)
        if not runs:
            say(_("The console does not run: `intergestan up` or `intergestan run console` starts it."))
    if open_ and runs:
        typer.launch(url)


def address_of(call: Call) -> str:
    """Where a browser finds the pages of this site."""
    from intergestan_runtime.settings_load import load
    from services.cli.settings import PagesSettings

    return load(PagesSettings, {}, call.config).console.url


def _runs(call: Call) -> bool:
    from intergestan_db.enums import CONSOLE
    from intergestan_db.leases import living_workers

    with call.database.read() as connection:
        return CONSOLE in living_workers(connection, call.database.now()).values()
