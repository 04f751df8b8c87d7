"""The application of the API: its resources, and how all that may go wrong is answered."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from intergestan_db.database import AWAY
from intergestan_db.problem import EntryProblems, FileProblems, Problem
from intergestan_db.states import StaleState
from intergestan_operations.opening.outage import tell_outage
from services.console.api import (
    agencies,
    agency_orders,
    books,
    documents,
    holds,
    invoice_runs,
    mails,
    parties,
    partners,
    payments,
    picking_slips,
    polls,
    prices,
    products,
    purchase_orders,
    quotes,
    rules,
    sales_orders,
    site,
    stock,
    stream,
)
from services.console.api.caller import Reads, claims, language_of
from services.console.api.mount import PATH, TooLong, TooSlow
from services.console.api.problems import Refused, Word, of_entry, of_fields, of_problem, of_refusal
from services.console.api.shapes import ProblemDetails

if TYPE_CHECKING:
    from services.console.worker import Console

_log = structlog.get_logger(__name__)

RESOURCES: Final[tuple[APIRouter, ...]] = (
    site.router,
    purchase_orders.router,
    stock.router,
    sales_orders.router,
    quotes.router,
    documents.router,
    parties.router,
    payments.router,
    invoice_runs.router,
    rules.router,
    picking_slips.router,
    agencies.router,
    agency_orders.router,
    prices.router,
    books.router,
    mails.router,
    polls.router,
    holds.router,
    partners.router,
    products.router,
    stream.router,
)
_OF_HTTP: Final = {
    400: Word.UNREADABLE_REQUEST,
    404: Word.NOTHING_THERE,
    405: Word.NO_SUCH_METHOD,
    415: Word.OTHER_MEDIA_TYPE,
}
_LOOKS: Final = frozenset({"GET", "HEAD"})


def calls() -> list[APIRoute]:
    """Every call that there is."""
    return [route for router in RESOURCES for route in router.routes if isinstance(route, APIRoute)]


def methods_of(route: APIRoute) -> set[str]:
    """The methods that a call takes."""
    return route.methods or set()


def make(console: Console) -> FastAPI:
    """The API of a console."""
    application = FastAPI(
        title="Intergestan",
        version="1",
        summary="Purchase orders between independent ERP bases, by e-mail.",
        description="Amounts are texts, instants are UTC, days are ISO 8601. What goes wrong is told by RFC 9457.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": PATH}],
        root_path_in_servers=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": {"model": ProblemDetails, "description": "Refused; nothing was changed."}},
    )
    application.state.console = console
    application.state.reads = Reads()
    for router in RESOURCES:
        application.include_router(router)
    for kind, handler in _HANDLERS.items():
        application.add_exception_handler(kind, handler)
    _describe(application)
    return application


def _describe(application: FastAPI) -> None:
    """The address of the description says what FastAPI does not: problems' media type, tokens, what a call needs."""
    made = application.openapi

    def openapi() -> dict[str, Any]:
        if application.openapi_schema is None:
            _complete(made())
        assert application.openapi_schema is not None
        return application.openapi_schema

    application.openapi = openapi  # type: ignore[method-assign]


def _complete(schema: dict[str, Any]) -> None:
    schema.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "`ig_…`, made by an administrator."}
    }
    needs = {(route.path_format, method.lower()): claims(route) for route in calls() for method in methods_of(route)}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                if status.startswith("4") and "application/json" in response.get("content", {}):
                    response["content"] = {"application/problem+json": response["content"]["application/json"]}
            operation["responses"].pop("422", None)
            need = needs.get((path, method))
            if need is not None:
                operation["security"] = [{"token": []}]
                operation["x-scope"] = need.scope
                operation["x-access"] = str(need.access)


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return of_refusal(error, language_of(request))


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return of_problem(error, language_of(request), looks=request.method in _LOOKS)


def _entry(request: Request, error: Exception) -> Response:
    assert isinstance(error, EntryProblems | FileProblems)
    return of_entry(error, language_of(request))


def _stale(request: Request, _error: Exception) -> Response:
    return of_refusal(Refused(409, Word.STATE_MOVED), language_of(request))


def _fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return of_refusal(Refused(400, Word.UNREADABLE_REQUEST), language_of(request))
    return of_fields([_field(each) for each in found], language_of(request))


def _field(error: Any) -> dict[str, Any]:
    where, *path = error["loc"]
    place = {"pointer": "".join(f"/{part}" for part in path)} if where == "body" else {where: "/".join(map(str, path))}
    return {**place, "detail": error["msg"]}


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, TooLong | TooSlow):
        return _too_much(request, cause)
    word = _OF_HTTP.get(error.status_code)
    if word is None:
        return of_refusal(Refused(400, Word.UNREADABLE_REQUEST), language_of(request))
    return of_refusal(Refused(error.status_code, word, error.headers), language_of(request))


def _too_much(request: Request, error: Exception) -> Response:
    refused = Refused(413, Word.TOO_LONG) if isinstance(error, TooLong) else Refused(408, Word.TOO_SLOW)
    return of_refusal(refused, language_of(request))


def _away(request: Request, error: Exception) -> Response:
    assert isinstance(error, AWAY)
    tell_outage(error, "A call of the API could not be answered: the base does not take it.")
    return of_refusal(Refused(503, Word.BASE_AWAY, {"Retry-After": "5"}), language_of(request))


def _unfit(request: Request, error: Exception) -> Response:
    """A value that no column holds, such as a text with a NUL on PostgreSQL."""
    _log.warning(
        "A call of the API brought what the base cannot hold.", page=request.url.path, kind=type(error).__name__
    )
    return of_refusal(Refused(400, Word.UNREADABLE_REQUEST), language_of(request))


def _fault(request: Request, error: Exception) -> Response:
    number = secrets.token_hex(4)
    _log.exception("A call of the API failed.", number=number, page=request.url.path, kind=type(error).__name__)
    return of_refusal(Refused(500, Word.OUR_FAULT, number=number), language_of(request))


_HANDLERS: Final[dict[type[Exception], Any]] = {
    Refused: _refusal,
    Problem: _problem,
    EntryProblems: _entry,
    FileProblems: _entry,
    StaleState: _stale,
    RequestValidationError: _fields,
    HTTPException: _http,
    TooLong: _too_much,
    TooSlow: _too_much,
    **dict.fromkeys(AWAY, _away),
    DataError: _unfit,
    Exception: _fault,
}
