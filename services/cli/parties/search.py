"""`intergestan search`: where a search looks."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_fields, print_json
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.cli.context import Call

app = Group("Where a search looks.")


class What(StrEnum):
    """What is searched."""

    PARTY = "party"
    ACCOUNT = "account"


class Change(StrEnum):
    """What to do with the fields."""

    ADD = "add"
    REMOVE = "remove"
    ORDER = "order"


@app.verb("fields")
def fields(
    context: typer.Context,
    *,
    what: Annotated[What | None, typer.Argument(metavar="[party|account]", help="What is searched.")] = None,
    change: Annotated[
        Change | None, typer.Argument(metavar="[add|remove|order]", help="What to do with its fields.")
    ] = None,
    names: Annotated[
        str | None, typer.Argument(metavar="[FIELD,…]", help="The field; for `order` all of them, the most used first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show in which fields third parties and accounts are searched, or choose and order them.

    A party has code, name and account; an account has party_code, title and number. What is found in the first field
    comes first. A field that is removed is not looked in any more, which makes searching quicker.
    """
    call = call_of(context)
    if what is None or change is None:
        with call.database.read() as connection:
            shown = _fields(connection)
    else:
        if not names:
            raise typer.BadParameter(_("Say which field."))
        shown = _changed(call, what, change, names)
    if what is not None:
        shown = {what: shown[what]}
    if as_json:
        print_json(shown)
    else:
        print_fields({each: ", ".join(listed) for each, listed in shown.items()})


def _changed(call: Call, what: What, change: Change, names: str) -> dict[str, list[str]]:
    from intergestan_erp.site.preferences import in_order, set_preference, with_field, without_field

    with call.database.transaction() as connection:
        now = _fields(connection)[what]
        wanted = {
            Change.ADD: lambda: with_field(now, names),
            Change.REMOVE: lambda: without_field(now, names),
            Change.ORDER: lambda: in_order(now, names),
        }[change]()
        set_preference(connection, f"search.{what}_fields", wanted, by=call.actor(connection), at=call.database.now())
        return _fields(connection)


def _fields(connection: Connection) -> dict[str, list[str]]:
    from intergestan_erp.site.preferences import read_preferences

    chosen = read_preferences(connection)
    return {What.PARTY: list(chosen.party_fields), What.ACCOUNT: list(chosen.account_fields)}
