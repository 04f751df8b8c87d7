"""The check of `doctor` about finding third parties."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_operations.language.language import _
from services.cli.context import Call
from services.cli.health.finding import Finding


def check_search(call: Call) -> Iterator[Finding]:
    """Whether every third party and every account of one can be found by its words."""
    from intergestan_erp.parties.indexing import without_words

    subject = _("Search")
    with call.unchecked_database.read() as connection:
        missing = without_words(connection)
    if not missing:
        yield Finding(subject, True, _("every third party can be found"))
        return
    text = _("{count} codes, names or accounts of third parties cannot be found").format(count=missing)
    yield Finding(subject, False, text, _("`intergestan parties reindex` writes their words anew."))
