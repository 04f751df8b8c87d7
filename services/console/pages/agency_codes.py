"""*Codes opération* and *Catégories*: what marks documents and third parties between agencies (A13 to A18)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import CategoryKind, OperationSide
from intergestan_db.problem import Problem
from intergestan_erp.agencies.codes import (
    Mark,
    Operation,
    add_category,
    add_operation,
    list_categories,
    list_operations,
)
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.visit import Visit

PATH: Final = "/reglages/codes"
SIDES: Final = {
    OperationSide.CUSTOMER: marked("customer documents"),
    OperationSide.SUPPLIER: marked("supplier documents"),
}
KINDS: Final = {CategoryKind.PARTY: marked("third parties"), CategoryKind.DOCUMENT: marked("documents")}


def show(visit: Visit) -> Response:
    """Both lists, each with a form for one more."""
    return _page(visit)


def add(visit: Visit) -> Response:
    """One more code, or category."""
    form, at = visit.form, {"by": visit.who.login, "at": visit.now}
    code, name, kind = form.get("code", ""), form.get("intitule", ""), form.get("pour", "")

    def do(connection: Connection) -> Done:
        if kind in set(CategoryKind):
            made = add_category(connection, Mark(code, name, CategoryKind(kind)), **at)  # type: ignore[arg-type]
        else:
            side = OperationSide(kind) if kind in set(OperationSide) else OperationSide.CUSTOMER
            new = Operation(code, name, side, "facturable" in form)
            made = add_operation(connection, new, **at)  # type: ignore[arg-type]
        return Done(to=PATH, said=Said("{code} is saved.", code=made))

    try:
        return once(visit, do, again=True)
    except Problem as problem:
        return _page(visit, problem)


def _page(visit: Visit, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        operations, categories = list_operations(connection), list_categories(connection)
    return visit.html(
        "agencies/codes.html",
        status=200 if problem is None else faults.status_of(problem),
        operations=operations,
        categories=categories,
        sides=SIDES,
        kinds=KINDS,
        fields=visit.form or visit.kept,
        said=None if problem is None else sentence(problem, visit.language),
    )
