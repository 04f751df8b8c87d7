"""What lists are narrowed by, as it stands in their address: days, a third party, a person, the place in the list."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection

from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.parties.one_party import parties_named
from intergestan_erp.people.users import find_login
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import marked
from services.console.visit import Visit

SIZES: Final = (25, 50, 100, 200)
USUAL: Final = 50
MYSELF: Final = "moi"
"""Whoever looks, in an address that they may hand on."""
_DIGEST: Final = 8


@dataclass(frozen=True, slots=True)
class Days:
    """From when to when, both included, and as they were typed."""

    first: date | None
    last: date | None
    typed_first: str
    typed_last: str
    presets: tuple[tuple[str, date, date], ...]


def days_of(visit: Visit) -> tuple[Days, dict[str, str]]:
    """The days in the address; what is none is said by the name of its field."""
    wrong: dict[str, str] = {}
    read: dict[str, date | None] = {}
    typed = {name: visit.query.get(name, "").strip() for name in ("du", "au")}
    for name, text in typed.items():
        read[name] = None
        if text:
            try:
                read[name] = read_near_day(text, visit.today)
            except Unreadable as bad:
                wrong[name] = sentence(bad, visit.language)
    days = {name: typed[name] if day is None else visit.day(day) for name, day in read.items()}
    return Days(read["du"], read["au"], days["du"], days["au"], presets(visit.today)), wrong


def presets(today: date) -> tuple[tuple[str, date, date], ...]:
    """What people ask for most, as messages of the catalogue with their first and last day."""
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return (
        (marked("Today"), today, today),
        (marked("This week"), monday, monday + timedelta(days=6)),
        (marked("This month"), first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)),
        (marked("Last month"), before, first - timedelta(days=1)),
    )


def chosen_party(connection: Connection, text: str, wrong: dict[str, str], name: str = "fournisseur") -> int | None:
    """The third party that the address names; None where it names nobody, or the fault is in `wrong`."""
    if not text.strip():
        return None
    found = parties_named(connection, text)
    if len(found) == 1:
        return int(found[0].id)
    wrong[name] = text
    return None


def chosen_login(connection: Connection, visit: Visit, text: str, wrong: dict[str, str]) -> int | None:
    """The person whom the address names."""
    if not text.strip():
        return None
    if text == MYSELF:
        return visit.who.user_id
    found = find_login(connection, text)
    if found is None:
        wrong["suivi"] = text
    return found


@dataclass(frozen=True, slots=True)
class Paging:
    """Where in a list a page is, and the addresses of its neighbours.

    A place belongs to the list that gave it: the address has a digest of its filter.

    :ivar stated: whether an empty field says something else than one that is not there: it stays in the address then.
    :ivar beside: what else the neighbours' addresses keep, which is no filter.
    """

    path: str
    narrowing: Mapping[str, str]
    size: int
    after: str | None
    before: str | None
    stated: bool = False
    beside: Mapping[str, str] = field(default_factory=dict)

    def narrowed(self, **others: str) -> str:
        """The address of the list's first page, narrowed otherwise."""
        return self._address({**self.narrowing, **others}, {})

    def following(self, mark: str) -> str:
        """The address of the page after this one."""
        return self._address(self.narrowing, {**self.beside, "apres": f"{self._digest}.{mark}"})

    def preceding(self, mark: str) -> str:
        """The address of the page before this one."""
        return self._address(self.narrowing, {**self.beside, "avant": f"{self._digest}.{mark}"})

    def sized(self, size: int) -> str:
        """The address of the first page with so many rows."""
        return self._address(self.narrowing, {"lignes": str(size)})

    @property
    def exported(self) -> str:
        """The address of all that the list shows, as a file."""
        query = {name: value for name, value in self.narrowing.items() if value}
        return f"{self.path}.csv" + (f"?{urlencode(query)}" if query else "")

    @property
    def where(self) -> dict[str, Any]:
        """What a list is asked for."""
        return {"size": self.size, "after": self.after, "before": self.before}

    @property
    def _digest(self) -> str:
        return _digest_of(self.narrowing)

    def _address(self, narrowing: Mapping[str, str], place: Mapping[str, str]) -> str:
        size = {} if self.size == USUAL else {"lignes": str(self.size)}
        given = {name: value for name, value in narrowing.items() if value or self.stated}
        query = {**given, **size, **place}
        return self.path + (f"?{urlencode(query)}" if query else "")


def paging_of(
    visit: Visit, path: str, names: Sequence[str], *, stated: bool = False, beside: Sequence[str] = ()
) -> Paging:
    """The place in the address.

    :param names: of the fields that narrow the list. :param stated, beside: as of `Paging`.
    :raises Problem: the place is of another filter.
    """
    narrowing = {name: visit.query.get(name, "").strip() for name in names if not stated or name in visit.query}
    asked = visit.query.get("lignes", "")
    size = int(asked) if asked in map(str, SIZES) else USUAL
    places: dict[str, str | None] = {}
    for name in ("apres", "avant"):
        digest, _, mark = visit.query.get(name, "").partition(".")
        places[name] = mark or None
        if name in visit.query and digest != _digest_of(narrowing):
            raise Problem(
                "This place is of a list that was narrowed otherwise: begin with its first page.", ProblemCode.NO_PAGE
            )
    kept = {name: visit.query[name] for name in beside if visit.query.get(name)}
    return Paging(path, narrowing, size, places["apres"], places["avant"], stated, kept)


def _digest_of(narrowing: Mapping[str, str]) -> str:
    return hashlib.sha256(urlencode(sorted(narrowing.items())).encode()).hexdigest()[:_DIGEST]
