"""The seven stations of an order over both sites: which it passed, where it is, and who must act there. Pure.

What the other site did is known by what its signed mails say of themselves, and by what they prove: an answer was
written, so the order had been taken in by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from intergestan_db.enums import PurchaseState, SalesState
from intergestan_exchange.tracing.trace import Story
from intergestan_exchange.tracing.trace_happenings import Happening
from intergestan_msg.answer import AnswerCode


class Station(StrEnum):
    """A station on an order's way."""

    PREPARED = "prepared"
    SENT = "sent"
    TAKEN_BY_SERVER = "taken by the server"
    COLLECTED = "collected"
    TAKEN_IN = "taken in"
    ANSWERED = "answered"
    DELIVERED = "delivered"


class Stands(StrEnum):
    """Where an order stands at a station."""

    PASSED = "passed"
    NOW = "now"
    LATE = "late"
    """It should have passed: somebody must act."""
    TO_COME = "to come"
    NEVER = "never"
    """It ended before."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One station of one order.

    :ivar at: when it passed, or came there if it stands there now.
    :ivar at_latest: that is known by what came later; it may have passed earlier.
    :ivar is_ours: who acts there, we or the partner.
    :ivar hold: what waits for a person here, as people call it.
    """

    station: Station
    stands: Stands
    at: datetime | None = None
    at_latest: bool = False
    is_ours: bool = True
    hold: str | None = None


_BUYERS = (Station.PREPARED, Station.SENT, Station.TAKEN_BY_SERVER)
"""Where the buyer acts; at the others the seller does."""
_OVER = (PurchaseState.REJECTED, PurchaseState.CANCELLED, SalesState.CANCELLED)


def stops_of(story: Story, now: datetime, answer_hours: int) -> tuple[Stop, ...]:
    """The stations of an order that travels by mail; none of one that does not.

    :param answer_hours: after so many, whoever must act is late.
    """
    if story.partner is None:
        return ()
    is_buyer = story.role == "buyer"
    passed = dict(_bought(story) if is_buyer else _sold(story))
    return tuple(_stops(story, passed, now - timedelta(hours=answer_hours), is_buyer=is_buyer))


def is_under_way(stops: Sequence[Stop]) -> bool:
    """Whether more is to come before it is delivered, by itself or by somebody who decides."""
    under_way = (Stands.NOW, Stands.LATE)
    return any(stop.stands in under_way and stop.station is not Station.DELIVERED for stop in stops)


def _stops(
    story: Story, passed: dict[Station, tuple[datetime, bool]], late: datetime, *, is_buyer: bool
) -> Iterator[Stop]:
    stations = tuple(Station)
    last = max((stations.index(station) for station in passed), default=-1)
    since = max((at for at, _ in passed.values()), default=None)
    is_over = story.state in _OVER or story.answer == AnswerCode.REJECTED
    for n, station in enumerate(stations):
        is_ours = (station in _BUYERS) == is_buyer
        if station in passed:
            at, at_latest = passed[station]
            yield Stop(station, Stands.PASSED, at, at_latest, is_ours)
        elif n < last:
            yield Stop(station, Stands.PASSED, _after(stations[n + 1 :], passed), at_latest=True, is_ours=is_ours)
        elif is_over:
            yield Stop(station, Stands.NEVER, is_ours=is_ours)
        elif n > last + 1:
            yield Stop(station, Stands.TO_COME, is_ours=is_ours)
        else:
            hold = next(iter(story.waits), None)
            is_late = station is not Station.DELIVERED and (since is None or since < late)
            stands = Stands.LATE if hold or (is_late and n > 0) else Stands.NOW
            yield Stop(station, stands, since, is_ours=is_ours or hold is not None, hold=hold)


def _after(stations: Sequence[Station], passed: dict[Station, tuple[datetime, bool]]) -> datetime:
    return next(passed[station][0] for station in stations if station in passed)


Passed = Iterator[tuple[Station, tuple[datetime, bool]]]


def _bought(story: Story) -> Passed:
    """Of an order of ours: theirs is known by the answers, each of which was written once the order was taken in."""
    if story.state != PurchaseState.DRAFT:  # who enters an order may confirm it at once
        yield from _first(story, Station.PREPARED, ("purchase_order", {"confirm", "request"}), _ENTERED)
    story = _since_given_up(story)
    yield from _first(story, Station.SENT, ("outbound_mail", {"claim"}))
    yield from _first(story, Station.TAKEN_BY_SERVER, ("outbound_mail", {"accept"}), ("purchase_order", {"transmit"}))
    if composed := _composed(story):
        yield Station.TAKEN_IN, (min(composed), True)
    yield from _first(story, Station.ANSWERED, ("purchase_order", {"accept", "change", "reject"}))
    yield from _first(story, Station.DELIVERED, ("purchase_order", {"receive"}))


def _sold(story: Story) -> Passed:
    """Of an order that came: when it was composed is what their mail says."""
    if composed := _composed(story):
        yield Station.PREPARED, (min(composed), False)
    came = [each.received_at for each in story.mails if each.direction == "in" and each.received_at is not None]
    if came:
        yield Station.COLLECTED, (min(came), False)
    yield from _first(story, Station.TAKEN_IN, ("sales_order", {"create"}))
    yield from _first(story, Station.ANSWERED, ("answer", {"AP", "CA", "RE"}))
    yield from _first(story, Station.DELIVERED, ("sales_order", {"deliver"}))


def _composed(story: Story) -> list[datetime]:
    """When the mails that came were written, as they say."""
    return [each.composed_at for each in story.mails if each.direction == "in" and each.composed_at is not None]


def _since_given_up(story: Story) -> Story:
    """What happened since the order was confirmed anew: a mail that was given up carries it nowhere."""
    given_up = [n for n, each in enumerate(story.happened) if _is(each, "purchase_order", {"abandon"})]
    return replace(story, happened=story.happened[given_up[-1] :]) if given_up else story


_ENTERED = ("purchase_order", {"import", "enter"})


def _first(story: Story, station: Station, *told: tuple[str, AbstractSet[str]]) -> Passed:
    """When it first happened; what is named first counts before the others."""
    for subject, events in told:
        found = next((each.at for each in story.happened if _is(each, subject, events)), None)
        if found is not None:
            yield station, (found, False)
            return


def _is(each: Happening, subject: str, events: AbstractSet[str]) -> bool:
    return each.subject == subject and each.event in events
