"""A mail is read whatever honest servers and programs did to it on its way; anything altered is told."""

from __future__ import annotations

import email
import email.policy
import quopri
import re
from base64 import b64encode, encodebytes
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage

import pytest

from intergestan_msg import seal
from intergestan_msg.errors import (
    BadSignature,
    Damaged,
    MessageError,
    NewerRelease,
    NotOurs,
    UnknownSigner,
    Unreadable,
)
from intergestan_msg.kinds import DocumentType
from intergestan_msg.mail.headers import message_headers
from intergestan_msg.mail.incoming import DamagedTransfer, Received, read_mail, read_mails
from intergestan_msg.mail.letter import Attachment
from intergestan_msg.mail.outgoing import compose_orders
from intergestan_msg.manifest import encode
from intergestan_msg.strict_json import read_object, write_object
from tests.msg.letters import (
    BUYER_KEY,
    KEYS,
    ORDERS_ID,
    SELLER_KEY,
    STRANGER_KEY,
    answers_batch,
    listed,
    orders_batch,
)

BATCH = orders_batch()
RAW = BATCH.mail()
ATTACHMENT = re.compile(rb"(Content-Type: application/[^\r]+)(.*?)\r\n\r\n(.*?)(?=\r\n--)", re.DOTALL)


def assert_whole(received: Received) -> None:
    assert received.manifest == BATCH.manifest
    assert [content for _, content in received.documents] == [d.content for d in BATCH.letter.documents]
    assert [document for document, _ in received.documents] == list(BATCH.manifest.documents)
    assert received.kid == BUYER_KEY.public.kid
    assert received.transfer_digest == seal.transfer_digest(received.compact)


def test_a_mail_is_read() -> None:
    received = read_mail(RAW, KEYS)
    assert_whole(received)
    assert received.headers.subject.startswith("[Commandes] Logistique Été & Fils: CFR1, CFR2")
    assert received.headers.from_ == "Inès Müller <ines@logistique.example>"
    assert received.headers.message_id == f"<{ORDERS_ID}@logistique.example>"
    assert received.headers.auto_submitted == "auto-generated"


def test_answers_are_read() -> None:
    batch = answers_batch()
    received = read_mail(batch.mail(), KEYS)
    assert received.manifest == batch.manifest
    assert received.kid == SELLER_KEY.public.kid


def with_lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def with_received_headers(raw: bytes) -> bytes:
    return b"Received: from a by b;\r\n\tSun, 15 Nov 2020 09:30:00 +0000\r\n" * 30 + raw


def forwarded_as_attachment(raw: bytes) -> bytes:
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Message-ID"] = "a@b.example", "c@d.example", "<1@b.example>"
    outer.set_content("See the attached mail.\n")
    outer.add_attachment(email.message_from_bytes(raw, policy=email.policy.default))
    return outer.as_bytes(policy=email.policy.SMTP)


def forwarded_in_base64(raw: bytes) -> bytes:
    return (
        b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\nContent-Type: message/rfc822\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(raw)
    )


def wrapped_by_a_list(raw: bytes) -> bytes:
    """As Mailman does it: the mail becomes the first part, the footer the second."""
    headers, _, body = raw.partition(b"\r\nContent-Type:")
    inner = b"Content-Type:" + body
    footer = b"Content-Type: text/plain\r\n\r\n____\r\norders mailing list\r\n"
    return (
        headers + b'\r\nContent-Type: multipart/mixed; boundary="===1=="\r\n\r\n--===1==\r\n'
        b"" + inner + b"\r\n--===1==\r\n" + footer + b"\r\n--===1==--\r\n"
    )


def with_a_footer_part(raw: bytes) -> bytes:
    mark = raw.rstrip().rpartition(b"\r\n")[2].removesuffix(b"--")
    scanned = b"Content-Type: text/plain\r\n\r\nScanned: no virus found.\r\n"
    return raw.replace(mark + b"\r\n", mark + b"\r\n" + scanned + mark + b"\r\n", 1)


def with_a_footer_in_the_body(raw: bytes) -> bytes:
    return raw.replace(b"quoted-printable\r\n\r\n", b"quoted-printable\r\n\r\nEXTERNAL MAIL\r\n", 1)


