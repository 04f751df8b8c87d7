"""The parts of a mail, found by a small reader of our own: MIME structure, transfer encodings, nothing else.

It may be lenient, because it decides nothing: a part counts when its digest stands in a signed manifest. It
must be cheap whatever it is fed, so it works on offsets, finds the lines that may be delimiters once, copies only what
it decodes, and pays for all of it from the mail's `Work`.

Where a mail can be read in two ways it is read in one of them throughout (`Doubt`), and says that it could be read
otherwise, so that whoever asks can try the next one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum
from itertools import combinations
from typing import TYPE_CHECKING

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import TooBig
from intergestan_msg.mail import decoding, wrappings
from intergestan_msg.mail.field_values import MAX_FIELD, encoding, media_type
from intergestan_msg.mail.letter import TRANSFER_HEADER
from intergestan_msg.mail.limits import (
    MAX_CONTAINERS,
    MAX_PARTS,
    STEPS_OF_HEADER_OCTET,
    STEPS_OF_LINE,
    STEPS_OF_PART,
    STEPS_OF_VALUE_OCTET,
    Work,
    header_block,
    message_start,
)
from intergestan_msg.mail.wrappings import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELD = re.compile(
    rb"^(content-type|content-transfer-encoding|content-disposition|" + TRANSFER_HEADER.lower().encode() + rb")"
    rb"[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_OF_BLANKS = re.compile(rb"\n[ \t]++\r?\n")
_TRIMMED = b" \t\r\n"
_TWICE_CR = b"\r\r\n"
_UNWRAPPING = 4  # steps for an octet that is decoded and taken out of what it is wrapped in
_MESSAGES = (b"message/rfc822", b"message/global")  # RFC 2046 §5.2.1, RFC 6532 §3.7
_DIGEST = b"multipart/digest"  # RFC 2046 §5.1.5
_MARK = TRANSFER_HEADER.lower().encode()


class Doubt(Enum):
    """Where a mail can be read in two ways. The reader takes the first, unless it is told to take the second."""

    REPEATED = "of a repeated field the first counts, or the last"
    BLANKS = "a line of blanks goes on with a field (RFC 5322 §4.2), or ends the headers"
    TWICE_CR = "a line ends in CR LF, or in CR CR LF"


DIALECTS: tuple[frozenset[Doubt], ...] = tuple(
    frozenset(some) for count in range(len(Doubt) + 1) for some in combinations(Doubt, count)
)
"""The ways to read a mail, in the one order in which they are tried."""


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
        return decoding.decoded(self.encoding, self.raw[self.start : self.end])

    def contents(self, work: Work) -> Iterator[bytes]:
        """What it may have been before something was added to the encoded text, or cut from it; `content` first."""
        yield from decoding.alternatives(self.encoding, self.raw[self.start : self.end], work)

    def beginning(self) -> bytes:
        """The first octets of the content, to see what it is."""
        return decoding.decoded(self.encoding, self.raw[self.start : min(self.end, self.start + 400)], cut=True) or b""

    @property
    def size(self) -> int:
        """How many octets it has as it is encoded."""
        return self.end - self.start


@dataclass(slots=True)
class Structure:
    """A mail as it is read in one way.

    :ivar parts: all that contain no others, in order, also those of forwarded mails.
    :ivar doubts: where it could be read otherwise.
    :ivar is_marked: our own header stands over it, or over a mail in it.
    :ivar is_cut: a container in it has no end.
    :ivar containers: the types of what contains others, or should.
    :ivar has_sealed: a part of S/MIME is in it that does not show what it carries.
    """

    parts: list[Part] = field(default_factory=list)
    doubts: set[Doubt] = field(default_factory=set)
    is_marked: bool = False
    is_cut: bool = False
    containers: set[bytes] = field(default_factory=set)
    has_sealed: bool = False


def read_structure(raw: bytes, work: Work, dialect: frozenset[Doubt] = DIALECTS[0]) -> Structure:
    """The structure of a mail, read in one way.

    Raises `TooBig` for more than 5 000 parts, 50 containers around one, or more work than any honest mail is.
    """
    work.spend(len(raw))
    structure = Structure()
    if _TWICE_CR in raw:
        structure.doubts.add(Doubt.TWICE_CR)
        if Doubt.TWICE_CR in dialect:
            raw = raw.replace(_TWICE_CR, b"\r\n")
    reader = _Reader(raw, work, dialect, structure)
    for part in reader.message(0, len(raw), 0):
        structure.parts.append(part)
        if len(structure.parts) > MAX_PARTS:
            raise TooBig(Wrong.MANY_PARTS, most=MAX_PARTS)
    return structure


class _Reader:
    """Reads one run of bytes; what is encoded in it gets a reader of its own."""

    def __init__(self, raw: bytes, work: Work, dialect: frozenset[Doubt], structure: Structure) -> None:
        self._raw = raw
        self._work = work
        self._dialect = dialect
        self._structure = structure
        self._lines: list[int] | None = None

    def message(self, start: int, end: int, depth: int) -> Iterator[Part]:
        """The parts of a mail."""
        return self._entity(message_start(self._raw, start, end), end, depth)

    def _entity(self, start: int, end: int, depth: int, default: bytes = b"") -> Iterator[Part]:
        """The parts of a MIME entity.

        :param default: its type where it says none.
        """
        if depth > MAX_CONTAINERS:
            raise TooBig(Wrong.MANY_CONTAINERS, most=MAX_CONTAINERS)
        raw, structure = self._raw, self._structure
        block = header_block(raw, start, end, of_blanks=Doubt.BLANKS in self._dialect)
        self._work.spend(STEPS_OF_PART + STEPS_OF_HEADER_OCTET * (block.body - start))
        fields = self._fields(start, block.end)
        kind, parameters, in_two_ways = media_type(fields.get(b"content-type", b""))
        if in_two_ways:
            structure.doubts.add(Doubt.REPEATED)
        kind = kind or default
        boundary = parameters.get(b"boundary", b"")
        if kind.startswith((b"multipart/", b"message/")):
            structure.containers.add(kind)
        if depth == 0 and not block.is_whole:
            structure.is_cut = True
        if kind.startswith(b"multipart/") and boundary:
            inner = _MESSAGES[0] if kind == _DIGEST else b""
            for first, last in self._segments(block.body, end, b"--" + boundary):
                yield from self._entity(first, last, depth + 1, inner)
            return
        part = self._part(fields, kind, parameters, block.body, end)
        if kind in _MESSAGES:
            yield from self._forwarded(part, depth + 1)
            return
        yield part
        if wrappings.is_wrapping(part):
            yield from self._unwrapped(part, depth + 1)

    def _unwrapped(self, part: Part, depth: int) -> Iterator[Part]:
        """The parts in one that MIME does not open. It stays a part itself: perhaps it is what is listed."""
        self._work.spend(_UNWRAPPING * part.size)
        is_sealed = wrappings.is_smime(part)
        for wrapped in wrappings.unwrap(part, self._work):
            is_sealed = False
            if wrapped.form is Form.MESSAGE:
                yield from self._within(wrapped.content, depth)
            else:
                self._work.spend(STEPS_OF_PART)
                yield Part(b"application/octet-stream", wrapped.name, b"", wrapped.content, 0, len(wrapped.content))
        self._structure.has_sealed |= is_sealed

    def _forwarded(self, part: Part, depth: int) -> Iterator[Part]:
        """RFC 2046 §5.2.1 forbids encoding a forwarded mail; some programs do it all the same."""
        if part.encoding not in (b"base64", b"quoted-printable"):
            yield from self.message(part.start, part.end, depth)
        elif (content := part.content()) is not None:
            yield from self._within(content, depth)

    def _within(self, content: bytes, depth: int) -> Iterator[Part]:
        """The parts of a mail that was encoded."""
        self._work.spend(2 * len(content))
        return _Reader(content, self._work, self._dialect, self._structure).message(0, len(content), depth)

    def _part(
        self, fields: dict[bytes, bytes], kind: bytes, parameters: dict[bytes, bytes], start: int, end: int
    ) -> Part:
        _, disposition, _ = media_type(fields.get(b"content-disposition", b""))
        name = disposition.get(b"filename") or parameters.get(b"name", b"")
        return Part(kind, name, encoding(fields.get(b"content-transfer-encoding", b"")), self._raw, start, end)

    def _fields(self, start: int, end: int) -> dict[bytes, bytes]:
        """The fields that matter; of a repeated one the first, or the last."""
        fields: dict[bytes, bytes] = {}
        for name, value in _FIELD.findall(self._raw, start, end):
            key = name.lower()
            if fields.get(key, value) != value:
                self._structure.doubts.add(Doubt.REPEATED)
            if key not in fields or Doubt.REPEATED in self._dialect:
                fields[key] = value[:MAX_FIELD]
                self._work.spend(STEPS_OF_VALUE_OCTET * len(fields[key]))
        self._structure.is_marked |= _MARK in fields
        if _OF_BLANKS.search(self._raw, start, end):
            self._structure.doubts.add(Doubt.BLANKS)
        return fields

    def _segments(self, start: int, end: int, mark: bytes) -> Iterator[tuple[int, int]]:
        """The stretches between delimiter lines (RFC 2046 §5.1.1); one that is cut off reaches to the end."""
        raw, first = self._raw, -1
        lines = self._delimiters()
        for index in range(bisect_left(lines, start), bisect_left(lines, end)):
            self._work.spend(STEPS_OF_LINE)
            at = lines[index]
            if not raw.startswith(mark, at, end):
                continue
            after = at + len(mark)
            rest = _rest_of_line(raw, after, end)
            if rest not in (b"", b"--"):
                continue
            if first >= 0:
                yield first, max(first, _before_line_end(raw, at))
            first = -1
            if rest:
                return
            line_end = raw.find(b"\n", after, end)
            if line_end < 0:
                break
            first = line_end + 1
        if first >= 0:
            self._structure.is_cut = True
            yield first, end
        elif not self._raw[start:end].strip():
            self._structure.is_cut = True

    def _delimiters(self) -> list[int]:
        """Where the lines begin that begin with two hyphens, found once: a line of hyphens is one of them, not many."""
        if self._lines is None:
            raw = self._raw
            self._work.spend(len(raw))
            self._lines = [0] if raw.startswith(b"--") else []
            at = raw.find(b"\n--")
            while at >= 0:
                self._work.spend(STEPS_OF_LINE)
                self._lines.append(at + 1)
                at = raw.find(b"\n--", at + 3)
        return self._lines


def _rest_of_line(raw: bytes, at: int, end: int) -> bytes:
    line_end = raw.find(b"\n", at, min(end, at + 80))
    return raw[at : line_end if line_end >= 0 else min(end, at + 80)].strip(_TRIMMED)


def _before_line_end(raw: bytes, at: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    return at - (2 if raw[at - 2 : at] == b"\r\n" else 1)
