"""What a partner's key counts for: decided from values (`design.md` §6).

A window is compared with the instant at which its owner says that the mail was composed, so a mail that was late on its
way counts, and one that is taken in again after years counts as it did. A thief may write any such instant, therefore
of a revoked key only *our own* clock is believed: when the mail was first archived.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """A key as it stands in the base; None is no limit. See `intergestan_db.tables.PartnerKey`."""

    kid: str
    pending: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    replaced_from: datetime | None = None
    revoked_at: datetime | None = None
    revoked_since: datetime | None = None

    @property
    def ends(self) -> datetime | None:
        """The last instant at which its owner may sign with it."""
        return min((end for end in (self.valid_until, self.replaced_from) if end is not None), default=None)


class Standing(Enum):
    """Whether a key counts for a mail."""

    COUNTS = auto()
    UNCONFIRMED = auto()
    REVOKED = auto()
    OUTSIDE = auto()


def standing(key: KeyFacts, composed: datetime, archived_at: datetime) -> Standing:
    """Whether the key counts for a mail that says it was composed then, and that we first archived then."""
    if key.revoked_at is not None and not (key.revoked_since is not None and archived_at < key.revoked_since):
        return Standing.REVOKED
    if key.pending:
        return Standing.UNCONFIRMED
    if (key.valid_from is not None and composed < key.valid_from) or (key.ends is not None and composed > key.ends):
        return Standing.OUTSIDE
    return Standing.COUNTS


def is_in_use(key: KeyFacts, now: datetime) -> bool:
    """Whether its owner may sign with it now, or will: what expiry is watched for."""
    return key.revoked_at is None and not key.pending and (key.replaced_from is None or now < key.replaced_from)
