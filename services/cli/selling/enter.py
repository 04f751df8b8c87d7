"""`intergestan sales enter`: an order that a customer gave us otherwise than by mail from a partner (D17)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _
from services.cli.asking import confirmed
from services.cli.context import call_of, may_ask
from services.cli.credit import Override
from services.cli.figures import AnyDates, Dates, DecimalMark, a_figure, a_key, a_price, day_of
from services.cli.output import AsJson, print_json, say
from services.cli.parties.fees import typed_fees
from services.cli.parties.naming import party_of
from services.cli.picking.cards import IncompleteWord
from services.cli.selling.allocating import Shares, foreseen, read_choices, remainder_said
from services.cli.shown import cell, sentence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_db.database import Database
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.selling.drafts import Typed, TypedLine
    from intergestan_erp.selling.enter import EnteredOrder, SmallOrder
    from intergestan_erp.stock.allocate import Choices
    from intergestan_erp.stock.arbitration import LineProposal

Customer = Annotated[str, typer.Option("--customer", help="Code, SIRET, VAT number or name.")]
Lines = Annotated[
    list[str],
    typer.Option(
        "--line", metavar="CODE=QUANTITY[@PRICE]", help="So much of a product, at the catalogue's price or this one."
    ),
]
Fees = Annotated[
    list[str] | None,
    typer.Option("--fee", metavar="CODE[=AMOUNT]", help="A fee besides the customer's, or another amount for one."),
]
NoFees = Annotated[bool, typer.Option("--no-fees", help="Without the fees that the customer bears.")]
Note = Annotated[str | None, typer.Option("--note", help="A remark that stands on it.")]
WantedOn = Annotated[str | None, typer.Option("--wanted-on", metavar="DATE", help="The day on which it is wanted.")]
Discount = Annotated[
    str | None, typer.Option("--discount", metavar="PERCENT", help="So many percent are allowed on each line.")
]
ToAddress = Annotated[
    int | None,
    typer.Option(
        "--address", metavar="N", min=1, help="To which of the customer's addresses, as `parties show` lists."
    ),
]
WhenIncomplete = Annotated[
    IncompleteWord | None,
    typer.Option("--incomplete", help="Whether it is picked before all of it is there, whatever cards say."),
]
AddFee = Annotated[
    bool, typer.Option("--add-fee", help="If the order is below the customer's minimum, add the fee for that.")
]


def enter(
    context: typer.Context,
    *,
    customer: Customer,
    lines: Lines,
    fees: Fees = None,
    no_fees: NoFees = False,
    add_fee: AddFee = False,
    override: Override = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="NUMBER", help="The customer's own number of the order.")
    ] = None,
    note: Note = None,
    wanted_on: WantedOn = None,
    shares: Shares = None,
    incomplete: WhenIncomplete = None,
    discount: Discount = None,
    address: ToAddress = None,
    term: Annotated[
        str | None,
        typer.Option("--term", metavar="CODE", help="Payment term of its invoices, instead of the customer's."),
    ] = None,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Enter an accepted order of a customer. It is delivered and invoiced as those that came by mail.

    Nothing is sent, even if the customer is a partner. One that is below the customer's minimum is entered with a
    warning. Where goods are set aside as orders are entered, a person may be asked for the depots.
    """
    from intergestan_erp.selling.enter import enter_order, foresee, foresee_shares
    from intergestan_erp.terms.stored import term_called

    call = call_of(context)
    chosen: Choices = read_choices(shares, decimal_mark)
    typed = reader(
        *(lines, fees, discount),
        no_fees=no_fees,
        note=note,
        wanted_on=wanted_on,
        mark=decimal_mark,
        dates=dates,
    )
    given = None if reference is None else a_key(reference)

    def wanted(connection: Connection) -> Typed:
        customer_id = party_of(connection, customer, PartyRole.CUSTOMER).id
        return typed(customer_id=customer_id, reference=given, address_id=address_id(connection, customer_id, address))

    def small(connection: Connection) -> SmallOrder | None:
        return foresee(connection, wanted(connection), call.database.now(), call.place(connection))

    def proposed(connection: Connection) -> Sequence[LineProposal]:
        return foresee_shares(connection, wanted(connection), call.database.now(), call.place(connection))

    add_fee = add_fee or is_fee_wanted(call.database, small, as_json=as_json)
    chosen = chosen or foreseen(call.database, proposed, decimal_mark, as_json=as_json)
    with call.database.transaction() as connection:
        who: Any = {"place": call.place(connection), "by": call.actor(connection), "at": call.database.now()}
        how: Any = {"add_fee": add_fee, "override": override, "choices": chosen}
        how["incomplete"] = None if incomplete is None else incomplete.stored
        how["term_id"] = None if term is None else term_called(connection, term).id
        entered = enter_order(connection, wanted(connection), **how, **who)
    tell_entered(entered, has_fee=add_fee, as_json=as_json)


