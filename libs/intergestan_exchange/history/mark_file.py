"""The mark as text: JSON, for `Mark` to be read again and for people to look at. Pure."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from intergestan_exchange.history.high_water import Mark
from intergestan_msg.shapes import Shape

_MARK = Shape(Mark)


def encode(mark: Mark) -> bytes:
    """The file's content."""
    return msgspec.json.format(msgspec.json.encode(asdict(mark)), indent=1) + b"\n"


def decode(content: bytes) -> Mark | None:
    """The mark of a file; None where it is none, such as a file that a power cut left empty."""
    try:
        return _MARK.decode(content)
    except msgspec.DecodeError:
        return None
