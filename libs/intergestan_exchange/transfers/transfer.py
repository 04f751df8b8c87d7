"""A mail that is worked on, and the manifest that it brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_exchange.partners.policy import PartnerFacts

BY = "importer"


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """The inbound mail that is worked on under the fence of our lease, and its head for people.

    :ivar brings_more: it has other manifests besides the one that is worked on, so that it is not done with this one.
    """

    id: int
    fence: int
    subject: str | None = None
    sender: str | None = None
    brings_more: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """A verified manifest. `row_id` is None while the base does not have it.

    `spelled` is how the partner spells its keys, for those that we keep otherwise (in NFC).
    """

    partner: PartnerFacts
    kid: str
    jti: str
    epoch: int
    seq: int
    kind: str
    digest: str
    composed_at: datetime
    message_id: str | None
    row_id: int | None
    spelled: Mapping[str, str] | None = None
