"""A form says which state of a thing it was made of, by a digest: whoever is second sees what the first one did."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from intergestan_db.problem import Problem, ProblemCode
from services.console.visit import Visit

SEEN: Final = "etat_vu"
"""The hidden field with the digest."""


@dataclass(frozen=True, slots=True)
class Other:
    """A field in which what is stored now differs from what was typed."""

    field: str
    now: str
    typed: str


def digest_of(values: Mapping[str, Any]) -> str:
    """A short mark of these values."""
    return hashlib.sha256(json.dumps(dict(values), sort_keys=True, default=str).encode()).hexdigest()[:16]


def refuse_if_changed(visit: Visit, values: Mapping[str, Any]) -> None:
    """Refuse a form that was made of other values than these, which are locked.

    :raises Problem: somebody else was quicker.
    """
    if visit.form.get(SEEN) != digest_of(values):
        raise Problem(
            "Somebody else changed this meanwhile, so nothing was stored. Below is what they said beside what you "
            "typed.",
            ProblemCode.CHANGED_MEANWHILE,
        )
