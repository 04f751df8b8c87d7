"""*Comptabilité*: what all its pages share, the entries (A04, A08), one entry, and whether the books are in order.

Every page is about the books of one company, whose number stands in its address: two companies are two pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Journal
from intergestan_erp.books.chart import JOURNALS
from intergestan_erp.books.check import Wrong, WrongBooks, check_books
from intergestan_erp.books.folders import Folder, folder_called, list_books
from intergestan_erp.books.typed import TYPED
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.entries import (
    ListedEntry,
    ListedLine,
    WhichEntries,
    list_entries,
    read_entry,
    reversal_of,
    sum_entries,
)
from intergestan_erp.listing.page import MOST, Page
from intergestan_operations.language.books import said_of
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import marked
from services.console import faults
from services.console.downloads import as_csv, every
from services.console.pages.fields import Number, read_number
from services.console.pages.filters import Days, days_of, paging_of
from services.console.visit import Visit

PATH: Final = "/comptabilite"
ENTRIES: Final = f"{PATH}/ecritures"
LETTERS: Final = f"{PATH}/lettrage"
RESULT: Final = f"{PATH}/resultat"
FILES: Final = f"{PATH}/fec"
YEARS: Final = f"{PATH}/cloture"
CHART: Final = f"{PATH}/plan"
CHECK: Final = f"{PATH}/controle"
FOLDER: Final = "dossier"
"""The number of the books, in the address and in every form."""
PARTS: Final = (
    (marked("Entries of the books"), ENTRIES),
    (marked("Lettering"), LETTERS),
    (marked("Result"), RESULT),
    (marked("FEC"), FILES),
    (marked("Closing"), YEARS),
    (marked("Chart of accounts"), CHART),
)
NARROWING: Final = (FOLDER, "journal", "du", "au", "compte", "piece", "montant", "etablissement", "ouvertes")
TITLES: Final = (
    *(marked("Journal"), marked("No."), marked("Date"), marked("Supporting document"), marked("Account")),
    *(marked("Subsidiary account"), marked("Title"), marked("Label of the entry"), marked("Debit")),
    *(marked("Credit"), marked("Letter"), marked("Establishment"), marked("Validated on")),
)
"""The columns of the list, as a file has them."""
DOCUMENTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("invoice", "mirror"), "/factures/"),
    **dict.fromkeys(("credit_note", "mirror_note"), "/avoirs/"),
    **dict.fromkeys(("payment", "bank", "failed", "cancelled"), "/reglements/"),
}
"""The page of the document that made an entry, before its number, by the kind that its source names."""
_ANY: Final = Number(0, 10**9, None)


@dataclass(frozen=True, slots=True)
class OpenBooks(Folder):
    """The books that a page is about. :ivar all: those of all companies, by number."""

    all: tuple[Folder, ...]


def books_of(visit: Visit, connection: Connection) -> OpenBooks:
    """The books that a page is about: those that it names, else those of where the person is.

    :raises Problem: there are none of this number.
    """
    typed = (visit.form.get(FOLDER) or visit.kept.get(FOLDER) or visit.query.get(FOLDER, "")).strip()
    number: int | None = None if visit.here is None else visit.here.folder
    if typed:
        wrong: dict[str, str] = {}
        number = read_number(typed, _ANY, wrong, FOLDER)
        number = 0 if wrong else number
    known = tuple(list_books(connection))
    found = next((each for each in known if each.number == number), None) or folder_called(connection, number)
    return OpenBooks(found.id, found.number, found.name, found.siren, found.chart, known)


def frame(folder: OpenBooks, path: str) -> dict[str, Any]:
    """What the head of each page of the books says: whose they are, the other pages, the other companies."""
    return {
        "books": folder,
        "folders": folder.all,
        "parts_of_books": [(word, books_path(each, folder), each == path) for word, each in PARTS],
        "at_path": path,
        "to_books": partial(books_path, folder=folder),
        "to_entry": lambda name: entry_path(name, folder),
    }


def books_path(path: str, folder: Folder, **query: str) -> str:
    """The address of a page of these books."""
    return f"{path}?{urlencode({FOLDER: str(folder.number), **query})}"


def entry_path(name: str, folder: Folder, act: str = "") -> str:
    """The address of an entry, or of what is done with it, by its name: `OD12`."""
    return books_path(f"{ENTRIES}/{name[:2]}/{name[2:]}" + (f"/{act}" if act else ""), folder)


def to_document(entry: ListedEntry) -> str | None:
    """The page of the document that made an entry."""
    path = DOCUMENTS.get(entry.made_by)
    return None if path is None else f"{path}{quote(entry.piece, safe='')}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address narrows the list to, and what in it is none, by the name of its field."""

    which: WhichEntries
    days: Days
    wrong: Mapping[str, str]


