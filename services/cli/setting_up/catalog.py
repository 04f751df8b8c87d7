"""`intergestan catalog`: products and their families, between sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.labels import DRIFTS
from intergestan_operations.language.language import _, ngettext, spoken
from services.cli.buying.taking_files import remarks
from services.cli.context import Call, call_of
from services.cli.errors import FAILED
from services.cli.export import Raw
from services.cli.figures import DecimalMark
from services.cli.files import read_file, read_input, write_whole
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.shown import in_place, sentence
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.catalogue.catalogue import Put
    from intergestan_erp.catalogue.catalogue_drift import Difference
    from intergestan_erp.catalogue.catalogue_reading import ReadCatalogue
    from intergestan_erp.catalogue.whole_catalogue import Catalogue
    from intergestan_erp.inputs.figure import Mark

app = Group("Products and their families.")

SUBJECTS = ("families", "subfamilies", "products", "components")


class Orders(StrEnum):
    """Whose orders a comparison is about."""

    OURS = "ours"
    THEIRS = "theirs"


@app.verb("import")
def import_(
    context: typer.Context,
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE …", help="Zips of CSV files, workbooks (XLSX, ODS), CSV files.")
    ],
    decimal_mark: DecimalMark = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be new and changed, change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enter the catalogue of files, or bring it up to date. A product's code is its key.

    A CSV file has products. Columns: Code, Désignation, Prix de vente, TVA; and as you like Unité, Prix d'achat,
    GTIN, Famille, Nom de la famille, Sous-famille, Nom de la sous-famille, Actif. A zip or a workbook may have
    besides: familles (Code, Nom), sous-familles (Code, Nom, Famille), composants (Produit, Composant, Quantité).
    Each file is taken whole or not at all; what it does not name stays as it is.
    """
    from intergestan_erp.catalogue.catalogue_reading import LimitedCatalogues

    call = call_of(context)
    with LimitedCatalogues() as readers:  # before anything is opened
        done = [_entered(call, file, readers.read, decimal_mark, quietly=as_json, dry_run=dry_run) for file in files]
    if as_json:
        print_json(done)
    if dry_run:
        say(_("Nothing was changed."))


def _entered(
    call: Call, file: Path, read: ReadCatalogue, decimal_mark: Mark | None, *, quietly: bool, dry_run: bool
) -> dict[str, Any]:
    """Enter one file, and say so; the same for programs."""
    from intergestan_db.site_rows import read_site
    from intergestan_erp.catalogue.catalogue_reading import CatalogueAsked
    from intergestan_erp.catalogue.whole_catalogue import foresee_catalogue, put_catalogue, read_known
    from intergestan_erp.inputs.identity import case_doubts

    with call.database.read() as connection:
        known, currency = read_known(connection), read_site(connection).currency
    reading = read(str(file), read_file(file), CatalogueAsked(decimal_mark, currency, known))
    with call.database.transaction() as connection:
        call.actor(connection)
        put = (foresee_catalogue if dry_run else put_catalogue)(connection, reading.catalogue)
    codes = [each.code for each in reading.catalogue.products]
    doubts = [sentence(doubt) for doubt in case_doubts(known.products, codes)]
    if not quietly:
        _say_put(file, put)
        for text in (*doubts, *remarks(str(file), reading.said)):
            say(text)
    said = [in_place(remark) for remark in reading.said]
    return {"file": str(file), **_counts(put["products"]), **_all_counts(put), "said": said, "doubts": doubts}


@app.verb("export")
def export(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip|.xlsx", help="A zip of CSV files, or a workbook.")],
    raw: Raw = False,
    as_json: AsJson = False,
) -> None:
    """Write the whole catalogue to a file, from which another site may import it."""
    from intergestan_erp.catalogue.catalogue_file import write_csv_zip, write_workbook
    from intergestan_erp.catalogue.whole_catalogue import read_catalogue

    writers: dict[str, Callable[[Catalogue, str], bytes]]
    writers = {".zip": partial(write_csv_zip, raw=raw), ".xlsx": write_workbook}
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise typer.BadParameter(_("The name of the file ends in .zip or .xlsx."))
    with call_of(context).database.read() as connection:
        catalogue = read_catalogue(connection)
    write_whole(file, writer(catalogue, spoken()))
    if as_json:
        counts = {name: len(getattr(catalogue, name)) for name in SUBJECTS}
        print_json({"file": str(file), **counts})
        return
    count = len(catalogue.products)
    say(ngettext("{file}: {count} product.", "{file}: {count} products.", count).format(file=file, count=count))


