"""Who is asked for more than a password, who has to see to it first, and what opens the secrets of second factors."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from intergestan_runtime.said import marked
from intergestan_runtime.secrets import SecretError

if TYPE_CHECKING:
    from datetime import datetime

    from intergestan_erp.people.second_factor import SecondFactor
    from intergestan_runtime.secrets import Sealer
    from services.console.visit import Visit

PATH: Final = "/moi/second-facteur"
NO_KEY: Final = marked(
    "The key of second factors is not here, or is another one. Whoever runs the site brings console.key back; until "
    "then a code that you wrote down opens."
)
_ALWAYS: Final = frozenset({"own second factor", "own language", "leave"})
"""Pages that also those may open who have yet to set it up."""


def is_lacking(visit: Visit, page: str) -> bool:
    """Whether a person must set up their second factor before they see this page."""
    if visit.console.own.second_factor != "required" or visit.visitor is None or visit.visitor.has_second_factor:
        return False
    if visit.forwarded is not None:  # what the proxy asks for is its affair
        return False
    return page not in _ALWAYS


class SecondFactors:
    """The secrets of second factors, sealed under a key that only the console has; without it none can be set up."""

    def __init__(self, key_file: Path | None) -> None:
        self._key_file = key_file

    @cached_property
    def sealer(self) -> Sealer | None:
        """What seals; None: there is no key, or others may read it."""
        from intergestan_runtime.secrets import Sealer

        try:
            return None if self._key_file is None else Sealer.from_file(self._key_file)
        except SecretError:
            return None

    def seal(self, user_id: int, secret: str) -> str:
        """A person's new secret, for the base. There must be a key."""
        assert self.sealer is not None
        return self.sealer.seal(secret.encode(), about=f"second factor of {user_id}")

    def open(self, user_id: int, factor: SecondFactor) -> str | None:
        """A person's secret; None: there is no key, or another one sealed it."""
        try:
            if self.sealer is not None:
                return self.sealer.open(factor.sealed, about=f"second factor of {user_id}").decode()
        except SecretError:
            pass
        return None

    def step_of(self, user_id: int, factor: SecondFactor, typed: str, now: datetime) -> int | None:
        """The step whose code was typed; None: none of now."""
        from intergestan_runtime import one_time

        secret = self.open(user_id, factor)
        return None if secret is None else one_time.step_of(secret, typed, now)
