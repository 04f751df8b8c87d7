"""The one form, before there is a database: who has the code of the terminal sends it, and a site is made of it."""

from __future__ import annotations

import getpass
import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from intergestan_db.database import AWAY, WeakDurability
from intergestan_db.migrate import NotMigrated
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.people.invitations import plain
from intergestan_erp.site.setup import check_login
from intergestan_operations.language.wording import sentence, wording
from intergestan_operations.opening.lost_database import LostDatabase
from intergestan_runtime.secrets import SecretError
from services.console import headers, language
from services.console.access import cookies, walls
from services.console.asgi import read_posted, send_file
from services.console.beginning.firm import FIELDS, PASSWORD, SIRET, SURE, Firm, first_values, read_firm
from services.console.fixed import Fixed
from services.console.rendering import Renderer

PATH: Final = "/commencer"
CODE: Final = "code"

Make = Callable[[Firm, str, str], str]
"""Makes the site and lets its first person in: what was typed, where the browser is, which browser; its secret."""


_ZONE: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class _Nobody:
    """What the frame of all pages asks of a visit, when nobody is there."""

    visitor: None = None
    person: None = None
    zone: ZoneInfo = _ZONE


@dataclass(frozen=True, slots=True)
class _NoSite:
    """What the frame says of a site that is not made."""

    name: str = "Inter-Gestan"
    code: str = ""


class Beginning:
    """The ASGI application. :ivar made: set once there is a site; whoever asks then waits for its console."""

    def __init__(self, code: str, make: Make) -> None:
        """:param code: what the terminal shows; without it nothing is made."""
        self.made = threading.Event()
        self._code = plain(code)
        self._make = make
        self._fixed = Fixed.read()
        self._renderer = Renderer(self._fixed.urls)
        self._one_at_a_time = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "neither WebSockets nor a lifespan are served"
        request = Request(scope, receive)
        response = await self._respond(request)
        headers.add(response.headers, secure=cookies.is_secure(request))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if not walls.is_our_host(request.headers.get("host", ""), None):
            return PlainTextResponse("421 Misdirected Request\n", status_code=421)
        fixed = self._fixed.files.get(request.url.path)
        if fixed is not None:
            return send_file(fixed, request)
        if request.url.path != PATH:
            return RedirectResponse(PATH, status_code=303)
        if request.method != "POST":
            return await anyio.to_thread.run_sync(self._show, request)
        if not walls.is_ours(request.headers, frozenset({f"http://{request.headers.get('host', '')}".lower()})):
            return PlainTextResponse("403 Forbidden\n", status_code=403)
        form = await read_posted(request, 0)
        if isinstance(form, Response):
            return form
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        return await anyio.to_thread.run_sync(partial(self._take, request, fields))

    def _show(self, request: Request) -> Response:
        if self.made.is_set():
            return self._wait(request, 503)
        response = self._form(request, 200, first_values(_machine_user()))
        cookies.keep_entering(request, response, cookies.entering(request))
        return response

    def _take(self, request: Request, fields: Mapping[str, str]) -> Response:
        with self._one_at_a_time:
            if self.made.is_set():
                return self._wait(request, 200)
            said = language.before_entering(request, "fr")
            values = {name: fields.get(name, "").strip() for name in (*FIELDS, CODE)}
            firm = read_firm(fields, said)
            wrong = firm if isinstance(firm, dict) else {}
            if not hmac.compare_digest(plain(values[CODE]).encode(), self._code.encode()):
                wrong = {
                    CODE: Problem(
                        "This is not the code that the terminal shows beside the address.", ProblemCode.NO_VALUE
                    ),
                    **wrong,
                }
            if wrong or isinstance(firm, dict):
                return self._form(request, 422, values, wrong=wrong, sure=fields.get(SURE, ""))
            client = request.client
            try:
                secret = self._make(firm, "" if client is None else client.host, request.headers.get("user-agent", ""))
            except (Problem, LostDatabase, SecretError, WeakDurability, NotMigrated, OSError, *AWAY) as problem:
                return self._form(request, 422, values, problem=problem)
            self.made.set()
            response = self._wait(request, 200)
            cookies.begin(request, response, secret, None)
            return response

    def _wait(self, request: Request, status: int) -> Response:
        return self._page(request, "beginning/made.html", status)

    def _form(
        self,
        request: Request,
        status: int,
        values: Mapping[str, str],
        *,
        wrong: Mapping[str, Problem] | None = None,
        problem: Exception | None = None,
        sure: str = "",
    ) -> Response:
        said, faults = language.before_entering(request, "fr"), wrong or {}
        return self._page(
            request,
            "beginning/site.html",
            status,
            values={CODE: "", **values},
            wrong={name: sentence(each, said) for name, each in faults.items()},
            problem=None if problem is None else wording(problem, said),
            doubts_siret=SIRET in faults and faults[SIRET].code is ProblemCode.DOUBT,
            sure=sure,
            password_field=PASSWORD,
        )

    def _page(self, request: Request, template: str, status: int, **values: Any) -> Response:
        said = language.before_entering(request, "fr")
        frame = {"visit": _Nobody(), "site": _NoSite(), "menu": [], "path": PATH, "language": said, "token": ""}
        text = self._renderer.page(said, template, {**frame, **values})
        return HTMLResponse(text, status_code=status)


def _machine_user() -> str:
    """Whose login it is here; nothing where the machine knows none that may be one."""
    try:
        login = getpass.getuser()
        check_login(login)
    except (KeyError, OSError, Problem):
        return ""
    return login
