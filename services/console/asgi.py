"""From a request to a page and back: whose host, which page, who is there, may they, is the form ours.

A page's function is plain; it runs in a thread. What goes wrong is a page, too, and loses nothing that was typed.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import structlog
from starlette.datastructures import FormData, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from intergestan_db.database import AWAY
from intergestan_db.problem import Problem
from intergestan_operations.opening.outage import tell_outage
from intergestan_runtime.visible_text import in_one_line
from services.console import faults, headers, language
from services.console.access import cookies, walls
from services.console.access.forwarded import login_of
from services.console.access.rights import may
from services.console.access.second_factor import PATH as SECOND_FACTOR
from services.console.access.second_factor import is_lacking
from services.console.access.sessions import who_is_there
from services.console.api import mount
from services.console.fixed import File
from services.console.route import Function, Page
from services.console.visit import Upload, Visit

if TYPE_CHECKING:
    from services.console.worker import Console

_log = structlog.get_logger(__name__)

MOST_BYTES: Final = 1_000_000
"""So long may a form be; one that brings a file says more."""
MOST_FILE_BYTES: Final = 20_000_000
"""All files of a form together."""
MOST_FIELDS: Final = 20_000
BODY_S: Final = 30.0
HASHES: Final = 2
_LONGEST_NAME = 120
FIXED, NO_PAGE, API, ENTER = "static", "none", "api", "enter"
"""What metrics call files that never change, addresses of no page, and calls of programs."""
READINGS: Final = 2
"""So many requests at once have files read."""
CALLS: Final = 4
"""So many requests at once ask mail servers; each may wait for minutes."""


class TooLong(Exception):
    """More was posted than any form of ours has."""


class Application:
    """The ASGI application of the pages."""

    def __init__(self, console: Console, pages: Sequence[Page]) -> None:
        self._console = console
        self._pages = pages
        self.api = mount.Mounted(console)
        self._hashing = anyio.CapacityLimiter(HASHES)
        self._calling = anyio.CapacityLimiter(CALLS)
        self._reading = anyio.CapacityLimiter(READINGS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "neither WebSockets nor a lifespan are served"
        request = Request(scope, receive)
        began = time.perf_counter()
        if mount.is_below(scope["path"]) and self._find(scope)[0] is None:
            await self._call(request, scope, receive, send, began)
            return
        page, response = await self._respond(request)
        self._console.note_answer(page, response.status_code, time.perf_counter() - began)
        headers.add(response.headers, secure=cookies.is_secure(request))
        await response(scope, receive, send)

    async def _call(self, request: Request, scope: Scope, receive: Receive, send: Send, began: float) -> None:
        """Hand a call of the API on; it is known by its token, never by a cookie."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers.add(MutableHeaders(scope=message), secure=cookies.is_secure(request))
                self._console.note_answer(API, message["status"], time.perf_counter() - began)
            await send(message)

        if not walls.is_our_host(request.headers.get("host", ""), self._console.own.public_host):
            await PlainTextResponse("421 Misdirected Request\n", status_code=421)(scope, receive, noted)
            return
        try:
            await self.api(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 - it was answered and told; Starlette raises it once more
            _log.debug("A failed call was answered.", kind=type(error).__name__)

    async def _respond(self, request: Request) -> tuple[str, Response]:
        """The page's name, as metrics have it, and the answer."""
        if not walls.is_our_host(request.headers.get("host", ""), self._console.own.public_host):
            return NO_PAGE, PlainTextResponse("421 Misdirected Request\n", status_code=421)
        fixed = self._console.fixed.files.get(request.url.path)
        if fixed is not None:
            return FIXED, send_file(fixed, request)
        page, params = self._find(request.scope)
        name = NO_PAGE if page is None else page.name
        is_post = request.method == "POST"
        form = await read_posted(request, 0 if page is None else page.files) if is_post else FormData()
        if isinstance(form, Response):
            return name, form
        limiter = self._limiter(page) if is_post or (page is not None and page.post is None) else None
        try:
            return name, await anyio.to_thread.run_sync(self._answer, request, page, params, form, limiter=limiter)
        finally:
            await form.close()

    def _limiter(self, page: Page | None) -> anyio.CapacityLimiter | None:
        """How many of what takes long go on at once; None: it does not."""
        if page is None:
            return None
        if page.hashes:
            return self._hashing
        if page.files:
            return self._reading
        return self._calling if page.calls_out else None

    def _find(self, scope: Scope) -> tuple[Page | None, Mapping[str, Any]]:
        for page in self._pages:
            params = page.match(scope)
            if params is not None:
                return page, params
        return None, {}

    def _answer(self, request: Request, page: Page | None, params: Mapping[str, Any], form: FormData) -> Response:
        """In a thread: everything that asks the database."""
        visit = self._visit(request, params, form)
        if _has_nul(visit):
            return PlainTextResponse("400 Bad Request\n", status_code=400)
        try:
            visit = who_is_there(visit)
            visit = language.choose(visit)
            if page is None:
                return faults.page(visit, 404)
            function = page.function(request.method)
            if function is None:
                return faults.page(visit, 405)
            return self._admit(visit, page, function)
        except Problem as problem:
            return faults.of_problem(visit, problem)
        except AWAY as error:
            tell_outage(error, "A page could not be made: the base does not take it.")
            return faults.page(visit, 503)
        except Exception as error:  # noqa: BLE001 - told, with a number by which the log is found
            number = secrets.token_hex(4)
            _log.exception("A page failed.", number=number, page=request.url.path, kind=type(error).__name__)
            return faults.page(visit, 500, number=number)

    def _visit(self, request: Request, params: Mapping[str, Any], form: FormData) -> Visit:
        site = self._console.site.read()
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        files: dict[str, list[Upload]] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile) and value.filename:
                files.setdefault(name, []).append(Upload(_plain_name(value.filename), value.file.read))
        return Visit(
            self._console,
            request,
            site,
            language.before_entering(request, site.language),
            site.zone,
            params,
            fields,
            files,
            forwarded=login_of(request, self._console.own),
        )

    def _admit(self, visit: Visit, page: Page, function: Function) -> Response:
        posted = visit.request.method == "POST"
        if posted and not walls.is_ours(visit.request.headers, self._own_origins(visit.request)):
            return faults.page(visit, 403, "foreign")
        if not may(page.access, visit.person):
            return faults.not_entered(visit) if visit.visitor is None else faults.page(visit, 403)
        if posted and not _has_token(visit, page):
            return faults.page(visit, 403, "token")
        if is_lacking(visit, page.name):
            return visit.go(SECOND_FACTOR)
        return function(visit)

    def _own_origins(self, request: Request) -> frozenset[str]:
        own = f"{request.url.scheme}://{request.headers.get('host', '')}".lower()
        public = self._console.own.public_url
        if public is None:
            return frozenset({own})
        parts = urlsplit(public)
        return frozenset({own, f"{parts.scheme}://{parts.netloc}".lower()})

    def again(self, visit: Visit, path: str) -> Response | None:
        """The page at a path of ours with what was typed into it before, for whoever has just entered; None: no page
        of ours, or not theirs.
        """
        parts = urlsplit(walls.own_path(path))
        scope = {**visit.request.scope, "method": "GET", "path": parts.path, "query_string": parts.query.encode()}
        page, params = self._find(scope)
        if page is None or page.get is None or not may(page.access, visit.person) or is_lacking(visit, page.name):
            return None
        return page.get(visit.at(Request(scope), params))


