"""*Carte*: where third parties lie (T26), as a list; nothing leaves the console before a person opens a map."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from intergestan_erp.listing.places import list_places
from services.console.pages.filters import paging_of
from services.console.pages.tiers import GEO, PATH, party_path
from services.console.visit import Visit

MAP: Final = f"{PATH}/carte"
_ELSEWHERE: Final = "https://www.openstreetmap.org/"
"""A map that a person may open, in a tab of its own."""


def show(visit: Visit) -> Response:
    """A page of the addresses whose position is known, or those of one third party."""
    paging = paging_of(visit, MAP, ("code",))
    code = visit.query.get("code", "").strip()
    with visit.database.read() as connection:
        page = list_places(connection, code or None, **paging.where)
    return visit.html(
        "tiers/map.html", page=page, paging=paging, code=code, geo=GEO, to_party=party_path, to_map=_to_map
    )


def _to_map(latitude: object, longitude: object) -> str:
    return f"{_ELSEWHERE}?{urlencode({'mlat': str(latitude), 'mlon': str(longitude), 'zoom': '16'})}"
