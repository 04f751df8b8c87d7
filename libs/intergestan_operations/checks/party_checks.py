"""The checks of `doctor` about third parties: whether they can be found, whether there are codes left, and whether
documents can name them.
"""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act, Problem
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said

FEW = 20
"""With less than one code in so many left, a person should know."""


def check_search(checkup: Checkup) -> Iterator[Finding]:
    """Whether every third party and every account of one can be found by its words."""
    from intergestan_erp.parties.indexing import without_words

    subject = Said("Search")
    with checkup.database.read() as connection:
        missing = without_words(connection)
    if not missing:
        yield Finding(subject, True, Said("every third party can be found"))
        return
    text = Said("{count} codes, names or accounts of third parties cannot be found", count=missing)
    yield Finding(subject, False, text, next=(Act.REINDEX_PARTIES,))


def check_codes(checkup: Checkup) -> Iterator[Finding]:
    """Whether codes that are made of names are left for the next third parties."""
    from intergestan_erp.parties.codes import fullest_prefix
    from intergestan_erp.site.preferences import read_preferences

    subject = Said("Codes")
    try:
        with checkup.database.read() as connection:
            rule = read_preferences(connection).rules.codes
            found = fullest_prefix(connection, rule) if rule.automatic else None
    except Problem as problem:
        yield Finding(subject, False, problem, next=problem.next or (Act.SHOW_SETTINGS,))
        return
    if found is None or found[1] * FEW > rule.count:
        yield Finding(subject, True, Said("enough are left for new third parties"))
        return
    prefix, left = found
    text = Said(
        "of those that begin with {prefix}, {left} of {count} are left", prefix=prefix, left=left, count=rule.count
    )
    yield Finding(subject, False, text, Said("Make codes longer."), (Act.CODE_SETTINGS,))


def check_documents(checkup: Checkup) -> Iterator[Finding]:
    """Whether documents can name both parties as Peppol wants it. What they lack is no fault between our sites."""
    from intergestan_exchange.outbox.document_data import unidentified

    subject = Said("Documents")
    with checkup.database.read() as connection:
        lacking = unidentified(connection)
    if lacking.is_ours_missing:
        yield Finding(subject, True, Said("for software of others they lack our SIRET or VAT number"))
    if lacking.partners:
        text = Said(
            "for software of others they lack the SIRET or VAT number, or the country, of {partners}",
            partners=", ".join(lacking.partners),
        )
        yield Finding(subject, True, text)
    if not (lacking.is_ours_missing or lacking.partners):
        yield Finding(subject, True, Said("all parties have a number and a country, as Peppol wants it"))
