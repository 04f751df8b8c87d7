"""Whose session a request brings."""

from __future__ import annotations

from dataclasses import replace

from intergestan_db.database import AWAY
from intergestan_erp.people.rights import person_of
from intergestan_erp.people.sessions import find_visitor, needs_sign, note_sign
from intergestan_operations.opening.outage import tell_outage
from services.console.access import cookies
from services.console.visit import Visit


def who_is_there(visit: Visit) -> Visit:
    """The visit with its person, if one is there; now and then it is noted that they are."""
    secret = cookies.session_secret(visit.request)
    if secret is None:
        return visit
    lifetime, now = visit.console.lifetime, visit.now
    with visit.database.read() as connection:
        visitor = find_visitor(connection, secret, lifetime, now)
        if visitor is None or visit.forwarded not in {None, visitor.login}:  # the proxy knows somebody else by now
            return visit
        person = person_of(connection, visitor.user_id, visitor.login)
    if needs_sign(visitor, lifetime, now):
        try:
            with visit.database.transaction() as connection:
                note_sign(connection, visitor.session, now)
        except AWAY as error:  # it may be read all the same
            tell_outage(error, "Nobody can be noted as being there: the base takes no writes.")
    return replace(visit, visitor=visitor, person=person)
