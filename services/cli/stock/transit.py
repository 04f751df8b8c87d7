"""`intergestan stock show --transit`: what is on its way between agencies (A46)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from intergestan_operations.language.language import _
from services.cli.output import print_json, print_table
from services.cli.paging import say_that_there_are_more

if TYPE_CHECKING:
    from intergestan_db.database import Database


def show_transit(database: Database, limit: int, after: str | None, *, as_json: bool) -> None:
    """Show a page of it, oldest first."""
    from intergestan_erp.pairs.transit import list_transit

    with database.read() as connection:
        page = list_transit(connection, size=limit, after=after)
    if as_json:
        print_json({"transit": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Delivery note"), _("Date"), _("Line"), _("Product"), _("On its way"), _("Received"), _("From depot")]
    print_table([*titles, _("To depot"), _("Purchase order")], [list(asdict(row).values()) for row in page.rows])
    say_that_there_are_more(page.after)
