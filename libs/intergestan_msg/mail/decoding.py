"""Transfer encodings (RFC 2045 §6), and what a text in one of them may have been before a gateway touched it.

Which of the alternatives was sent, its digest in the manifest says; none of them is taken for another reason.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from intergestan_msg.mail.limits import STEPS_OF_DECODING, Work

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASE64 = re.compile(rb"[A-Za-z0-9+/]*+={0,2}")
_LINES_WITH_BLANKS = (b" \r\n", b"\t\r\n", b" \n", b"\t\n")
_WHITE_SPACE = b" \t\n\r\v\f"
_STEPS_OF_LOOK = 3
_STEPS_OF_BLANKS = 25
_ENCODED = re.compile(rb"[A-Za-z0-9+/=\s]*+")
_EMPTY_LINE = re.compile(rb"\n[ \t]*+\r?\n")
_TRAILING_BLANKS = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")


def decoded(encoding: bytes, body: bytes, *, cut: bool = False) -> bytes | None:
    """The decoded bytes; None when the base64 is broken. An unknown encoding is taken as none.

    :param cut: it is the beginning of a body only.
    """
    if encoding == b"base64":
        if cut:
            text = without_white_space(body)
            body = text[: len(text) // 4 * 4]
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return None
    if encoding == b"quoted-printable":
        return binascii.a2b_qp(body)
    return body


def alternatives(encoding: bytes, body: bytes, work: Work) -> Iterator[bytes]:
    """The decoded bytes, then what they are without what gateways add, each once."""
    seen: list[bytes] = []
    for text in _texts(encoding, body, work):
        work.spend(STEPS_OF_DECODING * len(text))
        content = decoded(encoding, text)
        if content is not None and content not in seen:
            seen.append(content)
            yield content


def _texts(encoding: bytes, body: bytes, work: Work) -> Iterator[bytes]:
    """What the encoded text may have been."""
    yield body
    work.spend(_STEPS_OF_LOOK * len(body))
    if encoding == b"quoted-printable":
        if any(each in body for each in _LINES_WITH_BLANKS):  # RFC 2045 §6.7 (3): whoever decodes deletes them
            work.spend(_STEPS_OF_BLANKS * len(body))
            yield _TRAILING_BLANKS.sub(b"", body)
    elif encoding == b"base64":
        text = body.strip()
        whole = without_white_space(text)
        if len(whole) % 4 or _BASE64.fullmatch(whole) is None:
            yield _padded(whole)
            found = _ENCODED.match(text)
            yield _padded(found[0] if found is not None else b"")
            yield _padded(_EMPTY_LINE.split(text, maxsplit=1)[0])
        elif _EMPTY_LINE.search(text) is not None:
            yield _padded(_EMPTY_LINE.split(text, maxsplit=1)[0])


def without_white_space(text: bytes) -> bytes:
    """The text without it. No list of its words is made: of "A A A …" it takes twenty times the room."""
    return text.translate(None, _WHITE_SPACE)


def _padded(text: bytes) -> bytes:
    """Base64 that lost its padding."""
    whole = without_white_space(text).rstrip(b"=")
    return whole + b"=" * (-len(whole) % 4)
