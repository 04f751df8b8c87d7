"""Mails made to hurt: each gets a verdict, quickly, and nothing but what was signed is ever handed out."""

from __future__ import annotations

import tracemalloc
from base64 import b64encode, encodebytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.errors import (
    BadSignature,
    Damaged,
    MessageError,
    NotOurs,
    TooBig,
    Unreadable,
)
from intergestan_msg.mail.headers import message_headers
from intergestan_msg.mail.incoming import read_mail, read_mails
from intergestan_msg.mail.limits import STEPS, Work, may_carry_manifest
from tests.msg.letters import BUYER_KEY, KEYS, ORDERS_ID, orders_batch
from tests.patience import cheaply

RAW = orders_batch().mail()
BOUNDARY = f"=_{ORDERS_ID}_1".encode()
MARK = b"--" + BOUNDARY
HEADERS, _, BODY = RAW.partition(b"\r\n\r\n")
ONE_OF_EACH = b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\n"


def assert_refused(raw: bytes, error: type[MessageError]) -> None:
    with cheaply(), pytest.raises(error):
        read_mail(raw, KEYS)
    with cheaply():
        message_headers(raw)


def ours(extra_headers: bytes) -> bytes:
    """Our mail with more headers on top."""
    return extra_headers + RAW


def nested(depth: int, subtype: bytes = b"multipart/mixed") -> bytes:
    """Our parts inside `depth` containers."""
    opening = b"".join(
        b'Content-Type: %s; boundary="b%d"\r\n\r\n--b%d\r\n' % (subtype, level, level) for level in range(depth)
    )
    return HEADERS.partition(b"Content-Type")[0] + opening + RAW[RAW.index(b"Content-Type: multipart") :]


def hyphens(kind: bytes) -> bytes:
    """Containers in each other whose boundaries are runs of hyphens: each hyphen of the body may begin one of them."""
    lengths = (1, 2, 5, 6, 9, 10, 13, 14)
    opening = b"".join(
        b'Content-Type: %s; boundary="%s"\r\n\r\n--%s\r\n' % (kind, b"-" * length, b"-" * length) for length in lengths
    )
    return ONE_OF_EACH + opening + b"\r\n" + (b"x" + b"-" * 900 + b"\r\n") * 10_000


