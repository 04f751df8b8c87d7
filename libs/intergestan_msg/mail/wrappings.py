"""Parts that others wrap a mail in, other than as MIME says: a mail as a file, TNEF, an opaque S/MIME signature.

What is in them is handed to the same reader, at the cost of the same `Work`; being wrapped makes nothing trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from intergestan_msg.mail import tnef
from intergestan_msg.mail.opaque_signature import signed_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intergestan_msg.mail.limits import Work
    from intergestan_msg.mail.parts import Part

_TNEF_TYPES = (b"application/ms-tnef", b"application/vnd.ms-tnef")
_SMIME_TYPES = (b"application/pkcs7-mime", b"application/x-pkcs7-mime")
_MAIL_TYPES = (b"application/eml", b"application/x-eml", b"application/x-mail", b"application/mbox", b"message/news")
_ANY_TYPES = (b"application/octet-stream", b"application/binary", b"application/x-msdownload")
_HEADERS = re.compile(
    rb"\A\s*+(?:>?From [^\n]*+\n)?(?:received|return-path|delivered-to|from|to|reply-to|sender|subject|date|message-id"
    rb"|mime-version|content-type|dkim-signature|arc-seal|authentication-results|auto-submitted|x-[a-z0-9-]+)[ \t]*+:",
    re.IGNORECASE,
)
_SEQUENCE = b"\x30"
"""With what DER and BER of signed data begin."""


class Form(Enum):
    """What was in a wrapping."""

    MESSAGE = "a mail with its headers"
    FILE = "a file"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """Something that was in a part."""

    form: Form
    content: bytes
    name: bytes = b""


def is_wrapping(part: Part) -> bool:
    """Whether something else may be in a part, as its type, its name and its first octets say."""
    name = part.name.lower()
    if part.media_type in _TNEF_TYPES or is_smime(part) or part.media_type in _MAIL_TYPES:
        return True
    if name.endswith((b".eml", b".p7m")) or name == b"winmail.dat":
        return True
    if part.media_type not in _ANY_TYPES:
        return False
    beginning = part.beginning()
    return beginning.startswith(tnef.SIGNATURE) or _HEADERS.match(beginning) is not None


def is_smime(part: Part) -> bool:
    """Whether it is of S/MIME (RFC 8551 §3.2): encrypted, or a signature that carries what it signs."""
    return part.media_type in _SMIME_TYPES


def unwrap(part: Part, work: Work) -> Iterator[Wrapped]:
    """What is in a part, of which `is_wrapping` holds. Raises `TooBig` when the mail has had all of its work."""
    content = part.content()
    if content is None:
        return
    if content.startswith(tnef.SIGNATURE):
        for name, data in tnef.attachments(content, work):
            yield Wrapped(Form.FILE, data, name)
    elif content.startswith(_SEQUENCE):
        if (signed := signed_content(content, work)) is not None:
            yield Wrapped(Form.MESSAGE, signed)
    elif _HEADERS.match(content) is not None:
        yield Wrapped(Form.MESSAGE, content)
