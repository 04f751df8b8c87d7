"""The checks of `doctor` about agencies: what orders between them would lack, stock, the allocator, and the books."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act, Words
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said, marked

SIDES = {"customer": marked("customer"), "supplier": marked("supplier")}


def check_agencies(checkup: Checkup) -> Iterator[Finding]:
    """Whether each depot has its third parties, and the dossier its categories, where there are several agencies."""
    from intergestan_erp.agencies.lacking import lacking

    subject = Said("Agencies")
    with checkup.database.read() as connection:
        found = lacking(connection)
    for each in found:
        for depot, sides in each.depots:
            text = marked("depot {depot} has no third party as: {sides}")
            named = Words.any_of(SIDES[side] for side in sides)
            yield Finding(subject, False, Said(text, depot=depot, sides=named), next=(Act.SET_DEPOT_PARTIES,))
        if each.categories:
            text = marked("dossier {number} names no category for third parties or documents of agencies")
            yield Finding(subject, False, Said(text, number=each.dossier), next=(Act.SET_DOSSIER_CATEGORIES,))
    if all(each.is_complete for each in found):
        yield Finding(subject, True, Said("nothing is missing for orders between them"))


def check_stock(checkup: Checkup) -> Iterator[Finding]:
    """Whether nothing lies below nothing where that is not allowed."""
    from intergestan_erp.stock.levels import count_negative

    subject = Said("Stock")
    with checkup.database.read() as connection:
        count = count_negative(connection)
    if not count:
        yield Finding(subject, True, Said("nothing lies below nothing where it may not"))
        return
    text = marked(
        "{count} products lie below nothing, or are reserved beyond what lies there, where that is not allowed"
    )
    cure = Said("Count them, and enter it.")
    yield Finding(subject, False, Said(text, count=count), cure, (Act.COUNT_STOCK,))


def check_allocator(checkup: Checkup) -> Iterator[Finding]:
    """Whether an allocator lives, where goods are set aside as orders are accepted (A11); elsewhere nothing is said."""
    from intergestan_db.enums import ALLOCATOR
    from intergestan_db.leases import living_workers
    from intergestan_erp.stock.health import read_goods

    subject, now = Said("Allocator"), checkup.database.now()
    with checkup.database.read() as connection:
        goods = read_goods(connection)
        lives = ALLOCATOR in living_workers(connection, now).values()
    if not goods.reserves:
        return
    if lives:
        text = Said("it works; orders for which nothing is set aside yet: {count}", count=goods.unallocated)
        yield Finding(subject, True, text)
        return
    text = Said("none runs, so nothing is set aside for orders by mail; these wait: {count}", count=goods.unallocated)
    yield Finding(subject, False, text, next=(Act.START_SITE, Act.START_ALLOCATOR, Act.ALLOCATE_ORDER))


def check_all_books(checkup: Checkup) -> Iterator[Finding]:
    """Whether the books of each company are in order, as `books check` looks at them."""
    from intergestan_erp.agencies.establishments import list_folders
    from intergestan_erp.books.check import check_books
    from intergestan_erp.books.folders import folder_called
    from intergestan_operations.language.books import said_of

    subject, is_wrong = Said("Books"), False
    with checkup.database.read() as connection:
        for each in list_folders(connection):
            wrong = check_books(connection, folder_called(connection, each.number))
            if wrong:
                is_wrong = True
                text = Said(
                    "folder {number} ({name}): {first} In all, {count} findings.",
                    number=each.number,
                    name=each.name,
                    first=said_of(wrong[0]),
                    count=len(wrong),
                )
                yield Finding(subject, False, text, Said("Correct them, or restore a backup."), (Act.CHECK_BOOKS,))
    if not is_wrong:
        yield Finding(subject, True, Said("entries balance, no number is missing and no document"))