def asked_of(visit: Visit, folder: Folder) -> Asked:
    """What the address asks for."""
    days, wrong = days_of(visit)
    typed = {name: visit.query.get(name, "").strip() for name in NARROWING}
    amount = None
    if typed["montant"]:
        try:
            amount = read_amount(typed["montant"])
        except Unreadable as bad:
            wrong["montant"] = sentence(bad, visit.language)
    numbers: dict[str, str] = {}
    establishment = read_number(typed["etablissement"], _ANY, numbers, "etablissement")
    wrong |= {name: translated(text, visit.language) for name, text in numbers.items()}
    which = WhichEntries(
        folder_id=folder.id,
        journal=Journal(typed["journal"]) if typed["journal"] in set(Journal) else None,
        first=days.first,
        last=days.last,
        account=typed["compte"] or None,
        piece=typed["piece"] or None,
        open=typed["ouvertes"] == "1",
        amount=amount,
        establishment=None if numbers else establishment,
    )
    return Asked(which, days, wrong)


def show_list(visit: Visit) -> Response:
    """A page of the entries, the newest first, with the lines that are asked for and the sums of all of them."""
    paging = paging_of(visit, ENTRIES, NARROWING)
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        asked = asked_of(visit, folder)
        page = sums = None
        if not asked.wrong:
            page = list_entries(connection, asked.which, **paging.where)
            sums = sum_entries(connection, asked.which)
        shared = frame(folder, ENTRIES)
    return visit.html(
        "books/entries.html",
        status=422 if asked.wrong else 200,
        page=page,
        rows=[] if page is None else list(_rows(page, asked.which)),
        sums=sums,
        paging=paging,
        days=asked.days,
        typed={name: visit.query.get(name, "").strip() for name in NARROWING},
        journals=JOURNALS,
        wrong=asked.wrong,
        is_narrowed=any(value for name, value in paging.narrowing.items() if name != FOLDER),
        to_document=to_document,
        **shared,
    )


def export(visit: Visit) -> Response:
    """All lines that the list shows, as a file."""
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
    asked = asked_of(visit, folder)
    if asked.wrong:
        return visit.go(f"{ENTRIES}?{visit.request.url.query}")

    def read(connection: Connection, after: str | None) -> Page[ListedEntry]:
        return list_entries(connection, asked.which, size=MOST, after=after)

    said = partial(translated, language=visit.language)
    rows = (
        (
            *(each.entry[:2], each.entry[2:], visit.day(each.day), each.piece, line.account, line.aux),
            *(
                line.aux_title or line.title,
                each.label,
                line.debit,
                line.credit,
                line.letter,
                _text(line.establishment),
            ),
            visit.day(each.validated_on),
        )
        for each in every(visit, read)
        for line in each.lines
        if asked.which.has(line)
    )
    return as_csv(visit, "ecritures", said("Entries of the books"), [said(title) for title in TITLES], rows)


def show_one(visit: Visit) -> Response:
    """One entry as a whole. It is never changed; one that was typed may be reversed."""
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        entry = find_entry(visit, connection, folder)
        if entry is None:
            return faults.page(visit, 404)
        reversal = reversal_of(connection, folder.id, entry)
        shared = frame(folder, ENTRIES)
    return visit.html(
        "books/entry.html",
        entry=entry,
        journals=JOURNALS,
        document=to_document(entry),
        reversal=reversal,
        to_reverse=entry_path(entry.entry, folder, "contre-passer") if may_reverse(entry) and not reversal else None,
        **shared,
    )


def find_entry(visit: Visit, connection: Connection, folder: Folder) -> ListedEntry | None:
    """The entry that the path names; a number that no column holds is none."""
    number = visit.params["n"]
    return read_entry(connection, folder.id, visit.params["journal"], number) if number < 10**15 else None


def may_reverse(entry: ListedEntry) -> bool:
    """Whether a person typed it."""
    return entry.made_by == "typed"


def check(visit: Visit) -> Response:
    """What is wrong with the books: each fault leads to what it is about."""
    with visit.database.read() as connection:
        folder = books_of(visit, connection)
        found = check_books(connection, folder)
        shared = frame(folder, ENTRIES)
    return visit.html(
        "books/check.html",
        found=[(sentence(said_of(each), visit.language), _to_wrong(each, folder)) for each in found],
        **shared,
    )


def _to_wrong(wrong: WrongBooks, folder: Folder) -> str:
    """Where one sees what is wrong."""
    if wrong.kind is Wrong.MISSED:
        return f"/chercher?{urlencode({'q': wrong.what})}"
    if wrong.kind is Wrong.LETTER:
        return books_path(ENTRIES, folder, compte=wrong.what.rpartition(" ")[0])
    return entry_path(wrong.what, folder)


def _rows(page: Page[ListedEntry], which: WhichEntries) -> Iterator[tuple[ListedEntry, ListedLine, bool]]:
    """The lines that are asked for, with their entry, and whether they are its first here."""
    for entry in page.rows:
        for place, line in enumerate(each for each in entry.lines if which.has(each)):
            yield entry, line, place == 0


def typing_journals() -> Mapping[str, str]:
    """The journals in which people type, with their names."""
    return {journal: JOURNALS[journal] for journal in TYPED}


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
