"""The demo from its first process to its last answer."""

from __future__ import annotations

import secrets
import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from intergestan_db.enums import SERVICES
from intergestan_runtime.embedded_redis import EmbeddedRedisError
from services.demo import stage, watch
from services.demo.cast import Cast, ProcessFailed
from services.demo.findings import Result, an_order_mail, find_out
from services.demo.leave import Leave
from services.demo.settings import Options
from services.demo.show import Show
from services.demo.stage import Site
from services.demo.texts import speaker

if TYPE_CHECKING:
    from services.demo.guests import Guests

DONE, FAILED = 0, 1


def play(options: Options, folder: Path, started: datetime, leave: Leave) -> int:
    """Run the demo in an empty folder; the exit code."""
    show = Show(speaker(options.language), as_json=options.as_json)
    show.line("making", sites=options.sites, folder=folder)
    with Cast(folder, leave) as cast:
        try:
            guests = _invited(folder) if options.serve else None
            ports = _free_ports(options.sites) if options.serve else []
            sites = _set_up(options, folder, cast, show, guests, ports)
            result = _travel(options, sites, cast, show, started)
            links = [(site.role.name, stage.link_in(site, port)) for site, port in zip(sites, ports, strict=False)]
            _tell(options, folder, sites, result, show)
            if guests is not None:
                stage.leave_to_send(sites[1:])
                _serve(cast, guests, links, show)
        except ProcessFailed as failed:
            show.line("died", name=failed.name, words=_last_words(failed.log), log=failed.log)
            return FAILED
        except EmbeddedRedisError as error:
            show.text(str(error))
            return FAILED
        except watch.Stalled:
            show.line("never_started", seconds=watch.STALL_SECONDS, logs=folder / "*" / "logs")
            return FAILED
    if result.verdict.good and options.keep is None:
        show.line("gone")
    return DONE if result.verdict.good else FAILED


def _invited(folder: Path) -> Guests:
    from services.demo.guests import invite

    return invite(folder)


def _free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody has at this moment, for the pages of the sites."""
    with ExitStack() as taken:
        return [taken.enter_context(socket.create_server((stage.HOST, 0))).getsockname()[1] for _ in range(count)]


def _set_up(
    options: Options, folder: Path, cast: Cast, show: Show, guests: Guests | None, ports: Sequence[int]
) -> list[Site]:
    """All sites, the base first, with their services starting while the later ones are made.

    :param ports: of their pages; without any they have none.
    """
    roles = stage.roles(options.sites)
    passwords = {role.address: secrets.token_urlsafe(12) for role in roles}
    cast.start_servers(passwords, guests)
    sites = []
    for role, port in zip_longest(roles, ports):
        site = stage.make_site(role, folder / role.folder, cast.redis_url, options.language, port)
        stage.open_accounts(site, cast.mail_ports, passwords[role.address])
        cast.start_services(site.config)
        if port is not None:
            cast.start_console(site.config)
        stage.fill_catalogue(site)
        sites.append(site)
        show.line("made", site=role.name)
    base, *distributors = sites
    for distributor in distributors:
        stage.pair(base, distributor, options.language)
    stage.enter_orders(distributors, options.orders, options.lines)
    _await_services(sites, cast, show)
    return sites


def _await_services(sites: Sequence[Site], cast: Cast, show: Show) -> None:
    total = len(sites) * len(SERVICES)

    def look() -> Counter[str]:
        cast.check()
        return Counter(services=watch.services_ready(sites))

    with show.bars(["services"], total) as bars:
        watch.wait(look, lambda counts: counts["services"] == total, bars.show)


def _travel(options: Options, sites: Sequence[Site], cast: Cast, show: Show, started: datetime) -> Result:
    """*Valider* everywhere, and wait for the last answer."""
    base, *distributors = sites

    def look() -> Counter[str]:
        cast.check()
        return watch.progress(base, distributors)

    mails = sum(stage.validate(distributor) for distributor in distributors)
    show.line("orders", orders=options.orders, mails=mails)
    try:
        with show.bars(watch.STAGES, options.orders) as bars:
            watch.wait(look, lambda counts: counts["answered"] >= options.orders, bars.show)
    except watch.Stalled:
        show.line("stalled", seconds=watch.STALL_SECONDS)
    return find_out(started, base, distributors)


def _tell(options: Options, folder: Path, sites: Sequence[Site], result: Result, show: Show) -> None:
    base, distributor, *_ = sites
    show.tables(result)
    mail = an_order_mail(base)
    if mail is not None:
        show.mail(mail)
    if options.keep is not None or options.serve:
        places: dict[str, object] = {"archive": base.archive.root, "one_mail": mail, "logs": folder / "*" / "logs"}
        if options.serve:
            places["metrics"] = f"http://127.0.0.1:{watch.health_port(base, 'importer')}/metrics"
        show.places(places)
        show.commands([base, distributor])
    show.verdict(result, folder)
    if options.as_json:
        print(result.as_json(), flush=True)


def _serve(cast: Cast, guests: Guests, links: Sequence[tuple[str, str]], show: Show) -> None:
    """Until a signal comes, which is how this is meant to end.

    :param links: by which a person enters the pages, by site.
    """
    with suppress(SystemExit):
        show.guests(guests, cast.mail_ports)
        show.pages(links)
        show.line("serving")
        while True:
            cast.check()
            time.sleep(1.0)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "–"
