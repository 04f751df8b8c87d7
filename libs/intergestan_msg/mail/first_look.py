"""A first look at a mail: whether it carries a manifest that a key signed which we know, as we compose such mails.

It only says which mail is read first, and costs next to nothing. What a gateway rewrote is not recognised, and whoever
saw a mail of a partner can send its manifest again: what a mail is, is found when it is read.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping

from intergestan_msg import seal
from intergestan_msg.errors import BadSignature
from intergestan_msg.mail.decoding import without_white_space
from intergestan_msg.mail.letter import MANIFEST_MEDIA_TYPE

_TYPE = f"Content-Type: {MANIFEST_MEDIA_TYPE}".encode("ascii")
_BODY = re.compile(rb"\r\n\r\n([A-Za-z0-9+/=\r\n]+?)\r\n--")
_MOST_HEADERS = 1000
_MOST_BODY = 400_000
_TRIES = 3


def is_signed_by(raw: bytes, keys: Mapping[str, seal.PublicKey]) -> bool:
    """Whether a manifest in it is signed by one of these keys. Never raises."""
    start = 0
    for _ in range(_TRIES):
        start = raw.find(_TYPE, start) + 1
        if not start:
            return False
        if _holds(raw, start, keys):
            return True
    return False


def _holds(raw: bytes, start: int, keys: Mapping[str, seal.PublicKey]) -> bool:
    begin = raw.find(b"\r\n\r\n", start, start + _MOST_HEADERS)
    found = _BODY.match(raw, begin, begin + _MOST_BODY) if begin >= 0 else None
    if found is None:
        return False
    try:
        seal.verify(without_white_space(binascii.a2b_base64(found[1])).decode("ascii"), keys)
    except (BadSignature, ValueError):
        return False
    return True
