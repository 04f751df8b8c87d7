"""`intergestan fees`: what is charged besides the goods (T16, T17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated, Any

import typer

from intergestan_db.enums import FeeKind
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.figures import DecimalMark, a_rate, a_vat, an_amount
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.shown import cell
from services.cli.translated import Group

app = Group("The catalogue of fees, such as port, that are charged besides the goods.")

KINDS = {FeeKind.PORT: marked("port"), FeeKind.OTHER: marked("other")}

Code = Annotated[str, typer.Argument(metavar="FEE", help="The code of the fee, such as PORT.")]
Kind = Annotated[FeeKind | None, typer.Option("--kind", help="What it is for.")]
Money = Annotated[str | None, typer.Option("--amount", help="A fixed amount without VAT.")]
Percent = Annotated[str | None, typer.Option("--percent", help="So many percent of an order's goods without VAT.")]
Vat = Annotated[str | None, typer.Option("--vat", metavar="CATEGORY:RATE", help="VAT category and rate, such as S:20.")]
Account = Annotated[str | None, typer.Option("--account", metavar="NUMBER", help="The account of its sales.")]


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are switched off.")] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the fees by code, a page at a time."""
    from intergestan_erp.listing.fees import list_fees

    with call_of(context).database.read() as connection:
        page = list_fees(connection, everything=everything, size=limit, after=after)
    if as_json:
        print_json({"fees": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Fee"), _("Name"), _("Kind"), _("Amount"), _("VAT category"), _("VAT rate"), _("Account"), _("In use")]
    rows = [
        [
            *(row.code, row.name, _(KINDS[row.kind]), how_much(row.amount, row.percent)),
            *(row.vat_category, row.vat_rate, row.account_number, row.active),
        ]
        for row in page.rows
    ]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("add")
def add(
    context: typer.Context,
    *,
    code: Code,
    name: Annotated[str, typer.Option("--name", help="What it is called on quotes, orders and invoices.")],
    vat: Annotated[str, typer.Option("--vat", metavar="CATEGORY:RATE", help="VAT category and rate, such as S:20.")],
    amount: Money = None,
    percent: Percent = None,
    kind: Kind = None,
    account: Account = None,
    decimal_mark: DecimalMark = None,
    as_json: AsJson = False,
) -> None:
    """Enter a fee: a fixed amount, or a percentage of the goods.

    `settings set fees.default` proposes fees to new customers.
    """
    from intergestan_erp.parties.fees import FeeValues, add_fee, fee_code
    from intergestan_erp.parties.parties import in_turn
    from intergestan_erp.party_entry.typed import read_fee

    if (amount is None) is (percent is None):
        raise typer.BadParameter(_("Say --amount or --percent, one of them."))
    stated = a_vat(vat)
    texts = read_fee({"name": name, "account_number": account})
    fee = FeeValues(
        code=fee_code(code),
        name=texts["name"] or "",
        kind=kind or FeeKind.OTHER,
        amount=Decimal(0) if amount is None else an_amount(amount, decimal_mark),
        percent=Decimal(0) if percent is None else a_rate(percent, decimal_mark),
        vat_category=stated.category,
        vat_rate=stated.rate,
        account_number=texts.get("account_number"),
    )
    call = call_of(context)
    in_turn(
        call.database, lambda connection: add_fee(connection, fee, by=call.actor(connection), at=call.database.now())
    )
    if as_json:
        print_json(asdict(fee))
    else:
        say(_("{name} is the fee {code} now.").format(name=fee.name, code=fee.code))


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    code: Code,
    name: Annotated[str | None, typer.Option("--name", help="What it is called from now on.")] = None,
    amount: Money = None,
    percent: Percent = None,
    vat: Vat = None,
    kind: Kind = None,
    account: Account = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether it is proposed and charged.")
    ] = None,
    decimal_mark: DecimalMark = None,
) -> None:
    """Change a fee. What stands on quotes and orders stays as it is; an empty account takes it away."""
    from intergestan_erp.parties.fees import set_fee
    from intergestan_erp.party_entry.typed import read_fee

    if amount is not None and percent is not None:
        raise typer.BadParameter(_("Say --amount or --percent, one of them."))
    changes: dict[str, Any] = read_fee({"name": name, "account_number": account})
    if amount is not None:
        changes |= {"amount": an_amount(amount, decimal_mark), "percent": Decimal(0)}
    if percent is not None:
        changes |= {"amount": Decimal(0), "percent": a_rate(percent, decimal_mark)}
    if vat is not None:
        stated = a_vat(vat)
        changes |= {"vat_category": stated.category, "vat_rate": stated.rate}
    changes |= {column: value for column, value in (("kind", kind), ("active", active)) if value is not None}
    if not changes:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        set_fee(connection, code, changes, by=call.actor(connection), at=call.database.now())
    say(_("Changed for the fee {code}: {names}.").format(code=code.strip().upper(), names=", ".join(changes)))


def how_much(amount: Decimal | None, percent: Decimal) -> str:
    """`7,50`, or `2,00 %` of the goods."""
    return f"{cell(percent)} %" if percent and not amount else cell(amount)


def typed_fees(texts: Sequence[str] | None) -> dict[str, Decimal | None]:
    """`PORT`, `PORT=7,50`: fees by code, each with its own amount or None; BadParameter for what is none."""
    from intergestan_erp.parties.fees import fee_code

    found: dict[str, Decimal | None] = {}
    for text in texts or ():
        written, equals, amount = text.partition("=")
        code = fee_code(written)
        if code in found:
            raise typer.BadParameter(_("The fee {code} stands twice.").format(code=code))
        found[code] = an_amount(amount) if equals else None
    return found
