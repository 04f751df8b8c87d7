"""`intergestan accounts`: the accounts of third parties."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import PartyRole
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.naming import party_of
from services.cli.parties.parties import ROLES, AtMost, Party
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = Group("The accounts of customers and suppliers.")

KINDS = {**{str(role): text for role, text in ROLES.items()}, "general": marked("general")}
FIELDS = {"party_code": marked("Third party"), "title": marked("Title"), "number": marked("Account")}


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the accounts by number, a page at a time."""
    from intergestan_erp.listing.accounts import list_accounts

    with call_of(context).database.read() as connection:
        page = list_accounts(connection, size=limit, after=after)
    if as_json:
        print_json({"accounts": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Account"), _("Title"), _("Role"), _("Third party")]
    print_table(titles, [[row.number, row.title, _(KINDS[row.kind]), row.party] for row in page.rows])
    say_that_there_are_more(page.after)


@app.verb("find")
def find(
    context: typer.Context,
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The first characters of one word or several.")],
    limit: AtMost = 20,
    as_json: AsJson = False,
) -> None:
    """Find accounts by the beginning of words of their party's code, title or number, the likeliest first."""
    from intergestan_erp.parties.search import find_accounts
    from intergestan_erp.site.preferences import read_preferences

    with call_of(context).database.read() as connection:
        fields = read_preferences(connection).account_fields
        found = find_accounts(connection, text, fields, limit)
    if as_json:
        print_json({"found": [asdict(each) for each in found.found], "more": found.more})
        return
    titles = [_("Account"), _("Title"), _("Third party"), _("Found by")]
    print_table(titles, [[each.number, each.title, each.party, _(FIELDS[each.field])] for each in found.found])
    if found.more:
        say(_("There are more: type more of it."))


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    party: Party,
    number: Annotated[
        str | None, typer.Argument(metavar="[NUMBER]", help="Its number, where people give them; else it is made.")
    ] = None,
    role: Annotated[PartyRole, typer.Option("--role", help="Its account as a customer, or as a supplier.")],
    title: Annotated[
        str | None, typer.Option("--title", help="What it is called; the party's name by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a third party its account in a role, or another number or title to the one that it has."""
    from intergestan_erp.parties.accounts import account_by_hand
    from intergestan_erp.parties.parties import in_turn, set_account
    from intergestan_erp.party_entry.typed import read_typed
    from intergestan_erp.site.preferences import read_preferences

    wanted = None if number is None else account_by_hand(number)
    called = None if title is None else read_typed({"name": title})["name"]
    call = call_of(context)

    def change(connection: Connection) -> tuple[str, str]:
        by, rules = call.actor(connection), read_preferences(connection).rules
        found = party_of(connection, party)
        at = call.database.now()
        given = set_account(connection, found.id, role, rules, number=wanted, title=called, by=by, at=at)
        return found.code, given

    code, given = in_turn(call.database, change)
    if as_json:
        print_json({"party": code, "role": role, "account": given})
        return
    say(_("{party} has the account {number} ({role}).").format(party=code, number=given, role=_(ROLES[role])))
