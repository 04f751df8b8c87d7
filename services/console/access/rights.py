"""What a page asks of whoever opens it."""

from __future__ import annotations

from enum import StrEnum

from intergestan_erp.people.rights import Person


class Access(StrEnum):
    """Who may open a page."""

    EVERYBODY = "everybody"
    """Also who has not entered."""
    PERSON = "person"
    """Whoever entered: what is about themselves."""
    SEE = "see"
    """Whoever has a role: orders, mails, stories, reports."""


def may(access: Access, person: Person | None) -> bool:
    """Whether this person may."""
    if access is Access.EVERYBODY:
        return True
    if person is None or not person.active:
        return False
    return access is Access.PERSON or bool(person.roles)
