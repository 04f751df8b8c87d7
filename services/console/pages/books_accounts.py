"""The accounts that a field of the books may mean, while one types (§3.1)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from intergestan_erp.books.accounts import find_in_chart
from intergestan_erp.parties.search import find_accounts
from intergestan_erp.site.preferences import read_preferences
from services.console.pages.books import books_of
from services.console.visit import Visit

CHOICES: Final = 20
KIND: Final = "genre"


def find(visit: Visit) -> Response:
    """Accounts of the chart first, then those of third parties; `genre` names one of both."""
    typed, kind = visit.query.get("q", "").strip(), visit.query.get(KIND, "")
    with visit.database.read() as connection:
        general = [] if kind == "tiers" else find_in_chart(books_of(visit, connection).chart, typed, CHOICES)
        fields = read_preferences(connection).account_fields
        found = None if kind == "general" else find_accounts(connection, typed, fields, CHOICES)
    rows = [(each.number, each.title, "") for each in general]
    if found is not None:
        rows += [(each.number, each.title, each.party or "") for each in found.found]
    return visit.html(
        "books/choices.html",
        block="choix",
        titled=False,
        rows=rows[:CHOICES],
        more=len(rows) > CHOICES or (found is not None and found.more),
        typed=typed,
    )
