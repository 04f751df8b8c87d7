"""What the relay's answer means for the mail and for the relay: decided from values alone.

The line between the two dangers is the dot. Before it nothing was handed over and trying again is safe;
after it only the server's reply tells, and without a reply the outcome is unknown.
"""

import re
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from intergestan_exchange.findings.system_words import text_of
from intergestan_msg.diagnosis import Diagnosed, Diagnosis, NotSent
from services.sender.smtp_client import Phase, Reply, UnusableRelay

MAX_TEXT: Final = 500  # characters of a reply that we keep
ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")  # RFC 3463
AUTH_CODES: Final = frozenset({530, 534, 535, 538})  # RFC 4954 §6
BUSY_CODES: Final = frozenset({421, 452})
_QUOTA: Final = re.compile(
    r"\b(?:daily|hourly|per (?:day|hour)|sending|outgoing|outbound|smtp|relay(?:ing)?)\b.{0,60}\b(?:limit|quota)"
    r"|\b(?:limit|quota)\b.{0,60}\b(?:daily|hourly|per (?:day|hour)|sending|outgoing|outbound|messages|emails)\b"
    r"|\bexceeded\b.{0,60}\b(?:daily|hourly|sending|outgoing|rate)\b"
    r"|\btoo many (?:messages|mails|emails|recipients today)\b",
    re.IGNORECASE,
)
"""How providers say that an account has sent all that it may for now; the codes are 550 5.4.5, 554 5.7.0 and others."""
_SIZE: Final = re.compile(r"\bsize\b|\btoo (?:large|big)\b", re.IGNORECASE)
_CONGESTED: Final = "5.4.5"  # RFC 3463 §3.5; of a message submission server it is the day's quota


class Kind(StrEnum):
    """What became of a mail."""

    ACCEPTED = "accepted"  # the relay has taken it over
    TRY_AGAIN = "try_again"  # nothing was handed over; the same bytes may leave again
    REFUSED = "refused"  # this mail will not pass, however often it is sent
    UNKNOWN = "unknown"  # the dot was sent and no reply came: the relay may have it


class ResponseClass(StrEnum):
    """What kind of response decided; the label of the metric."""

    SUCCESS = "2xx"
    TRANSIENT = "4xx"
    PERMANENT = "5xx"
    NETWORK = "network"
    TLS = "tls"
    AUTH = "auth"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one attempt came to.

    With `relay_fault` the relay is to be paused, not the mail, and the kind is always `try_again`.
    `lasting` says that waiting does not help: a person must act (true for every `refused`, and for a
    wrong password, a bad certificate and the like). With `quota` our account has sent all that it may for now: the
    relay rests longer, and goes on by itself. `code` is None when no reply decided. `text` is one printable line of at
    most 500 characters.
    """

    kind: Kind
    response_class: ResponseClass
    text: str
    code: int | None = None
    enhanced: str | None = None
    relay_fault: bool = False
    lasting: bool = False
    quota: bool = False


def by_reply(phase: Phase, reply: Reply) -> Outcome:
    """Decides on the reply that ended the attempt in `phase`."""
    enhanced = ENHANCED.match(reply.text)
    status = enhanced[0] if enhanced else None
    kind = _kind(phase, reply.code)
    quota = kind in {Kind.REFUSED, Kind.TRY_AGAIN} and phase >= Phase.MAIL and _is_quota(status, reply.text)
    relay_fault = quota or (kind is not Kind.ACCEPTED and _is_relay_fault(phase, reply.code, status))
    return Outcome(
        kind=Kind.TRY_AGAIN if relay_fault else kind,
        response_class=_response_class(phase, reply.code),
        text=one_line(reply.text),
        code=reply.code,
        enhanced=status,
        relay_fault=relay_fault,
        lasting=reply.code >= 500 and not quota,
        quota=quota,
    )


def by_failure(phase: Phase, error: OSError) -> Outcome:
    """Decides on a conversation that broke in `phase`: cut, timeout, nonsense, TLS."""
    if phase is Phase.DOT:
        return Outcome(kind=Kind.UNKNOWN, response_class=ResponseClass.NETWORK, text=sentence_of(error))
    return Outcome(
        kind=Kind.TRY_AGAIN,
        response_class=_failure_class(phase, error),
        text=sentence_of(error),
        relay_fault=phase < Phase.MAIL,
        lasting=isinstance(error, UnusableRelay | ssl.SSLCertVerificationError),
    )


def too_large(size: int, limit: int) -> Outcome:
    """The refusal that the relay's SIZE announces, found without asking (RFC 1870)."""
    text = Diagnosed(Diagnosis.of(NotSent.TOO_LARGE, {"size": size, "most": limit}))
    return Outcome(
        kind=Kind.REFUSED,
        response_class=ResponseClass.PERMANENT,
        text=text,
        enhanced="5.3.4",
        lasting=True,
    )


def one_line(text: str) -> str:
    """Foreign text, fit for a log line and a page."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()[:MAX_TEXT]


def _kind(phase: Phase, code: int) -> Kind:
    if phase is Phase.DOT and code < 400:
        return Kind.ACCEPTED if code < 300 else Kind.UNKNOWN
    return Kind.REFUSED if code >= 500 else Kind.TRY_AGAIN


def _is_relay_fault(phase: Phase, code: int, status: str | None) -> bool:
    if phase < Phase.MAIL or code in AUTH_CODES:
        return True
    about_mailbox = status is not None and status.split(".")[1] == "2"  # such as 452 4.2.2, mailbox full
    return code in BUSY_CODES and not about_mailbox


def _is_quota(status: str | None, text: str) -> bool:
    """Whether our account has sent all that it may for now; a full mailbox of the partner's is none of it."""
    if (status is not None and status.split(".")[1] == "2") or _SIZE.search(text) is not None:
        return False
    return status == _CONGESTED or _QUOTA.search(text) is not None


def _response_class(phase: Phase, code: int) -> ResponseClass:
    if phase is Phase.AUTH or code in AUTH_CODES:
        return ResponseClass.AUTH
    if phase is Phase.TLS:
        return ResponseClass.TLS
    if phase is Phase.DOT and code < 300:
        return ResponseClass.SUCCESS
    return {4: ResponseClass.TRANSIENT, 5: ResponseClass.PERMANENT}.get(code // 100, ResponseClass.NETWORK)


def _failure_class(phase: Phase, error: OSError) -> ResponseClass:
    if phase is Phase.TLS or isinstance(error, ssl.SSLError):
        return ResponseClass.TLS
    if phase is Phase.AUTH and isinstance(error, UnusableRelay):
        return ResponseClass.AUTH
    return ResponseClass.NETWORK


def sentence_of(error: Exception) -> str:
    """On one line; what is ours, or the system's, remembers what it says."""
    text = one_line(str(error) or type(error).__name__)
    return text_of(error, text) if text == str(error) else text
