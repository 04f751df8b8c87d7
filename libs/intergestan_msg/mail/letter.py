"""A letter: what one mail is made of, besides what its bodies say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intergestan_msg.email_address import DOMAIN, EmailAddress
from intergestan_msg.mail.bounce_token import find_token
from intergestan_msg.mail.trace_header import TRACE_PARENT
from intergestan_msg.pages.words import Language
from intergestan_msg.plain_text import FILE_NAME

if TYPE_CHECKING:
    from datetime import datetime

MANIFEST_NAME = "intergestan.jws"
MANIFEST_MEDIA_TYPE = "application/jose"
TRANSFER_HEADER = "X-Intergestan-Transfer"
BOUNCE_HEADER = "X-Intergestan-Bounce"

_TRANSFER_ID = re.compile(r"\A[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_MEDIA_TYPE = re.compile(r"\A[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}\Z")
_MAX_NAME = 120

MESSAGE_ID = re.compile(r"\A<[!-;=?-~]{3,250}>\Z")
"""A Message-ID that can be quoted: visible ASCII in angle brackets, no white space (RFC 5322 §3.6.4)."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document as it is attached. Raises ValueError for a name or a type that no header could carry."""

    name: str
    content: bytes
    media_type: str = "application/xml"

    def __post_init__(self) -> None:
        if len(self.name) > _MAX_NAME or not re.match(FILE_NAME, self.name):
            raise ValueError(f"{self.name[:80]!r} cannot be the name of an attachment.")
        if not _MEDIA_TYPE.match(self.media_type):
            raise ValueError(f"{self.media_type[:80]!r} is not a media type.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail to one partner.

    :ivar transfer_id: the manifest's `jti`; with `domain` it makes the Message-ID, the same over retries.
    :ivar date: when it was composed, with a time zone.
    :ivar manifest: the signed manifest, a compact JWS (see `seal.sign`).
    :ivar in_reply_to: the Message-ID of the mail that is answered, with its angle brackets.
    :ivar trace_parent: which trace the receiver's steps may join (see `trace_header`).
    :ivar bounce_token: what a report about this mail proves itself with (see `bounce_token`).
    Raises ValueError for anything that would let data write headers.
    """

    sender: EmailAddress
    to: EmailAddress
    reply_to: EmailAddress | None = None
    transfer_id: str
    domain: str
    date: datetime
    manifest: str
    documents: tuple[Attachment, ...]
    language: Language = Language.FRENCH
    in_reply_to: str | None = None
    bounce_token: str | None = None
    trace_parent: str | None = None

    def __post_init__(self) -> None:
        if not _TRANSFER_ID.match(self.transfer_id):
            raise ValueError(f"{self.transfer_id[:80]!r} is not a transfer id.")
        if not re.match(DOMAIN, self.domain):
            raise ValueError(f"{self.domain[:80]!r} is not a mail domain.")
        if self.date.tzinfo is None:
            raise ValueError("The date of a letter needs a time zone.")
        if not self.manifest.isascii():
            raise ValueError("The manifest is not a compact JWS.")
        if self.in_reply_to is not None and not MESSAGE_ID.match(self.in_reply_to):
            raise ValueError(f"{self.in_reply_to[:80]!r} is not a Message-ID that can be quoted.")
        if self.trace_parent is not None and not re.fullmatch(TRACE_PARENT, self.trace_parent):
            raise ValueError(f"{self.trace_parent[:80]!r} is not a traceparent.")
        if self.bounce_token is not None and find_token(self.bounce_token) is None:
            raise ValueError(f"{self.bounce_token[:80]!r} is not a bounce token.")
