"""The checks of `doctor` about agencies: what orders between them would lack, and stock below nothing."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked

SIDES = {"customer": marked("customer"), "supplier": marked("supplier")}


def check_agencies(checkup: Checkup) -> Iterator[Finding]:
    """Whether each depot has its third parties, and the dossier its categories, where there are several agencies."""
    from intergestan_erp.agencies.lacking import lacking

    subject = _("Agencies")
    with checkup.database.read() as connection:
        found = lacking(connection)
    for each in found:
        for depot, sides in each.depots:
            text = _("depot {depot} has no third party as: {sides}")
            named = ", ".join(_(SIDES[side]) for side in sides)
            cure = _("`intergestan depots set {depot}` names them, with --customer and --supplier.")
            yield Finding(subject, False, text.format(depot=depot, sides=named), cure.format(depot=depot))
        if each.categories:
            text = _("dossier {number} names no category for third parties or documents of agencies")
            cure = _("`intergestan dossier set` names them, with --party-category and --document-category.")
            yield Finding(subject, False, text.format(number=each.dossier), cure)
    if all(each.is_complete for each in found):
        yield Finding(subject, True, _("nothing is missing for orders between them"))


def check_stock(checkup: Checkup) -> Iterator[Finding]:
    """Whether nothing lies below nothing where that is not allowed."""
    from intergestan_erp.stock.levels import count_negative

    subject = _("Stock")
    with checkup.database.read() as connection:
        count = count_negative(connection)
    if not count:
        yield Finding(subject, True, _("nothing lies below nothing where it may not"))
        return
    text = _("{count} products lie below nothing, or are reserved beyond what lies there, where that is not allowed")
    cure = _("Count them, and enter it with `intergestan stock count`.")
    yield Finding(subject, False, text.format(count=count), cure)
