"""The checks of `doctor` that heartbeats answer: whether mails pass, whether the clocks agree; and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said, marked


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
        subject = Said("Heartbeats to {partner}", partner=route.name)
        if route.is_well(now, timedelta(seconds=settings.lost_seconds)):
            yield Finding(subject, True, _trip(route.seconds))
            continue
        never = Said("none of them came back")
        since = Said("none came back since {when}", when=route.returned_at)
        cure = Said("Mails do not pass there or back: look how the site is, then call them.")
        yield Finding(subject, False, never if route.returned_at is None else since, cure, (Act.SHOW_STATUS,))


def check_mails_a_day(checkup: Checkup) -> Iterator[Finding]:
    """How much is left of what the relay takes in a day, and how often heartbeats can go to each partner within it."""
    from intergestan_exchange.health.clock import span
    from intergestan_exchange.heartbeats.heartbeat_budget import count_mails, is_assumed, read_budget
    from intergestan_exchange.heartbeats.heartbeat_plan import ORDERS_FIRST, interval
    from intergestan_exchange.heartbeats.heartbeat_routes import count_active

    now, subject = checkup.database.now(), Said("Mails a day")
    seconds = checkup.heartbeats.every_seconds
    every = timedelta(seconds=seconds)
    with checkup.database.read() as connection:
        budget, assumed, partners = read_budget(connection, every), is_assumed(connection), count_active(connection)
        used = None if budget.limit is None else count_mails(connection, now, budget.limit)
    planned = interval(every, partners, budget) if seconds and partners else None
    told = [Said("the relay takes any number")]
    if used is not None:
        left = marked("{used} of {limit} that the relay takes left within 24 hours")
        told = [Said(left, used=used, limit=budget.limit)]
    if assumed:
        told.append(Said("nobody said how many it takes, this is assumed"))
    if planned is not None:
        told.append(Said("each partner gets a heartbeat every {span}", span=span(round(planned.total_seconds()))))
    elif seconds and partners:
        told.append(Said("there is no room for heartbeats"))
    if used is None or budget.limit is None or used < ORDERS_FIRST * budget.limit:
        yield Finding(subject, True, _all_of(told), next=(Act.SAY_MAILS_PER_DAY,) if assumed else ())
        return
    cure = Said(
        "Heartbeats wait, what is left is for orders. Ask the provider for more, or send through another relay."
    )
    yield Finding(subject, False, _all_of(told), cure)


def check_clocks(checkup: Checkup) -> Iterator[Finding]:
    """Whether our clock was set back lately, and whose differs from it."""
    from intergestan_exchange.health.clock import read_clock, read_partner_clocks, span

    now, subject = checkup.database.now(), Said("Clock")
    with checkup.database.read() as connection:
        ours, theirs = read_clock(connection, now), read_partner_clocks(connection, now)
    if not ours.is_well:
        text = marked("it was set back by {span} within the last hour, or another machine's is ahead by so much")
        cure = Said("Nothing is lost. Set the clocks by NTP: `timedatectl set-ntp true`.")
        yield Finding(subject, False, Said(text, span=span(max(ours.seconds, ours.ahead))), cure)
    for each in theirs:
        ahead = marked("that of {partner} is ahead of ours by {span}")
        behind = marked("that of {partner} is behind ours by {span}")
        text = Said(ahead if each.seconds > 0 else behind, partner=each.name, span=span(each.seconds))
        yield Finding(subject, False, text, Said("Tell them, or set ours by NTP: `timedatectl set-ntp true`."))
    if ours.is_well and not theirs:
        yield Finding(subject, True, Said("nobody set it back lately, and no partner's differs from it"))


def _all_of(sentences: Sequence[Said]) -> Said:
    """Several in one, behind each other."""
    values = {f"said{number}": said for number, said in enumerate(sentences)}
    return Said("; ".join(f"{{{name}}}" for name in values), **values)


def _trip(seconds: float | None) -> Said:
    if seconds is None:
        return Said("none came back within a day, none is missed")
    return Said("the last one took {seconds} s there and back", seconds=seconds)
