"""Whether a mail was written by a program: an absence note, a receipt, a bounce, a newsletter (RFC 3834).

For counting and for people. Nothing is decided by it: such a mail is no order for want of a signed manifest, and no
mail is ever answered for its headers (`design.md` §10).
"""

from __future__ import annotations

import re

from intergestan_msg.mail.headers import message_headers
from intergestan_msg.mail.limits import headers_of

_SIGNS = re.compile(
    rb"^(?:auto-submitted[ \t]*+:\s*+(?!no\b)\w"
    rb"|x-auto-response-suppress[ \t]*+:|x-auto(?:reply|respond(?:er)?)[ \t]*+:"
    rb"|precedence[ \t]*+:\s*+(?:bulk|junk|list|auto_reply)\b"
    rb"|return-path[ \t]*+:\s*+<>"
    rb"|list-id[ \t]*+:"
    rb"|content-type[ \t]*+:\s*+multipart/report\b)",
    re.IGNORECASE | re.MULTILINE,
)
_SUBJECTS = re.compile(
    r"\s*+(?:auto(?:matic)?[ -]?reply|out of (?:the )?office|automatische antwort|abwesenheit"
    r"|réponse automatique|absente? du bureau|absence du bureau|message d.absence)",
    re.IGNORECASE,
)
"""What programs that write no such header begin their subjects with."""


def is_automatic(raw: bytes) -> bool:
    """Whether the headers of a mail say that no person wrote it. Never raises."""
    head = headers_of(raw)
    return _SIGNS.search(head) is not None or _SUBJECTS.match(message_headers(raw).subject) is not None