@app.verb("digest")
def digest(context: typer.Context) -> None:
    """Print a digest of the catalogue, which tells a partner what differs without telling our prices."""
    from intergestan_erp.catalogue.catalogue_drift import write_digest
    from intergestan_exchange.partners.catalogue_compared import our_catalogue

    with call_of(context).database.read() as connection:
        text = write_digest(our_catalogue(connection, None, hashed=True))
    typer.echo(text, nl=False)


@app.verb("drift")
def drift(
    context: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Their export or their digest; - is standard input.")],
    partner: Annotated[
        str | None, typer.Option("--partner", help="Whose it is: what we agreed with them counts.")
    ] = None,
    orders: Annotated[Orders, typer.Option("--orders", help="Which orders it is about.")] = Orders.OURS,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Compare the catalogue with another site's: code, name, unit, price, VAT.

    The buyer's purchase price is compared with the seller's sale price. Exit code 1 when orders would fail.
    """
    from intergestan_db.site_rows import read_site
    from intergestan_erp.catalogue.catalogue_reading import CatalogueAsked
    from intergestan_erp.catalogue.digest_reading import LimitedDigests
    from intergestan_exchange.partners.catalogue_compared import compared

    call = call_of(context)
    data = read_input() if file == "-" else read_file(Path(file))
    with LimitedDigests() as readers:  # before anything is opened
        with call.database.read() as connection:
            question = CatalogueAsked(decimal_mark, read_site(connection).currency)
        theirs, said = readers.read(file, data, question)
    with call.database.read() as connection:
        outcome = compared(connection, theirs, _partner_id(connection, partner), we_buy=orders is Orders.OURS)
    found = list(outcome.found)
    for remark in remarks(file, said):
        say(remark)
    failing = sum(each.fails for each in found)
    if as_json:
        print_json([_plain(each) for each in found])
    else:
        _print(found)
        say(
            _("Products compared: {count}; differences: {found}; orders for {failing} of them would fail.").format(
                count=outcome.count,
                found=len(found),
                failing=outcome.failing,
            )
        )
    raise typer.Exit(FAILED if failing else 0)


def _partner_id(connection: Connection, partner: str | None) -> int | None:
    from intergestan_exchange.partners.partners import find_partner

    return None if partner is None else find_partner(connection, partner)


def _print(found: list[Difference]) -> None:
    if not found:
        return
    titles = [_("Product"), _("What differs"), _("Ours"), _("Theirs"), _("Orders fail")]
    print_table(titles, [[each.code, _(DRIFTS[each.drift]), each.ours, each.theirs, each.fails] for each in found])


def _plain(each: Difference) -> dict[str, Any]:
    return {
        "code": each.code,
        "what": each.drift,
        "ours": each.ours,
        "theirs": each.theirs,
        "fails": each.fails,
    }


def _say_put(file: Path, put: Mapping[str, Put]) -> None:
    for subject, counts in put.items():
        if subject == "products" or any(_counts(counts).values()):
            say(_put_texts(_counts(counts)["added"])[subject].format(file=file, **_counts(counts)))


def _put_texts(added: int) -> Mapping[str, str]:
    """What became of each of `SUBJECTS`."""
    return {
        "families": ngettext(
            "{file}: {added} new family, {changed} changed, {equal} as before.",
            "{file}: {added} new families, {changed} changed, {equal} as before.",
            added,
        ),
        "subfamilies": ngettext(
            "{file}: {added} new sub-family, {changed} changed, {equal} as before.",
            "{file}: {added} new sub-families, {changed} changed, {equal} as before.",
            added,
        ),
        "products": ngettext(
            "{file}: {added} new product, {changed} changed, {equal} as before.",
            "{file}: {added} new products, {changed} changed, {equal} as before.",
            added,
        ),
        "components": ngettext(
            "{file}: {added} new component, {changed} changed, {equal} as before.",
            "{file}: {added} new components, {changed} changed, {equal} as before.",
            added,
        ),
    }


def _all_counts(put: Mapping[str, Put]) -> dict[str, dict[str, int]]:
    return {subject: _counts(counts) for subject, counts in put.items() if subject != "products"}


def _counts(put: Put) -> dict[str, int]:
    return {"added": put.added, "changed": put.changed, "equal": put.equal}
