"""The mark by which a report of undelivered mail proves which mail it is about (`formats.md` §1, VERP).

It names the outbound mail and carries a keyed digest of its transfer id (HMAC, RFC 2104), so that nobody who has not
seen the mail can make one, and none is good for another mail. It travels in the envelope sender, `box+TOKEN@domain`,
and in a header of the mail, which reports quote. All of it is lower case: servers fold the case of addresses.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass

TOKEN = r"([0-9]{1,18})-([a-z2-7]{16})"  # noqa: S105 - a regular expression
_ONE = re.compile(TOKEN)
_PURPOSE = b"intergestan bounce 1\0"
_MAC_BYTES = 10  # 80 bits: 16 letters, so that an address has room for its box (64 in all, RFC 5321 §4.5.3.1.1)
_MAX_LOCAL = 64


@dataclass(frozen=True, slots=True)
class BounceToken:
    """A token as it was found somewhere: a claim, until `BounceKey.proves` it."""

    mail_id: int
    digest: str


class BounceKey:
    """The site's key of these tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, mail_id: int, transfer_id: str) -> str:
        """The token of an outbound mail: its row id and the digest of its transfer id."""
        return f"{mail_id}-{self._digest(transfer_id)}"

    def proves(self, token: BounceToken, transfer_id: str) -> bool:
        """Whether we made this token for that transfer; takes the same time whatever was guessed."""
        return hmac.compare_digest(token.digest, self._digest(transfer_id))

    def _digest(self, transfer_id: str) -> str:
        mac = hmac.digest(self._key, _PURPOSE + transfer_id.encode(), "sha256")
        return b32encode(mac[:_MAC_BYTES]).decode().lower()


def find_token(text: str) -> BounceToken | None:
    """The token that a text is, or None."""
    found = _ONE.fullmatch(text)
    return BounceToken(int(found[1]), found[2]) if found else None


def plus_address(address: str, token: str) -> str:
    """The address with the token in it; the bare address where that would make its local part too long."""
    local, _, domain = address.rpartition("@")
    marked = f"{local}+{token}"
    return f"{marked}@{domain}" if len(marked) <= _MAX_LOCAL else address