def with_an_epilogue(raw: bytes) -> bytes:
    return raw + b"\r\n____\r\nThis mail was checked.\r\n"


def reencoded(encoding: str, recode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Every attachment in another transfer encoding, as a gateway may do it."""

    def change(found: re.Match[bytes]) -> bytes:
        content = email.message_from_bytes(found[0]).get_payload(decode=True)
        assert isinstance(content, bytes)
        fields = f"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        return found[1] + fields + recode(content)

    return lambda raw: ATTACHMENT.sub(change, raw)


def quoted(content: bytes) -> bytes:
    return quopri.encodestring(content, quotetabs=False).replace(b"\n", b"\r\n")


def retyped(media_type: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: re.sub(rb"application/(xml|jose)", media_type, raw)


def nameless(raw: bytes) -> bytes:
    raw = re.sub(rb";\r\n (file)?name=\"[^\"]+\"", b"", raw)
    return raw.replace(b"Content-Disposition: attachment\r\n", b"")


def renamed(raw: bytes) -> bytes:
    return raw.replace(b'name="CFR1.xml"', b'name="ATT0001.dat"').replace(b"intergestan.jws", b"ATT0003.bin")


def shuffled(raw: bytes) -> bytes:
    mark = raw.rstrip().rpartition(b"\r\n")[2].removesuffix(b"--")
    head, *parts = raw.split(mark)
    return head + mark + mark.join([*reversed(parts[:-1]), parts[-1]])


def in_one_base64_line(raw: bytes) -> bytes:
    def join(found: re.Match[bytes]) -> bytes:
        return found[1] + found[2] + b"\r\n\r\n" + found[3].replace(b"\r\n", b"")

    return ATTACHMENT.sub(join, raw)


def with_odd_header_case(raw: bytes) -> bytes:
    raw = raw.replace(b"Content-Type: ", b"CONTENT-TYPE:").replace(b"base64", b"BASE64")
    return raw.replace(b"multipart/mixed", b"Multipart/Mixed").replace(b"boundary=", b"Boundary = ")


def with_another_boundary(raw: bytes) -> bytes:
    return raw.replace(f"=_{ORDERS_ID}_1".encode(), b"----=_NextPart_000_0001").replace(
        f"=_{ORDERS_ID}_2".encode(), b"----=_NextPart_000_0001_Inner"
    )


def without_a_closing_delimiter(raw: bytes) -> bytes:
    return raw.rstrip().rpartition(b"\r\n")[0]


CHANGES = [
    with_lf,
    with_received_headers,
    forwarded_as_attachment,
    forwarded_in_base64,
    wrapped_by_a_list,
    with_a_footer_part,
    with_a_footer_in_the_body,
    with_an_epilogue,
    reencoded("quoted-printable", quoted),
    reencoded("8bit", bytes),
    reencoded("base64", b64encode),
    retyped(b"application/octet-stream"),
    retyped(b"text/plain"),
    retyped(b"text/xml"),
    nameless,
    renamed,
    shuffled,
    in_one_base64_line,
    with_odd_header_case,
    with_another_boundary,
    without_a_closing_delimiter,
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_mail_servers_do_does_not_matter(change: Callable[[bytes], bytes]) -> None:
    """reliability.md F12: the bytes are there, so the orders are."""
    changed = change(RAW)
    assert changed != RAW
    assert_whole(read_mail(changed, KEYS))


def test_changes_add_up() -> None:
    raw = with_lf(forwarded_as_attachment(wrapped_by_a_list(reencoded("quoted-printable", quoted)(RAW))))
    assert_whole(read_mail(nameless(raw), KEYS))


@pytest.mark.parametrize("written", [b"a\nb\n", b"a\r\nb\r\n", b"a\r\nb", b"a\nb"])
@pytest.mark.parametrize("arrives", [b"a\nb\n", b"a\r\nb\r\n", b"a\r\nb", b"a\nb"])
def test_changed_line_ends_of_a_text_are_undone(written: bytes, arrives: bytes) -> None:
    raw = one_document(written).replace(b64encode(written), b64encode(arrives))
    assert read_mail(raw, KEYS).documents[0][1] == written


def one_document(content: bytes) -> bytes:
    document = Attachment("note.txt", content, "text/plain")
    batch = BATCH.with_letter(documents=(document,))
    return batch.with_manifest(documents=(listed(DocumentType.ORDER, "CFR1", document),)).mail()


def test_a_body_may_be_what_is_listed() -> None:
    """Even a part that became a plain text body counts: only its digest matters."""
    raw = retyped(b"text/plain")(RAW).replace(b"Content-Disposition: attachment", b"Content-Disposition: inline")
    assert_whole(read_mail(raw, KEYS))


def test_an_altered_part_is_damage() -> None:
    """design.md §9: the whole mail is held, nothing of it is handed out."""
    content = BATCH.letter.documents[1].content
    changed = content.replace(b"150.00", b"150.01")
    raw = RAW.replace(encoded(content), encoded(changed))
    assert raw != RAW
    with pytest.raises(Damaged, match=r"1 of 2 .* CFR2\.xml"):
        read_mail(raw, KEYS)


def encoded(content: bytes) -> bytes:
    return encodebytes(content).rstrip().replace(b"\n", b"\r\n")


def test_a_missing_part_is_damage() -> None:
    documents = BATCH.letter.documents[:1]
    with pytest.raises(Damaged):
        read_mail(BATCH.with_letter(documents=documents).mail(), KEYS)


def test_a_lost_manifest_is_damage_where_our_header_stands_over_it() -> None:
    raw = RAW[: RAW.rindex(b"\r\nContent-Type: application/jose")]
    with pytest.raises(Damaged, match="lost its manifest"):
        read_mail(raw, KEYS)
    with pytest.raises(NotOurs):
        read_mail(raw.replace(b"X-Intergestan-Transfer", b"X-Other"), KEYS)


def test_parts_that_are_not_listed_are_ignored() -> None:
    extra = Attachment("virus.exe", b"MZ", "application/octet-stream")
    raw = BATCH.with_letter(documents=(extra, *BATCH.letter.documents)).mail()
    assert_whole(read_mail(raw, KEYS))


def test_an_unknown_signer_is_named() -> None:
    with pytest.raises(UnknownSigner) as caught:
        read_mail(replace(BATCH, key=STRANGER_KEY).mail(), KEYS)
    assert caught.value.kid == STRANGER_KEY.public.kid


def signed(payload: bytes, typ: str = seal.MANIFEST_TYPE) -> bytes:
    return compose_orders(replace(BATCH.letter, manifest=seal.sign(payload, BUYER_KEY, typ)), BATCH.orders)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (signed(write_object(read_object(encode(BATCH.manifest)) | {"v": 2})), NewerRelease),
        (signed(b"no json"), Unreadable),
        (signed(encode(BATCH.manifest), "JWT"), BadSignature),
        (signed(encode(BATCH.manifest), seal.CARD_TYPE), BadSignature),
    ],
)
def test_the_manifest_has_the_last_word(raw: bytes, error: type[MessageError]) -> None:
    """G25: a message says which version of its schema it has; a later one is told apart from a broken one."""
    with pytest.raises(error):
        read_mail(raw, KEYS)


def test_a_broken_signature_is_told() -> None:
    compact = seal.sign(encode(BATCH.manifest), BUYER_KEY)
    other = seal.sign(encode(orders_batch(1).manifest), BUYER_KEY)
    mixed = compact.rpartition(".")[0] + "." + other.rpartition(".")[2]
    with pytest.raises(BadSignature):
        read_mail(compose_orders(replace(BATCH.letter, manifest=mixed), BATCH.orders), KEYS)


@pytest.mark.parametrize("manifest", ["", "not a jws", "a.b", "eyJ."])
def test_what_is_named_like_a_manifest_must_be_one(manifest: str) -> None:
    with pytest.raises(Damaged, match="no JWS in compact form"):
        read_mail(compose_orders(replace(BATCH.letter, manifest=manifest), BATCH.orders), KEYS)


def test_each_manifest_of_a_mail_counts_for_itself() -> None:
    """reliability.md H3: what one lists that is not there holds that one; the same one twice is one."""
    compact = seal.sign(encode(BATCH.manifest), BUYER_KEY)
    lacking = BATCH.with_manifest(documents=(listed(DocumentType.ORDER, "CFR9", Attachment("CFR9.xml", b"<Order/>")),))
    for text, name in ((seal.sign(encode(lacking.manifest), BUYER_KEY), "intergestan.jws"), ("a.b.c", "other.jws")):
        extra = Attachment(name, text.encode(), "application/octet-stream")
        raw = BATCH.with_letter(documents=(extra, *BATCH.letter.documents)).mail()
        assert_whole(read_mail(raw, KEYS))
        others = read_mails(raw, KEYS)[1:]
        assert [type(each) for each in others] == ([DamagedTransfer] if name == "intergestan.jws" else [])
    same = Attachment("copy.jws", compact.encode())
    assert_whole(read_mail(BATCH.with_letter(documents=(*BATCH.letter.documents, same)).mail(), KEYS))
    assert len(read_mails(BATCH.with_letter(documents=(*BATCH.letter.documents, same)).mail(), KEYS)) == 1


def test_the_token_of_another_program_is_not_a_manifest() -> None:
    token = Attachment("token.jwt", seal.sign(b"{}", STRANGER_KEY, "JWT").encode())
    assert_whole(read_mail(BATCH.with_letter(documents=(*BATCH.letter.documents, token)).mail(), KEYS))


def test_a_strangers_mail_is_not_ours() -> None:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "a@b.example", "<1@b.example>"
    message.set_content("Bonjour, votre commande CFR1 est prête.\n")
    message.add_attachment(b"<Order/>", maintype="application", subtype="xml", filename="CFR1.xml")
    with pytest.raises(NotOurs):
        read_mail(message.as_bytes(), KEYS)


def test_a_bounce_of_ours_is_only_ours() -> None:
    """A bounce that quotes our mail whole carries our own manifest: the importer sees that `iss` is us."""
    raw = forwarded_as_attachment(RAW).replace(b"multipart/mixed", b"multipart/report", 1)
    assert read_mail(raw, KEYS).manifest.iss == BATCH.manifest.iss


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"Subject: =?utf-8?Q?Caf=C3=A9?=\r\n =?utf-8?B?IG5vaXI=?=\r\n\r\n", "Café noir"),
        (b"subject : plain\n text\n\nSubject: body", "plain text"),
        (b"Subject: =?utf-8?B?GxtbMzFt?= red\x1b[31m\x07\r\n\r\n", "[31m red[31m"),
        (b"Subject: a\r\nSubject: b\r\n\r\n", "a"),
        (b"Subject: =?utf-8?Q?a=0D=0ABcc:_x?=\r\n\r\n", "a  Bcc: x"),
        (b"Subject: \xe2\x80\xaeevil\r\n\r\n", "evil"),
        (b"Subject: caf\xe9\r\n\r\n", "caf\ufffd"),
        (b"Subject: =?utf-7?Q?+ADw-script+AD4-?=\r\n\r\n", "=?utf-7?Q?+ADw-script+AD4-?="),
        (b"Subject: =?zlib?B?AAAA?=\r\n\r\n", "=?zlib?B?AAAA?="),
        (b"Subject: =?iso-8859-99?Q?a?=\r\n\r\n", "=?iso-8859-99?Q?a?="),
        (b"Subject: =?utf-8?B?A?=\r\n\r\n", "=?utf-8?B?A?="),
        (b"Subject: =?shift_jis?B?g1w=?=\r\n\r\n", "ソ"),
        (b"Subject: " + b"x" * 5000, "x" * 299 + "…"),
        (b"", ""),
        (b"\r\nSubject: behind a blank line", "behind a blank line"),
    ],
)
def test_headers_are_shown_without_what_would_fool_people(raw: bytes, subject: str) -> None:
    """reliability.md H4, H5, H9."""
    assert message_headers(raw).subject == subject


@pytest.mark.parametrize(
    ("value", "message_id"),
    [
        (b"<a@b>", "<a@b>"),
        (b"\r\n <a@b>", "<a@b>"),
        (b"a@b", None),
        (b"<a b@c>", None),
        (b"<a@b> <c@d>", None),
        (b"<" + b"a" * 300 + b"@b>", None),
    ],
)
def test_only_a_message_id_that_can_be_quoted_is_one(value: bytes, message_id: str | None) -> None:
    assert message_headers(b"Message-ID: " + value + b"\r\n\r\n").message_id == message_id
