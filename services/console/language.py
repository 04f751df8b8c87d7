"""In which language and zone a page is: the person's own, else what the browser asks for, else the site's."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from intergestan_erp.site.day import zone_of
from intergestan_operations.language.language import LANGUAGES
from services.console.visit import Visit

ASKED = "langue"
"""What an address has that wants this one page in a language."""


def before_entering(request: Request, of_site: str) -> str:
    """The language of a page as long as nobody is known."""
    asked = request.query_params.get(ASKED)
    if asked in LANGUAGES:
        return asked
    return _accepted(request.headers.get("accept-language", "")) or of_site


def choose(visit: Visit) -> Visit:
    """The visit in its person's language and zone."""
    visitor = visit.visitor
    if visitor is None:
        return visit
    asked = visit.query.get(ASKED)
    own = asked if asked in LANGUAGES else visitor.language
    zone = zone_of(visitor.timezone) if visitor.timezone else visit.site.zone
    return replace(visit, language=own or visit.language, zone=zone)


def _accepted(header: str) -> str | None:
    """The first of our languages by what a browser prefers; a weight that is none counts as the least."""
    wanted = []
    for place, part in enumerate(header.split(",")):
        name, _, weight = part.partition(";")
        try:
            value = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            value = 0.0
        wanted.append((-value, place, name.strip()[:2].lower()))
    return next((name for _weight, _place, name in sorted(wanted) if name in LANGUAGES), None)
