"""What mail servers, filters and lists do to a mail on its way. Pure."""

from __future__ import annotations

import email.policy
import quopri
import random
from email import message_from_bytes


def received_again(raw: bytes, chance: random.Random) -> bytes:
    """Another copy of the same mail: other headers, the same content."""
    return b"Received: from relay%d.test\r\n" % chance.randint(1, 10**9) + raw


def truncated(raw: bytes, chance: random.Random) -> bytes:
    """The connection broke while it was written."""
    return raw[: chance.randrange(1, len(raw))]


def reencoded(raw: bytes, chance: random.Random) -> bytes:
    """The same content in other bytes: line ends, other transfer encodings, a footer below the text."""
    return chance.choice([_with_lf, _in_quoted_printable, _with_footer])(raw)


def _with_lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _in_quoted_printable(raw: bytes) -> bytes:
    mail = message_from_bytes(raw)
    for part in mail.walk():
        if part.get("Content-Transfer-Encoding", "").lower() == "base64":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            del part["Content-Transfer-Encoding"]
            part["Content-Transfer-Encoding"] = "quoted-printable"
            part.set_payload(quopri.encodestring(content).decode("ascii"))
    return mail.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))


def _with_footer(raw: bytes) -> bytes:
    mail = message_from_bytes(raw)
    for part in mail.walk():
        if part.get_content_type() == "text/plain" and part.get_filename() is None:
            text = part.get_payload(decode=True)
            assert isinstance(text, bytes)
            del part["Content-Transfer-Encoding"]
            part["Content-Transfer-Encoding"] = "quoted-printable"
            part.set_payload(quopri.encodestring(text + b"\n--\nSeen by a filter.\n").decode("ascii"))
            break
    return mail.as_bytes(policy=email.policy.compat32.clone(linesep="\r\n"))
