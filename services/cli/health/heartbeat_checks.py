"""The check of `doctor` whether mails pass: by the heartbeats of each partner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intergestan_operations.language.language import _
from services.cli.context import Call
from services.cli.health.finding import Finding
from services.cli.output import cell, tenths


def check_heartbeats(call: Call) -> Iterator[Finding]:
    """One finding for each partner that gets heartbeats."""
    from intergestan_exchange.heartbeats.heartbeat_routes import read_routes

    settings = call.settings.heartbeats
    if settings.every_seconds == 0:
        return
    now = call.unchecked_database.now()
    with call.unchecked_database.read() as connection:
        routes = read_routes(connection)
    for route in routes:
        if not route.active:
            continue
        subject = _("Heartbeats to {partner}").format(partner=route.name)
        if route.is_well(now, timedelta(seconds=settings.lost_seconds)):
            yield Finding(subject, True, _trip(route.seconds))
            continue
        never = _("none of them came back")
        since = _("none came back since {when}").format(when=cell(route.returned_at))
        cure = _("Mails do not pass there or back: look at `intergestan status`, then call them.")
        yield Finding(subject, False, never if route.returned_at is None else since, cure)


def _trip(seconds: float | None) -> str:
    if seconds is None:
        return _("none came back within a day, none is missed")
    return _("the last one took {seconds} s there and back").format(seconds=tenths(seconds))
