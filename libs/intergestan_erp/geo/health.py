"""How the looking up of addresses stands: for people, gauges and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.geo.answers import Trouble
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.geo.usage import read_usage
from intergestan_erp.geo.waiting import count_waiting

Rest = Literal["cap", "key"]


@dataclass(frozen=True, slots=True)
class Geocoding:
    """A site that asks somebody. :ivar rests: why nothing is looked up before a person acts, or the month ends."""

    provider: str
    waiting: int
    calls: int
    calls_left: int
    rests: Rest | None = None


def read_geocoding(connection: Connection, rule: GeoRule, month: str, now: datetime) -> Geocoding | None:
    """How it stands; None: nobody is asked."""
    if rule.provider is None:
        return None
    usage = read_usage(connection, rule.provider_name, month)
    left = max(0, rule.calls_per_month - usage.calls)
    rests: Rest | None = None
    if usage.because is Trouble.KEY and usage.rests(now):
        rests = "key"
    elif not left:
        rests = "cap"
    return Geocoding(rule.provider_name, count_waiting(connection), usage.calls, left, rests)


def cap_reached(calls: int) -> Problem:
    """What is said where the cap of the month is reached."""
    return Problem(
        "{calls} look-ups were made this month, as many as allowed; the others go on next month.",
        ProblemCode.GEO_CAP,
        (Act.GEO_SETTINGS,),
        calls=calls,
    )
