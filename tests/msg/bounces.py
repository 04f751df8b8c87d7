"""What mail systems and people send back about a mail of ours, and what each must come to.

`HELD`: a person sees that the mail came back. `NOTED`: it is late, or arrived. `NONE`: it says nothing of the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.msg.gateways import CRLF, TEXT, encoded, multipart, part

Form = Callable[["About"], bytes]


class Must(Enum):
    """What a form must come to."""

    HELD = "held"
    NOTED = "noted"
    NONE = "none"


HELD, NOTED, NONE = Must
FAILED = "Your message could not be delivered to one or more recipients. This is a permanent error."
REPORT = 'multipart/report; report-type=delivery-status; boundary="R/1"'


@dataclass(frozen=True)
class About:
    """A mail of ours, the mark in it, and the marked address (VERP)."""

    raw: bytes
    token: str
    box: str = "orders@buyer.example"

    @property
    def marked(self) -> str:
        local, _, domain = self.box.partition("@")
        return f"{local}+{self.token}@{domain}"

    @property
    def head(self) -> bytes:
        return self.raw.partition(CRLF * 2)[0] + CRLF

    def report(
        self,
        action: str = "failed",
        status: str = "5.1.1",
        *,
        to: str | None = None,
        quoted: bytes | None = None,
        said: str = REPORT,
        sender: str = "MAILER-DAEMON@mx.example (Mail Delivery System)",
        subject: str = "Undelivered Mail Returned to Sender",
        text: str = FAILED,
        groups: str | None = None,
        status_encoding: str = "",
        more: bytes = b"",
    ) -> bytes:
        """A report with its parts (RFC 3464)."""
        group = f"Final-Recipient: rfc822; orders@seller.example\r\nAction: {action}\r\nStatus: {status}\r\n"
        group += f"Diagnostic-Code: smtp; 550 {status} <orders@seller.example>: no\r\n"
        told = ("Reporting-MTA: dns; mx.example\r\n\r\n" + (group if groups is None else groups)).encode()
        parts = [
            part("text/plain; charset=us-ascii", text.encode()),
            part("message/delivery-status", encoded(status_encoding, told), status_encoding),
            part("message/rfc822", self.raw) if quoted is None else quoted,
        ]
        head = (
            f"Return-Path: <>\r\nFrom: {sender}\r\nTo: {to or self.marked}\r\nSubject: {subject}\r\n"
            "Auto-Submitted: auto-replied\r\nMessage-ID: <r@mx.example>\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: {said}\r\n"
        )
        return more + head.encode() + CRLF + multipart([each for each in parts if each], boundary=b"R/1")[1]

    def plain(
        self, text: str, subject: str, *fields: str, sender: str = "Mail Delivery System <Mailer-Daemon@mx.example>"
    ) -> bytes:
        """A mail without MIME, with an empty sender, to the marked address."""
        head = ["Return-Path: <>", f"From: {sender}", f"To: {self.marked}", f"Subject: {subject}", *fields]
        return "".join(f"{line}\r\n" for line in head).encode() + CRLF + text.replace("\n", "\r\n").encode()

    def other_report(self, kind: str, status: bytes) -> bytes:
        """A report of another kind, which quotes our mail."""
        body = multipart([TEXT, part(f"message/{kind}", status), part("message/rfc822", self.raw)])
        head = f"From: x@seller.example\r\nTo: {self.marked}\r\nSubject: Read\r\nContent-Type: "
        return head.encode() + f'multipart/report; report-type={kind}; boundary="B1"'.encode() + CRLF * 2 + body[1]


def nested(about: About) -> bytes:
    """In a multipart/mixed of a gateway, behind its banner."""
    head, _, body = about.report().partition(CRLF * 2)
    outer = re.sub(rb"(?m)^Content-Type: [^\r]*", b"Content-Type: multipart/mixed; boundary=GW", head)
    inner = b"Content-Type: " + REPORT.encode() + CRLF * 2 + body
    return outer + CRLF * 2 + multipart([TEXT, inner], boundary=b"GW")[1]


def exim(about: About) -> bytes:
    text = (
        "A message that you sent could not be delivered to one or more of its\nrecipients. "
        "This is a permanent error.\n\n"
        "  orders@seller.example\n    SMTP error from remote mail server after RCPT TO:<orders@seller.example>:\n"
        "    550 5.1.1 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\n"
    )
    subject = "Mail delivery failed: returning message to sender"
    fields = ("X-Failed-Recipients: orders@seller.example", "Auto-Submitted: auto-replied")
    return about.plain(text, subject, *fields) + about.raw


EXIM_WAITS = (
    "A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours.\n\n"
    "No action is required on your part. Delivery attempts will continue."
)
QMAIL = (
    "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the "
    "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<orders@seller.example>:\nRemote host said: 550 5.1.1 no such user\n\n"
    "--- Below this line is a copy of the message.\n\n"
)
HEADERS = "text/rfc822-headers"
AUTOMATIC = "Auto-Submitted: auto-replied"
PERSON = "orders@seller.example"


def of_exim_4_96(about: About) -> bytes:
    """With parts, but no Diagnostic-Code; as version 4.96 wrote it when a router failed."""
    return about.report(
        groups="Action: failed\r\nFinal-Recipient: rfc822;orders@seller.example\r\nStatus: 5.0.0\r\n",
        text=f"{FAILED} The following address(es) failed:\r\n\r\n  orders@seller.example\r\n"
        "    550 5.1.1 no such user here\r\n",
        sender="Mail Delivery System <Mailer-Daemon@seller.example>",
        subject="Mail delivery failed: returning message to sender",
        more=b"X-Failed-Recipients: orders@seller.example\r\n",
    )


def of_opensmtpd_6_8(about: About) -> bytes:
    """As version 6.8.0p2 wrote it when the next server refused the recipient."""
    return about.report(
        said='multipart/mixed;boundary="R/1"',
        groups="Final-Recipient: rfc822; orders@seller.example\r\nAction: failed\r\nStatus: 5.0.0\r\n",
        text="    Hi!\r\n\r\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\r\n\r\n"
        "    An error has occurred while attempting to deliver a message for\r\n    the following list of recipients:"
        "\r\n\r\norders@seller.example: 550 5.1.1 no such user here\r\n\r\n"
        "    Below is a copy of the original message:\r\n",
        sender="Mailer Daemon <MAILER-DAEMON@mx.example>",
        subject="Delivery status notification: failed",
        quoted=part("text/rfc822-headers", about.head),
    )


BOUNCES: dict[str, tuple[Form, Must]] = {
    "Postfix": (About.report, HELD),
    "headers only": (lambda a: a.report(quoted=part(HEADERS, a.head)), HELD),
    "to a fixed address": (lambda a: a.report(to=a.box, quoted=part(HEADERS, a.head)), HELD),
    "to a fixed address, in base64": (
        lambda a: a.report(to=a.box, quoted=part("message/rfc822", encoded("base64", a.raw), "base64")),
        HELD,
    ),
    "the mark in capitals": (lambda a: a.report(to=a.marked.upper(), quoted=b""), HELD),
    "the status in base64": (lambda a: a.report(status_encoding="base64"), HELD),
    "expired": (lambda a: a.report("failed", "4.4.7"), HELD),
    "in a gateway's container": (nested, HELD),
    "OpenSMTPD": (
        lambda a: a.report(said='multipart/mixed;boundary="R/1"', subject="Delivery status notification: error"),
        HELD,
    ),
    "a comment in the type": (
        lambda a: a.report(said='multipart/report (DSN); report-type=delivery-status; boundary="R/1"'),
        HELD,
    ),
    "report-type in capitals, last": (
        lambda a: a.report(said='Multipart/Report; boundary="R/1"; Report-Type="DELIVERY-STATUS"'),
        HELD,
    ),
    "no report-type": (lambda a: a.report(said='multipart/report; boundary="R/1"'), HELD),
    "global": (lambda a: a.report().replace(b"delivery-status\r", b"global-delivery-status\r"), HELD),
    "Exchange Online": (
        lambda a: a.report(
            sender="postmaster@seller.example",
            subject="Undeliverable: [Orders]",
            status="5.1.10",
            quoted=part("message/rfc822", a.head),
            more=b"X-MS-Exchange-Message-Is-Ndr: \r\nX-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n",
        ),
        HELD,
    ),
    "Google, with an empty status": (
        lambda a: re.sub(
            rb"(message/delivery-status\r\n\r\n).*?(\r\n--R)",
            rb"\1\2",
            a.report(
                subject="Delivery Status Notification (Failure)",
                text="** Address not found **\r\n\r\nYour message wasn't delivered to orders@seller.example.",
                more=b"X-Failed-Recipients: orders@seller.example\r\n",
            ),
            flags=re.DOTALL,
        ),
        HELD,
    ),
    "Exim": (exim, HELD),
    "Exim 4.96": (of_exim_4_96, HELD),
    "OpenSMTPD 6.8": (of_opensmtpd_6_8, HELD),
    "qmail": (lambda a: a.plain(QMAIL, "failure notice", sender="MAILER-DAEMON@mx.example") + a.raw, HELD),
    "words that nobody knows": (
        lambda a: a.plain("Votre message est revenu.", "Retour", sender="Passerelle <gw@mx.example>"),
        HELD,
    ),
    "line feeds only": (lambda a: a.report().replace(CRLF, b"\n"), HELD),
    "70 KB of headers": (lambda a: a.report(more=b"X-Big: " + (b"y" * 70 + b"\r\n ") * 1000 + b"\r\n"), HELD),
    "1 500 delimiter lines": (lambda a: a.report(text="x\r\n" + "-- \r\n" * 1500), HELD),
    "delayed": (lambda a: a.report("delayed", "4.4.1", subject="Delayed Mail (still being retried)"), NOTED),
    "delayed by OpenSMTPD": (
        lambda a: a.report("delayed", "4.0.0", said='multipart/mixed;boundary="R/1"', subject="delayed"),
        NOTED,
    ),
    "delayed by Exim": (lambda a: a.plain(EXIM_WAITS, "Warning: message 1a delayed 24 hours", AUTOMATIC), NOTED),
    "delivered": (lambda a: a.report("delivered", "2.0.0"), NOTED),
    "relayed": (lambda a: a.report("relayed", "2.0.0"), NOTED),
    "one of two delivered": (
        lambda a: a.report(
            groups="Final-Recipient: rfc822; a@b.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n"
            "Final-Recipient: rfc822; c@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        ),
        NOTED,
    ),
    "a forged mark": (lambda a: re.sub(rb"(?<=-)[a-z2-7]{16}(?=[@\r])", b"a" * 16, a.report()), NONE),
    "an absence note": (
        lambda a: a.plain("I am away.", "Away: [Orders]", "Auto-Submitted: auto-replied (vacation)", sender=PERSON),
        NONE,
    ),
    "an absence note of Exchange": (
        lambda a: a.plain("Out.", "Automatic reply: [Orders]", "X-Auto-Response-Suppress: All", sender=PERSON),
        NONE,
    ),
    "an absence note that quotes us": (
        lambda a: a.plain("Je suis absent.\n\n" + a.head.decode(), "Re: Orders", AUTOMATIC, sender=PERSON),
        NONE,
    ),
    "a request to confirm": (
        lambda a: a.plain("Please confirm.\n\n" + a.head.decode(), "Confirm", AUTOMATIC, sender="c-1@seller.example"),
        NONE,
    ),
    "read": (
        lambda a: a.other_report(
            "disposition-notification", b"Disposition: manual-action/MDN-sent-manually; displayed"
        ),
        NONE,
    ),
    "called spam": (lambda a: a.other_report("feedback-report", b"Feedback-Type: abuse"), NONE),
    "a person's answer": (
        lambda a: (
            b"Return-Path: <p@seller.example>\r\nFrom: p@seller.example\r\nTo: "
            + a.marked.encode()
            + b"\r\nSubject: Re: Orders\r\n\r\nThank you.\r\n\r\n"
            + a.head
        ),
        NONE,
    ),
}
