"""What can be wrong with a message. Each docstring says what the receiver does with the mail.

MessageError
├── Unreadable          the bytes break a limit or a grammar                → hold (bad message)
│   └── TooBig          a limit was passed before any parser ran            → hold
├── NotOurs             no manifest in it                                   → alien, left alone
├── BadSignature        signed wrongly, or by an algorithm we refuse        → hold, never answered
│   └── UnknownSigner   signed by a key that nobody pinned                  → hold until a partner has it
├── Damaged             a part is missing or altered, or all of the manifest → hold, no answer: it comes again
├── NewerRelease        a manifest version or kind of a later release       → hold until we are upgraded
└── BadDocument         the document is no legal UBL, or contradicts itself → RE or hold, by partner policy
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Self

from intergestan_msg.diagnosis import Diagnosis, Wrong


class MessageError(Exception):
    """Base of all that can be wrong with a message; `str()` is a sentence for a person, in English.

    It quotes what others wrote, so a long one is cut, in its middle.

    :ivar diagnosis: what is wrong, for whoever reads another language.
    """

    def __init__(self, what: Wrong | Diagnosis, /, **values: object) -> None:
        self.diagnosis = what if isinstance(what, Diagnosis) else Diagnosis.of(what, values)
        super().__init__(self.diagnosis.said("en"))


class Unreadable(MessageError):
    """The mail breaks a limit or a grammar: it is held, nothing of it is booked, nobody is answered."""


class TooBig(Unreadable):
    """A limit was passed before any parser ran: held like `Unreadable`."""


class NotOurs(MessageError):
    """There is no manifest in the mail: it is an alien and is left alone."""


class BadSignature(MessageError):
    """The manifest's signature does not hold: the mail is held and never answered."""


class UnknownSigner(BadSignature):
    """Nobody pinned the key that signed: the mail is held until `partner add` brings that key.

    :ivar kid: the key id that the manifest names (RFC 7638 thumbprint), for matching it later.
    """

    def __init__(self, kid: str) -> None:
        super().__init__(Wrong.KEY_UNKNOWN, kid=kid)
        self.kid = kid


class Cause(StrEnum):
    """What happened to a mail of ours on its way, as far as what is left of it shows."""

    ALTERED = "altered"  # attachments are there, and other bytes than were signed
    REMOVED = "removed"  # attachments are not there, though the mail is whole
    CUT = "cut"  # it ends too early
    PACKED = "packed"  # attachments were put into an archive
    ENCRYPTED = "encrypted"
    IN_PIECES = "in_pieces"  # message/partial (RFC 2046 §5.2.2)
    UUENCODED = "uuencoded"
    LINE_ENDS = "line_ends"  # carriage returns alone


class Damaged(MessageError):
    """A listed part is missing or altered: the whole mail is held, no answer is sent, the resend heals it.

    So is a mail under our header `X-Intergestan-Transfer` that has lost its manifest on the way.

    :ivar cause: what happened to it, as far as it shows.
    """

    def __init__(self, what: Wrong | Diagnosis, cause: Cause, /, **values: object) -> None:
        super().__init__(what, **values)
        self.cause = cause


class NewerRelease(MessageError):
    """The manifest is of a later release than we are: the mail is held until the site is upgraded."""


class BadDocument(MessageError):
    """A document is no legal UBL or contradicts itself.

    :ivar rule: the broken rule's id, such as ``PEPPOL-T01-R001``, or ``UBL`` for the schema itself.
    :ivar line: the order line concerned, if it is one.
    """

    def __init__(self, what: Wrong, /, *, rule: str = "UBL", line: str | None = None, **values: object) -> None:
        super().__init__(Diagnosis.of(what, values, rule, line))
        self.rule = rule
        self.line = line

    def under(self, rule: str) -> Self:
        """The same fault as one against another rule."""
        same = type(self).__new__(type(self))
        MessageError.__init__(same, replace(self.diagnosis, rule=rule))
        same.rule, same.line = rule, self.line
        return same
