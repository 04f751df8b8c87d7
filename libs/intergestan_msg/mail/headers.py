"""The headers of a mail as people are shown them: decoded, on one line, without hidden characters.

Nothing here is trusted or decides anything; whatever the bytes are, there is something to show.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import a2b_qp
from dataclasses import dataclass

from intergestan_msg.mail.letter import MESSAGE_ID, TRANSFER_HEADER
from intergestan_msg.mail.limits import headers_of
from intergestan_msg.plain_text import shown

_LIMIT = 300
_MAX_VALUE = 2000

_FIELD = re.compile(
    rb"^(subject|from|message-id|date|auto-submitted)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_TRANSFER = re.compile(
    rb"^" + TRANSFER_HEADER.encode() + rb"[ \t]*+:\s*+([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b",
    re.IGNORECASE | re.MULTILINE,
)
_ENCODED_WORD = re.compile(r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([!->@-~]*+)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s++(=\?)")

# utf-7 can smuggle anything, and some of Python's codecs are no charsets at all.
_CHARSETS = re.compile(
    r"\A(?:us-ascii|utf-8|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis"
    r"|euc-(?:jp|kr)|iso-2022-jp)\Z"
)


@dataclass(frozen=True, slots=True)
class Headers:
    """What is shown of a mail. `message_id` is None unless it is well-formed and can be quoted."""

    subject: str
    from_: str
    message_id: str | None
    date: str
    auto_submitted: str


def message_headers(raw: bytes) -> Headers:
    """Read the headers of any bytes that claim to be a mail. Never raises."""
    fields = first_values(_FIELD, headers_of(raw))
    message_id = fields.get("message-id", "")
    return Headers(
        subject=fields.get("subject", ""),
        from_=fields.get("from", ""),
        message_id=message_id if MESSAGE_ID.match(message_id) else None,
        date=fields.get("date", ""),
        auto_submitted=fields.get("auto-submitted", ""),
    )


def first_values(pattern: re.Pattern[bytes], head: bytes) -> dict[str, str]:
    """The fields that a pattern finds as name and value: of a repeated one the first, as people are shown it."""
    found: dict[bytes, bytes] = {}
    for name, value in pattern.findall(head):
        found.setdefault(name.lower(), value)
    return {name.decode("ascii"): header_text(value) for name, value in found.items()}


def claimed_transfer(raw: bytes) -> str | None:
    """The transfer id that our header over a mail names: a claim, for people."""
    found = _TRANSFER.search(headers_of(raw))
    return found[1].decode("ascii").lower() if found is not None else None


def header_text(value: bytes) -> str:
    """A header's value as people are shown it: unfolded, decoded (RFC 2047), on one line."""
    text = value[:_MAX_VALUE].replace(b"\r\n", b"").replace(b"\n", b"").decode("utf-8", "replace")
    if "=?" in text:
        text = _ENCODED_WORD.sub(_word, _BETWEEN_WORDS.sub(r"\1\2", text))
    return shown(text.strip(), _LIMIT)


def _word(found: re.Match[str]) -> str:
    charset, encoding, text = found[1].lower(), found[2].lower(), found[3]
    if not _CHARSETS.match(charset):
        return found[0]
    try:
        data = b64decode(text + "==") if encoding == "b" else a2b_qp(text, header=True)
        return data.decode(charset, "replace")
    except (ValueError, LookupError):
        return found[0]
