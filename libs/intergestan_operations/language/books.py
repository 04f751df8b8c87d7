"""What is wrong with books, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from intergestan_runtime.said import Said, marked

if TYPE_CHECKING:
    from intergestan_erp.books.check import WrongBooks

WRONG: Mapping[str, str] = {
    "unbalanced": marked("{what}: debits and credits are not the same."),
    "gap": marked("{what}: a number before it is missing."),
    "order": marked("{what}: it was validated before the one with the number before."),
    "no_year": marked("{what}: its day lies in no year of these books."),
    "missed": marked("{what}: the document has no entry."),
    "letter": marked("{what}: the lines with this letter do not cancel out."),
}
"""What people read of `intergestan_erp.books.check.Wrong`; a test holds that there is one for each."""


def said_of(wrong: WrongBooks) -> Said:
    """What is wrong, for a person."""
    return Said(WRONG[wrong.kind], what=wrong.what)
