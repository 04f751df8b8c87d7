"""What a report of a mail server about a mail says: plain values, apart from the reader, which only children need."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from intergestan_msg.mail.bounce_token import BounceToken


class Action(StrEnum):
    """What became of the mail for one recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


ARRIVED = frozenset({Action.DELIVERED, Action.RELAYED, Action.EXPANDED})


@dataclass(frozen=True, slots=True)
class Fate:
    """What a report says of one recipient. `status` is an enhanced status code (RFC 3463), `x.0.0` when unknown."""

    action: Action
    status: str
    recipient: str
    said: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a report claims.

    :ivar fates: by recipient; nothing when the report is cut off or says nothing that we know.
    :ivar tokens: what it could prove itself with.
    :ivar fingerprint: the same for the same report, however often it is delivered.
    :ivar is_formal: whether it has the part of a report (RFC 3464). Else it is one only for a token that is proven:
        people and programs write mails that look like it.
    """

    fates: tuple[Fate, ...]
    tokens: tuple[BounceToken, ...]
    reporter: str
    fingerprint: str
    is_formal: bool = True

    @property
    def fate(self) -> Fate | None:
        """What became of the mail as a whole: it failed only if it arrived nowhere."""
        order = (*ARRIVED, Action.FAILED, Action.DELAYED)
        ranked = sorted(self.fates, key=lambda fate: order.index(fate.action))
        arrived = any(fate.action in ARRIVED for fate in self.fates)
        wanted = ARRIVED if arrived else {Action.FAILED, Action.DELAYED}
        return next((fate for fate in ranked if fate.action in wanted), None)
