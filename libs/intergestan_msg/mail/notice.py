"""A mail from the site to one of its own people: plain text, and nothing that a program would act on or answer."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from intergestan_msg.mail.header_text import mailbox, unstructured
from intergestan_msg.mail.outgoing import text_part

if TYPE_CHECKING:
    from datetime import datetime

    from intergestan_msg.email_address import EmailAddress


def compose_notice(
    sender: EmailAddress, to: EmailAddress, *, message_id: str, date: datetime, subject: str, text: str
) -> bytes:
    """The bytes of a notice: 7-bit, lines of 76 at most, with no manifest.

    It says that a program wrote it (RFC 3834 §5) and asks for no reply of another one, so that none goes round.

    :param message_id: without angle brackets.
    :raises ValueError: when data would break a header.
    """
    headers = [
        mailbox("From", sender),
        mailbox("To", to),
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(date)}",
        unstructured("Subject", subject),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
    ]
    body = text_part("plain", "\r\n".join(text.splitlines()))
    return "\r\n".join(headers).encode("ascii") + b"\r\n" + body + b"\r\n"
