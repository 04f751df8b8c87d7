"""What reading a mail may cost, and the sizes that are looked at before any parser runs (formats.md §1).

Every parser has inputs that cost it seconds (reliability.md §5.3). How many headers or parts a mail has says nothing
about who wrote it: gateways add headers by the hundred. So what is bounded is the work: each pass over octets, each
line and each part costs steps, and a mail has a fixed number of them, whatever it is and however often it is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import TooBig

MAX_MAIL = 25 * 1024 * 1024
MAX_PARTS = 5000
MAX_CONTAINERS = 50
MAX_SHOWN_HEADERS = 1024 * 1024
"""Behind so many octets of headers nothing is looked up for people."""

STEPS = 600_000_000
"""A step is an octet that is searched, decoded or hashed once: a billion of them take two seconds or three."""
STEPS_OF_LINE = 200
STEPS_OF_PART = 5_000
STEPS_OF_HEADER_OCTET = 10
STEPS_OF_VALUE_OCTET = 200
STEPS_OF_ENTRY = 400  # of a format that is read entry by entry, as BER and TNEF are
STEPS_OF_DECODING = 2  # for an octet that is decoded, and hashed

_BLANK_LINE = re.compile(rb"\n\r?\n")  # begins with what a search finds at once; `\r?` there costs ten times as much
_LINE_OF_BLANKS = re.compile(rb"\n[ \t]*+\r?\n")
_LINE_ENDS = re.compile(rb"[\r\n]*+")

# Names in any case, and a compact JWS at the start of a body: as it is ("eyJ" is how '{"' begins in base64)
# or in base64 once more.
_MANIFEST_NAMES = (b"intergestan.jws", b"application/jose")
_MANIFEST_START = re.compile(rb"\n\r?\n\s{0,8}+(?:eyJ|ZXlK)")


class Work:
    """The steps that one mail has, over all the ways in which it is read."""

    def __init__(self, steps: int = STEPS) -> None:
        self.spent = 0
        self._steps = steps

    def spend(self, steps: int) -> None:
        """Count so many steps before they are done. Raises `TooBig` when the mail has had all of its own."""
        if self.spent + steps > self._steps:
            raise TooBig(Wrong.MUCH_WORK)
        self.spent += steps


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """Where a header block ends and the body begins, as offsets into the raw bytes.

    :ivar is_whole: whether a blank line ends it; else the mail ends within its headers.
    """

    end: int
    body: int
    is_whole: bool = True


def message_start(raw: bytes, start: int, end: int) -> int:
    """Where the headers of a mail begin: some programs put blank lines before them."""
    found = _LINE_ENDS.match(raw, start, end)
    return found.end() if found is not None else start


def header_block(raw: bytes, start: int, end: int, *, of_blanks: bool = False) -> HeaderBlock:
    """Find the blank line that ends the header block.

    :param of_blanks: whether a line of spaces and tabs is one; else it goes on with the field above (RFC 5322 §4.2).
    """
    if raw.startswith((b"\r\n", b"\n"), start, end):
        return HeaderBlock(start, start + (2 if raw[start] == 0x0D else 1))
    found = (_LINE_OF_BLANKS if of_blanks else _BLANK_LINE).search(raw, start, end)
    if found is None:
        return HeaderBlock(end, end, is_whole=False)
    line_end = found.start()
    return HeaderBlock(line_end - (line_end > start and raw[line_end - 1] == 0x0D), found.end())


def headers_of(raw: bytes) -> bytes:
    """The headers of a mail as far as they are looked at for people and for marks."""
    start = message_start(raw, 0, len(raw))
    end = min(len(raw), start + MAX_SHOWN_HEADERS)
    return raw[start : header_block(raw, start, end).end]


def check_size(raw: bytes) -> None:
    """Raise `TooBig` for a mail that is larger than any server takes from us."""
    if len(raw) > MAX_MAIL:
        raise TooBig(Wrong.MAIL_LARGE)


def may_carry_manifest(raw: bytes) -> bool:
    """Whether a mail that we cannot or must not parse might still be one of ours.

    False is a promise for what any intergestan sends and mail servers do to it: such a mail names its
    manifest or holds a body that starts as one. Only a mail that hides it on purpose (inside an archive, or a
    forwarded mail in base64) is taken for a stranger's, and it breaks a limit besides.
    """
    lowered = raw.lower()
    return any(name in lowered for name in _MANIFEST_NAMES) or _MANIFEST_START.search(raw) is not None
