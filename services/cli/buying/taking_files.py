"""What `orders import` and `orders watch` share: what may be said about a file, and what is said of a taken one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.file_tables.csv_text import Encoding
from intergestan_operations.language.language import _, about, ngettext
from services.cli.figures import Dates
from services.cli.shown import sentence, some_of

if TYPE_CHECKING:
    from intergestan_db.problem import Remark
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.order_files.file_order import Options
    from intergestan_erp.order_files.order_files import Imported

MOST_REMARKS = 20
"""More remarks of one file than this nobody reads."""


class PricesFrom(StrEnum):
    """Where the price of a line comes from that states none."""

    CATALOGUE = "catalogue"
    REQUIRED = "required"


Prices = Annotated[
    PricesFrom, typer.Option("--prices", help="A line without a price: take the catalogue's, or refuse the file.")
]
Buyer = Annotated[
    str | None,
    typer.Option(
        "--buyer", metavar="NAME", help="Who the buyer of the documents is, by name, SIRET or VAT number, if not us."
    ),
]

InEncoding = Annotated[
    Encoding | None,
    typer.Option("--encoding", help="What the letters of CSV files are in, where the file does not show it itself."),
]


def options(
    decimal_mark: Mark | None,
    dates: Dates,
    prices: PricesFrom,
    buyer: str | None,
    encoding: Encoding | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Options:
    """What was said about the files."""
    from intergestan_erp.order_files.file_order import Options
    from intergestan_erp.order_files.product_names import thing_key

    return Options(
        decimal_mark,
        any_dates=dates is Dates.ANY,
        prices_required=prices is PricesFrom.REQUIRED,
        buyer=buyer,
        encoding=encoding,
        names={thing_key(name): code for name, code in names.items()},
    )


def sentences(file: str, imported: Imported) -> Iterator[str]:
    """What is said of a file that was taken."""
    if imported.new:
        yield _("{file}: entered {numbers}.").format(file=file, numbers=some_of(imported.new))
    if imported.there:
        text = _("{file}: already there, nothing new: {numbers}.")
        yield text.format(file=file, numbers=some_of(imported.there))
    yield from remarks(file, imported.said)
    yield from map(sentence, imported.doubts)


def remarks(file: str, said: Sequence[Remark]) -> Iterator[str]:
    """What was taken for granted in a file, and where it was read."""
    from services.cli.shown import in_place

    for remark in said[:MOST_REMARKS]:
        yield about(file, in_place(remark))
    if len(said) > MOST_REMARKS:
        more = len(said) - MOST_REMARKS
        text = ngettext(
            "{file}: and {count} remark more; --json shows all.",
            "{file}: and {count} remarks more; --json shows all.",
            more,
        )
        yield text.format(file=file, count=more)


def as_json(file: str, imported: Imported) -> Mapping[str, Any]:
    """The same for programs."""
    from services.cli.shown import in_place

    return {
        "file": file,
        "new": imported.new,
        "there": imported.there,
        "said": [in_place(remark) for remark in imported.said],
        "doubts": [sentence(doubt) for doubt in imported.doubts],
    }
