"""A form that does something: once, whatever is clicked, reloaded or sent again; the next page tells what it did.

Each such form has two hidden fields: `jeton`, by which it is known as ours, and `jeton_acte`, made anew with each page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.people.once import begin_once, end_once, was_done
from intergestan_erp.people.sessions import tell
from intergestan_operations.acting.requesting import request
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console.access.walls import TOKEN
from services.console.faults import is_secret
from services.console.visit import ACT, Visit

_SEE_OTHER: Final = 303
_KEY: Final = re.compile(r"[0-9A-Za-z-]{16,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act did.

    :ivar to: the page to go on to, which may be asked for again at any time.
    :ivar said: what that page says of it, above all else, once; `link`: a path and its word, to what was made.
    :ivar bells: what became due, at `ring_at` if that is given.
    :ivar mail: the mail of ours that was asked for, with which a trace goes on.
    """

    to: str
    said: Said | None = None
    link: tuple[str, str] | None = None
    bells: Bells = field(default_factory=Bells)
    ring_at: datetime | None = None
    mail: int | None = None


def once(visit: Visit, do: Callable[[Connection], Done], *, traced: bool = False, again: bool = False) -> Response:
    """Do it in one transaction, unless this very form did it before; then on to the page that shows what was made.

    :param do: what it raises undoes all, and the form may be sent again. :param traced: it asks for a mail.
    :param again: it takes a number or a code that somebody else may take at the same moment: then it is done once more.
    """
    act = partial(_once, visit=visit, do=do)
    try:
        done = _carried_out(visit, act, traced=traced)
    except IntegrityError:
        if not again:
            raise
        done = _carried_out(visit, act, traced=traced)
    visit.console.ring(done.bells, done.ring_at)
    return visit.go(done.to)


def _carried_out(visit: Visit, act: Callable[[Connection], Done], *, traced: bool) -> Done:
    if traced:
        return request(visit.database, visit.console.tracer, act, lambda found: found.mail)
    with visit.database.transaction() as connection:
        return act(connection)


def done_before(visit: Visit) -> Response | None:
    """Where this very form was carried out already, that is told, whatever became of its subject since; else None.

    For an act that looks before its transaction at what it changes itself.
    """
    with visit.database.read() as connection:
        if not was_done(connection, visit.who.user_id, visit.form.get(ACT, "")):
            return None

    def never(_connection: Connection) -> Done:
        raise AssertionError("the form was carried out a moment ago")

    return once(visit, never)


def act_key(visit: Visit) -> str:
    """By what a form does its act once.

    :raises Problem: it has nothing of the kind.
    """
    key = visit.form.get(ACT, "")
    if not _KEY.fullmatch(key):
        raise Problem(
            "This form is not whole, so nothing was done. Open its page again, and send it from there.",
            ProblemCode.NO_VALUE,
        )
    return key


def _once(connection: Connection, *, visit: Visit, do: Callable[[Connection], Done]) -> Done:
    key = act_key(visit)
    user_id, route = visit.who.user_id, visit.request.url.path
    before = begin_once(connection, user_id, key, route=route, digest=form_digest(visit), at=visit.now)
    if before is None:
        done = do(connection)
        end_once(connection, user_id, key, status=_SEE_OTHER, body=done.to)
    elif before.is_same:
        done = Done(to=before.body, said=Said("This was done already at {time}.", time=visit.clock(before.at)))
    else:
        text = Said(
            "This form was sent already at {time}, with other contents; nothing was done now. To do it again, open its "
            "page anew.",
            time=visit.clock(before.at),
        )
        done = Done(to=before.body, said=text)
    if done.said is not None:
        tell(connection, visit.who.session, _told(visit, done.said, done.link))
    return done


def _told(visit: Visit, said: Said, link: tuple[str, str] | None) -> dict[str, str]:
    text = {"text": sentence(said, visit.language, visit.zone)}
    return text if link is None else {**text, "path": link[0], "word": link[1]}


def form_digest(visit: Visit) -> str:
    """Of all that the form says, but for its tokens and for secrets."""
    fields = sorted((name, value) for name, value in visit.form.items() if name not in {TOKEN, ACT})
    open_fields = [(name, value) for name, value in fields if not is_secret(visit, name)]
    return hashlib.sha256(urlencode(open_fields).encode()).hexdigest()
