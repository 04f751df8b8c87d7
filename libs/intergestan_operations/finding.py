"""What a check found, of a site or of a mail account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_db.problem import Act
    from intergestan_runtime.said import Said


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found; whoever shows it knows a language.

    :ivar text: what is the case; an error where that says it. :ivar cure: what to do when it is not `ok`.
    :ivar next: what may be done, which each face words.
    :ivar code: which check it was, a word that stays the same; of the trial of an account none.
    """

    subject: Said
    ok: bool
    text: Said | Exception
    cure: Said | None = None
    next: tuple[Act, ...] = ()
    code: str = ""
