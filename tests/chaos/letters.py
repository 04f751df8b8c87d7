"""Mails as bytes: what is in them, whose signature they bear, and how others take them apart and put them together."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORGED = "X-Chaos-Forged"
DAMAGED = "X-Chaos-Damaged"
"""Headers by which a mail is known of a stranger, or that the network has damaged it; no reader trusts a header."""
MANIFEST = "application/jose"
DOCUMENT = "application/xml"


@dataclass(frozen=True)
class Signed:
    """A manifest whose signature is right, and the sha256 of every part that came with it."""

    claims: Mapping[str, Any]
    parts: frozenset[str]

    def vouches_for(self, kind: str, number: str) -> bool:
        """Whether it lists this document, and the document is in the mail as it was signed."""
        return any(
            document["type"] == kind and document["id"] == number and document["sha256"] in self.parts
            for document in self.claims.get("documents", [])
        )


def signed(raw: bytes, keys: Sequence[bytes]) -> Signed | None:
    """The manifest of a mail, if one of these Ed25519 keys has signed it (RFC 7515, RFC 8037)."""
    mail = parsed(raw)
    jws = next((_text(part) for part in mail.walk() if part.get_content_type() == MANIFEST), "")
    head, _, rest = "".join(jws.split()).partition(".")
    payload, _, signature = rest.partition(".")
    if not signature or not any(_verifies(key, f"{head}.{payload}".encode(), signature) for key in keys):
        return None
    digests = frozenset(hashlib.sha256(_octets(part)).hexdigest() for part in mail.walk() if not part.is_multipart())
    return Signed(json.loads(decoded(payload)), digests)


def _verifies(key: bytes, text: bytes, signature: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(decoded(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def parsed(raw: bytes) -> EmailMessage:
    """The mail, as the standard library reads it."""
    mail = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


def rewritten(raw: bytes, mark: tuple[str, str], change: Callable[[str, bytes], bytes]) -> bytes:
    """The mail with this header and with what `change` makes of each part, by type; no signature is made anew."""
    mail = parsed(raw)
    for part in mail.walk():
        if part.get_content_type() in {MANIFEST, DOCUMENT}:
            before = _octets(part)
            after = change(part.get_content_type(), before)
            if after != before:
                part.set_payload(base64.encodebytes(after).decode())
                del part["Content-Transfer-Encoding"]
                part["Content-Transfer-Encoding"] = "base64"
    mail[mark[0]] = mark[1]
    return mail.as_bytes()


def marked(raw: bytes, name: str, text: str) -> bytes:
    """The mail with one more header before its own."""
    return f"{name}: {text}\r\n".encode() + raw


def has_mark(raw: bytes, name: str) -> bool:
    """Whether the mail, or what is left of it, has this header."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return f"\n{name}:".encode() in b"\n" + head


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _octets(part: EmailMessage | Any) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Any) -> str:
    return _octets(part).decode("ascii", "replace")
