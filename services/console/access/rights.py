"""What a page asks of whoever opens it."""

from __future__ import annotations

from enum import StrEnum

from intergestan_db.enums import Right
from intergestan_erp.people.rights import Person


class Access(StrEnum):
    """Who may open a page that needs no right."""

    EVERYBODY = "everybody"
    """Also who has not entered."""
    PERSON = "person"
    """Whoever entered: what is about themselves."""
    SEE = "see"
    """Whoever has a role: orders, mails, stories, reports."""


def may(access: Access | Right, person: Person | None) -> bool:
    """Whether this person may. A page that does something names a right of the table that all faces share."""
    if access is Access.EVERYBODY:
        return True
    if person is None or not person.active:
        return False
    if isinstance(access, Right):
        return person.may(access)
    return access is Access.PERSON or bool(person.roles)
