"""The next working day of the site's country, where instalments may fall due on no other (`terms.shift`).

The holidays are those of the package `holidays` (extra `calendar`, ADR 0047), which is loaded when somebody asks.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Site
from intergestan_erp.terms.due import Shift

if TYPE_CHECKING:
    from collections.abc import Container

_FRIDAY = 4
_ELSEWHERE = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    **{code: code for code in ("971", "972", "973", "974", "976")},
    "975": "PM",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
"""The parts of France that have holidays of their own, by the beginning of a postcode."""
_SITE = select(Site.country, Site.postcode)


def next_working_day(connection: Connection) -> Shift:
    """What moves a day to the next on which banks work where the site is.

    :raises Problem: the holidays of its country are not known here.
    """
    country, postcode = connection.execute(_SITE).one()
    days = _holidays(country, _part_of_france(postcode or "") if country == "FR" else None)

    def shift(day: date) -> date:
        while day.weekday() > _FRIDAY or day in days:
            day += timedelta(days=1)
        return day

    return shift


def _part_of_france(postcode: str) -> str | None:
    return _ELSEWHERE.get(postcode[:3]) or _ELSEWHERE.get(postcode[:2])


def _holidays(country: str, part: str | None) -> Container[date]:
    try:
        from holidays import country_holidays
    except ImportError as error:
        raise Problem(
            "The holidays are not known here, because the part «calendar» of Intergestan is not installed. Nothing was "
            "done.",
            ProblemCode.NO_CALENDAR,
            (Act.INSTALL_CALENDAR,),
        ) from error
    try:
        return country_holidays(country, subdiv=part)
    except NotImplementedError as error:
        raise Problem(
            "The holidays of {country} are not known. Nothing was done.",
            ProblemCode.NO_CALENDAR,
            (Act.TERM_SETTINGS,),
            country=country,
        ) from error
