"""*Encours*: what customers owe and may owe, those above their maximum before all, and who passed it (T18 to T22)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_erp.credit.customers import CustomerCredit
from intergestan_erp.credit.listing import list_credit, list_overrides
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console.downloads import as_csv, every
from services.console.pages.filters import paging_of
from services.console.pages.tiers import party_path
from services.console.pages.tiers_card import STAGES
from services.console.visit import Visit

PATH: Final = "/encours"
TAB: Final = "montrer"
ALL, OVERRIDES = "tous", "derogations"
TABS: Final[Mapping[str, str]] = {
    "": marked("Above the limit"),
    ALL: marked("All customers"),
    OVERRIDES: marked("Overrides"),
}
"""What is shown, by the word in the address."""
TITLES: Final = (
    *(marked("Code"), marked("Company name"), marked("Orders and deliveries not invoiced"), marked("Invoices")),
    *(
        marked("To be deducted"),
        marked("Credit in use"),
        marked("Maximum"),
        marked("Insured"),
        marked("Available credit"),
    ),
)
"""The columns, as a file has them."""


def show(visit: Visit) -> Response:
    """A page of the customers by code, or of the overrides, the newest first."""
    tab = _tab(visit)
    paging = paging_of(visit, PATH, (TAB,))
    where: dict[str, Any] = {"size": paging.size, "after": paging.after}
    with visit.database.read() as connection:
        rules = read_credit_rules(connection)
        customers = overrides = None
        if tab == OVERRIDES:
            overrides = list_overrides(connection, **where)
        else:
            customers = list_credit(connection, visit.today, rules, over=tab != ALL, **where)
    return visit.html(
        "tiers/credit.html",
        tabs=[(name, word, paging.narrowed(montrer=name)) for name, word in TABS.items()],
        tab=tab,
        paging=paging,
        customers=customers,
        overrides=overrides,
        stages=STAGES,
        read_at=visit.now,
        to_party=party_path,
    )


def export(visit: Visit) -> Response:
    """All customers that the list shows, as a file."""
    over = _tab(visit) != ALL

    def read(connection: Connection, after: str | None) -> Page[CustomerCredit]:
        rules = read_credit_rules(connection)
        return list_credit(connection, visit.today, rules, over=over, size=MOST, after=after)

    rows = (
        (
            *(each.code, each.name, each.exposure.not_invoiced, each.exposure.invoices, each.exposure.on_account),
            *(each.exposure.total, each.maximum, None if each.maximum is None else each.insured, each.free),
        )
        for each in every(visit, read)
    )
    said = partial(translated, language=visit.language)
    return as_csv(visit, "encours", said("Credit in use"), [said(title) for title in TITLES], rows)


def _tab(visit: Visit) -> str:
    tab = visit.query.get(TAB, "")
    return tab if tab in TABS else ""
