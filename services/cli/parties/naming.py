"""The third parties that options and arguments name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intergestan_db.enums import PartyRole

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.parties.one_party import NamedParty


def party_of(connection: Connection, text: str, role: PartyRole | None = None) -> NamedParty:
    """The one party that `text` names.

    :raises Problem: when it names none or several; the exit code is 2 then.
    """
    from intergestan_erp.parties.one_party import one_party
    from intergestan_erp.site.preferences import read_preferences

    return one_party(connection, text, role, read_preferences(connection).party_fields)


def party_id(connection: Connection, text: str | None, role: PartyRole) -> int | None:
    """The id of the party that an option names; None where it was not given."""
    return party_of(connection, text, role).id if text else None
