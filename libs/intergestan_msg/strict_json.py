"""JSON as strangers may write it, read strictly (reliability.md H8): one object, no surprise."""

from __future__ import annotations

import json
import re
from typing import Any, Never

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import Unreadable

MAX_DEPTH = 16

# Possessive, and content with an unclosed string, so that no text makes it scan anything twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_OPENING = frozenset(b"[{")
_BRACKETS = re.compile(rb"[\[\]{}]")


def read_object(data: bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8.

    Raises `Unreadable` on duplicate keys, NaN, infinities and any number with a fraction or an exponent
    (decimals travel as strings), more than 16 levels, a byte order mark, or what RFC 8259 does not allow.
    """
    _check_depth(data)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except ValueError as error:
        raise Unreadable(Wrong.JSON_UNREADABLE, error=error) from error
    if not isinstance(value, dict):
        raise Unreadable(Wrong.JSON_NO_OBJECT)
    return value


def write_object(value: dict[str, Any]) -> bytes:
    """Write canonical JSON: sorted keys, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _check_depth(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKETS.findall(_STRING.sub(b"", data)):
        depth += 1 if bracket[0] in _OPENING else -1
        if depth > MAX_DEPTH:
            raise Unreadable(Wrong.JSON_DEEP, most=MAX_DEPTH)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return value


def _no_fraction(text: str) -> Never:
    raise ValueError(f"{text[:40]} is no whole number")
