"""An e-mail address as we accept it in a card, a partner or a letter: plain ASCII, nothing to quote."""

from __future__ import annotations

import re
from dataclasses import dataclass

ADDRESS = (
    r"\A(?=.{3,254}\Z)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*\Z"
)
"""Dot-atom at domain (RFC 5321 §4.1.2), no quoting; an internationalised domain in its `xn--` form."""

DOMAIN = r"\A(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*\Z"


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address and the name shown with it. Raises ValueError when the address is no plain ASCII address."""

    address: str
    name: str | None = None

    def __post_init__(self) -> None:
        if not re.match(ADDRESS, self.address):
            raise ValueError(f"{self.address[:80]!r} is not an e-mail address that we can write to.")
