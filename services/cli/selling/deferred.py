"""`intergestan invoices run` and `verify`: deferred invoicing (A25 to A31), and whether all is as issued (D39)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import CategoryKind, PartyRole
from intergestan_operations.language.language import _, ngettext
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.errors import explain
from services.cli.figures import day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.parties.naming import party_id
from services.cli.shown import amount, sentence, some_of

if TYPE_CHECKING:
    from intergestan_erp.selling.invoice_runs import FutureInvoice, Outcome

MOST_WARNINGS = 20
"""More warnings of one run than this nobody reads."""
SERIES: Mapping[str, str] = {
    "invoice": marked("Invoices"),
    "internal": marked("Internal invoices"),
    "credit_note": marked("Credit notes"),
}


def run(
    context: typer.Context,
    *,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Only delivery notes of this day or later.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Only delivery notes of this day or earlier.")
    ] = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Code, SIRET, VAT number or name.")] = None,
    category: Annotated[
        str | None, typer.Option("--category", metavar="CODE", help="Only customers of this category.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="The day of the invoices; today by default.")
    ] = None,
    show_only: Annotated[
        bool, typer.Option("--preview", help="Show what would be invoiced, and write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Invoice all that was delivered and is not invoiced yet.

    The delivery notes of a month are on one invoice for customers who get them so (`intergestan parties set
    --invoice-grouping`), and on one each for all others. A run that was interrupted is simply started again.
    """
    from intergestan_erp.agencies.codes import category_called
    from intergestan_erp.selling import invoice_runs
    from intergestan_erp.selling.open_goods import NotesWanted
    from intergestan_erp.site.zone import today

    call, asked = call_of(context), day_of(day)
    days = day_of(first), day_of(last)
    with call.database.read() as connection:
        customers = party_id(connection, customer, PartyRole.CUSTOMER)
        marked_so = None if category is None else category_called(connection, category, CategoryKind.PARTY)
        wanted = NotesWanted(*days, customers, marked_so)
        here = call.place(connection).establishment_id
        by = "" if show_only else call.actor(connection)
        on = asked or today(connection, call.database.now())
    if show_only:
        outcomes: Iterable[Outcome] = invoice_runs.preview(call.database, here, wanted, day=asked)
    else:
        outcomes = invoice_runs.run(call.database, here, wanted, day=asked, by=by, at=call.database.now())
    found = list(outcomes)
    made = [each for each in found if isinstance(each, invoice_runs.FutureInvoice)]
    refused = [each for each in found if isinstance(each, invoice_runs.NotInvoiced)]
    warnings = [sentence(doubt) for doubt in invoice_runs.doubts(made, on)]
    if as_json:
        from intergestan_operations.telling import deferred

        if show_only:
            print_json(deferred.preview(found, on, sentence))
        else:
            print_json(_json(made, [deferred.refused(each, sentence) for each in refused], warnings))
    else:
        if show_only:
            _print_notes(made)
        if made or not refused:
            _print_invoices(made, show_only=show_only)
        for each in refused:
            say(_("Not invoiced: {notes} of {customer}.").format(notes=some_of(each.notes), customer=each.customer))
            say(explain(each.why)[0])
        for warning in warnings[:MOST_WARNINGS]:
            say(warning)
        if len(warnings) > MOST_WARNINGS:
            say(_("… and {count} warnings more; --json shows all.").format(count=len(warnings) - MOST_WARNINGS))
    if refused:
        raise typer.Exit(1)


def verify(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Recompute what ties each invoice and credit note to the one before it: whether all are as they were issued."""
    from intergestan_erp.selling import verifying

    with call_of(context).database.read() as connection:
        found = list(verifying.verify(connection))
    broken = [each for series in found for each in series.broken]
    if as_json:
        print_json({"series": [asdict(each) for each in found], "broken": len(broken)})
    else:
        titles = [_("Folder"), _("Documents"), _("Verified"), _("From before"), _("Broken"), _("Last chain")]
        print_table(
            titles,
            [
                [each.folder, _(SERIES[each.what]), each.count, each.unchained, len(each.broken), each.last]
                for each in found
            ],
        )
        for each in broken:
            if each.before is None:
                say(_("{number} is not as it was issued.").format(number=each.number))
            else:
                text = _("{number} is not as it was issued, or is not the one that followed {before}.")
                say(text.format(number=each.number, before=each.before))
    if broken:
        raise typer.Exit(1)


def _json(made: Sequence[FutureInvoice], refused: Sequence[object], warnings: Sequence[str]) -> dict[str, Any]:
    invoices = [
        {
            "number": each.number,
            "issue_date": each.issue_date,
            "due_date": each.due_date,
            "customer": each.customer,
            "currency": each.currency,
            "total_ht": each.total_ht,
            "total_vat": each.total_vat,
            "total_ttc": each.total_ttc,
            "delivery_notes": [note.number for note in each.notes],
        }
        for each in made
    ]
    notes = sum(len(each.notes) for each in made)
    return {"invoices": invoices, "notes": notes, "refused": refused, "warnings": warnings}


def _print_notes(made: Sequence[FutureInvoice]) -> None:
    """The delivery notes that would be invoiced (A29)."""
    titles = [_("Delivery note"), _("Date"), _("Establishment"), _("Order"), _("Customer"), _("Total excl. VAT")]
    print_table(
        titles,
        [
            [
                *(note.number, note.issue_date, note.establishment, ", ".join(note.orders)),
                *(each.customer, note.total_ht),
            ]
            for each in made
            for note in each.notes
        ],
    )


def _print_invoices(made: Sequence[FutureInvoice], *, show_only: bool) -> None:
    if not made:
        say(_("There is nothing to invoice."))
        return
    titles = [] if show_only else [_("Invoice"), _("Due on")]
    titles += [_("Customer"), _("Delivery notes"), _("Total excl. VAT"), _("VAT"), _("Total incl. VAT")]
    print_table(
        titles,
        [
            [
                *(() if show_only else (each.number, each.due_date)),
                *(each.customer, some_of([note.number for note in each.notes])),
                *(each.total_ht, each.total_vat, each.total_ttc),
            ]
            for each in made
        ],
    )
    notes = sum(len(each.notes) for each in made)
    total = amount(sum((each.total_ttc for each in made), start=made[0].total_ttc * 0))
    count = len(made)
    if show_only:
        text = ngettext(
            "{count} invoice of {notes} delivery notes would be made: {total} incl. VAT. Nothing was written.",
            "{count} invoices of {notes} delivery notes would be made: {total} incl. VAT. Nothing was written.",
            count,
        )
    else:
        text = ngettext(
            "{count} invoice of {notes} delivery notes was made: {total} incl. VAT.",
            "{count} invoices of {notes} delivery notes were made: {total} incl. VAT.",
            count,
        )
    say(text.format(count=count, notes=notes, total=total))
