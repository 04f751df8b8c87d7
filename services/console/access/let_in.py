"""The answer to whoever has just entered: on to where they were going, with what they had typed there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response

from intergestan_erp.people.rights import person_of
from intergestan_erp.people.sessions import find_visitor
from services.console import language
from services.console.access import cookies
from services.console.access.walls import masked
from services.console.visit import Visit


def let_in(
    visit: Visit, login: str, secret: str, retour: str, typed: Mapping[str, str], *, lasting: bool = False
) -> Response:
    """Give the browser its session.

    In the dialog over a page that is open, the page stays as it is and gets the token of the new session. Where another
    page's form was sent without a session, that page comes again, filled and not sent.
    """
    with visit.database.read() as connection:
        visitor = find_visitor(connection, secret, visit.console.lifetime, visit.now)
        assert visitor is not None, "it was begun a moment ago"
        person = person_of(connection, visitor.user_id, login)
    entered = language.choose(replace(visit, visitor=visitor, person=person))
    response = go_on(entered, retour, typed)
    cookies.begin(visit.request, response, secret, visit.console.lifetime.longest if lasting else None)
    return response


def go_on(visit: Visit, retour: str, typed: Mapping[str, str]) -> Response:
    """On to where they were going; what was typed there stands in it again."""
    if visit.is_partial and "dialogue" in visit.form:
        told = {"intergestan:entered": {"token": masked(visit.who.csrf), "login": visit.who.login}}
        return Response(headers={"HX-Trigger": json.dumps(told), "Content-Type": "text/html; charset=utf-8"})
    if typed:
        filled = visit.console.application.again(visit.with_kept(typed), retour)
        if filled is not None:
            return filled
    return visit.go(retour)
