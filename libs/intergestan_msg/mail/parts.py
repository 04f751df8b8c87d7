"""The parts of a mail, found by a small reader of our own: MIME structure, transfer encodings, nothing else.

It may be lenient, because it decides nothing: a part counts when its digest stands in a signed manifest. It
must be cheap whatever it is fed, so it works on offsets, copies only what it decodes, counts what it opens.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intergestan_msg.errors import TooBig
from intergestan_msg.mail.limits import MAX_CONTAINERS, MAX_PARTS, check_delimiters, header_block

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_BOUNDARY = 200  # RFC 2046 §5.1.1 allows 70
_MAX_FIELD = 4096  # what stands behind is not looked at; an honest field has a tenth of it

_FIELD = re.compile(
    rb"^(content-type|content-transfer-encoding|content-disposition)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_PARAMETER = re.compile(rb';\s*+(boundary|name|filename)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]++))', re.IGNORECASE)
_TRIMMED = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """A part that contains no others; its content is decoded when asked for."""

    media_type: bytes
    name: bytes
    encoding: bytes
    raw: bytes
    start: int
    end: int

    def content(self) -> bytes | None:
        """The decoded bytes; None when the base64 is broken. An unknown encoding is taken as none."""
        body = self.raw[self.start : self.end]
        if self.encoding == b"base64":
            try:
                return binascii.a2b_base64(body)
            except binascii.Error:
                return None
        if self.encoding == b"quoted-printable":
            return binascii.a2b_qp(body)
        return body


def read_parts(raw: bytes) -> list[Part]:
    """All leaf parts in order, also those of forwarded mails.

    Raises `TooBig` for more than 1 100 parts, 8 containers around one, or 64 KB of headers of one.
    """
    parts: list[Part] = []
    for part in _open(raw, 0, len(raw), 0):
        parts.append(part)
        if len(parts) > MAX_PARTS:
            raise TooBig(f"The mail has more than {MAX_PARTS} parts.")
    return parts


def _open(raw: bytes, start: int, end: int, depth: int) -> Iterator[Part]:
    if depth > MAX_CONTAINERS:
        raise TooBig(f"The mail has more than {MAX_CONTAINERS} containers in each other.")
    block = header_block(raw, start, end)
    fields = _fields(raw, start, block.end)
    media_type, parameters = _media_type(fields.get(b"content-type", b""))
    boundary = parameters.get(b"boundary", b"")
    if media_type.startswith(b"multipart/") and 0 < len(boundary) <= _MAX_BOUNDARY:
        for first, last in _segments(raw, block.body, end, b"--" + boundary):
            yield from _open(raw, first, last, depth + 1)
        return
    part = _part(fields, raw, block.body, end)
    if media_type == b"message/rfc822":
        yield from _open_forwarded(part, depth + 1)
    else:
        yield part


def _open_forwarded(part: Part, depth: int) -> Iterator[Part]:
    """RFC 2046 §5.2.1 forbids encoding a forwarded mail; some programs do it all the same."""
    if part.encoding not in (b"base64", b"quoted-printable"):
        yield from _open(part.raw, part.start, part.end, depth)
    elif (content := part.content()) is not None:
        check_delimiters(content)
        yield from _open(content, 0, len(content), depth)


def _part(fields: dict[bytes, bytes], raw: bytes, start: int, end: int) -> Part:
    media_type, parameters = _media_type(fields.get(b"content-type", b""))
    _, disposition = _media_type(fields.get(b"content-disposition", b""))
    name = disposition.get(b"filename") or parameters.get(b"name", b"")
    encoding = fields.get(b"content-transfer-encoding", b"").strip().lower()
    return Part(media_type, name, encoding, raw, start, end)


def _fields(raw: bytes, start: int, end: int) -> dict[bytes, bytes]:
    """The fields that matter; of a repeated one the first."""
    fields: dict[bytes, bytes] = {}
    for name, value in _FIELD.findall(raw[start:end]):
        fields.setdefault(name.lower(), value[:_MAX_FIELD])
    return fields


def _media_type(value: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """The value before the first semicolon in lower case, and the parameters that matter."""
    kind, semicolon, rest = value.partition(b";")
    parameters: dict[bytes, bytes] = {}
    for name, quoted, token in _PARAMETER.findall(semicolon + rest):
        parameters.setdefault(name.lower(), token or quoted)
    return kind.strip().lower(), parameters


def _segments(raw: bytes, start: int, end: int, mark: bytes) -> Iterator[tuple[int, int]]:
    """The stretches between delimiter lines (RFC 2046 §5.1.1); one that is cut off reaches to the end.

    Only the beginnings of lines are looked at: a boundary of hyphens stands at every place of a line of hyphens.
    """
    first = -1
    at = start if raw.startswith(mark, start, end) else _line_with(mark, raw, start, end)
    while at >= 0:
        after = at + len(mark)
        rest = _rest_of_line(raw, after, end)
        if rest in (b"", b"--"):
            if first >= 0:
                yield first, max(first, _before_line_end(raw, at))
            first = -1
            if rest:
                return
            line_end = raw.find(b"\n", after, end)
            if line_end < 0:
                return
            first = line_end + 1
        at = _line_with(mark, raw, after, end)
    if first >= 0:
        yield first, end


def _line_with(mark: bytes, raw: bytes, start: int, end: int) -> int:
    """Where the next line begins that begins with the mark, or -1."""
    found = raw.find(b"\n" + mark, start, end)
    return -1 if found < 0 else found + 1


def _rest_of_line(raw: bytes, at: int, end: int) -> bytes:
    line_end = raw.find(b"\n", at, min(end, at + 80))
    return raw[at : line_end if line_end >= 0 else min(end, at + 80)].strip(_TRIMMED)


def _before_line_end(raw: bytes, at: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    return at - (2 if raw[at - 2 : at] == b"\r\n" else 1)
