"""Reads plain values into our types, from any thread.

msgspec describes a type to itself when it first meets it, and publishes the description before it is whole: two
threads that meet the same type at once end the process with a segmentation fault (seen with msgspec 0.22). A
`Shape` is a constant beside its type, so that the description is whole before a module's first thread can ask.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Shape(Generic[T]):
    """A type to read values into: a class of ours, or a built-in container of such."""

    __slots__ = ("_decoder", "_kind")

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def convert(self, value: object) -> T:
        """Plain values, as of parsed JSON, as the type. Raises msgspec.ValidationError for what it does not allow."""
        return msgspec.convert(value, self._kind)

    def decode(self, text: bytes | str) -> T:
        """JSON as the type. Raises msgspec.DecodeError for what is no JSON, ValidationError as `convert` does."""
        return self._decoder.decode(text)
