"""*Journal*: what happened, who did it and when, narrowed in the address; its file has exactly what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.site.setup import list_users
from intergestan_exchange.listing.events import ALL_SERVICES, ListedEvent, WhichEvents, list_events, things_called
from intergestan_operations.language.journal_words import SUBJECTS, happened, known_besides
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked
from services.console.access.rights import Access, may
from services.console.downloads import as_csv, every
from services.console.pages.filters import MYSELF, Days, days_of, paging_of
from services.console.visit import Visit

PATH: Final = "/journal"
NARROWING: Final = ("du", "au", "qui", "quoi", "sur", "gens")
KINDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "commandes": (marked("Purchase orders"), ("purchase_order", "purchase_order_change")),
    "ventes": (marked("Sales orders"), ("sales_order", "quote")),
    "documents": (
        marked("Deliveries and invoices"),
        ("delivery_note", "picking_slip", "invoice", "credit_note", "payment", "invoice_run"),
    ),
    "envois": (marked("Mails sent"), ("outbound_mail",)),
    "recus": (marked("Mails that came"), ("inbound_mail",)),
    "attente": (marked("What waits"), ("hold",)),
    "tiers": (marked("Third parties"), ("party", "fee", "payment_term", "price_list")),
    "correspondants": (marked("Partners"), ("partner",)),
    "comptes": (marked("Mail accounts"), ("mailbox", "relay", "oauth_grant")),
    "personnes": (marked("People"), ("user",)),
    "comptabilite": (marked("Books"), ("entry", "fiscal_year", "accounting_folder")),
    "site": (marked("Site and settings"), ("site",)),
}
"""By the word in the address: what the filter says, and the subjects of its events."""
LINKS: Final[Mapping[str, tuple[str, Access | Right]]] = {
    "purchase_order": ("/commandes/", Access.SEE),
    "sales_order": ("/ventes/", Access.SEE),
    "delivery_note": ("/bl/", Access.SEE),
    "invoice": ("/factures/", Access.SEE),
    "outbound_mail": ("/envois/", Access.SEE),
    "hold": ("/a-traiter/", Access.SEE),
    "partner": ("/correspondants/", Access.SEE),
    "mailbox": ("/exploitation/boite/", Access.SEE),
    "party": ("/tiers/", Access.SEE),
    "user": ("/reglages/utilisateurs/", Right.MANAGE_USERS),
}
"""The page of a thing, before what people call it, and who may open it."""
TITLES: Final = (
    *(marked("When"), marked("Who"), marked("What"), marked("About what"), marked("Before"), marked("After")),
    marked("Details"),
)
"""The columns of the list, as a file has them."""


@dataclass(frozen=True, slots=True)
class Line:
    """An event as people read it. `to`: the page of what it is about, if it has one for this person."""

    at: datetime
    who: str
    what: str
    of: str
    to: str | None
    old: str
    new: str
    details: str


def show_list(visit: Visit) -> Response:
    """A page of it; filter and place stand in the address."""
    paging = paging_of(visit, PATH, NARROWING)
    with visit.database.read() as connection:
        days, which, wrong = _asked(visit, connection)
        page = None if wrong else list_events(connection, which, **paging.where)
        people = [user.login for user in list_users(connection)]
    return visit.html(
        "journal.html",
        status=422 if wrong else 200,
        page=page,
        told_lines=[] if page is None else [_line(visit, each) for each in page.rows],
        paging=paging,
        days=days,
        asked={name: visit.query.get(name, "").strip() for name in NARROWING},
        kinds=[(name, word) for name, (word, _subjects) in KINDS.items()],
        authors=[*people, *ALL_SERVICES],
        wrong=wrong,
        is_narrowed=any(paging.narrowing.values()),
    )


def export(visit: Visit) -> Response:
    """All that the list shows page by page, as a file."""
    with visit.database.read() as connection:
        _days, which, wrong = _asked(visit, connection)
    if wrong:
        return visit.go(f"{PATH}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedEvent]:
        return list_events(connection, which, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    lines = (_line(visit, each) for each in every(visit, read))
    rows = (
        (each.at.isoformat(timespec="seconds"), each.who, each.what, each.of, each.old, each.new, each.details)
        for each in lines
    )
    return as_csv(visit, "journal", said("Audit log"), [said(title) for title in TITLES], rows)


def _asked(visit: Visit, connection: Connection) -> tuple[Days, WhichEvents, dict[str, str]]:
    """What the address asks for, and what in it is none, by the name of its field."""
    days, wrong = days_of(visit)
    subjects = KINDS.get(visit.query.get("quoi", ""), ("", ()))[1]
    thing, who = visit.query.get("sur", "").strip(), visit.query.get("qui", "").strip()
    which = WhichEvents(
        who=(visit.who.login if who == MYSELF else who) or None,
        first=_begin(visit, days.first),
        last=_begin(visit, None if days.last is None else days.last + timedelta(days=1)),
        subjects=subjects,
        of=tuple(things_called(connection, thing, subjects)) if thing else None,
        by_people=bool(visit.query.get("gens")),
    )
    return days, which, wrong


def _begin(visit: Visit, day: date | None) -> datetime | None:
    """When a day begins for whoever looks: the list's times are those of their zone."""
    return None if day is None else datetime.combine(day, time.min, visit.zone).astimezone(UTC)


def _line(visit: Visit, event: ListedEvent) -> Line:
    said = partial(translated, language=visit.language)
    path, access = LINKS.get(event.subject, ("", Access.SEE))
    has_page = bool(path and event.of) and not event.is_gone and may(access, visit.person)
    return Line(
        event.at,
        event.who,
        happened(event.subject, event.name, visit.language),
        event.of or said(SUBJECTS.get(event.subject, event.subject)),
        f"{path}{quote(event.of or '', safe='')}" if has_page else None,
        said(event.old) if event.old else "",
        said(event.new) if event.new else "",
        known_besides(event.detail, visit.language),
    )
