"""Reports of servers that write no delivery-status part, or an empty one: Exim, qmail, Google, gateways.

What such a mail says is read from a few headers and phrases that these programs have written for decades. It is a hint
for people, and counts only where a token proves which mail it is about (`delivery_report`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from intergestan_msg.mail.headers import first_values

_FIELDS = re.compile(
    rb"^(x-failed-recipients|subject|from|return-path|auto-submitted|x-auto-response-suppress"
    rb"|x-ms-exchange-inbox-rules-loop|x-autoreply|x-autorespond|precedence)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail delivery (?:sub)?system|delivery (?:status|failure)|(?:^|<)mdaemon@", re.IGNORECASE
)
_DELAYED = re.compile(
    r"\bdelay(?:ed)?\b|has not yet been delivered|still being retried|will (?:keep|continue) (?:trying|to try)"
    r"|delivery attempts will continue|no action is required|temporar(?:y|ily)|\bretard|différée",
    re.IGNORECASE,
)
_FAILED_SUBJECT = re.compile(
    r"undeliver|not delivered|delivery (?:has )?fail|failure notice|returned (?:mail|to sender)|returning message"
    r"|mail delivery failed|non remis|échec de (?:la )?remise|unzustellbar|\bfailure\b",
    re.IGNORECASE,
)
_PERMANENT = re.compile(
    r"permanent error|given up|giving up|could not be delivered|wasn.t able to deliver", re.IGNORECASE
)
_AWAY = re.compile(
    r"\s*+(?:re: )?(?:auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|away\b|vacation|automatische antwort"
    r"|abwesen|réponse automatique|absente? |absence|confirm)",
    re.IGNORECASE,
)
_QSBMF = re.compile(r"\A\s*+Hi\. This is the ")  # https://cr.yp.to/proto/qsbmf.txt
_QUOTED = re.compile(
    r"^-{2,8} ?(?:Below this line|This is a copy|Original message|The following|Undelivered message|Message header)",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"^[ \t]*+<?([^\s<>@]{1,64}@[^\s<>@:]{1,255})>?:?[ \t]*+\r?$", re.MULTILINE)
_REPLY = re.compile(r"\b([45]\d\d)[ -]+#?([245]\.\d{1,3}\.\d{1,3})?[^\r\n]{0,200}")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_MAX_SAID = 300


@dataclass(frozen=True, slots=True)
class Hint:
    """What became of the mail, as far as the words say.

    :ivar action: `failed` or `delayed`.
    :ivar status: an enhanced status code, or nothing.
    """

    action: str
    status: str
    recipient: str
    said: str


def hint_of(head: bytes, text: bytes, *, to_marked: bool) -> Hint | None:
    """What a mail without a status says; None for one that tells nothing of a mail that came back.

    :param text: its first text, decoded.
    :param to_marked: whether it came to an address that we gave to one mail alone: then a mail without a sender
        that no person's program wrote says that this mail came back, in whatever words.
    """
    fields = first_values(_FIELDS, head)
    subject, said = fields.get("subject", ""), _QUOTED.split(text.decode("utf-8", "replace"), maxsplit=1)[0]
    if _AWAY.match(subject) is not None or _is_reply_of_a_program(fields):
        return None
    is_failure = (
        "x-failed-recipients" in fields
        or _QSBMF.match(said) is not None
        or (_is_of_a_server(fields) and (_FAILED_SUBJECT.search(subject) or _PERMANENT.search(said)) is not None)
    )
    if _DELAYED.search(subject) is not None or (not is_failure and _DELAYED.search(said) is not None):
        return Hint("delayed", "", "", _words(said)) if _is_of_a_server(fields) else None
    if is_failure or (to_marked and fields.get("return-path", "") == "<>"):
        return _failure(fields, said)
    return None


def reply_in(text: bytes) -> str:
    """The first words of a server that a text quotes: `550 5.1.1 no such user`; nothing if there are none."""
    reply = _REPLY.search(_QUOTED.split(text.decode("utf-8", "replace"), maxsplit=1)[0])
    return " ".join(reply[0].split())[:_MAX_SAID] if reply is not None else ""


def _is_of_a_server(fields: dict[str, str]) -> bool:
    """Whether it says that a mail server wrote it."""
    return _DAEMON.search(fields.get("from", "")) is not None or fields.get("return-path", "") == "<>"


def _is_reply_of_a_program(fields: dict[str, str]) -> bool:
    """Whether a program answered for a person: an absence note, a request to confirm (RFC 3834)."""
    if _DAEMON.search(fields.get("from", "")) is not None:
        return "vacation" in fields.get("auto-submitted", "")
    written = fields.get("auto-submitted", "no").lower() != "no"
    return written or not fields.keys().isdisjoint(
        {"x-auto-response-suppress", "x-ms-exchange-inbox-rules-loop", "x-autoreply", "x-autorespond"}
    )


def _failure(fields: dict[str, str], said: str) -> Hint:
    named = _ADDRESS.search(said)
    recipient = fields.get("x-failed-recipients", "").partition(",")[0].strip() or (named[1] if named else "")
    reply = _REPLY.search(said)
    status = _STATUS.search(reply[0] if reply is not None else said)
    code = status[1] if status is not None else f"{reply[1][0]}.0.0" if reply is not None else ""
    words = " ".join(reply[0].split()) if reply is not None else _words(said)
    return Hint("failed", code, recipient, words[:_MAX_SAID])


def _words(said: str) -> str:
    """The first words of a text, on one line."""
    return " ".join(said[: 4 * _MAX_SAID].split())[:_MAX_SAID]
