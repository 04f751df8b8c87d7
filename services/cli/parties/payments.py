"""`intergestan payments`: what customers pay, and what it settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import PartyRole, PaymentMethod, PaymentState
from intergestan_operations.language.language import _
from intergestan_operations.language.payment_words import METHODS, STATES
from services.cli.context import call_of
from services.cli.figures import DecimalMark, a_price, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.naming import party_id, party_of
from services.cli.shown import amount
from services.cli.translated import Group

if TYPE_CHECKING:
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.paying.settling import Settled
    from intergestan_erp.paying.shares import Share
    from intergestan_exchange.credit_holds.look_again import Released

app = Group("Payments of customers, and the invoices that they settle.")

Number = Annotated[str, typer.Argument(metavar="PAYMENT", help="Number of the payment, such as RG1.")]
Invoices = Annotated[
    list[str] | None,
    typer.Option(
        "--invoice",
        metavar="INVOICE[/N]=AMOUNT",
        help="So much for this invoice, or for its Nth instalment; by default the oldest due come first.",
    ),
]


@app.verb("add")
def add(
    context: typer.Context,
    *,
    customer: Annotated[str, typer.Option("--customer", help="Code, SIRET, VAT number or name.")],
    figure: Annotated[str, typer.Option("--amount", metavar="AMOUNT", help="How much, in the site's currency.")],
    method: Annotated[PaymentMethod, typer.Option("--method", help="How it was paid.")],
    received: Annotated[
        str | None, typer.Option("--received", metavar="DATE", help="When it was received; today by default.")
    ] = None,
    due: Annotated[
        str | None, typer.Option("--due", metavar="DATE", help="When a bill or a cheque brings the money.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="Of the transfer, the cheque or the bill.")
    ] = None,
    invoices: Invoices = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter a payment of a customer, and settle invoices with it. What is left stays on account."""
    from intergestan_erp.paying.payments import NewPayment
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT

    new = NewPayment(
        amount=a_price(figure, decimal_mark),
        method=method,
        received_on=day_of(received),
        due_date=day_of(due),
        reference=reference,
    )
    shares = _shares(invoices, decimal_mark)
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        found = party_of(connection, customer, PartyRole.CUSTOMER)
        here = call.place(connection)
        settled, released = acts.add_payment(connection, found.id, new, shares, place=here, by=by, at=at)
    call.ring(IMPORT, *released.take_in)
    _tell(settled, released, as_json=as_json)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    customer: Annotated[str | None, typer.Option("--customer", help="Code, SIRET, VAT number or name.")] = None,
    on_account: Annotated[bool, typer.Option("--on-account", help="Only those of which something is left.")] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the payments, the newest first, a page at a time."""
    from intergestan_erp.listing.payments import WhichPayments, list_payments

    with call_of(context).database.read() as connection:
        wanted = WhichPayments(customer_id=party_id(connection, customer, PartyRole.CUSTOMER), on_account=on_account)
        page = list_payments(connection, wanted, size=limit, after=after)
    if as_json:
        print_json({"payments": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Number"), _("Received on"), _("Due on"), _("Customer"), _("Amount"), _("Method"), _("Reference")]
    rows = [
        [
            *(row.number, row.received_on, row.due_date, row.customer, row.amount, _(METHODS[row.method])),
            *(row.reference, row.left, _(STATES[row.state])),
        ]
        for row in page.rows
    ]
    print_table([*titles, _("On account"), _("State")], rows)
    say_that_there_are_more(page.after)


@app.verb("settle")
def settle(
    context: typer.Context,
    *,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Number of the payment or the credit note, such as RG1 or AV1.")
    ],
    invoices: Invoices = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Settle invoices with what lies on account of a payment or of a credit note."""
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT

    shares = _shares(invoices, decimal_mark)
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        settled, released = acts.settle_payment(connection, number, shares, by=by, at=at)
    call.ring(IMPORT, *released.take_in)
    _tell(settled, released, as_json=as_json)


