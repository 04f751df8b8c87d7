"""A field of a form that wants a third party: what was typed into it, whom that names, and who else may be meant.

Its template is `parts/party.html`. Without a script the button `chercher` shows who may be meant, of whom one is
chosen; so does saving, where the text names nobody alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.listing.party_list import PartyLine, WhichParties, find_lines
from intergestan_erp.parties.one_party import NamedParty, parties_named
from intergestan_erp.site.preferences import read_preferences

CHOSEN: Final = "_choisi"
"""After the name of the field: the code of the one who was chosen among those who may be meant."""
SEARCH: Final = "chercher"
"""The button that looks for who may be meant."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What such a field says.

    :ivar typed: what stands in it: the code of who was chosen. :ivar party: the one whom it names.
    :ivar close: who may be meant where it names nobody alone; `more`: there are others.
    """

    name: str
    role: PartyRole | None
    typed: str
    party: NamedParty | None = None
    close: tuple[PartyLine, ...] = ()
    more: bool = False

    @property
    def fault(self) -> Problem:
        """What is said at the field where it names nobody alone."""
        if not self.typed:
            return Problem("Say who it is for.", ProblemCode.NOT_ONE_PARTY)
        if not self.close:
            return Problem("Nobody is called «{text}».", ProblemCode.NOT_ONE_PARTY, text=self.typed)
        return Problem(
            "«{text}» does not say which one is meant: choose one below.", ProblemCode.NOT_ONE_PARTY, text=self.typed
        )


def asked_of(
    connection: Connection, fields: Mapping[str, str], name: str, role: PartyRole | None, *, looks: bool = False
) -> Asked:
    """Whom a field of a form names: the one that was chosen, else as an option of a command would.

    :param looks: show who may be meant even where it names one.
    """
    typed = (fields.get(f"{name}{CHOSEN}", "") or fields.get(name, "")).strip()
    if not typed:
        return Asked(name, role, "")
    named = parties_named(connection, typed, role)
    if len(named) == 1 and not looks:
        return Asked(name, role, named[0].code, named[0])
    found = find_lines(connection, typed, WhichParties(role), read_preferences(connection).party_fields)
    party = named[0] if len(named) == 1 else None
    return Asked(name, role, typed, party, found.rows, found.more)