HOSTILE: dict[str, tuple[bytes, type[MessageError]]] = {
    "100 000 parts": (ours(b"").replace(MARK + b"\r\n", (MARK + b"\r\n\r\n") * 100_000, 1), TooBig),
    "100 000 parts of a stranger": (
        ONE_OF_EACH + b"Content-Type: multipart/mixed; boundary=b\r\n" + b"\r\n--b\r\n" * 100_000,
        NotOurs,
    ),
    "5 001 parts": (RAW.replace(MARK + b"\r\n", (MARK + b"\r\n\r\n") * 5001, 1), TooBig),
    "1 000 containers": (nested(1000), TooBig),
    "51 containers": (nested(50), TooBig),
    "1 000 forwarded mails": (
        HEADERS.partition(b"Content-Type")[0] + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + RAW,
        TooBig,
    ),
    "26 MB": (RAW + b"x" * 26 * 1024 * 1024, TooBig),
    "26 MB of a stranger": (ONE_OF_EACH + b"\r\n" + b"x" * 26 * 1024 * 1024, NotOurs),
    "two From of a stranger": (
        b"From: c@d.example\r\n" + ONE_OF_EACH + b"Content-Type: text/plain\r\n\r\nBuy now",
        NotOurs,
    ),
    "an altered boundary": (RAW.replace(b"boundary=", b"boundary*=utf-8''", 1), Damaged),
    "no boundary": (RAW.replace(b";\r\n boundary=", b";\r\n border=", 1), Damaged),
    "an empty boundary": (RAW.replace(BOUNDARY, b""), Damaged),
    "a boundary of 5 000 characters": (RAW.replace(BOUNDARY, b"b" * 5000), Damaged),
    "the manifest in the epilogue": (
        RAW.replace(b"\r\n" + MARK, b"\r\n" + MARK + b"--\r\n" + MARK),
        Damaged,
    ),
    "the inner boundary is the outer one": (RAW.replace(f"{ORDERS_ID}_2".encode(), f"{ORDERS_ID}_1".encode()), Damaged),
    "the manifest in uuencode": (
        RAW.replace(b'jws"\r\nContent-Transfer-Encoding: base64', b'jws"\r\nContent-Transfer-Encoding: x-uuencode'),
        MessageError,
    ),
    "the manifest in yEnc": (
        RAW.replace(b'base64\r\nContent-Disposition: attachment;\r\n filename="i', b'x-yenc\r\nX:y;\r\n "i'),
        MessageError,
    ),
    "TNEF": (
        ONE_OF_EACH + b"Content-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(b"\x78\x9f\x3e\x22intergestan.jws"),
        NotOurs,
    ),
    "utf-7": (ONE_OF_EACH + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+ADw-Order+AD4-", NotOurs),
    "message/partial": (
        ONE_OF_EACH + b"Content-Type: message/partial; id=1; number=1; total=2\r\n\r\n" + RAW,
        NotOurs,
    ),
    "message/external-body": (
        ONE_OF_EACH + b"Content-Type: message/external-body; access-type=URL; URL=file:///etc/passwd\r\n\r\n",
        NotOurs,
    ),
    "an unknown encoding": (RAW.replace(b"Encoding: base64", b"Encoding: rot13"), MessageError),
    "empty": (b"", NotOurs),
    "one byte": (b"\r", NotOurs),
    "only line ends": (b"\r\n" * 100_000, NotOurs),
    "only NUL": (b"\0" * 1_000_000, NotOurs),
    "only delimiters": (b"--" * 5_000_000, NotOurs),
    "9 MB of hyphens between boundaries of hyphens": (hyphens(b"multipart/mixed"), NotOurs),
    "the same as a report, which is read twice": (hyphens(b"multipart/report; report-type=delivery-status"), NotOurs),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_gets_its_verdict_quickly(name: str) -> None:
    """reliability.md §5.3, H3, H4, H5."""
    assert_refused(*HOSTILE[name])


HARMLESS = {
    "a header block of 65 KB": b"X-Long: " + b"x" * 65_000 + b"\r\n",
    "a line of 10 MB in the headers": b"X-Long: " + b"x" * 10_000_000 + b"\r\n",
    "100 000 headers": b"X: y\r\n" * 100_000,
    "two From": b"From: eve@b.example\r\n",
    "two From with a space": b"FROM : eve@b.example\r\n",
    "two Message-ID": b"Message-ID: <2@b.example>\r\n",
    "two Content-Type": b"Content-Type: text/plain\r\n",
    "NUL in the headers": b"X: a\0b\r\n",
    "a bare CR in the headers": b"X: a\rFrom: eve@b.example\r\n",
    "a parenthesis without end": b"To: " + b"(" * 2000 + b"\r\n",
    "16 000 addresses": b"Cc: " + b",".join([b"a@b"] * 16_000) + b"\r\n",
    "an encoded word with a line end": b"X-Subject: =?utf-8?Q?a=0D=0AFrom:_eve?=\r\n",
    "a group": b"Cc: undisclosed-recipients:;\r\n",
    "190 more headers": b"X: y\r\n" * 180,
    "an IDN homograph": b"Sender: =?utf-8?B?0LBwcHJvcw==?= <a@xn--pple-43d.example>\r\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_we_do_not_look_at_cannot_hurt(name: str) -> None:
    with cheaply():
        read_mail(ours(HARMLESS[name]), KEYS)


def test_4_000_parameters_cannot_hurt() -> None:
    parameters = b"".join(b";\r\n p%d=x" % number for number in range(3500))
    assert_refused(RAW.replace(b"multipart/mixed", b"multipart/mixed" + parameters, 1), Damaged)


@pytest.mark.parametrize(
    "value",
    [
        b";" * 60_000,
        b"; " * 30_000,
        b";" + b" " * 60_000,
        b'; boundary="' + b"\\" * 60_000,
        b'; boundary="' * 5000,
        b"; boundary=" * 5000,
        b'; name="' + b'\\"' * 30_000,
        b"\r\n " * 20_000,
    ],
)
def test_no_content_type_makes_the_reader_slow(value: bytes) -> None:
    raw = ONE_OF_EACH + b"Content-Type: multipart/mixed" + value
    assert_refused(raw + b"\r\n\r\n", NotOurs)
    parts = (b"\r\n--b\r\nContent-Type: text/plain" + value + b"\r\n\r\nx") * 300
    assert_refused(ONE_OF_EACH + b"Content-Type: multipart/mixed; boundary=b\r\n" + parts, NotOurs)


def test_containers_up_to_the_limit_are_opened() -> None:
    assert len(read_mail(nested(6), KEYS).documents) == 2


def test_many_small_mails_in_base64_are_counted_together() -> None:
    """Parts are counted over all that is opened, not only over the lines that the first look sees."""
    inner = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n" + b"--c\r\n\r\n\r\n" * 1000
    part = b"\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(inner)
    assert_refused(ONE_OF_EACH + b"Content-Type: multipart/mixed; boundary=b\r\n" + part * 1000, NotOurs)


def test_20_mb_of_documents_are_read_in_time() -> None:
    """A mail at the size limit whose documents are all wanting: every variant is tried, and still it is quick."""
    filler = b"Content-Type: text/plain\r\n\r\n" + b"line\n" * 20_000
    batch = orders_batch()
    mail = batch.with_letter(documents=batch.letter.documents[:1]).mail()
    raw = mail.replace(MARK + b"\r\n", (MARK + b"\r\n" + filler + b"\r\n") * 200 + MARK + b"\r\n", 1)
    with cheaply(), pytest.raises(Damaged):
        read_mail(raw, KEYS)


@pytest.mark.parametrize("kind", ["named", "typed", "bare", "in base64"])
def test_a_mail_beyond_the_limits_is_a_strangers_only_if_nothing_in_it_starts_as_a_manifest(kind: str) -> None:
    body = {
        "named": b'Content-Disposition: attachment; filename="INTERGESTAN.JWS"\r\n\r\n',
        "typed": b"Content-Type: Application/JOSE\r\n\r\n",
        "bare": b"Content-Type: text/plain\r\n\r\neyJhbGci",
        "in base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(b"eyJhbGci"),
    }[kind]
    assert may_carry_manifest(ONE_OF_EACH + b"\r\n--b\r\n" + body)
    assert not may_carry_manifest(ONE_OF_EACH + b"Content-Type: text/plain\r\n\r\nHello eyJ ZXlK\r\n")


def assert_only_what_was_signed(raw: bytes) -> None:
    """Either a verdict, or exactly the documents and the manifest of the true mail."""
    try:
        received = read_mail(raw, KEYS)
    except MessageError:
        return
    true = read_mail(RAW, KEYS)
    assert received.manifest == true.manifest
    assert received.documents == true.documents
    assert received.kid == BUYER_KEY.public.kid


@pytest.mark.parametrize("cut", range(50))
def test_a_truncated_mail_is_never_taken_for_another(cut: int) -> None:
    """reliability.md F12: truncated at each of 50 offsets."""
    raw = RAW[: len(RAW) * cut // 50]
    with pytest.raises((Damaged, Unreadable, NotOurs, BadSignature)):
        read_mail(raw, KEYS)


@given(st.integers(0, len(RAW) - 1), st.binary(max_size=8), st.integers(0, 200))
def test_a_changed_mail_is_read_as_it_was_or_not_at_all(at: int, inserted: bytes, removed: int) -> None:
    assert_only_what_was_signed(RAW[:at] + inserted + RAW[at + removed :])


PIECES = st.sampled_from(
    [
        *(MARK + b"\r\n", MARK + b"--\r\n", b"\r\n\r\n", b"\r\n", b"\n", b"\r", b"\0", b"--", b'"', b";", b"=\r\n"),
        *(b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64\r\n", b"From: x\r\n"),
        *(BODY[:2000], HEADERS),
    ]
)


@given(st.lists(st.tuples(st.integers(0, len(RAW)), PIECES), min_size=1, max_size=6))
def test_pieces_of_mail_put_anywhere_change_nothing(insertions: list[tuple[int, bytes]]) -> None:
    raw = RAW
    for at, piece in insertions:
        raw = raw[:at] + piece + raw[at:]
    assert_only_what_was_signed(raw)
    message_headers(raw)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_strangers(raw: bytes) -> None:
    with pytest.raises(MessageError):
        read_mail(raw, KEYS)
    message_headers(raw)


def many_parts(head: bytes, count: int = 300) -> bytes:
    """Parts with costly headers, in a mail that names a manifest."""
    part = b"\r\n--b\r\n" + head + b"\r\n\r\nx"
    return ONE_OF_EACH + b"Content-Type: multipart/mixed; boundary=b\r\n" + part * count + b"\r\nintergestan.jws"


def within(wrapped: bytes, times: int) -> bytes:
    """A mail as a file in a mail, and so on."""
    for _ in range(times):
        head = b"Content-Type: application/octet-stream; name=a.eml\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        wrapped = ONE_OF_EACH + head + encodebytes(wrapped)
    return wrapped + b"\r\n\r\nintergestan.jws"


def with_costly_part(head: bytes, body: bytes) -> bytes:
    """Our mail without one of its documents, and this beside it: all that it may have been is tried."""
    mail = orders_batch().with_letter(documents=orders_batch().letter.documents[:1]).mail()
    return mail.replace(MARK + b"\r\n", MARK + b"\r\n" + head + b"\r\n\r\n" + body + b"\r\n" + MARK + b"\r\n", 1)


SIGNED_DATA, DATA = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
EMPTY_PIECES = b"\x24\x80" + b"\x04\x00" * 12_000 + b"\0\0"
OPAQUE = b"".join(
    (
        *(b"\x30\x80", SIGNED_DATA, b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80"),
        *(DATA, b"\xa0\x80", EMPTY_PIECES, b"\0\0" * 5),
    )
)
"""A signature of S/MIME whose lengths are all indefinite: each level is walked to its end, over empty pieces."""
EMPTY_ATTRIBUTES = b"\x78\x9f\x3e\x22\0\0" + (b"\x02" + b"\0" * 10) * 9_000

COSTLY: dict[str, bytes] = {
    "signatures that carry empty pieces": many_parts(b"Content-Type: application/pkcs7-mime\r\n\r\n" + OPAQUE, 1),
    "attributes of TNEF": many_parts(b"Content-Type: application/ms-tnef\r\n\r\n" + EMPTY_ATTRIBUTES, 8),
    "headers": ours(b"X: " + b"y" * 2_000_000 + b"\r\n"),
    "Content-Type again and again": ours(b"Content-Type: text/plain\r\n" * 50_000),
    "delimiter lines": ours(b"").replace(MARK, b"--\r\n" * 150_000 + MARK, 1),
    "delimiter lines in many containers": nested(45).replace(MARK, b"--\r\n" * 10_000 + MARK, 1),
    "parameters": many_parts(b"Content-Type: text/plain" + b'; name="a' * 400),
    "comments": many_parts(b"Content-Type: " + b'()"' * 1300),
    "mails as files in each other": within(b"x" * 900_000, 8),
    "base64 that may have been much": with_costly_part(
        b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64", b64encode(b"x" * 1_000_000) + b"-"
    ),
    "blanks at the ends of lines": with_costly_part(
        b"Content-Type: a/b\r\nContent-Transfer-Encoding: quoted-printable", b"=41 \r\n" * 120_000
    ),
    "line ends": with_costly_part(b"Content-Type: a/b", b"a\n" * 600_000),
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_mail_costs_more_steps_than_it_has(name: str) -> None:
    """What makes a mail costly is counted before it is done: here with a thirtieth of a mail's steps and octets."""
    work = Work(STEPS // 30)
    (found,) = read_mails(COSTLY[name], KEYS, work)
    assert isinstance(found, TooBig)
    assert work.spent <= STEPS // 30


def test_base64_of_single_letters_needs_no_room_for_each() -> None:
    size = 1_000_000
    raw = with_costly_part(b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64", b"A " * (size // 2) + b"-")
    tracemalloc.start()
    try:
        (found,) = read_mails(raw, KEYS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(found, Damaged)
    assert peak < 10 * size
