"""`intergestan books chart`: which account is for what."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_erp.books.chart import BY_FAMILY, BY_VAT, USUAL, Account, Use, checked_number, key_of
from intergestan_operations.language.language import _
from services.cli.books.naming import Folder, folder_of
from services.cli.context import call_of
from services.cli.figures import a_vat
from services.cli.output import AsJson, print_json, print_table


def chart(
    context: typer.Context,
    *,
    use: Annotated[Use | None, typer.Argument(help="What another account is for.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="NUMBER", help="The account; without it the usual one again.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Its title.")] = None,
    family: Annotated[
        str | None, typer.Option("--family", metavar="CODE", help="Only for this product family.")
    ] = None,
    vat: Annotated[
        str | None, typer.Option("--vat", metavar="CATEGORY:RATE", help="Only for this VAT category and rate.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show which account is for what, or choose another one; what stands in the books stays where it is."""
    from intergestan_db.enums import Right
    from intergestan_erp.books.folders import set_account
    from intergestan_operations.language.chart_words import USES

    call = call_of(context)
    if use is None:
        with call.database.read() as connection:
            found = folder_of(call, connection, folder).chart
    else:
        key, chosen = _key(use, family, vat), _account(account, title)
        with call.database.transaction() as connection:
            by, at = call.entitled(connection, Right.CLOSE_BOOKS), call.database.now()
            found = set_account(connection, folder_of(call, connection, folder, keep=True), key, chosen, by=by, at=at)
    rows = {**{str(each): one for each, one in USUAL.items()}, **found.own}
    if as_json:
        print_json([{"use": key, "account": one.number, "title": one.title} for key, one in sorted(rows.items())])
        return
    print_table(
        [_("For"), _("Only"), _("Account"), _("Title")],
        [
            [_(USES[key.partition("/")[0]]), key.partition("/")[2] or None, one.number, one.title]
            for key, one in sorted(rows.items())
        ],
    )


def _key(use: Use, family: str | None, vat: str | None) -> str:
    if family is not None and (use not in BY_FAMILY or vat is not None):
        raise typer.BadParameter(_("A family of products has its own account for sales only, and then for all VAT."))
    if vat is not None and use not in BY_VAT:
        raise typer.BadParameter(_("A VAT category has its own account for sales, charges and VAT only."))
    stated = None if vat is None else a_vat(vat)
    return key_of(use, family, None if stated is None else (stated.category, stated.rate))


def _account(number: str | None, title: str | None) -> Account | None:
    if number is None:
        return None
    if title is None or not title.strip():
        raise typer.BadParameter(_("An account needs its title: --title."))
    return Account(checked_number(number), title.strip())
