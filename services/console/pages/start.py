"""Home: what stands still and why, what waits to be sent, what is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_exchange.health.alarm_text import sentence
from intergestan_exchange.listing.first_steps import read_first_steps
from intergestan_exchange.partners.partners import Redirected, order_addresses_changed
from services.console.access.rights import may
from services.console.pages.to_do import CURES, next_act
from services.console.visit import Visit

AGAIN_MS: Final = 10000
TOLD: Final = timedelta(days=7)
"""So long administrators are told that orders of a supplier go elsewhere."""


def show(visit: Visit) -> Response:
    """The page."""
    picture = visit.console.pictures.read()
    alarms = [
        (alarm, sentence(alarm, visit.language), None if alarm.since is None else visit.instant(alarm.since))
        for alarm in picture.alarms
    ]
    redirected: Sequence[Redirected] = ()
    steps = None
    if may(Right.SET_ACCOUNTS, visit.person):
        with visit.database.read() as connection:
            steps = read_first_steps(connection)
            redirected = order_addresses_changed(connection, visit.now - TOLD)
    may_send = may(Right.SEND_ORDERS, visit.person)
    oldest = [(hold, hold.what(visit.language), next_act(visit, hold)) for hold in picture.oldest]
    return visit.html(
        "start.html",
        picture=picture,
        alarms=alarms,
        redirected=redirected,
        begins=steps is not None and not steps.is_over,
        may_send=may_send,
        oldest=oldest,
        cures=CURES,
        to_do=lambda: picture.to_do,
        again=AGAIN_MS,
    )
