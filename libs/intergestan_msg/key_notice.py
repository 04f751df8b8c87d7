"""What a mail of kind `key` says about a signing key: it is coming, you may use it, it is not coming after all.

An announcement is signed with the key that signs until then. That proves little: who stole the old key can announce
one, too. The receiver therefore keeps the new key apart until a person has compared its words by telephone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from intergestan_msg.kinds import KeyAction
from intergestan_msg.seal import PublicKey

Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_214_400)]
"""Seconds since 1970 (UTC), until the end of the year 9999."""
Kid = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{43}\Z")]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNotice:
    """The claim `key` of a manifest of kind `key`.

    :ivar kid: the key that it is about: the sender's own, or for `confirm` one of the receiver's.
    :ivar jwk: the public key of an announcement (RFC 8037 §2).
    :ivar signs_from: from when an announced key signs; `signs_until`: its last instant, if it has one.
    """

    action: KeyAction
    kid: Kid
    jwk: dict[str, str] | None = None
    signs_from: Seconds | None = None
    signs_until: Seconds | None = None

    def announced(self) -> PublicKey:
        """The key of an announcement. Raises ValueError for another notice or a key that is none."""
        return PublicKey.from_jwk(self.jwk or {})


def fault_of(notice: KeyNotice) -> str | None:
    """Where a notice contradicts itself, or None."""
    if notice.action is not KeyAction.ANNOUNCE:
        has_more = (notice.jwk, notice.signs_from, notice.signs_until) != (None, None, None)
        return f"a notice to {notice.action} names a key and says no more" if has_more else None
    if notice.signs_from is None:
        return "an announcement says from when the key signs"
    if notice.signs_until is not None and notice.signs_until <= notice.signs_from:
        return "the announced key ends before it begins"
    try:
        return None if notice.announced().kid == notice.kid else "the announced key has another fingerprint"
    except ValueError as error:
        return f"the announced key is none: {error}"
