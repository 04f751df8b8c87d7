"""The attachments in a winmail.dat, as Outlook and Exchange wrap a mail ([MS-OXTNEF] §2.1.3).

A stream of attributes, each with a level, a number, a length, its octets and a checksum. Two of them are read: the
octets of an attachment (attAttachData) and its title (attAttachTitle). Whatever else there is, is skipped; a stream
that is cut off gives what stands before the cut.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from intergestan_msg.mail.limits import STEPS_OF_ENTRY, Work

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


def attachments(content: bytes, work: Work) -> Iterator[tuple[bytes, bytes]]:
    """Name and octets of each attachment of a content that begins with `SIGNATURE`, in order.

    Raises `TooBig` when the mail has had all of its work.
    """
    name, data = b"", None
    for number, value in _attributes(content, work):
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


def _attributes(content: bytes, work: Work) -> Iterator[tuple[int, bytes]]:
    at = _HEAD
    for _ in range(MAX_ATTRIBUTES):
        work.spend(STEPS_OF_ENTRY)
        if at + _ATTRIBUTE.size > len(content):
            return
        _, number, length = _ATTRIBUTE.unpack_from(content, at)
        at += _ATTRIBUTE.size
        if at + length > len(content):
            return
        yield number, content[at : at + length]
        at += length + _CHECKSUM
