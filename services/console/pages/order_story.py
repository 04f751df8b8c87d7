"""*Histoire d'une commande*: the seven stations of an order over both sites, and all that happened on its way."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.tracing.stations import Stop, is_under_way, stops_of
from intergestan_exchange.tracing.trace import Story, trace
from intergestan_exchange.tracing.trace_happenings import Happening
from intergestan_operations.language.code_words import answer
from intergestan_operations.language.happenings import what
from intergestan_operations.language.trace_words import CARRIES, ROLES, STATIONS, details, reasons_of, span
from intergestan_operations.language.wording import sentence
from services.console.visit import Visit

PATH: Final = "/histoire"
TROUBLES: Final = "ennuis"
"""What stands in the address of a page that tells only what went wrong."""
_SOON_MS: Final = 3000
_OTHERS_MS: Final = 15000


def find(visit: Visit) -> Response:
    """A field for a number; with one, on to its story."""
    typed = visit.query.get("n", "").strip()
    return visit.go(address(typed)) if typed else visit.html("story/find.html", typed="", said=None)


def show(visit: Visit) -> Response:
    """The stories of the orders that an address names: our number, theirs, or a mail's transfer id."""
    text = visit.params["text"]
    try:
        with visit.database.read() as connection:
            stories = trace(connection, text)
    except Problem as problem:
        if problem.code not in {ProblemCode.NO_ORDER, ProblemCode.NOT_BOOKED}:
            raise
        return visit.html("story/find.html", status=404, typed=text, said=sentence(problem, visit.language))
    troubles = visit.query.get(TROUBLES) == "1"
    shown = [_Shown.of(visit, story, troubles=troubles) for story in stories]
    moving = [each for each in shown if is_under_way(each.stops)]
    return visit.html(
        "story/story.html",
        text=text,
        shown=shown,
        again=_pause(moving, visit),
        troubles=troubles,
        own_path=address(text),
        roles=ROLES,
        carries=CARRIES,
        stations=STATIONS,
        answer=partial(answer, language=visit.language),
    )


def address(text: str) -> str:
    """Where the story of an order is told."""
    return f"{PATH}/{quote(text, safe='')}"


@dataclass(frozen=True, slots=True)
class _Line:
    """What happened, in words. `mail`: its number among the mails of the story."""

    at: datetime
    after: str
    site: str
    who: str
    what: str
    details: str
    mail: int | None
    is_trouble: bool
    is_theirs: bool


@dataclass(frozen=True, slots=True)
class _Shown:
    """A story, its stations, and its lines."""

    story: Story
    stops: tuple[Stop, ...]
    lines: tuple[_Line, ...]
    elapsed: Mapping[str, str]

    @property
    def title(self) -> str:
        """What people call the order."""
        return self.story.number or self.story.their_number or ""

    @classmethod
    def of(cls, visit: Visit, story: Story, *, troubles: bool) -> _Shown:
        language = visit.language
        reasons = reasons_of(story, language)
        numbers = {letter.transfer_id: n for n, letter in enumerate(story.mails, 1)}
        stops = stops_of(story, visit.now, visit.console.answer_hours)

        def line(each: Happening) -> _Line:
            return _Line(
                at=each.at,
                after=span(each.at - story.happened[0].at, language),
                site=each.site,
                who=each.who or "",
                what=what(each.subject, each.event, language),
                details=details(each.detail, reasons, language),
                mail=numbers.get(each.mail or ""),
                is_trouble=each.is_trouble,
                is_theirs=each.site == story.partner,
            )

        told = [each for each in story.happened if each.is_trouble or not troubles]
        return cls(story, stops, tuple(map(line, told)), _elapsed(stops, language))


def _elapsed(stops: tuple[Stop, ...], language: str) -> dict[str, str]:
    """How long the order took from each station to the next."""
    passed: list[Any] = [stop for stop in stops if stop.at is not None and stop.stands == "passed"]
    pairs = itertools.pairwise(passed)
    return {after.station: span(after.at - before.at, language) for before, after in pairs}


def _pause(moving: list[_Shown], visit: Visit) -> int | None:
    """So many milliseconds until the page asks again; None: nothing comes by itself any more."""
    if not moving:
        return None
    newest = max((line.at for each in moving for line in each.lines), default=visit.now)
    return _SOON_MS if (visit.now - newest).total_seconds() < 600 else _OTHERS_MS
