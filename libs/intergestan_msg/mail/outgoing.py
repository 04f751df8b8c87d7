"""Compose a mail: the bytes that are frozen, sent, and sent again unchanged (formats.md §1).

Assembled by hand, because that costs a twentieth of the standard library's `EmailMessage`; the tests hold
that `email` reads every result as it was meant. All of it is 7-bit with CR LF line ends and lines of 76 at
most (only an address or an id that is longer by itself makes a longer line). The same letter gives the same
bytes.
"""

from __future__ import annotations

import re
from binascii import b2a_base64, b2a_qp
from email.utils import format_datetime
from typing import TYPE_CHECKING

from intergestan_msg.mail.header_text import mailbox, parameter, unstructured
from intergestan_msg.mail.letter import BOUNCE_HEADER, MANIFEST_MEDIA_TYPE, MANIFEST_NAME, TRANSFER_HEADER
from intergestan_msg.mail.trace_header import TRACE_HEADER
from intergestan_msg.pages import as_html, as_text
from intergestan_msg.pages.answers import answers_page, answers_subject
from intergestan_msg.pages.changes import changes_page, changes_subject
from intergestan_msg.pages.heartbeat import heartbeat_page, heartbeat_subject
from intergestan_msg.pages.key import key_page, key_subject
from intergestan_msg.pages.orders import orders_page, orders_subject
from intergestan_msg.pages.statement import statement_page, statement_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intergestan_msg.answer import OrderAnswer
    from intergestan_msg.key_notice import KeyNotice
    from intergestan_msg.mail.letter import Letter
    from intergestan_msg.order import Order
    from intergestan_msg.pages.changes import Change
    from intergestan_msg.pages.page import Page
    from intergestan_msg.statement import Statement

# What relays and mailboxes change at the start of a line (RFC 5321 §4.5.2, RFC 4155).
_MANGLED = re.compile(rb"^(?=[.F])(\.*+)(From )?+", re.MULTILINE)
_LINES = re.compile(rb".{1,76}")


def compose_orders(letter: Letter, orders: Sequence[Order]) -> bytes:
    """The mail of an order batch. Raises ValueError when data would break a header."""
    subject = orders_subject(orders, letter.language)
    return compose(letter, subject, orders_page(orders, letter.language), "auto-generated")


def compose_changes(letter: Letter, changes: Sequence[Change]) -> bytes:
    """The mail of changes and cancellations. Raises ValueError when data would break a header."""
    subject = changes_subject(changes, letter.language)
    return compose(letter, subject, changes_page(changes, letter.language), "auto-generated")


def compose_answers(letter: Letter, answers: Sequence[OrderAnswer]) -> bytes:
    """The mail that answers one. Raises ValueError when data would break a header."""
    subject = answers_subject(answers, letter.language)
    return compose(letter, subject, answers_page(answers, letter.language), "auto-replied")


def compose_key(letter: Letter, notice: KeyNotice, name: str, code: str) -> bytes:
    """The mail of a notice about a key, from the site of this name and code. Raises ValueError as the others do."""
    subject = key_subject(notice, name, letter.language)
    return compose(letter, subject, key_page(notice, name, code, letter.language), "auto-generated")


def compose_statement(letter: Letter, statement: Statement, name: str) -> bytes:
    """The mail of a statement of the site of this name. Raises ValueError as the others do."""
    subject = statement_subject(name, letter.language)
    return compose(letter, subject, statement_page(statement, name, letter.language), "auto-generated")


def compose_heartbeat(letter: Letter, name: str, *, is_echo: bool) -> bytes:
    """The mail of a heartbeat of the site of this name, or of the echo to one. Raises ValueError as the others do."""
    subject = heartbeat_subject(name, letter.language, is_echo=is_echo)
    page = heartbeat_page(name, letter.language, is_echo=is_echo)
    return compose(letter, subject, page, "auto-replied" if is_echo else "auto-generated")


def compose(letter: Letter, subject: str, page: Page, auto_submitted: str) -> bytes:
    """Any mail of ours; `auto_submitted` is a value of RFC 3834 §5.

    Raises ValueError when data would break a header.
    """
    boundary = f"=_{letter.transfer_id}_1"
    manifest = letter.manifest.encode("ascii")
    parts = [
        _bodies(page, f"=_{letter.transfer_id}_2"),
        *(_attachment(document.name, document.media_type, document.content) for document in letter.documents),
        _attachment(MANIFEST_NAME, MANIFEST_MEDIA_TYPE, manifest),
    ]
    headers = [*_headers(letter, subject, auto_submitted), _multipart("mixed", boundary)]
    return "\r\n".join(headers).encode("ascii") + b"\r\n\r\n" + _joined(parts, boundary)


def _headers(letter: Letter, subject: str, auto_submitted: str) -> list[str]:
    headers = [
        mailbox("From", letter.sender),
        mailbox("To", letter.to),
        mailbox("Reply-To", letter.reply_to or letter.sender),
        f"Message-ID: <{letter.transfer_id}@{letter.domain}>",
        f"Date: {format_datetime(letter.date)}",
        unstructured("Subject", subject),
        f"Auto-Submitted: {auto_submitted}",
        f"{TRANSFER_HEADER}: {letter.transfer_id}; v=1",
        "MIME-Version: 1.0",
    ]
    if letter.bounce_token is not None:
        headers.append(f"{BOUNCE_HEADER}: {letter.bounce_token}")
    if letter.trace_parent is not None:
        headers.append(f"{TRACE_HEADER}: {letter.trace_parent}")
    if letter.in_reply_to is not None:
        headers += [f"In-Reply-To: {letter.in_reply_to}", f"References: {letter.in_reply_to}"]
    return headers


def _multipart(subtype: str, boundary: str) -> str:
    # "=_" occurs neither in quoted-printable nor in base64, so no part can contain the boundary.
    return f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"'


def _joined(parts: list[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode("ascii")
    return mark + b"\r\n" + (b"\r\n" + mark + b"\r\n").join(parts) + b"\r\n" + mark + b"--\r\n"


def _bodies(page: Page, boundary: str) -> bytes:
    parts = [text_part("plain", as_text.render(page)), text_part("html", as_html.render(page))]
    return f"{_multipart('alternative', boundary)}\r\n\r\n".encode("ascii") + _joined(parts, boundary)


def text_part(subtype: str, text: str) -> bytes:
    """A text as one MIME part, with its own header fields."""
    header = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return header.encode("ascii") + _MANGLED.sub(_spelt_out, b2a_qp(text.encode()))


def _spelt_out(found: re.Match[bytes]) -> bytes:
    """The characters as codes, each with a soft line break after it so that no line grows."""
    return b"=2E=\r\n" * len(found[1]) + (b"=46=\r\nrom " if found[2] else b"")


def _attachment(name: str, media_type: str, content: bytes) -> bytes:
    header = (
        f"Content-Type: {media_type};{parameter('name', name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;{parameter('filename', name)}\r\n\r\n"
    )
    return header.encode("ascii") + _base64_lines(content)


def _base64_lines(content: bytes) -> bytes:
    text = b2a_base64(content, newline=False)
    return b"\r\n".join(_LINES.findall(text))