def _has_nul(visit: Visit) -> bool:
    """Whether a character came that no keyboard has and that PostgreSQL takes in no text."""
    asked = visit.query
    sent = (visit.request.url.path, *asked.keys(), *asked.values(), *visit.form.keys(), *visit.form.values())
    return "%00" in visit.request.url.path or any("\0" in each for each in (visit.request.scope["path"], *sent))


def _has_token(visit: Visit, page: Page) -> bool:
    """Also who entered in another tab while the form of one who has not was open here."""
    sent = visit.form.get(walls.TOKEN, "")
    if (visit.visitor is None or page.name == ENTER) and cookies.is_entering(visit.request, sent):
        return True
    return visit.visitor is not None and walls.is_token(sent, visit.visitor.csrf)


async def read_posted(request: Request, files: int) -> FormData | Response:
    """What was posted, with so many files at most; or what is answered to what nobody can read."""
    try:
        return await _read_form(request, files)
    except TooLong:
        return PlainTextResponse("413 Content Too Large\n", status_code=413)
    except TimeoutError:
        return PlainTextResponse("408 Request Timeout\n", status_code=408)
    except (HTTPException, MultiPartException, ClientDisconnect, UnicodeError, ValueError):
        return PlainTextResponse("400 Bad Request\n", status_code=400)


async def _read_form(request: Request, files: int) -> FormData:
    """What was posted, with so many files at most, which stand on disk as long as the request is answered."""
    read, most = 0, MOST_BYTES + (MOST_FILE_BYTES if files else 0)

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise TooLong
        return message

    receive = request._receive  # noqa: SLF001 - Starlette has no public way to bound a body
    async with asyncio.timeout(BODY_S):
        return await Request(request.scope, limited).form(max_files=files, max_fields=MOST_FIELDS, max_part_size=most)


def _plain_name(name: str) -> str:
    """The last part of a name, as it is shown: some browsers say the whole path."""
    return in_one_line(re.split(r"[/\\]", name)[-1])[:_LONGEST_NAME]


def send_file(file: File, request: Request) -> Response:
    """A file that never changes under its name."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    response = Response(file.packed if packed else file.plain, media_type=None)
    response.headers["Content-Type"] = file.content_type
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
