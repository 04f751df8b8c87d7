"""The attachments in a winmail.dat, as Outlook and Exchange wrap a mail ([MS-OXTNEF] §2.1.3).

A stream of attributes, each with a level, a number, a length, its octets and a checksum. Two of them are read: the
octets of an attachment (attAttachData) and its title (attAttachTitle). Whatever else there is, is skipped; a stream
that is cut off gives what stands before the cut.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTRIBUTES = 10_000

_HEAD = 6  # the signature, and a key
_ATTRIBUTE = struct.Struct("<BII")
_CHECKSUM = 2
_BEGINS = 0x00069002  # attAttachRendData
_TITLE = 0x00018010
_DATA = 0x0006800F


def attachments(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and octets of each attachment, in order."""
    if not content.startswith(SIGNATURE):
        return
    name, data = b"", None
    for number, value in _attributes(content):
        if number == _BEGINS:
            if data is not None:
                yield name, data
            name, data = b"", None
        elif number == _TITLE:
            name = value.rstrip(b"\0")
        elif number == _DATA:
            data = value
    if data is not None:
        yield name, data


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEAD
    for _ in range(MAX_ATTRIBUTES):
        if at + _ATTRIBUTE.size > len(content):
            return
        _, number, length = _ATTRIBUTE.unpack_from(content, at)
        at += _ATTRIBUTE.size
        if at + length > len(content):
            return
        yield number, content[at : at + length]
        at += length + _CHECKSUM