@app.verb("fail")
def fail(
    context: typer.Context,
    *,
    number: Number,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="When it came back; today by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Note that a payment came back unpaid: the invoices that it settled are open again."""
    from intergestan_exchange.credit_holds import acts

    day, call = day_of(on), call_of(context)
    with call.database.transaction() as connection:
        taken, _freed = acts.fail_payment(connection, number, day, by=call.actor(connection), at=call.database.now())
    if as_json:
        print_json({"payment": taken.number, "state": PaymentState.FAILED, "open": taken.reopened})
        return
    say(_("{number} came back unpaid.").format(number=taken.number))
    _tell_reopened(taken.reopened)


@app.verb("cancel")
def cancel(context: typer.Context, *, number: Number, as_json: AsJson = False) -> None:
    """Take back a payment that was entered by mistake, on the day of its entry."""
    from intergestan_exchange.credit_holds import acts

    call = call_of(context)
    with call.database.transaction() as connection:
        taken, _freed = acts.cancel_payment(connection, number, by=call.actor(connection), at=call.database.now())
    if as_json:
        print_json({"payment": taken.number, "state": PaymentState.CANCELLED, "open": taken.reopened})
        return
    say(_("{number} is taken back, as if it had never been entered.").format(number=taken.number))
    _tell_reopened(taken.reopened)


@app.verb("bank")
def bank(
    context: typer.Context,
    *,
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="PAYMENT …", help="Numbers of cheques and bills, such as RG3.")
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="All whose day has come.")] = False,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Since when; today by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Note that the bank has cheques and bills: they were handed in, or stand on its statement."""
    from intergestan_erp.paying import banking

    if due is bool(numbers):
        raise typer.BadParameter(_("Name the payments, or take all that are due with --due."))
    call, day = call_of(context), day_of(on)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        if due:
            banked = banking.bank_due(connection, day, by=by, at=at)
        else:
            banked = banking.bank(connection, numbers or (), day, by=by, at=at)
    if as_json:
        print_json([{"payment": each.number, "amount": each.amount, "banked_on": each.banked_on} for each in banked])
        return
    for each in banked:
        say(_("The bank has {number}: {amount}.").format(number=each.number, amount=amount(each.amount)))
    if not banked:
        say(_("No cheque or bill waits for the bank."))


def settled_rows(settled: Settled) -> list[dict[str, Any]]:
    """What was settled, for programs."""
    return [{"invoice": part.invoice, "n": part.n, "amount": part.amount} for part in settled.parts]


def tell_settled(settled: Settled) -> None:
    """What was settled, and what is left."""
    for part in settled.parts:
        text = _("{amount} settle {invoice}, instalment {n}.")
        say(text.format(amount=amount(part.amount), invoice=part.invoice, n=part.n))
    if settled.left:
        say(_("{amount} of {number} are on account.").format(amount=amount(settled.left), number=settled.number))


def tell_released(released: Released) -> None:
    """Which orders that waited for room go on."""
    if released.holds:
        say(_("There is room for orders that waited: {refs} go on.").format(refs=", ".join(released.holds)))


def _tell(settled: Settled, released: Released, *, as_json: bool) -> None:
    if as_json:
        shown = {"payment": settled.number, "settled": settled_rows(settled), "left": settled.left}
        print_json({**shown, "released": released.holds})
        return
    if not settled.parts:
        say(_("{number} settles no invoice now.").format(number=settled.number))
    tell_settled(settled)
    tell_released(released)


def _tell_reopened(invoices: Sequence[str]) -> None:
    if invoices:
        say(_("Open again: {numbers}.").format(numbers=", ".join(invoices)))


def _shares(texts: Sequence[str] | None, mark: Mark | None) -> list[Share] | None:
    """`FA1=500`, `FA1/2=250,50`; BadParameter for what is none."""
    from intergestan_erp.paying.shares import Share

    if texts is None:
        return None
    found = []
    for text in texts:
        ref, _equals, figure = text.rpartition("=")
        invoice, slash, n = ref.rpartition("/")
        if not slash or not (n.isascii() and n.isdigit()):
            invoice, n = ref, ""
        if not invoice.strip() or not figure.strip():
            raise typer.BadParameter(_("«{text}» is no invoice with an amount: write FA1=500.").format(text=text))
        found.append(Share(invoice.strip(), int(n) if n else None, a_price(figure, mark)))
    return found
