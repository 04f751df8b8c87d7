"""What is looked at before any parser runs: sizes and counts, on the bytes as they came (formats.md §1).

Every parser has inputs that cost it seconds (reliability.md §5.3); none of them fits through these limits.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from intergestan_msg.errors import TooBig, Unreadable

MAX_MAIL = 25 * 1024 * 1024
MAX_HEADER_BLOCK = 64 * 1024
MAX_HEADERS = 200
MAX_PARTS = 1100
MAX_CONTAINERS = 8

_BLANK_LINE = re.compile(rb"\n\r?\n")  # begins with what a search finds at once; `\r?` there costs ten times as much
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:", re.MULTILINE)
_BARE_CR = re.compile(rb"\r(?!\n)")
_ONCE = (b"from", b"message-id", b"content-type")

# Names in any case, and a compact JWS at the start of a body: as it is ("eyJ" is how '{"' begins in base64)
# or in base64 once more.
_MANIFEST_NAMES = (b"intergestan.jws", b"application/jose")
_MANIFEST_START = re.compile(rb"\n\r?\n\s{0,8}(?:eyJ|ZXlK)")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Where a header block ends and the body begins, as offsets into the raw bytes."""

    end: int
    body: int


def header_block(raw: bytes, start: int, end: int) -> HeaderBlock:
    """Find the blank line that ends the header block. Raises `TooBig` when none comes within 64 KB."""
    if raw.startswith((b"\r\n", b"\n"), start, end):
        return HeaderBlock(start, start + (2 if raw[start] == 0x0D else 1))
    found = _BLANK_LINE.search(raw, start, min(end, start + MAX_HEADER_BLOCK))
    if found is not None:
        line_end = found.start()
        return HeaderBlock(line_end - (line_end > start and raw[line_end - 1] == 0x0D), found.end())
    if end - start >= MAX_HEADER_BLOCK:
        raise TooBig("A header block is longer than 64 KB.")
    return HeaderBlock(end, end)


def check_limits(raw: bytes) -> None:
    """Refuse a mail that no honest program would have sent.

    Raises `TooBig` for sizes and counts; `Unreadable` for NUL or a bare CR among the headers, and unless
    there is exactly one From, Message-ID and Content-Type.
    """
    if len(raw) > MAX_MAIL:
        raise TooBig("The mail is larger than 25 MB.")
    check_delimiters(raw)
    headers = raw[: header_block(raw, 0, len(raw)).end]
    if b"\0" in headers or _BARE_CR.search(headers):
        raise Unreadable("The headers contain NUL or a carriage return by itself.")
    counts = Counter(name.lower() for name in _FIELD.findall(headers))
    if counts.total() > MAX_HEADERS:
        raise TooBig(f"The mail has more than {MAX_HEADERS} headers.")
    for name in _ONCE:
        if counts[name] != 1:
            raise Unreadable(f"The mail has {counts[name]} {name.decode().title()} headers instead of one.")


def check_delimiters(raw: bytes) -> None:
    """Raise `TooBig` when more lines than a mail has parts begin with two hyphens."""
    if raw.count(b"\n--") > MAX_PARTS:
        raise TooBig(f"The mail has more than {MAX_PARTS} delimiter lines.")


def may_carry_manifest(raw: bytes) -> bool:
    """Whether a mail that we cannot or must not parse might still be one of ours.

    False is a promise for what any intergestan sends and mail servers do to it: such a mail names its
    manifest or holds a body that starts as one. Only a mail that hides it on purpose (inside an archive, or a
    forwarded mail in base64) is taken for a stranger's, and it breaks a limit besides.
    """
    lowered = raw.lower()
    return any(name in lowered for name in _MANIFEST_NAMES) or _MANIFEST_START.search(raw) is not None
