"""Read a report of a mail server about a mail that was sent (RFC 3464, RFC 6522): what it says, and its tokens.

A report is a stranger's mail like any other: what stands in it is a claim. It counts for what its token proves
(`bounce_token`), which is not decided here. It is known by its parts, wherever a gateway put them, and where it has
none by what servers write that know no such parts (`unformatted_report`). Like the reader of parts this works on
offsets, with limits on all that it collects, and leaves alone what it does not know.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from intergestan_msg.errors import MessageError
from intergestan_msg.mail.bounce_token import TOKEN, BounceToken
from intergestan_msg.mail.decoding import without_white_space
from intergestan_msg.mail.headers import header_text
from intergestan_msg.mail.letter import BOUNCE_HEADER
from intergestan_msg.mail.limits import MAX_MAIL, Work, headers_of
from intergestan_msg.mail.parts import Part, Structure, read_structure
from intergestan_msg.mail.report_values import Action, DeliveryReport, Fate
from intergestan_msg.mail.unformatted_report import Hint, hint_of, reply_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_STATUS_PART = 64 * 1024
MAX_RECIPIENTS = 100
MAX_TOKENS = 8
MAX_TEXT = 256 * 1024
STEPS = 150_000_000
"""Of a mail that is read as a report, after it was read for manifests: it is read in one way, and little is decoded."""

_RECIPIENT_FIELDS = re.compile(
    rb"^(?:to|delivered-to|x-original-to|envelope-to|x-envelope-to|x-delivered-to|apparently-to)[ \t]*:"
    rb"([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_IN_ADDRESS = re.compile(rb"\+" + TOKEN.encode() + rb"@", re.IGNORECASE)
_IN_HEADER = re.compile(
    rb"^" + BOUNCE_HEADER.encode() + rb"[ \t]*:\s*+" + TOKEN.encode() + rb"(?![a-z0-9])", re.IGNORECASE | re.MULTILINE
)
_STATUS_TYPES = (b"message/delivery-status", b"message/global-delivery-status")  # RFC 3464, RFC 6533
_OTHER_REPORTS = (  # somebody read it, or called it spam: not that it came back
    *(b"message/disposition-notification", b"message/global-disposition-notification"),  # RFC 8098, RFC 6533
    b"message/feedback-report",  # RFC 5965
)
_FIELD = re.compile(rb"^([a-z-]{1,40})[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n", re.IGNORECASE | re.MULTILINE)
_GROUPS = re.compile(rb"(?:\r?\n[ \t]*+){2,}+")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")  # RFC 3463
_TYPED = re.compile(r"\A\s*+[a-z0-9/._-]{1,40}\s*+;\s*+", re.IGNORECASE)  # "smtp;" and "rfc822;" before the value


def read_report(raw: bytes) -> DeliveryReport | None:
    """The report that a mail is, or may be; None for any other mail, and for one beyond the limits. Never raises."""
    if len(raw) > MAX_MAIL:
        return None
    head = headers_of(raw)
    try:
        structure = read_structure(raw, Work(STEPS))
    except MessageError:
        return None
    parts = structure.parts
    types = {part.media_type for part in parts}
    if not types.isdisjoint(_OTHER_REPORTS):
        return None
    is_formal = not types.isdisjoint(_STATUS_TYPES)
    tokens = list(_tokens(raw, head, parts))
    if not is_formal and not tokens:
        return None
    groups = [_fields(group) for part in parts for group in _groups(part)]
    fates = [fate for group in groups if (fate := _fate(group)) is not None][:MAX_RECIPIENTS]
    if not any("action" in group for group in groups):
        fates = [_of_words(hint) for hint in (_hint(head, structure, tokens),) if hint is not None]
    elif any(fate.action is Action.FAILED and not fate.said for fate in fates):
        said = reply_in(_text(structure))
        fates = [_with_words(fate, said) for fate in fates] if said else fates
    if not is_formal and not fates:
        return None
    return DeliveryReport(
        fates=tuple(fates),
        tokens=tuple(tokens),
        reporter=_value(groups[0] if groups else {}, "reporting-mta"),
        fingerprint=_fingerprint(head, parts),
        is_formal=is_formal,
    )


def _of_words(hint: Hint) -> Fate:
    """What became of the mail, where only words say it."""
    action = Action(hint.action)
    return Fate(action, _status(hint.status, "", action), hint.recipient, hint.said)


def _with_words(fate: Fate, said: str) -> Fate:
    """A failure of which the part says nothing more, as Exim and OpenSMTPD write it: the text quotes the server.

    :param said: the server's words in the text.
    """
    if fate.action is not Action.FAILED or fate.said:
        return fate
    return replace(fate, said=said, status=_status(fate.status, said, fate.action))


def _text(structure: Structure) -> bytes:
    """The first text of a mail, decoded."""
    text = next((part for part in structure.parts if part.media_type in (b"text/plain", b"text/html", b"")), None)
    return (text.content() or b"")[:MAX_TEXT] if text is not None else b""


def _hint(head: bytes, structure: Structure, tokens: list[BounceToken]) -> Hint | None:
    """What a mail says that has no status, or an empty one, where it came to an address that we gave to one mail."""
    addresses = b"\n".join(_RECIPIENT_FIELDS.findall(head))
    came_back = bool(tokens) and _IN_ADDRESS.search(addresses) is not None
    return hint_of(head, _text(structure), to_marked=came_back)


def _groups(part: Part) -> Iterator[bytes]:
    """The groups of fields in a part with the status: the first is about the mail, the others about recipients."""
    if part.media_type in _STATUS_TYPES:
        yield from _GROUPS.split(_status_text(part).lstrip(), maxsplit=MAX_RECIPIENTS + 1)[: MAX_RECIPIENTS + 1]


def _status_text(part: Part) -> bytes:
    return (part.content() or b"")[:MAX_STATUS_PART]


def _fields(group: bytes) -> dict[str, bytes]:
    """The fields of a group, of a repeated one the first."""
    found: dict[str, bytes] = {}
    for name, value in _FIELD.findall(group + b"\n"):
        found.setdefault(name.decode("ascii").lower(), value)
    return found


def _fate(group: dict[str, bytes]) -> Fate | None:
    action = header_text(group.get("action", b"")).split("(")[0].strip().lower()
    if action not in {*Action}:
        return None
    said = _value(group, "diagnostic-code")
    return Fate(
        action=Action(action),
        status=_status(header_text(group.get("status", b"")), said, Action(action)),
        recipient=_value(group, "original-recipient") or _value(group, "final-recipient"),
        said=said,
    )


def _status(status: str, said: str, action: Action) -> str:
    """The status, or where it says nothing (`5.0.0`) the code of the same class in the server's words."""
    given = _STATUS.match(status)
    code = given[1] if given else {Action.FAILED: "5.0.0", Action.DELAYED: "4.0.0"}.get(action, "2.0.0")
    if not code.endswith(".0.0"):
        return code
    exact = (found for found in _STATUS.findall(said) if found[0] == code[0] and not found.endswith(".0.0"))
    return next(exact, code)


