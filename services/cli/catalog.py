"""`intergestan catalog`: products and their families."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.context import call_of
from services.cli.language import _
from services.cli.output import AsJson, print_json, say
from services.cli.translated import Group

app = Group("Products and their families.")


@app.verb("import")
def import_(
    context: typer.Context,
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE.csv …", help="CSV files, UTF-8, with titles.")],
    as_json: AsJson = False,
) -> None:
    """Enter the products of CSV files, or bring them up to date. A product's code is its key.

    Columns: Code, Désignation, Prix de vente, TVA; and as you like Unité, Prix d'achat, GTIN, Famille,
    Nom de la famille, Sous-famille, Nom de la sous-famille.
    """
    from intergestan_site.catalogue import put_products
    from intergestan_site.catalogue_csv import read_products

    call = call_of(context)
    database = call.database
    done = []
    for file in files:
        products = read_products(str(file), file.read_bytes())
        with database.transaction() as connection:
            call.actor(connection)
            put = put_products(connection, products)
        done.append({"file": str(file), "added": put.added, "changed": put.changed, "equal": put.equal})
    if as_json:
        print_json(done)
        return
    text = _("{file}: {added} new products, {changed} changed, {equal} as before.")
    for values in done:
        say(text.format(**values))
