"""`intergestan operations` and `intergestan categories`: codes that documents and third parties bear (A13 to A18)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from intergestan_db.enums import CategoryKind, OperationSide
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.output import AsJson, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.translated import Group

operations = Group("Operation codes, which say whether a document is invoiced.")
categories = Group("Categories of third parties and documents, by which lists are narrowed.")

SIDES = {OperationSide.CUSTOMER: marked("customer"), OperationSide.SUPPLIER: marked("supplier")}
KINDS = {CategoryKind.PARTY: marked("third party"), CategoryKind.DOCUMENT: marked("document")}

Code = Annotated[str, typer.Argument(metavar="CODE", help="The code.")]
Name = Annotated[str, typer.Option("--name", help="What it is called.")]


@operations.verb("list")
def list_operations(
    context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False
) -> None:
    """Show all operation codes."""
    from intergestan_erp.agencies import codes

    with call_of(context).database.read() as connection:
        found = codes.list_operations(connection)
    listed: Listed[codes.Operation] = Listed(
        name="operations",
        values=asdict,
        titles=[_("Code"), _("Name"), _("For"), _("Invoiced")],
        cells=lambda each: [each.code, each.name, _(SIDES[each.side]), each.billable],
    )
    show_few(listed, found, lambda each: (each.code,), limit, after, as_json=as_json)


@operations.verb("add")
def add_operation(
    context: typer.Context,
    *,
    code: Code,
    name: Name,
    side: Annotated[OperationSide, typer.Option("--side", help="Whose documents bear it.")],
    billable: Annotated[bool, typer.Option("--billable/--not-billable", help="Whether these are invoiced.")],
) -> None:
    """Enter an operation code; `dossier set` says which one orders between agencies bear."""
    from intergestan_erp.agencies import codes

    new = codes.Operation(code, name, side, billable)
    call = call_of(context)
    with call.database.transaction() as connection:
        kept = codes.add_operation(connection, new, by=call.actor(connection), at=call.database.now())
    say(_("{name} is the code {code} now.").format(name=name, code=kept))


@categories.verb("list")
def list_categories(
    context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False
) -> None:
    """Show all categories."""
    from intergestan_erp.agencies import codes

    with call_of(context).database.read() as connection:
        found = codes.list_categories(connection)
    listed: Listed[codes.Mark] = Listed(
        name="categories",
        values=asdict,
        titles=[_("Code"), _("Name"), _("For")],
        cells=lambda each: [each.code, each.name, _(KINDS[each.kind])],
    )
    show_few(listed, found, lambda each: (each.kind, each.code), limit, after, as_json=as_json)


@categories.verb("add")
def add_category(
    context: typer.Context,
    *,
    code: Code,
    name: Name,
    kind: Annotated[CategoryKind, typer.Option("--kind", help="What it marks.")],
) -> None:
    """Enter a category; `dossier set` says which one agencies and their documents bear."""
    from intergestan_erp.agencies import codes

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        kept = codes.add_category(connection, codes.Mark(code, name, kind), by=by, at=at)
    say(_("{name} is the code {code} now.").format(name=name, code=kept))
