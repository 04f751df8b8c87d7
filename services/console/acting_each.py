"""A form that does something with each of many: one transaction for each, and one line for what came of it.

Sent twice it is done once: who comes second sees the lines of the first. They stand at an address of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.people.once import begin_once, end_once, read_once
from services.console.acting import act_key, form_digest
from services.console.visit import Visit

RESULT: Final = "resultat"
"""In an address: the form whose lines are shown."""
_DONE: Final = 303


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one of them.

    :ivar said: the sentence, in the language of whoever acts. :ivar ok: it was done.
    :ivar links: addresses and their words: what was made, or the cure. :ivar bells: what became due.
    """

    said: str
    ok: bool = True
    links: tuple[tuple[str, str], ...] = ()
    bells: Bells = field(default_factory=Bells, compare=False)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The lines of a form. :ivar under_way: it is being carried out, or was broken off."""

    rows: tuple[Outcome, ...]
    under_way: bool

    @property
    def all_done(self) -> bool:
        """Whether nothing is to be looked at."""
        return not self.under_way and all(each.ok for each in self.rows)


def each_once(visit: Visit, do: Callable[[], Iterable[Outcome]], to: str) -> Response:
    """Do it, unless this very form did it before; then on to the page that shows what came of each.

    :param do: does them one by one; what it raises ends it, and what was done stays and is told.
    :param to: the address of that page.
    :raises Problem: the form was sent before with other contents.
    """
    key, user_id = act_key(visit), visit.who.user_id
    with visit.database.transaction() as connection:
        claim: dict[str, Any] = {"route": visit.request.url.path, "digest": form_digest(visit), "at": visit.now}
        before = begin_once(connection, user_id, key, **claim)
    if before is None:
        _carry_out(visit, do, key)
    elif not before.is_same:
        raise Problem(
            "This form was sent already with other contents; nothing was done now. To do it again, open its page anew.",
            ProblemCode.CHANGED_MEANWHILE,
        )
    return visit.go(to + ("&" if "?" in to else "?") + urlencode({RESULT: key}))


def _carry_out(visit: Visit, do: Callable[[], Iterable[Outcome]], key: str) -> None:
    found: list[Outcome] = []
    try:
        for each in do():
            visit.console.ring(each.bells)
            found.append(each)
    finally:
        body = json.dumps([[each.said, each.ok, list(each.links)] for each in found], ensure_ascii=False)
        with visit.database.transaction() as connection:
            end_once(connection, visit.who.user_id, key, status=_DONE, body=body)


def outcomes(connection: Connection, visit: Visit) -> Outcomes | None:
    """What the address asks to be shown of a form that was carried out; None: nothing, or it is another one's."""
    key = visit.query.get(RESULT, "")
    before = read_once(connection, visit.who.user_id, key) if key else None
    if before is None or before.status not in {0, _DONE} or (before.body and not before.body.startswith("[")):
        return None
    rows = json.loads(before.body) if before.body else []
    found = tuple(Outcome(said, ok, tuple((path, word) for path, word in links)) for said, ok, links in rows)
    return Outcomes(found, before.status == 0)