def _value(group: dict[str, bytes], name: str) -> str:
    """A value without the name of its type: `smtp; 550 …` is `550 …` (RFC 3464 §2.1.2)."""
    return _TYPED.sub("", header_text(group.get(name, b"")), count=1)


def _tokens(raw: bytes, head: bytes, parts: list[Part]) -> Iterable[BounceToken]:
    """From the addresses that the report came to, and from our header, wherever the report quotes it."""
    found: dict[BounceToken, None] = {}
    addresses = b"\n".join(_RECIPIENT_FIELDS.findall(head))
    matches = [*_IN_ADDRESS.findall(addresses), *(match for text in _texts(raw, parts) for match in _first(text))]
    for mail_id, digest in matches:
        found.setdefault(BounceToken(int(mail_id), digest.decode("ascii").lower()))
    return list(found)[:MAX_TOKENS]


def _texts(raw: bytes, parts: list[Part]) -> Iterator[bytes]:
    """Where quoted headers may stand: the mail itself, and what is encoded in it."""
    texts = {id(raw): raw} | {id(part.raw): part.raw for part in parts}
    yield from texts.values()
    left = MAX_TEXT
    for part in parts:
        if part.encoding in (b"base64", b"quoted-printable") and part.media_type.startswith((b"text/", b"message/")):
            text = (part.content() or b"")[:left] if left else b""
            left -= len(text)
            yield text


def _first(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    for count, found in enumerate(_IN_HEADER.finditer(text), start=1):
        yield found[1], found[2]
        if count == MAX_TOKENS:
            return


def _fingerprint(head: bytes, parts: list[Part]) -> str:
    """Of the status and the report's own Message-ID: servers write `Received` lines, and leave these alone."""
    digest = hashlib.sha256()
    for name in (b"message-id", b"date"):
        found = re.search(rb"^" + name + rb"[ \t]*:([^\r\n]*)", head, re.IGNORECASE | re.MULTILINE)
        digest.update(found[1].strip() + b"\0" if found else b"\0")
    for part in parts:
        if part.media_type in _STATUS_TYPES:
            digest.update(without_white_space(_status_text(part)))
    return digest.hexdigest()
