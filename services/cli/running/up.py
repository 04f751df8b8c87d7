"""`intergestan up`: the whole site on this machine, under one supervisor."""

from __future__ import annotations

import threading
from collections.abc import Container
from functools import partial
from typing import TYPE_CHECKING

import typer

from intergestan_db.problem import Problem
from intergestan_operations.language.language import _
from intergestan_operations.language.wording import sentence
from services.cli.context import Call, call_of
from services.cli.output import say
from services.cli.running.history import refuse_older_database
from services.cli.running.run import SERVICES, log_here, service_child

if TYPE_CHECKING:
    from intergestan_runtime.supervisor import Child

LOOK_S = 0.1


def up(context: typer.Context) -> None:
    """Run the whole site until told to stop: every service, and the embedded Redis where no other is configured."""
    from intergestan_operations.opening.private_files import keep_private
    from intergestan_runtime.stopping import stop_on_signals
    from intergestan_runtime.supervisor import Supervisor

    call = call_of(context)
    for said in keep_private(call.site, call.unchecked_database):
        say(sentence(said))
    refuse_older_database(call)
    before = _living(call)
    children = [*_redis(call), *(service_child(call, service) for service in SERVICES)]
    supervisor = Supervisor(children, as_json=log_here(call))
    stop = stop_on_signals()
    watching = threading.Thread(target=_say_ready, args=(call, before, stop), daemon=True)
    watching.start()
    code = supervisor.run(stop)
    stop.set()
    watching.join()
    raise typer.Exit(code)


def _redis(call: Call) -> list[Child]:
    """The embedded server, which the services need first; nothing where another Redis is configured.

    :raises Problem: it runs already, so this site does.
    """
    if call.site.redis_url is not None:
        return []
    from intergestan_runtime.embedded_redis import EmbeddedRedis, server_binary, server_pid
    from intergestan_runtime.supervisor import Child

    server_binary()  # refuses here what the supervisor would start again and again
    embedded = EmbeddedRedis(call.site.data_dir)
    if server_pid(embedded.url) is not None:
        raise Problem("The site in {folder} runs already: stop that first.", folder=call.site.data_dir)
    there = partial(server_pid, embedded.url)
    return [
        Child(
            "redis", embedded.argv, ready=lambda: there() is not None, silent_seconds=call.settings.cli.silent_seconds
        )
    ]


def _living(call: Call) -> dict[str, str]:
    """The service of each worker that lives, by its name, which no other process has."""
    from intergestan_db.leases import living_workers

    with call.database.read() as connection:
        return living_workers(connection, call.database.now())


def _say_ready(call: Call, before: Container[str], stop: threading.Event) -> None:
    """Say so once every service has given its first sign of life. By names: somebody may set the clock meanwhile.

    :param before: the workers that lived before, perhaps of a run that was killed just now.
    """
    from intergestan_runtime.notify import Notifier

    while not stop.wait(LOOK_S):
        if {service for name, service in _living(call).items() if name not in before} >= set(SERVICES):
            Notifier().ready("All services run.")
            say(_("The site is up: all services run. Ctrl-C stops them."))
            return
