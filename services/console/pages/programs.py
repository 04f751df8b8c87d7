"""For those who write programs: what the API offers, and a page about each kind of problem that it tells."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from services.console import faults
from services.console.visit import Visit

_METHODS: Final = ("get", "post", "put", "patch", "delete")


def show_reference(visit: Visit) -> Response:
    """All calls, made of the description that programs read."""
    schema = visit.console.application.api.schema()
    calls: dict[str, list[dict[str, Any]]] = {}
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                call = {"method": method.upper(), "path": path, **item[method]}
                calls.setdefault(call["tags"][0], []).append(call)
    shapes = schema["components"].get("schemas", {})
    return visit.html("api/reference.html", calls=calls, shapes=shapes, kind_of=kind_of)


def show_problem(visit: Visit) -> Response:
    """One kind of problem: what it means, what to do."""
    from services.console.api.problems import ADVICE, MEANS, code_named, usual_status
    from services.console.api.titles import TITLES

    code = code_named(visit.params["code"])
    if code is None:
        return faults.page(visit, 404)
    status = usual_status(code)
    return visit.html(
        "api/problem.html",
        code=str(code),
        answered=status,
        title=TITLES[str(code)],
        means=MEANS[status],
        advice=ADVICE[status],
    )


def show_problems(visit: Visit) -> Response:
    """All kinds of problems."""
    from services.console.api.titles import TITLES

    return visit.html("api/problems.html", titles=sorted(TITLES.items()))


def kind_of(schema: dict[str, Any]) -> str:
    """A type of the description in some words: `string (date)`, `list of ListedSale`, `Scope or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return " or ".join(kind_of(each) for each in schema[name])
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    form = f" ({schema['format']})" if "format" in schema else ""
    return f"{schema.get('type', 'value')}{form}"
