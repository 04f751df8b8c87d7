"""What is asked of an address, and the key under which the answer is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

OF_PLACE = ("line1", "postcode", "city", "country")
"""The columns of an address that say where it is. Its second line (a door, a contact) and the party's name do not."""


def question(address: Mapping[str, Any]) -> tuple[str, str | None] | None:
    """`12 rue de la Loi, 68100 Mulhouse` and the country: what leaves the house, and nothing else does.

    None for an address that has neither a postcode nor a city: its country alone is no place, and a street's name is in
    hundreds of towns.
    """
    line1, postcode, city, country = (" ".join((address.get(name) or "").split()) for name in OF_PLACE)
    if not (postcode or city):
        return None
    return ", ".join(part for part in (line1, f"{postcode} {city}".strip()) if part), country or None


def place_text(address: Mapping[str, Any]) -> str | None:
    """`12 rue de la Loi, 68100 Mulhouse, FR`; None for what is no place."""
    asked = question(address)
    return None if asked is None else ", ".join(filter(None, asked))


def geo_key(folded: str) -> str:
    """The key of a place, from its text as all spellings of it have it: folded, in lower case, single-spaced."""
    return sha256(folded.encode()).hexdigest()
