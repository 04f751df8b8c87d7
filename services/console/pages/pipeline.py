"""*Exploitation*: the way of orders and answers through the site on one page, with the figures that Prometheus gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from intergestan_db.enums import PurchaseState
from intergestan_exchange.health.alarm_text import acts_of, cure, sentence
from intergestan_exchange.health.alarms import Alarm
from intergestan_exchange.health.vitals import COMPOSE, IMPORT, NOBODY, PENDING, SEND, Vitals
from intergestan_runtime.said import marked
from services.console.pages.mailboxes import path_of
from services.console.pages.operating import PIPELINE, Link, links, parts_of
from services.console.visit import Visit

AGAIN_MS: Final = 5000

COMPOSING, SENDING, READING, IMPORTING, LOOKING = (
    marked("writes and signs the mails that were asked for"),
    marked("hands mails to the mail server"),
    marked("reads the mailboxes"),
    marked("takes in orders and answers"),
    marked("looks what is late, and wakes the others"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One service on the way: what it does, whether a process of it lives, what waits for it."""

    service: str
    does: str
    lives: bool
    waiting: int | None
    since: datetime | None


def steps_of(vitals: Vitals) -> list[Step]:
    """The way, in its order. The dispatcher is beside it."""
    by_step = {"composer": COMPOSE, "sender": SEND, "importer": IMPORT}
    does = {
        "composer": COMPOSING,
        "sender": SENDING,
        "poller": READING,
        "importer": IMPORTING,
        "dispatcher": LOOKING,
    }
    found = []
    for service, text in does.items():
        step = by_step.get(service)
        waiting = None if step is None else vitals.pending.get(step, NOBODY)
        found.append(
            Step(
                service,
                text,
                service in vitals.services,
                None if waiting is None else waiting.count,
                None if waiting is None else waiting.since,
            )
        )
    return found


def show(visit: Visit) -> Response:
    """The page."""
    picture = visit.console.pictures.read()
    vitals = picture.vitals
    orders = [(state, vitals.purchase_orders.get(state, 0)) for state in (PurchaseState.CONFIRMED, *PENDING[1:])]
    return visit.html(
        "operations/pipeline.html",
        picture=picture,
        parts=parts_of(visit, PIPELINE),
        alarms=[_told(visit, alarm) for alarm in picture.alarms],
        steps=steps_of(vitals),
        orders=orders,
        vitals=vitals,
        mailboxes=sorted(vitals.mailboxes.items()),
        routes=sorted(vitals.routes.items()),
        endings=_endings(vitals),
        again=AGAIN_MS,
        hours=visit.console.pictures.hours(),
        box_path=path_of,
        hour=lambda at: f"{at.astimezone(visit.zone):%H:%M}",
    )


def _told(visit: Visit, alarm: Alarm) -> tuple[Alarm, str, str, list[Link]]:
    """What is wrong, what to do first, and where it is done."""
    language = visit.language
    return alarm, sentence(alarm, language), cure(alarm, language), links(visit, acts_of(alarm), alarm.about)


def _endings(vitals: Vitals) -> list[tuple[str, str, datetime]]:
    """What ends, the soonest first: the last key of a site, the certificate of a server."""
    keys = [(marked("key of {name}"), name, at) for name, at in vitals.keys.items() if at is not None]
    certificates = [(marked("certificate of {name}"), name, at) for name, at in vitals.certificates.items()]
    return sorted([*keys, *certificates], key=lambda each: each[2])
