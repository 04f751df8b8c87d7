"""`intergestan up`: the whole site on this machine, under one supervisor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Sequence
from functools import partial
from typing import TYPE_CHECKING

import typer

from intergestan_db.enums import ALLOCATOR, CONSOLE, GEOCODER, SERVICES
from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _
from intergestan_operations.opening.older_database import refuse_older_database
from services.cli.context import Call, call_of
from services.cli.output import say
from services.cli.running.run import log_here, service_child
from services.cli.shown import sentence

if TYPE_CHECKING:
    from intergestan_runtime.supervisor import Child

LOOK_S = 0.1


def up(context: typer.Context) -> None:
    """Run the whole site until told to stop: every service, and the embedded Redis where no other is configured.

    The geocoder is among them where `intergestan settings set geo.provider` has chosen whom to ask, the allocator where
    the dossier manages stock and reservations, the console where its extra is installed.
    """
    raise typer.Exit(run_site(call_of(context)))


def run_site(call: Call, when_up: Callable[[threading.Event], object] = lambda _stop: None) -> int:
    """Until told to stop; the exit code.

    :param when_up: is called, in a thread, once all services run, with what says that they are to stop.
    """
    from intergestan_operations.opening.private_files import keep_private
    from intergestan_runtime.stopping import stop_on_signals
    from intergestan_runtime.supervisor import Supervisor

    for said in keep_private(call.site, call.unchecked_database):
        say(sentence(said))
    refuse_older_database(call.site, call.unchecked_database)
    before, services = _living(call), wanted_services(call)
    children = [*_redis(call), *(service_child(call, service) for service in services)]
    supervisor = Supervisor(children, as_json=log_here(call))
    stop = stop_on_signals()
    watching = threading.Thread(target=_say_ready, args=(call, services, before, stop, when_up), daemon=True)
    watching.start()
    code = supervisor.run(stop)
    stop.set()
    watching.join()
    return code


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
        raise Problem(
            "The site in {folder} runs already: stop that first.", ProblemCode.BUSY, folder=call.site.data_dir
        )
    there = partial(server_pid, embedded.url)
    return [
        Child(
            "redis", embedded.argv, ready=lambda: there() is not None, silent_seconds=call.settings.cli.silent_seconds
        )
    ]


def wanted_services(call: Call) -> tuple[str, ...]:
    """What this site runs. What cannot start, because its extra is missing, stays away: a supervisor would end orders
    over it.
    """
    from importlib.util import find_spec

    from intergestan_erp.site.geo_rules import read_geo
    from intergestan_erp.stock.waiting import count_remainders

    with call.database.read() as connection:
        is_asked = read_geo(connection).provider is not None
        wanted = SERVICES if count_remainders(connection) is None else (*SERVICES, ALLOCATOR)
    if find_spec("starlette") is not None and find_spec("uvicorn") is not None:
        wanted = (*wanted, CONSOLE)
    if is_asked and find_spec("geopy") is None:
        say(_("The geocoder does not run, because its extra is not installed: pip install 'intergestan[geocoder]'."))
        return wanted
    return (*wanted, GEOCODER) if is_asked else wanted


def _living(call: Call) -> dict[str, str]:
    """The service of each worker that lives, by its name, which no other process has."""
    from intergestan_db.leases import living_workers

    with call.database.read() as connection:
        return living_workers(connection, call.database.now())


def _say_ready(
    call: Call,
    services: Sequence[str],
    before: Container[str],
    stop: threading.Event,
    then: Callable[[threading.Event], object],
) -> None:
    """Say so once every service has given its first sign of life. By names: somebody may set the clock meanwhile.

    :param before: the workers that lived before, perhaps of a run that was killed just now.
    """
    from intergestan_runtime.notify import Notifier

    while not stop.wait(LOOK_S):
        if {service for name, service in _living(call).items() if name not in before} >= set(services):
            Notifier().ready("All services run.")
            say(_("The site is up: all services run. Ctrl-C stops them."))
            then(stop)
            return
