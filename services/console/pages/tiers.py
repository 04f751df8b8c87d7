"""*Tiers*: the third parties, found while one types (T09 to T15); the same as a file, and for fields that want one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import CategoryKind, GeoState, PartyRole, Right
from intergestan_erp.agencies.codes import list_categories
from intergestan_erp.credit.customers import read_customers
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.listing.party_list import PartyLine, WhichParties, find_lines, list_lines
from intergestan_erp.parties.search import USUAL as CHOICES
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_erp.site.preferences import read_preferences
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console.access.rights import may
from services.console.downloads import as_csv, every
from services.console.pages.filters import paging_of
from services.console.visit import Visit

PATH: Final = "/tiers"
NARROWING: Final = ("role", "categorie", "q")
TYPED: Final = "q"
CREDIT: Final = "encours"
"""Whether the columns of what customers owe are shown."""
TABS: Final[Mapping[str, tuple[str, WhichParties]]] = {
    "clients": (marked("Customers"), WhichParties(PartyRole.CUSTOMER)),
    "fournisseurs": (marked("Suppliers"), WhichParties(PartyRole.SUPPLIER)),
    "": (marked("All third parties"), WhichParties()),
    "agences": (marked("Agencies of ours"), WhichParties(agencies=True)),
    "anonymises": (marked("Made anonymous"), WhichParties(anonymous=True)),
}
"""What the list may be narrowed to, by the word in its address."""
GEO: Final[Mapping[str, str]] = {
    GeoState.NONE: "",
    GeoState.WAITING: marked("is being looked up"),
    GeoState.FOUND: marked("position known"),
    GeoState.NOT_FOUND: marked("position not found"),
    GeoState.FAILED: marked("cannot be looked up"),
    GeoState.BY_HAND: marked("set by hand"),
}
FIELDS: Final[Mapping[str, str]] = {
    "code": marked("Code"),
    "name": marked("Company name"),
    "account": marked("Account"),
}
"""By what a third party was found."""


def party_path(code: str, tab: str = "") -> str:
    """The address of a card, or of one of its tabs."""
    return f"{PATH}/{quote(code, safe='')}" + (f"?onglet={tab}" if tab else "")


def show_list(visit: Visit) -> Response:
    """The list: by code in pages, or what is meant by what was typed; filter and place stand in the address."""
    paging = paging_of(visit, PATH, NARROWING, beside=(CREDIT,))
    which, typed = _which(visit), visit.query.get(TYPED, "").strip()
    with visit.database.read() as connection:
        page, more = _read(connection, which, typed, paging.where)
        categories = [each for each in list_categories(connection) if each.kind is CategoryKind.PARTY]
        credit = _credit(visit, connection, page.rows) if visit.query.get(CREDIT) == "1" else None
    return visit.html(
        "tiers/list.html",
        page=page,
        more=more,
        paging=paging,
        tabs=[(name, word, paging.narrowed(role=name)) for name, (word, _narrowed) in TABS.items()],
        tab=_tab(visit),
        typed=typed,
        categories=categories,
        category=which.category or "",
        credit=credit,
        fields=FIELDS,
        geo=GEO,
        is_narrowed=any(paging.narrowing.values()),
        may_set=may(Right.SET_PARTIES, visit.person),
        to_party=party_path,
    )


def _read(connection: Connection, which: WhichParties, typed: str, where: Any) -> tuple[Page[PartyLine], bool]:
    """The rows, and whether there are more of those that were typed than are shown."""
    if not typed:
        return list_lines(connection, which, **where), False
    fields = read_preferences(connection).party_fields
    found = find_lines(connection, typed, which, fields)
    return Page(found.rows, None), found.more


def _credit(visit: Visit, connection: Connection, rows: Any) -> Mapping[int, Any]:
    """What the customers of a page owe and may owe, by id; a statement for each part, however many rows there are."""
    rules = read_credit_rules(connection)
    return read_customers(connection, [each.id for each in rows if each.is_customer], visit.today, rules)


def _tab(visit: Visit) -> str:
    tab = visit.query.get("role", "")
    return tab if tab in TABS else ""


def _which(visit: Visit) -> WhichParties:
    which = TABS[_tab(visit)][1]
    category = visit.query.get("categorie", "").strip() or None
    return WhichParties(which.role, category, which.agencies, which.anonymous)


def export(visit: Visit) -> Response:
    """All that the list shows, as a file."""
    which, typed = _which(visit), visit.query.get(TYPED, "").strip()

    def read(connection: Connection, after: str | None) -> Page[PartyLine]:
        where = {"size": MOST, "after": after}
        return _read(connection, which, typed, where)[0]

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.code, each.name, each.accounts.get(PartyRole.CUSTOMER), each.accounts.get(PartyRole.SUPPLIER)),
            *(each.postcode, each.city, each.category, each.term),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "tiers", said("Third parties"), [said(title) for title in TITLES], rows)


TITLES: Final = (
    *(marked("Code"), marked("Company name"), marked("Customer account"), marked("Supplier account")),
    *(marked("Postcode"), marked("City"), marked("Category"), marked("Terms")),
)
"""The columns of the list, as a file has them."""


def find(visit: Visit) -> Response:
    """The rows of a field that wants a third party, while one types (§3.1): the likeliest first.

    Those that stand for depots of ours are in fields about depots alone (D40).
    """
    role = visit.query.get("role", "")
    which = WhichParties(PartyRole(role) if role in set(PartyRole) else None)
    typed = visit.query.get(TYPED, "").strip()
    with visit.database.read() as connection:
        fields = read_preferences(connection).party_fields
        found = find_lines(connection, typed, which, fields, CHOICES)
    account = which.role or PartyRole.CUSTOMER
    return visit.html(
        "tiers/choices.html", block="choix", titled=False, found=found, typed=typed, account=account, fields=FIELDS
    )
