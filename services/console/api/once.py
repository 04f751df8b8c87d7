"""A call that changes something: in one transaction, and once for each Idempotency-Key.

The row that keeps the answer is written with the act itself, so that of two calls at once the second one waits for the
first and gets its answer. What is refused leaves no row, and may be tried again with the same key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_erp.people.once import begin_once, end_once, was_done
from intergestan_operations.acting.requesting import request
from services.console.api.caller import Caller
from services.console.api.mount import PATH
from services.console.api.problems import Refused, Word
from services.console.api.values import written

_TOLD: Final = "Keeps the answer for 48 hours: the same call with the same key gets it again, and does nothing."
KeyText = Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$", description=_TOLD)]


@dataclass(frozen=True, slots=True)
class Key:
    """By which a call does its act once; None: each call does it."""

    text: str | None


def any_key(idempotency_key: KeyText = None) -> Key:
    """A key, where the call brings one."""
    return Key(idempotency_key)


def own_key(idempotency_key: KeyText = None) -> Key:
    """A key that the call must bring: what it does cannot be undone."""
    if idempotency_key is None:
        raise Refused(422, Word.KEY_MISSING)
    return Key(idempotency_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an act did.

    :ivar value: what is answered; None: nothing (204). :ivar location: where what was made is, below the API.
    :ivar version: of the thing as it is now. :ivar bells: what became due, at `ring_at` if that is given.
    :ivar mail: the mail of ours that was asked for, with which a trace goes on.
    """

    value: Any = None
    status: int = 200
    location: str | None = None
    version: int | None = None
    bells: Bells = field(default_factory=Bells)
    ring_at: datetime | None = None
    mail: int | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: str
    headers: dict[str, str]
    done: Done | None


def once(
    caller: Caller, key: Key, said: BaseModel | None, do: Callable[[Connection], Done], *, traced: bool = False
) -> Response:
    """Do it, or answer as before.

    :param said: what the call said. :param do: what it raises undoes all. :param traced: it asks for a mail.
    """
    act = partial(_act, caller=caller, key=key, digest=_digest(caller, said), do=do)
    if traced:
        console = caller.console
        found = request(caller.database, console.tracer, act, lambda each: each.done.mail if each.done else None)
    else:
        with caller.database.transaction() as connection:
            found = act(connection)
    if found.done is not None:
        caller.console.ring(found.done.bells, found.done.ring_at)
    body = found.body.encode()
    media_type = "application/json" if body else None
    return Response(body, status_code=found.status, media_type=media_type, headers=found.headers)


def done_before(caller: Caller, key: Key, said: BaseModel | None) -> Response | None:
    """The answer to this very call where it was carried out already, whatever became of its subject since; else None.

    For an act that looks before its transaction at what it changes itself.
    """
    if key.text is None:
        return None
    with caller.database.read() as connection:
        if not was_done(connection, caller.bearer.user_id, _kept(key.text)):
            return None

    def never(_connection: Connection) -> Done:
        raise AssertionError("the call was carried out a moment ago")

    return once(caller, key, said, never)


def once_of_many(caller: Caller, key: Key, said: BaseModel | None, act: Callable[[], Done]) -> Response:
    """Do what is several transactions, or answer as before.

    :param act: done once more it does nothing twice, so that a call that was interrupted is simply made again.
    """
    before = done_before(caller, key, said)
    if before is not None:
        return before
    done = act()
    return once(caller, key, said, lambda _connection: done)


def _kept(key: str) -> str:
    """What the database has in place of a key: no key of a form."""
    return f"api:{hashlib.sha256(key.encode()).hexdigest()}"


def _act(connection: Connection, *, caller: Caller, key: Key, digest: str, do: Callable[[Connection], Done]) -> _Answer:
    user_id = caller.bearer.user_id
    kept = None if key.text is None else _kept(key.text)
    if kept is not None:
        route = f"{caller.request.method} {caller.request.url.path}"
        before = begin_once(connection, user_id, kept, route=route, digest=digest, at=caller.now)
        if before is not None:
            if not before.is_same:
                raise Refused(422, Word.KEY_REUSED)
            told = json.loads(before.body)
            return _Answer(before.status, told["body"], {**told["headers"], "Idempotency-Replayed": "true"}, None)
    done = do(connection)
    headers = {} if done.location is None else {"Location": f"{PATH}{done.location}"}
    if done.version is not None:
        headers["ETag"] = f'"{done.version}"'
    body = "" if done.value is None else written(done.value).decode()
    answer = _Answer(204 if done.value is None else done.status, body, headers, done)
    if kept is not None:
        told = json.dumps({"body": answer.body, "headers": headers})
        end_once(connection, user_id, kept, status=answer.status, body=told)
    return answer


def _digest(caller: Caller, said: BaseModel | None) -> str:
    """Of all that the call says."""
    body = "" if said is None else said.model_dump_json()
    seen = caller.request.headers.get("if-match", "")
    return hashlib.sha256(f"{caller.request.url.query}\n{seen}\n{body}".encode()).hexdigest()
