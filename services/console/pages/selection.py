"""The selection of the sending screen, as it stands in its address and in its forms. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from services.console.access.walls import own_path

PATH: Final = "/envoyer"
FILTER: Final = ("du", "au", "tout", "fournisseur", "suivi")
REMOVED: Final = "sans"
UNTICKED: Final = "libre"
TICK: Final = "pris."
"""Before the number of an order that is ticked; the value is the version that the person saw."""
SEEN: Final = "vue."
"""Before the number of an order that could be ticked; the value is that version, too."""
BACK: Final = "retour"
_MOST_IN_ADDRESS: Final = 4000


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list shows.

    :ivar filter: by the names of `FILTER`.
    :ivar removed: numbers that were taken out; `unticked`: those without a tick.
    """

    filter: Mapping[str, str]
    removed: tuple[str, ...] = ()
    unticked: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        """The address of the list, so."""
        return self._with(self.removed, self.unticked)

    @property
    def whole(self) -> str:
        """That of the list with all of its orders again."""
        return self._with((), frozenset())

    def without(self, removed: Iterable[str], unticked: Iterable[str] = ()) -> Listed:
        """With these taken out, too."""
        gone = tuple(dict.fromkeys((*self.removed, *removed)))
        return Listed(self.filter, gone, frozenset(unticked) - set(gone))

    def _with(self, removed: Iterable[str], unticked: Iterable[str]) -> str:
        marks = {REMOVED: written(removed), UNTICKED: written(sorted(unticked))}
        query = {**self.filter, **{name: text for name, text in marks.items() if text}}
        return PATH + (f"?{urlencode(query)}" if query else "")


def listed(query: Mapping[str, str]) -> Listed:
    """What an address asks for."""
    asked = {name: query[name].strip() for name in FILTER if name in query}
    return Listed(asked, tuple(read(query.get(REMOVED, ""))), frozenset(read(query.get(UNTICKED, ""))))


def listed_at(address: str) -> Listed:
    """The list that a form was sent from, by the address that it carries; one that is no list of ours is the first."""
    parts = urlsplit(own_path(address))
    return listed(dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.path == PATH else {})


def chosen(form: Mapping[str, str]) -> dict[str, int]:
    """The version that was seen of each order that is ticked, by number."""
    return _versions(form, TICK)


def seen(form: Mapping[str, str]) -> dict[str, int]:
    """The same of each order that could be ticked."""
    return _versions(form, SEEN)


def _versions(form: Mapping[str, str], prefix: str) -> dict[str, int]:
    found = {name.removeprefix(prefix): value for name, value in form.items() if name.startswith(prefix)}
    return {number: int(value) for number, value in found.items() if value.isdecimal() and len(value) < 19}


def read(text: str) -> list[str]:
    """Numbers in an address; one that has a comma has it doubled."""
    return [part.replace("\0", ",") for part in text.replace(",,", "\0").split(",") if part]


def written(numbers: Iterable[str]) -> str:
    """Numbers as they stand in an address."""
    return ",".join(number.replace(",", ",,") for number in numbers)


def fits(address: str) -> bool:
    """Whether every browser and proxy takes it."""
    return len(address) <= _MOST_IN_ADDRESS
