"""Every example of docs/api.md is asked, and its scopes are those of the calls."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.enums import Scope
from services.console.api.application import calls
from services.console.api.caller import claims
from tests.services.console.desk import Desk
from tests.services.console.programs import API, program

pytestmark = pytest.mark.mainly_on("sqlite")

PAGE = Path(__file__).parents[3] / "docs/api.md"
ANY = "…"
EXAMPLE = re.compile(r"```http\n(?P<asked>[A-Z]+ .*?)\n```\n+```http\n(?P<status>\d{3})\n(?P<body>.*?)\n```", re.DOTALL)


def examples() -> list[tuple[str, int, Any]]:
    return [
        (found["asked"], int(found["status"]), json.loads(found["body"]))
        for found in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8"))
    ]


def agrees(told: Any, shown: Any) -> bool:
    """Whether an answer is what the page shows; `…` there is anything."""
    if shown == ANY:
        return told is not None
    if isinstance(shown, dict) and isinstance(told, dict):
        return told.keys() == shown.keys() and all(agrees(told[name], shown[name]) for name in shown)
    if isinstance(shown, list) and isinstance(told, list):
        if shown == [ANY]:
            return True
        return len(told) == len(shown) and all(map(agrees, told, shown))
    return bool(told == shown)


def test_the_page_has_examples() -> None:
    assert len(examples()) >= 4
    assert PAGE.read_text(encoding="utf-8").count("```http") == 2 * len(examples()), "each with its answer"


def test_each_is_answered_so(desk: Desk) -> None:
    carl = program(desk)
    for asked, status, shown in examples():
        head, _, body = asked.partition("\n\n")
        request, *headers = head.splitlines()
        method, _, path = request.partition(" ")
        given = {name.lower(): value for name, _, value in (line.partition(": ") for line in headers)}
        answer = carl.ask(method, path.removeprefix(API), json.loads(body) if body else None, **given)
        assert answer.status == status, (asked, answer.answer.text)
        assert agrees(answer.json, shown), (asked, answer.answer.text)


@pytest.mark.parametrize(("told", "shown"), [(1, 2), ({"a": 1}, {}), ([1, 2], [1]), (None, ANY), ({"a": 1}, {"b": 1})])
def test_what_is_not_so_is_seen(told: Any, shown: Any) -> None:
    assert not agrees(told, shown)
    assert agrees({"a": [1, {"b": "x"}]}, {"a": [1, {"b": ANY}]})


def test_the_page_names_every_scope_and_every_call() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for scope in Scope:
        assert f"`{scope}`" in text, scope
    for call in calls():
        need = claims(call)
        first = call.path_format.partition("{")[0].rstrip("/")
        assert first in text, (need, call.path_format)
