"""The header by which a trace goes on at the other site: a W3C traceparent (w3.org/TR/trace-context §3.2), 55 octets.

A hint from outside. It is taken in its one spelling or not at all, and decides nothing.
"""

from __future__ import annotations

import re

from intergestan_msg.errors import TooBig
from intergestan_msg.mail.limits import header_block

TRACE_HEADER = "X-Intergestan-Traceparent"

TRACE_PARENT = r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
_FIELD = re.compile(
    rb"^(?i:%s):[ \t]{0,10}([^\r\n]{0,80}?)[ \t]{0,10}\r?$" % TRACE_HEADER.encode("ascii"),
    re.MULTILINE,
)
_VALUE = re.compile(rb"\A%s\Z" % TRACE_PARENT.encode("ascii"))


def trace_parent_of(raw: bytes) -> str | None:
    """The traceparent in the headers of any bytes that claim to be a mail. Never raises."""
    try:
        end = header_block(raw, 0, len(raw)).end
    except TooBig:
        return None
    found = _FIELD.findall(raw[:end])
    return found[0].decode("ascii") if len(found) == 1 and _VALUE.match(found[0]) else None