def address_id(connection: Connection, customer_id: int, place: int | None) -> int | None:
    """The customer's address at a place in their list; None where none was named.

    :raises Problem: they have not so many.
    """
    from intergestan_erp.parties.addresses import addresses_of

    if place is None:
        return None
    found = addresses_of(connection, customer_id)
    if place > len(found):
        raise Problem(
            "The customer has {count} addresses; there is no address {place}. Nothing was entered.",
            ProblemCode.NO_VALUE,
            count=len(found),
            place=place,
        )
    return found[place - 1].id


def reader(
    lines: Sequence[str],
    fees: Sequence[str] | None,
    discount: str | None,
    *,
    no_fees: bool,
    note: str | None,
    wanted_on: str | None,
    mark: Mark | None,
    dates: Dates,
) -> Callable[..., Typed]:
    """Makes what was typed of a customer's id; BadParameter for what cannot be read."""
    from functools import partial

    from intergestan_erp.selling.drafts import Typed

    return partial(
        Typed,
        lines=tuple(_line(text, mark) for text in lines),
        fees=typed_fees(fees),
        proposed_fees=not no_fees,
        note=note,
        wanted_date=day_of(wanted_on),
        any_dates=dates is Dates.ANY,
        discount=Decimal(0) if discount is None else a_figure(discount, mark),
    )


def is_fee_wanted(database: Database, foresee: Callable[[Connection], SmallOrder | None], *, as_json: bool) -> bool:
    """Ask at the terminal whether the fee of small orders shall be added, if this is one; elsewhere nobody is asked.

    Nothing is locked while the person thinks.
    """
    if as_json or not may_ask():
        return False
    with database.read() as connection:
        small = foresee(connection)
    if small is None or small.fee is None or small.charge is None:
        return False
    say(sentence(_below(_("This order"), small)))
    return confirmed(_("Add the fee «{fee}» ({amount})?").format(fee=small.fee.name, amount=cell(small.charge)))


def tell_entered(entered: EnteredOrder, *, has_fee: bool, as_json: bool) -> None:
    """Say which order was entered, and what it lacks."""
    small = entered.small
    if as_json:
        values = {"order": entered.number, "total_ht": entered.total_ht, "total_ttc": entered.total_ttc}
        print_json({**values, "warnings": [] if small is None else [_warning(small, has_fee=has_fee)]})
        return
    text = _("{number} is entered: {amount} incl. VAT.")
    say(text.format(number=entered.number, amount=cell(entered.total_ttc)))
    if entered.allocated is not None:
        say(remainder_said(entered.allocated))
    if small is None:
        return
    say(sentence(_below(entered.number, small)))
    if small.fee is None or small.charge is None:
        return
    added = _("The fee «{fee}» was added.") if has_fee else _("`--add-fee` adds the fee «{fee}» to such an order.")
    say(added.format(fee=small.fee.name))


def _warning(small: SmallOrder, *, has_fee: bool) -> dict[str, Any]:
    return {
        "kind": "below_minimum",
        "minimum": small.below.minimum,
        "amount": small.below.amount,
        "fee": small.fee.code if small.fee else None,
        "added": has_fee and small.charge is not None,
    }


def _below(number: str, small: SmallOrder) -> Problem:
    return Problem(
        "{number}: {amount} excl. VAT is below the minimum of {minimum}.",
        ProblemCode.BELOW_MINIMUM,
        number=number,
        amount=cell(small.below.amount),
        minimum=cell(small.below.minimum),
    )


def _line(text: str, mark: Mark | None) -> TypedLine:
    from intergestan_erp.selling.drafts import TypedLine

    product, _equals, figures = text.rpartition("=")
    quantity, at, price = figures.partition("@")
    if not product.strip() or not quantity.strip() or (at and not price.strip()):
        raise typer.BadParameter(_("«{text}» is no line: write CAS16=2 or CAS16=2@4,50.").format(text=text))
    amount: Decimal | None = a_price(price, mark) if at else None
    return TypedLine(a_key(product), a_figure(quantity, mark), amount)
