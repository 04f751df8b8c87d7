"""A notice is read by people and left alone by programs."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest

from intergestan_msg.email_address import EmailAddress
from intergestan_msg.errors import NotOurs
from intergestan_msg.mail.incoming import read_mail
from intergestan_msg.mail.notice import compose_notice

AT = datetime(2020, 11, 20, 9, 30, tzinfo=UTC)
TEXT = "3 points à traiter.\n\n.Un point en tête.\nFrom là\n" + "é" * 300 + "\n"


def notice(subject: str = "À traiter : 3", text: str = TEXT) -> bytes:
    sender, to = EmailAddress("o@depot.test", "Dépôt"), EmailAddress("anne@depot.test")
    return compose_notice(sender, to, message_id="1@depot.test", date=AT, subject=subject, text=text)


def test_a_mail_client_reads_it() -> None:
    """RFC 3834 §5: a program wrote it, so no program answers it."""
    raw = notice()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == "À traiter : 3"
    assert (message["To"], message["Message-ID"], message["Auto-Submitted"]) == (
        "anne@depot.test",
        "<1@depot.test>",
        "auto-generated",
    )
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message.get_content().replace("\r\n", "\n").rstrip("\n") == TEXT.rstrip("\n")
    assert raw.isascii()
    assert all(len(line) <= 76 for line in raw.split(b"\r\n"))
    assert b"\r\n".join([*raw.splitlines(), b""]) == raw, "every line ends with CR LF"


def test_no_site_takes_it_for_an_order() -> None:
    with pytest.raises(NotOurs):
        read_mail(notice(), {})


def test_nothing_in_a_subject_starts_a_header() -> None:
    with pytest.raises(ValueError, match="header"):
        notice(subject="x\r\nBcc: all@depot.test")
