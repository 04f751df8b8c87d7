"""Home: what stands still and why, what waits to be sent, what is waited for."""

from __future__ import annotations

from starlette.responses import Response

from intergestan_exchange.health.alarm_text import sentence
from services.console.visit import Visit


def show(visit: Visit) -> Response:
    """The page."""
    picture = visit.console.pictures.read()
    alarms = [(alarm, sentence(alarm, visit.language)) for alarm in picture.alarms]
    return visit.html("start.html", picture=picture, alarms=alarms)
