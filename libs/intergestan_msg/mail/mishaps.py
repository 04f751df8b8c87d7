"""What happened to a mail of ours on its way, as what is left of it shows: for people, so that the cure helps.

Nothing is trusted because of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from intergestan_msg.errors import Cause
from intergestan_msg.mail.letter import TRANSFER_HEADER
from intergestan_msg.mail.limits import MAX_SHOWN_HEADERS, headers_of

if TYPE_CHECKING:
    from intergestan_msg.mail.parts import Part, Structure

_OUR_MESSAGE_ID = re.compile(
    rb"^message-id[ \t]*+:\s*+<[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}@[^>\s]++>",
    re.IGNORECASE | re.MULTILINE,
)
_UUENCODED = b"\nbegin 6"
_OUR_FIELD = b"\r" + TRANSFER_HEADER.lower().encode() + b":"
_ENCRYPTED = (b"multipart/encrypted", b"application/pgp-encrypted")
_ARCHIVES = (b".zip", b".7z", b".rar", b".gz")
_IN_PIECES = b"message/partial"
_BYTE_ORDER_MARKS = b"\xef\xbb\xbf\xff\xfe \r\n"


def was_ours(raw: bytes, structure: Structure) -> bool:
    """Whether a mail whose fields cannot be told apart, or that ends within its headers, has a mark of ours."""
    if b"\n" not in raw:
        return _OUR_FIELD in raw[:MAX_SHOWN_HEADERS].lower()
    return structure.is_cut and len(structure.parts) == 1 and _OUR_MESSAGE_ID.search(headers_of(raw)) is not None


def of_lost(raw: bytes, structure: Structure) -> Cause:
    """What happened to a mail that has our marks and no manifest."""
    if b"\n" not in raw:
        return Cause.LINE_ENDS
    return _of_container(structure) or (Cause.CUT if structure.is_cut else Cause.REMOVED)


def of_manifest(structure: Structure, named: Part) -> Cause:
    """What happened to a mail in which a part has the manifest's name and is none."""
    if _is_uuencoded(named):
        return Cause.UUENCODED
    return Cause.CUT if structure.is_cut else Cause.ALTERED


def of_listed(structure: Structure, count: int) -> Cause:
    """What happened to a mail whose manifest lists so many documents, of which some are not there as signed."""
    if structure.is_cut:
        return Cause.CUT
    wrapped = _of_container(structure)
    if wrapped is not None:
        return wrapped
    return Cause.REMOVED if sum(map(_is_xml, structure.parts)) < count else Cause.ALTERED


def _of_container(structure: Structure) -> Cause | None:
    """What the attachments were put into."""
    types = structure.containers | {part.media_type for part in structure.parts}
    if not types.isdisjoint(_ENCRYPTED) or structure.has_sealed:
        return Cause.ENCRYPTED
    if _IN_PIECES in types:
        return Cause.IN_PIECES
    if any(map(_is_archive, structure.parts)):
        return Cause.PACKED
    return Cause.UUENCODED if any(map(_is_uuencoded, structure.parts)) else None


def _is_archive(part: Part) -> bool:
    return part.name.lower().endswith(_ARCHIVES) or b"zip" in part.media_type


def _is_uuencoded(part: Part) -> bool:
    return b"uue" in part.encoding or (
        part.media_type in (b"text/plain", b"") and part.raw.find(_UUENCODED, part.start, part.end) >= 0
    )


def _is_xml(part: Part) -> bool:
    return b"xml" in part.media_type or part.beginning().lstrip(_BYTE_ORDER_MARKS).startswith((b"<?xml", b"<\0?\0"))
