"""The checks of `doctor` that heartbeats answer: whether mails pass, whether the clocks agree; and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.language.figures import cell, tenths
from intergestan_operations.language.language import _


def check_heartbeats(checkup: Checkup) -> Iterator[Finding]:
    """One finding for each partner that gets heartbeats."""
    from intergestan_exchange.heartbeats.heartbeat_routes import read_routes

    settings = checkup.heartbeats
    if settings.every_seconds == 0:
        return
    now = checkup.database.now()
    with checkup.database.read() as connection:
        routes = read_routes(connection, now)
    for route in routes:
        if not route.active:
            continue
        subject = _("Heartbeats to {partner}").format(partner=route.name)
        if route.is_well(now, timedelta(seconds=settings.lost_seconds)):
            yield Finding(subject, True, _trip(route.seconds))
            continue
        never = _("none of them came back")
        since = _("none came back since {when}").format(when=cell(route.returned_at))
        cure = _("Mails do not pass there or back: look how the site is, then call them.")
        yield Finding(subject, False, never if route.returned_at is None else since, cure, (Act.SHOW_STATUS,))


def check_mails_a_day(checkup: Checkup) -> Iterator[Finding]:
    """How much is left of what the relay takes in a day, and how often heartbeats can go to each partner within it."""
    from intergestan_exchange.health.clock import span
    from intergestan_exchange.heartbeats.heartbeat_budget import count_mails, is_assumed, read_budget
    from intergestan_exchange.heartbeats.heartbeat_plan import ORDERS_FIRST, interval
    from intergestan_exchange.heartbeats.heartbeat_routes import count_active

    now, subject = checkup.database.now(), _("Mails a day")
    seconds = checkup.heartbeats.every_seconds
    every = timedelta(seconds=seconds)
    with checkup.database.read() as connection:
        budget, assumed, partners = read_budget(connection, every), is_assumed(connection), count_active(connection)
        used = None if budget.limit is None else count_mails(connection, now, budget.limit)
    planned = interval(every, partners, budget) if seconds and partners else None
    told = [_("the relay takes any number")]
    if used is not None:
        left = _("{used} of {limit} that the relay takes left within 24 hours")
        told = [left.format(used=used, limit=budget.limit)]
    if assumed:
        told.append(_("nobody said how many it takes, this is assumed"))
    if planned is not None:
        told.append(_("each partner gets a heartbeat every {span}").format(span=span(round(planned.total_seconds()))))
    elif seconds and partners:
        told.append(_("there is no room for heartbeats"))
    if used is None or budget.limit is None or used < ORDERS_FIRST * budget.limit:
        yield Finding(subject, True, "; ".join(told), next=(Act.SAY_MAILS_PER_DAY,) if assumed else ())
        return
    cure = _("Heartbeats wait, what is left is for orders. Ask the provider for more, or send through another relay.")
    yield Finding(subject, False, "; ".join(told), cure)


def check_clocks(checkup: Checkup) -> Iterator[Finding]:
    """Whether our clock was set back lately, and whose differs from it."""
    from intergestan_exchange.health.clock import read_clock, read_partner_clocks, span

    now, subject = checkup.database.now(), _("Clock")
    with checkup.database.read() as connection:
        ours, theirs = read_clock(connection, now), read_partner_clocks(connection, now)
    if not ours.is_well:
        text = _("it was set back by {span} within the last hour, or another machine's is ahead by so much")
        cure = _("Nothing is lost. Set the clocks by NTP: `timedatectl set-ntp true`.")
        yield Finding(subject, False, text.format(span=span(max(ours.seconds, ours.ahead))), cure)
    for each in theirs:
        ahead = _("that of {partner} is ahead of ours by {span}")
        behind = _("that of {partner} is behind ours by {span}")
        text = (ahead if each.seconds > 0 else behind).format(partner=each.name, span=span(each.seconds))
        yield Finding(subject, False, text, _("Tell them, or set ours by NTP: `timedatectl set-ntp true`."))
    if ours.is_well and not theirs:
        yield Finding(subject, True, _("nobody set it back lately, and no partner's differs from it"))


def _trip(seconds: float | None) -> str:
    if seconds is None:
        return _("none came back within a day, none is missed")
    return _("the last one took {seconds} s there and back").format(seconds=tenths(seconds))
