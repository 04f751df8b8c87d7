"""What stands in the MIME fields of a part (RFC 2045 §5, §6; RFC 2183; RFC 2231), as leniently as it can be read.

A value is cut after 4 096 octets, and each expression goes through it once.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

MAX_FIELD = 4096  # an honest field has a tenth of it

_PARAMETER = re.compile(
    rb";\s*+(boundary|name|filename|smime-type|report-type)(?:\*(\d{1,3}))?(\*)?\s*+=\s*+"
    rb'(?:"((?:[^"\\]|\\.)*+)"|([^\s;"]++))',
    re.IGNORECASE | re.DOTALL,
)
_COMMENT = re.compile(rb'("(?:[^"\\]|\\.)*+"?)|\([^()]*+\)', re.DOTALL)
_ENCODING = re.compile(rb'[\s"]*+([a-z0-9-]++)', re.IGNORECASE)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_DEPTH = 3  # of comments in comments


def media_type(value: bytes) -> tuple[bytes, dict[bytes, bytes], bool]:
    """The value before the first semicolon in lower case; the parameters that matter; whether one is said in two ways.

    A parameter in pieces or with a charset (RFC 2231 §3, §4) counts where there is no plain one.
    """
    kind, semicolon, rest = without_comments(value).partition(b";")
    plain: dict[bytes, bytes] = {}
    extended: dict[bytes, dict[int, bytes]] = {}
    for name, number, star, quoted, token in _PARAMETER.findall(semicolon + rest):
        given = _ESCAPED.sub(rb"\1", quoted) if quoted else token
        if not number and not star:
            plain.setdefault(name.lower(), given)
        else:
            pieces = extended.setdefault(name.lower(), {})
            pieces.setdefault(int(number or b"0"), _piece(given, is_first=int(number or b"0") == 0) if star else given)
    joined = {name: _joined(pieces) for name, pieces in extended.items()}
    in_two_ways = any(plain.get(name, value) != value for name, value in joined.items())
    return kind.strip().lower(), joined | plain, in_two_ways


def encoding(value: bytes) -> bytes:
    """The transfer encoding in lower case, without quotes, comments and what follows."""
    found = _ENCODING.match(without_comments(value))
    return found[1].lower() if found is not None else b""


def without_comments(value: bytes) -> bytes:
    """A value without its comments (RFC 5322 §3.2.2), as far as they are in each other three deep."""
    for _ in range(_DEPTH):
        if b"(" not in value:
            break
        value = _COMMENT.sub(lambda found: found[1] or b" ", value)
    return value


def _piece(text: bytes, *, is_first: bool) -> bytes:
    """What a piece with a star says: the first may begin with a charset and a language."""
    if is_first and text.count(b"'") >= 2:
        text = text.split(b"'", 2)[2]
    return unquote_to_bytes(text)


def _joined(pieces: dict[int, bytes]) -> bytes:
    """Those from 0 on without a gap."""
    joined = b""
    for number in range(len(pieces)):
        if number not in pieces:
            break
        joined += pieces[number]
    return joined
