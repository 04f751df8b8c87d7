"""What an S/MIME signature carries (RFC 8551 §3.5.2, RFC 5652 §5): taken out, and never trusted.

Who signed it is not looked at: what counts is our own manifest inside. So this reads the few levels of BER above the
content, and nothing beside them; lengths may be indefinite and the octets in pieces, as programs write them that do not
know the size yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from intergestan_msg.mail.limits import STEPS_OF_ENTRY, Work

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")
_SEQUENCE, _SET, _INTEGER, _OCTETS, _OCTETS_IN_PIECES, _CONTENT = 0x30, 0x31, 0x02, 0x04, 0x24, 0xA0
_MAX_DEPTH = 8
_MAX_VALUES = 100_000


class _Broken(ValueError):
    """This is not what we look for, or it is cut off."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of BER: its tag, where its content is, and where the next value begins."""

    tag: int
    start: int
    end: int
    next: int


def signed_content(data: bytes, work: Work) -> bytes | None:
    """The content of signed data; None for any other bytes. Raises `TooBig` when the mail has had all of its work."""
    try:
        return _Ber(data, work).signed_content()
    except _Broken:
        return None


class _Ber:
    def __init__(self, data: bytes, work: Work) -> None:
        self._data = data
        self._work = work
        self._values = 0

    def signed_content(self) -> bytes:
        outer = self._value(0, len(self._data), _SEQUENCE)
        inner = self._after(outer, _SIGNED_DATA)
        signed = self._value(inner.start, inner.end, _SEQUENCE)
        version = self._value(signed.start, signed.end, _INTEGER)
        digests = self._value(version.next, signed.end, _SET)
        encapsulated = self._value(digests.next, signed.end, _SEQUENCE)
        content = self._after(encapsulated, _DATA)
        return self._octets(self._value(content.start, content.end), 0)

    def _after(self, sequence: _Value, kind: bytes) -> _Value:
        """The content behind an object identifier."""
        if not self._data.startswith(kind, sequence.start, sequence.end):
            raise _Broken
        return self._value(sequence.start + len(kind), sequence.end, _CONTENT)

    def _octets(self, value: _Value, depth: int) -> bytes:
        if value.tag == _OCTETS:
            return self._data[value.start : value.end]
        if value.tag != _OCTETS_IN_PIECES or depth > _MAX_DEPTH:
            raise _Broken
        pieces, at = [], value.start
        while at < value.end:
            piece = self._value(at, value.end)
            pieces.append(self._octets(piece, depth + 1))
            at = piece.next
        return b"".join(pieces)

    def _value(self, at: int, end: int, tag: int | None = None, depth: int = 0) -> _Value:
        """The value that begins here.

        :param tag: what it must be.
        """
        self._work.spend(STEPS_OF_ENTRY)
        self._values += 1
        if self._values > _MAX_VALUES or depth > _MAX_DEPTH or at + 2 > end:
            raise _Broken
        found, length = self._data[at], self._data[at + 1]
        start = at + 2
        if (tag is not None and found != tag) or found & 0x1F == 0x1F:
            raise _Broken
        if length == 0x80:
            return self._indefinite(found, start, end, depth)
        if length > 0x80:
            count = length & 0x7F
            if count > 4 or start + count > end:
                raise _Broken
            length = int.from_bytes(self._data[start : start + count])
            start += count
        if start + length > end:
            raise _Broken
        return _Value(found, start, start + length, start + length)

    def _indefinite(self, tag: int, start: int, end: int, depth: int) -> _Value:
        """One that ends with two zeros (X.690 §8.1.3.6)."""
        at = start
        while not self._data.startswith(b"\0\0", at, end):
            at = self._value(at, end, depth=depth + 1).next
        return _Value(tag, start, at, at + 2)
