"""Reports of mail servers about a mail (RFC 3464), as different servers write them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Server:
    """How a server writes: `status` are the groups of its delivery-status part, `quoted` the type of what it quotes."""

    words: str
    status: str
    quoted: str = "message/rfc822"


POSTFIX = Server(
    "This is the mail system at host mx.test.\n\nI'm sorry to have to inform you that your message could not\n"
    "be delivered to one or more recipients.",
    "Reporting-MTA: dns; mx.test\nX-Postfix-Queue-ID: 4F2\nArrival-Date: Mon, 16 Nov 2020 08:30:00 +0000 (UTC)\n\n"
    "Final-Recipient: rfc822; {recipient}\nOriginal-Recipient: rfc822;{recipient}\nAction: {action}\nStatus: {status}\n"
    "Remote-MTA: dns; mail.test\nDiagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address rejected:\n"
    "    User unknown\n",
)
EXCHANGE = Server(
    "Échec de la remise aux destinataires ou groupes suivants :\n\nL'adresse de messagerie est introuvable.",
    "Reporting-MTA: dns;EX01.client.test\nReceived-From-MTA: dns;smtp.mulhouse.test\n"
    "Arrival-Date: Mon, 16 Nov 2020 08:30:00 +0000\n\n"
    "Original-Recipient: rfc822;{recipient}\nFinal-Recipient: rfc822;{recipient}\nAction: {action}\nStatus: {status}\n"
    "Diagnostic-Code: smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found\n"
    "X-Display-Name: =?iso-8859-1?Q?Approvisionnements_=28d=E9p=F4t=29?=\n",
)
HEADERS_ONLY = Server(POSTFIX.words, POSTFIX.status, "text/rfc822-headers")
ENCODED = Server(POSTFIX.words, POSTFIX.status, "text/rfc822-headers; base64")
SERVERS = (POSTFIX, EXCHANGE, HEADERS_ONLY, ENCODED)


def report(
    to: str,
    about: bytes,
    *,
    server: Server = POSTFIX,
    action: str = "failed",
    status: str = "5.1.1",
    recipient: str = "orders@stauber.test",
    number: int = 1,
) -> bytes:
    """A report sent to an address about a mail; those with other numbers are other reports."""
    said = server.status.format(recipient=recipient, action=action, status=status)
    head = (
        "Return-Path: <>\r\nReceived: from mx.test by mulhouse.test; Mon, 16 Nov 2020 08:31:00 +0000\r\n"
        "Date: Mon, 16 Nov 2020 08:31:00 +0000\r\nFrom: MAILER-DAEMON@mx.test (Mail Delivery System)\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nTo: {to}\r\nAuto-Submitted: auto-replied\r\n"
        f"MIME-Version: 1.0\r\nMessage-ID: <report{number}@mx.test>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="4F2.1605515460/mx.test"\r\n\r\n'
    )
    parts = [
        _part('text/plain; charset="utf-8"', server.words.encode()),
        _part("message/delivery-status", said.encode()),
        _quoted(server.quoted, about),
    ]
    mark = b"--4F2.1605515460/mx.test"
    return head.encode() + b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _part(media_type: str, content: bytes, encoding: str = "8bit") -> bytes:
    head = f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _quoted(kind: str, about: bytes) -> bytes:
    media_type, _, encoding = kind.partition("; ")
    if media_type == "message/rfc822":
        return _part(media_type, about)
    headers = about.partition(b"\r\n\r\n")[0] + b"\r\n"
    if encoding:
        from base64 import encodebytes

        return _part(media_type, encodebytes(headers), encoding)
    return _part(media_type, headers)
