"""Who calls: whose token, for what, and that they may; how often they call."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request

from intergestan_db.database import AWAY, Database
from intergestan_db.enums import Right, Scope
from intergestan_erp.people.rights import Person, person_of
from intergestan_erp.people.tokens import Bearer, count_write, find_bearer, needs_note, note_use
from intergestan_operations.language.wording import sentence
from intergestan_operations.opening.outage import tell_outage
from services.console import language
from services.console.access.rights import Access, may
from services.console.api.problems import Refused, Word

if TYPE_CHECKING:
    from datetime import datetime

    from intergestan_db.problem import Problem
    from intergestan_runtime.said import Said
    from services.console.worker import Console

READS_A_MINUTE: Final = 600
WRITES_A_MINUTE: Final = 60
_LOOKS: Final = frozenset({"GET", "HEAD"})
_BEARER: Final = "bearer"


@dataclass(frozen=True)
class Caller:
    """A program of a person, with what it may at this moment."""

    console: Console
    request: Request
    bearer: Bearer
    person: Person
    language: str

    @property
    def database(self) -> Database:
        """The site's database."""
        return self.console.database

    @cached_property
    def now(self) -> datetime:
        """The moment of this request."""
        return self.database.now()

    @property
    def by(self) -> str:
        """Who acts, as events have it."""
        return self.bearer.by

    def say(self, said: Problem | Said) -> str:
        """A sentence in the caller's language."""
        return sentence(said, self.language)

    def needs(self, right: Right) -> None:
        """:raises Refused: the person does not have this right."""
        if not may(right, self.person):
            raise Refused(403, Word.NOT_ALLOWED, login=self.person.login)


@dataclass(frozen=True)
class Needs:
    """What a call asks of whoever calls: a scope of the token, and that its person may see, or do something."""

    scope: Scope | None
    access: Access | Right = Access.SEE

    def __call__(self, request: Request) -> Caller:
        """Who calls.

        :raises Refused: nobody, or they may not.
        """
        caller = find_caller(request)
        if self.scope is not None and self.scope not in caller.bearer.scopes:
            raise Refused(403, Word.NO_SCOPE_FOR_IT, scope=self.scope)
        if not may(self.access, caller.person):
            raise Refused(403, Word.NOT_ALLOWED, login=caller.person.login)
        return caller


def console_of(request: Request) -> Console:
    """Whose API this is."""
    console: Console = request.app.state.console
    return console


def language_of(request: Request) -> str:
    """The language of sentences: what the request prefers, else the person's own, else the site's."""
    own = getattr(request.state, "own_language", None)
    return language.before_entering(request, own or console_of(request).site.read().language)


def secret_of(request: Request) -> str:
    """What a request says as its token; nothing opens nothing."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == _BEARER else ""


def find_caller(request: Request) -> Caller:
    """Whose token came; it is counted and noted that they call.

    :raises Refused: nobody's, or they call too often.
    """
    console = console_of(request)
    database, now = console.database, console.database.now()
    with database.read() as connection:
        bearer = find_bearer(connection, secret_of(request), now)
        if bearer is None:
            raise Refused(401, Word.NO_BEARER, {"WWW-Authenticate": 'Bearer realm="Intergestan"'})
        person = person_of(connection, bearer.user_id, bearer.login)
    request.state.own_language = bearer.language
    _count(request, bearer, now)
    return Caller(console, request, bearer, person, language_of(request))


def _count(request: Request, bearer: Bearer, now: datetime) -> None:
    console, looks = console_of(request), request.method in _LOOKS
    wait = request.app.state.reads.left_to_wait(bearer.token_id) if looks else 0
    try:
        if not looks:
            with console.database.transaction() as connection:
                wait = count_write(connection, bearer, WRITES_A_MINUTE, now)
        if needs_note(bearer, now):
            with console.database.transaction() as connection:
                note_use(connection, bearer, now)
    except AWAY as error:
        if not looks:
            raise
        tell_outage(error, "The use of a token is not noted: the base takes no writes.")
    if wait:
        raise Refused(429, Word.TOO_MANY_REQUESTS, {"Retry-After": str(wait)}, seconds=wait)


class Reads:
    """How often each token read in this minute. Each process counts its own: reading writes nothing."""

    def __init__(self, most: int = READS_A_MINUTE) -> None:
        self._most = most
        self._minute = 0
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()

    def left_to_wait(self, token_id: int) -> int:
        """Count one; how many seconds it has to wait, 0: none."""
        minute, since = divmod(int(time.monotonic()), 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            self._counts[token_id] = self._counts.get(token_id, 0) + 1
            return 60 - since if self._counts[token_id] > self._most else 0


def claims(route: Any) -> Needs | None:
    """What a route asks of whoever calls; None: nothing."""
    found = [each.call for each in route.dependant.dependencies if isinstance(each.call, Needs)]
    return found[0] if found else None
