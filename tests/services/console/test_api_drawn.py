"""Requests that are drawn from the description of the API: none fails, and each answer is one that it tells of.

Schemathesis draws them, right ones and wrong ones, and speaks ASGI with the console.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import Receive, Scope, Send

from services.console.api import caller
from services.console.api.caller import Reads
from tests.examples import share
from tests.services.console.browser import HOST
from tests.services.console.desk import Desk
from tests.services.console.programs import API, token_of

pytestmark = [pytest.mark.mainly_on("sqlite"), pytest.mark.not_quick]

EXAMPLES = share(5)
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS = "/stream"


def said_by(desk: Desk, token: str) -> Any:
    """The console, as a program with this token sees it."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        given_ = [pair for pair in scope["headers"] if pair[0] not in {b"host", b"authorization"}]
        own = [(b"host", HOST.encode()), (b"authorization", f"Bearer {token}".encode())]
        await desk.console.application({**scope, "headers": [*given_, *own]}, receive, send)

    return application


@pytest.mark.parametrize("who", ["adam", "carl"])
def test_no_request_that_can_be_drawn_fails(desk: Desk, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "WRITES_A_MINUTE", 10**6)
    desk.console.application.api.application().state.reads = Reads(10**6)
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", said_by(desk, token_of(desk, who)))
    tried, statuses = [], set[int]()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.path.endswith(ENDLESS):
            continue
        tried.append(operation.label)
        drawn = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(case=drawn)
        def answers(case: Any) -> None:
            statuses.add(case.call_and_validate(checks=CHECKS).status_code)

        answers()
    assert len(tried) > 25
    assert {200, 404, 422} <= statuses
