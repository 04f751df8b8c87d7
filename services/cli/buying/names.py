"""`intergestan orders names`: which products a supplier means by the names of things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson
from services.cli.paging import After, Listed, SomeLimit, show_few

Match = Annotated[
    list[str] | None,
    typer.Option(
        "--match",
        metavar="NAME=CODE",
        help="Which product of ours a name means, in lines that have neither code nor GTIN; kept for their supplier.",
    ),
]


def said(match: Sequence[str] | None) -> Mapping[str, str]:
    """Names as they were typed, each with the code of a product; a name may have a sign = itself."""
    pairs = [each.rpartition("=") for each in match or ()]
    if any(not name.strip() or not code.strip() for name, _sign, code in pairs):
        raise typer.BadParameter(_("Write what a name means as NAME=CODE."))
    return {name.strip(): code.strip() for name, _sign, code in pairs}


def names(
    context: typer.Context,
    *,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Code, SIRET, VAT number or name.")] = None,
    match: Match = None,
    forget: Annotated[
        list[str] | None, typer.Option("--forget", metavar="NAME", help="Forget what was said of this name.")
    ] = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Keep which products a supplier means by names, for lines that have neither code nor GTIN; show what is kept.

    A file with such a line is refused until somebody says it, here or with `orders import --match`. Orders that were
    entered stay what they are.
    """
    from intergestan_db.enums import PartyRole
    from intergestan_erp.order_files.product_names import (
        KeptName,
        change_names,
        list_names,
        thing_key,
    )
    from intergestan_erp.parties.one_party import one_party

    pairs = said(match)
    if (pairs or forget) and supplier is None:
        raise typer.BadParameter(_("Say whose names these are: --supplier."))
    call = call_of(context)
    with call.database.read() as connection:
        whose = None if supplier is None else one_party(connection, supplier, PartyRole.SUPPLIER).id
        by = call.actor(connection) if pairs or forget else None
    if whose is not None and by is not None:
        change_names(call.database, whose, pairs, forget or (), by=by)
    with call.database.read() as connection:
        kept = list_names(connection, whose)
    listed: Listed[KeptName] = Listed(
        name="names",
        values=asdict,
        titles=[_("Supplier"), _("Name"), _("Product")],
        cells=lambda row: (row.supplier, row.name, row.product),
        empty=_("Nothing is kept: lines need a code or a GTIN."),
    )
    show_few(listed, kept, lambda row: (row.supplier, thing_key(row.name)), limit, after, as_json=as_json)
