"""The words of the navigation, and who sees which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from intergestan_db.enums import Right, Role
from intergestan_erp.agencies.standing import Standing
from intergestan_erp.people.rights import Person
from intergestan_runtime.said import marked
from services.console.access.rights import Access, may


class When(Enum):
    """What a site has, so that a page is of use there; else its word is not in the menu."""

    ALWAYS = "always"
    STOCK = "stock"
    """Its stock is managed."""
    AGENCIES = "agencies"
    """It has a second establishment."""
    BOOKS = "books"
    """Its books were begun, or it is an accountant who looks."""

    def holds(self, standing: Standing, person: Person) -> bool:
        """Whether it is so."""
        if self is When.STOCK:
            return standing.manages_stock
        if self is When.AGENCIES:
            return standing.establishments > 1
        return self is When.ALWAYS or standing.has_entries or Role.ACCOUNTANT in person.roles


@dataclass(frozen=True, slots=True)
class Entry:
    """A word of the menu. `key`: what follows `g` on the keyboard; `when`: where it is of use."""

    word: str
    path: str
    access: Access | Right
    icon: str
    key: str = ""
    when: When = When.ALWAYS

    def is_at(self, path: str) -> bool:
        """Whether the page of this path belongs to it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path))


@dataclass(frozen=True, slots=True)
class Heading:
    """A word under which its entries open; without one they stand in the row themselves."""

    word: str
    entries: tuple[Entry, ...]

    def is_at(self, path: str) -> bool:
        """Whether the page of this path belongs to one of them."""
        return any(entry.is_at(path) for entry in self.entries)


def _of_books(word: str, path: str, icon: str, key: str = "") -> Entry:
    return Entry(word, path, Right.KEEP_BOOKS, icon, key, When.BOOKS)


MENU: Final = (
    Heading("", (Entry(marked("Home"), "/", Access.SEE, "home"),)),
    Heading(
        marked("Buying"),
        (
            Entry(marked("Send orders"), "/envoyer", Right.SEND_ORDERS, "sending", "e"),
            Entry(marked("Purchase orders"), "/commandes", Access.SEE, "orders", "c"),
            Entry(marked("Mails sent"), "/envois", Access.SEE, "mail"),
        ),
    ),
    Heading(
        marked("Selling"),
        (
            Entry(marked("Collect orders"), "/relever", Right.COLLECT_ORDERS, "collect", "r"),
            Entry(marked("Quotes"), "/devis", Access.SEE, "draft"),
            Entry(marked("Sales orders"), "/ventes", Access.SEE, "sales", "v"),
            Entry(marked("Allocations"), "/affectations", Access.SEE, "orders", when=When.STOCK),
            Entry(marked("Picking slips"), "/bp", Access.SEE, "orders", when=When.STOCK),
            Entry(marked("Inter-agency orders"), "/inter-agences", Access.SEE, "orders", when=When.AGENCIES),
            Entry(marked("Receipts"), "/receptions", Access.SEE, "orders", when=When.STOCK),
            Entry(marked("Delivery notes"), "/bl", Access.SEE, "orders"),
            Entry(marked("Deferred invoicing of delivery notes"), "/facturation-differee", Access.SEE, "orders"),
            Entry(marked("Invoices"), "/factures", Access.SEE, "orders"),
            Entry(marked("Credit notes"), "/avoirs", Access.SEE, "orders"),
            Entry(marked("Payments"), "/reglements", Access.SEE, "orders"),
            Entry(marked("Credit in use"), "/encours", Access.SEE, "warning"),
        ),
    ),
    Heading("", (Entry(marked("To do"), "/a-traiter", Access.SEE, "warning", "a"),)),
    Heading(
        marked("Records"),
        (
            Entry(marked("Third parties"), "/tiers", Access.SEE, "people", "t"),
            Entry(marked("Etablissements"), "/agences", Access.SEE, "people"),
            Entry(marked("Depots"), "/depots", Access.SEE, "orders"),
            Entry(marked("Products"), "/produits", Access.SEE, "orders"),
            Entry(marked("Price lists"), "/tarifs", Access.SEE, "orders"),
            Entry(marked("Partners"), "/correspondants", Access.SEE, "mail"),
        ),
    ),
    Heading(
        marked("Books"),
        (
            _of_books(marked("Entries of the books"), "/comptabilite/ecritures", "orders", "b"),
            _of_books(marked("Lettering"), "/comptabilite/lettrage", "check"),
            _of_books(marked("Result"), "/comptabilite/resultat", "dot"),
            _of_books(marked("FEC"), "/comptabilite/fec", "draft"),
            _of_books(marked("Closing"), "/comptabilite/cloture", "pause"),
            _of_books(marked("Chart of accounts"), "/comptabilite/plan", "change"),
        ),
    ),
    Heading(
        marked("Follow-up"),
        (
            Entry(marked("Order story"), "/histoire", Access.SEE, "story", "h"),
            Entry(marked("Audit log"), "/journal", Right.OPERATE, "clock", "j"),
        ),
    ),
    Heading("", (Entry(marked("Operations"), "/exploitation", Access.SEE, "dot", "x"),)),
    Heading("", (Entry(marked("Settings"), "/reglages", Right.SET_SITE, "change"),)),
)
"""What is built. The others come with their pages."""


def shown_to(person: Person | None, standing: Standing) -> list[Heading]:
    """What this person sees of it; what the site does not use is left out."""
    if person is None:
        return []

    def is_seen(entry: Entry) -> bool:
        return may(entry.access, person) and entry.when.holds(standing, person)

    seen = (Heading(each.word, tuple(filter(is_seen, each.entries))) for each in MENU)
    return [heading for heading in seen if heading.entries]
