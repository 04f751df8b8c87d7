"""What a check found, of a site or of a mail account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_db.problem import Act


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    :ivar cure: what to do when it is not `ok`; None where `next` says it, which each face words.
    """

    subject: str
    ok: bool
    text: str
    cure: str | None = None
    next: tuple[Act, ...] = ()
