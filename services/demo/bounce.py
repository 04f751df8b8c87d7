"""The demo's report of a mail that it took and cannot deliver (RFC 3464), as a mail server on the way sends it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid
from uuid import uuid4

HOST_NAME = "demo.localhost"
WHY = "550 5.1.2 no such domain"

_REPORT = """\
From: MAILER-DAEMON@{host}
To: {sender}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: {message_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=us-ascii

Your mail was not delivered: {why}.

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; {host}

{fates}
--{boundary}
Content-Type: text/rfc822-headers

"""
_FATE = """\
Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.2
Diagnostic-Code: smtp; {why}
"""


def write_report(original: bytes, sender: str, recipients: Sequence[str]) -> bytes:
    """The report to the sender of a mail, with the mail's own header block.

    :param sender: the mail's envelope sender; :param recipients: who it does not reach.
    """
    boundary = uuid4().hex
    text = _REPORT.format(
        host=HOST_NAME,
        sender=sender,
        date=format_datetime(datetime.now(UTC)),
        message_id=make_msgid(domain=HOST_NAME),
        boundary=boundary,
        why=WHY,
        fates="\n".join(_FATE.format(recipient=recipient, why=WHY) for recipient in recipients),
    )
    header, _, _body = original.partition(b"\r\n\r\n")
    return text.replace("\n", "\r\n").encode("ascii") + header + f"\r\n\r\n--{boundary}--\r\n".encode("ascii")
