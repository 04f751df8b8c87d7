"""`intergestan terms`: when invoices fall due."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.figures import DecimalMark, a_rate
from services.cli.output import AsJson, print_json, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.shown import sentence
from services.cli.translated import Group

app = Group("Payment terms: when invoices fall due, and in how many instalments.")


@app.verb("list")
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show the payment terms.

    A part 30+eom is due at the end of the month in which 30 days end, eom+30 counts them from the end of the month of
    the invoice; @10 is the next 10th.
    """
    from intergestan_erp.terms.stored import read_terms
    from intergestan_erp.terms.typed import written

    with call_of(context).database.read() as connection:
        terms = read_terms(connection)
    rows = [(term.code, term.name, [written(line) for line in term.lines]) for term in terms]
    listed: Listed[tuple[str, str, list[str]]] = Listed(
        name="terms",
        values=lambda row: {"code": row[0], "name": row[1], "parts": row[2]},
        titles=[_("Code"), _("Name"), _("Percent and days")],
        cells=lambda row: [row[0], row[1], ", ".join(row[2])],
    )
    show_few(listed, rows, lambda row: (row[0],), limit, after, as_json=as_json)


@app.verb("add")
def add(
    context: typer.Context,
    *,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Its code, such as 45JFDM.")],
    name: Annotated[str, typer.Option("--name", help="What invoices say.")],
    parts: Annotated[
        list[str],
        typer.Option(
            "--part",
            metavar="[PERCENT=]WHEN",
            help="When it is due: 30 days, 30+eom, eom+45, 30+eom@10; several parts with their percents, like 40=30.",
        ),
    ],
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter a payment term. Its parts add up to 100 %; one that is longer than the law allows is warned of."""
    from intergestan_erp.terms.law import doubts
    from intergestan_erp.terms.stored import add_term
    from intergestan_erp.terms.typed import read_part, written

    lines = [read_part(part, lambda text: a_rate(text, decimal_mark)) for part in parts]
    call = call_of(context)
    with call.database.transaction() as connection:
        term = add_term(connection, code, name, lines, by=call.actor(connection), at=call.database.now())
    warnings = [sentence(doubt) for doubt in doubts(lines)]
    if as_json:
        shown = [written(line) for line in term.lines]
        print_json({"code": term.code, "name": term.name, "parts": shown, "warnings": warnings})
        return
    say(_("{code} is a payment term now.").format(code=term.code))
    for warning in warnings:
        say(warning)
