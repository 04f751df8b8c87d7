"""What changes, as it changes (Server-Sent Events): nothing is left out and nothing comes twice, also after a break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Annotated, Any, Final

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from intergestan_db.database import AWAY
from intergestan_db.enums import Right, Scope
from intergestan_erp.people.rights import person_of
from intergestan_erp.people.tokens import find_bearer
from intergestan_exchange.listing import news
from intergestan_exchange.listing.news import News, Place
from intergestan_operations.opening.outage import tell_outage
from services.console.access.rights import Access, may
from services.console.api.caller import Caller, Needs, secret_of
from services.console.api.problems import Refused, Word
from services.console.api.values import answer, plain
from services.console.live import Watcher

router = APIRouter(tags=["Events"])

SIGN_S: Final = 15.0
"""So often a stream without news shows that it is there, and looks whether its token still counts."""
WAIT_MS: Final = 2000
"""So long a program waits before it comes again."""
PLACE: Final = r"^[0-9]{1,19}\.[0-9]{1,19}$"


class Told(BaseModel):
    """An event of the audit log, and the place behind it."""

    place: str
    at: str
    who: str
    subject: str
    of: str | None
    name: str
    old: str | None
    new: str | None


class Collected(BaseModel):
    """Events in the order in which none is missed."""

    items: list[Told]
    next: str


@router.get("/events/since", name="events since", response_model=Collected)
def collect(
    caller: Annotated[Caller, Depends(Needs(Scope.OPERATE_READ, Right.OPERATE))],
    place: Annotated[str, Query(pattern=PLACE, description="`next` of the call before; `0.0`: from the beginning.")],
    limit: Annotated[int, Query(ge=1, le=news.MOST)] = 50,
) -> Response:
    """The audit log for whoever collects it: the oldest first, behind a place. `next` is the place to go on from; an
    event is told only when no earlier one can still come.
    """
    with caller.database.read() as connection:
        start = _start(connection, place)
        found = news.read_news(connection, start, most=limit)
    items = [{**plain(each), "place": str(each.place)} for each in found]
    return answer({"items": items, "next": str(found[-1].place if found else start)})


@router.get(
    "/stream",
    name="stream",
    response_model=None,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events."}},
)
def stream(
    caller: Annotated[Caller, Depends(Needs(None))],
    last_event_id: Annotated[
        str | None, Header(pattern=PLACE, description="Behind which place to begin; what is left out: now.")
    ] = None,
) -> Response:
    """`event: change` for each change of what the token may read: its subject, what people call it, its new state. `id`
    is the place behind it, which `Last-Event-ID` takes. The first event, `here`, has the place where the stream begins.
    """
    with caller.database.read() as connection:
        start = news.present_place(connection) if last_event_id is None else _start(connection, last_event_id)
    watcher = caller.console.watcher
    if not watcher.open(caller.bearer.token_id):
        raise Refused(429, Word.TOO_MANY_STREAMS, {"Retry-After": "60"})
    return Streamed(caller, start, watcher)


def _start(connection: Any, written: str) -> Place:
    place = news.read_place(written)
    if place is None or not news.is_of_this_base(connection, place):
        raise Refused(410, Word.PLACE_GONE, place=str(news.present_place(connection)))
    return place


class Streamed(StreamingResponse):
    """An answer that goes on, and gives its room back whatever ends it."""

    def __init__(self, caller: Caller, start: Place, watcher: Watcher) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_told(caller, start, watcher), media_type="text/event-stream", headers=headers)
        self._watcher, self._token_id = watcher, caller.bearer.token_id

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Send until one of both has enough."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._watcher.close(self._token_id)


async def _told(caller: Caller, start: Place, watcher: Watcher) -> AsyncIterator[str]:
    place = start
    yield f"retry: {WAIT_MS}\n{_written('here', place, {'place': str(place)})}"
    async with watcher.listening():
        while not watcher.is_over:
            changed = watcher.news
            scopes, found = await anyio.to_thread.run_sync(_read, caller, place)
            if scopes is None:
                return
            for each in found:
                place = each.place
                if each.subject in news.OF and news.OF[each.subject] in scopes:
                    yield _written("change", place, _of(each))
            if found:
                continue
            try:
                await asyncio.wait_for(changed.wait(), SIGN_S)
            except TimeoutError:
                yield ": still here\n\n"


def _read(caller: Caller, place: Place) -> tuple[Iterable[Scope] | None, list[News]]:
    """What the token may still see, None: nothing, and what happened behind a place."""
    try:
        with caller.database.read() as connection:
            bearer = find_bearer(connection, secret_of(caller.request), caller.database.now())
            if bearer is None or not may(Access.SEE, person_of(connection, bearer.user_id, bearer.login)):
                return None, []
            return bearer.scopes, news.read_news(connection, place)
    except AWAY as error:
        tell_outage(error, "News are not told: the base does not answer.")
        return (), []


def _of(each: News) -> Mapping[str, str | None]:
    return {"subject": each.subject, "ref": each.of, "event": each.name, "state": each.new, "at": plain(each.at)}


def _written(event: str, place: Place, said: Mapping[str, str | None]) -> str:
    return f"id: {place}\nevent: {event}\ndata: {json.dumps(said, ensure_ascii=False)}\n\n"
