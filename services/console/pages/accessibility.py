"""The declaration of accessibility that French law asks of a site (RGAA 4.1): how far it conforms, since when, whom to
tell what hinders.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from starlette.responses import Response

from intergestan_db.enums import Role
from intergestan_erp.people.rights import read_people
from intergestan_erp.site.setup import list_users
from services.console.visit import Visit

LOOKED_AT: Final = date(2026, 11, 30)
"""When somebody last went through the list of docs/console.md."""


def show(visit: Visit) -> Response:
    """The page; whoever has entered sees the addresses of those who run the site."""
    contacts: list[tuple[str, str]] = []
    if visit.visitor is not None:
        with visit.database.read() as connection:
            who = {each.login for each in read_people(connection) if each.active and Role.ADMINISTRATOR in each.roles}
            contacts = [(each.name, each.email) for each in list_users(connection) if each.login in who]
    return visit.html("accessibility.html", looked_at=LOOKED_AT, contacts=contacts)
