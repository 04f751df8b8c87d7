"""What mail systems do to an honest order mail: each form made from a mail of ours, with what it must come to.

`TAKEN`: the bytes of the attachments are whole, so it is read. `LOST`: our marks stand over it and something is gone,
with the cause that people must read. `FOREIGN`: nothing of ours is left in it.
"""

from __future__ import annotations

import binascii
import io
import quopri
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

from intergestan_msg.errors import Cause

CRLF = b"\r\n"
Form = Callable[["Mail"], bytes]
Entity = tuple[bytes, bytes]


@dataclass(frozen=True)
class File:
    """An attachment: its name, its media type, its bytes."""

    name: str
    kind: str
    content: bytes

    def part(self, encoding: str = "base64", body: bytes | None = None, **fields: str) -> bytes:
        """As a MIME part."""
        kind = fields.get("kind", f'{self.kind}; name="{self.name}"')
        disposition = fields.get("disposition", f'attachment; filename="{self.name}"')
        return part(kind, encoded(encoding, self.content) if body is None else body, encoding, disposition)


@dataclass(frozen=True)
class Mail:
    """A mail of ours, taken apart."""

    raw: bytes

    @cached_property
    def head(self) -> bytes:
        return self.raw.partition(CRLF * 2)[0]

    @cached_property
    def body(self) -> bytes:
        return self.raw.partition(CRLF * 2)[2]

    @cached_property
    def content_type(self) -> bytes:
        return next(field for field in self.fields() if field.lower().startswith(b"content-type:"))

    def fields(self, *dropped: str) -> list[bytes]:
        """The header fields, without some."""
        names = {name.lower().encode() for name in dropped}
        found = re.findall(rb"(?:^|\n)([A-Za-z-]+:[^\n]*(?:\n[ \t][^\n]*)*)", self.head)
        return [field.rstrip(b"\r") for field in found if field.partition(b":")[0].lower() not in names]

    @cached_property
    def files(self) -> list[File]:
        leaves = [each for each in message_from_bytes(self.raw).walk() if each.get_filename()]
        return [File(each.get_filename() or "", each.get_content_type(), _payload(each)) for each in leaves]

    @property
    def document(self) -> File:
        return self.files[0]

    @property
    def manifest(self) -> File:
        return self.files[-1]

    def entity(self) -> bytes:
        """What is in it, with the MIME header that says so."""
        return self.content_type + CRLF * 2 + self.body

    def with_body(self, entity: Entity, *dropped: str, more: Sequence[bytes] = ()) -> bytes:
        """The same header over another body."""
        kind, body = entity
        head = [*self.fields("content-type", *dropped), *more, b"Content-Type: " + kind]
        return CRLF.join(head) + CRLF * 2 + body

    def with_files(self, *parts: bytes, more: Sequence[bytes] = (), dropped: Sequence[str] = ()) -> bytes:
        """The same mail with these attachments."""
        return self.with_body(multipart([TEXT, *parts]), *dropped, more=more)


def _payload(message: object) -> bytes:
    content = message.get_payload(decode=True)  # type: ignore[attr-defined]
    assert isinstance(content, bytes)
    return content


def encoded(encoding: str, content: bytes) -> bytes:
    """A content in a transfer encoding."""
    if encoding == "base64":
        text = binascii.b2a_base64(content, newline=False)
        return CRLF.join(text[start : start + 76] for start in range(0, len(text), 76))
    if encoding == "quoted-printable":
        return quopri.encodestring(content.replace(CRLF, b"\n")).replace(b"\n", CRLF)
    return content.replace(CRLF, b"\n").replace(b"\n", CRLF) if encoding in {"7bit", "8bit"} else content


def part(kind: str, body: bytes, encoding: str = "", disposition: str = "") -> bytes:
    """A MIME part with its header."""
    head = [f"Content-Type: {kind}"] if kind else []
    head += [f"Content-Transfer-Encoding: {encoding}"] if encoding else []
    head += [f"Content-Disposition: {disposition}"] if disposition else []
    return "".join(f"{line}\r\n" for line in head).encode() + CRLF + body


TEXT = part("text/plain; charset=us-ascii", b"Orders from us.", "7bit")


def multipart(parts: Sequence[bytes], kind: str = "mixed", boundary: bytes = b"B1", said: str = "") -> Entity:
    """The Content-Type, and the body."""
    mark = b"--" + boundary
    body = mark + CRLF + (CRLF + mark + CRLF).join(parts) + CRLF + mark + b"--" + CRLF
    return (said or f'multipart/{kind}; boundary="{boundary.decode()}"').encode(), body


def nested(entity: Entity) -> bytes:
    """A container as a part."""
    return b"Content-Type: " + entity[0] + CRLF * 2 + entity[1]


def forward(entity: Entity) -> bytes:
    """Somebody's own mail around it."""
    head = b'From: "Paul" <paul@site.example>\r\nTo: orders@site.example\r\nSubject: Fwd\r\nMIME-Version: 1.0\r\n'
    return head + b"Content-Type: " + entity[0] + CRLF * 2 + entity[1]


def forwarded(inner: bytes, kind: str = "message/rfc822", encoding: str = "") -> bytes:
    """As an attachment of somebody's mail."""
    return forward(multipart([TEXT, part(kind, inner, encoding)], boundary=b"OUT"))


def forwarded_often(mail: Mail, times: int) -> bytes:
    raw = mail.raw
    for number in range(times):
        raw = forward(multipart([TEXT, part("message/rfc822", raw)], boundary=b"OUT%d" % number))
    return raw


def as_attached_file(mail: Mail, kind: str, encoding: str, name: str = "order.eml") -> bytes:
    body = encoded(encoding, mail.raw) if encoding == "base64" else mail.raw
    return forward(multipart([TEXT, part(kind, body, encoding, f'attachment; filename="{name}"')], boundary=b"OUT"))


def every(mail: Mail, encoding: str, change: Callable[[bytes], bytes] = bytes, said: str = "") -> bytes:
    """Each attachment in this encoding, changed once it is encoded."""
    bodies = [change(encoded(encoding, file.content)) for file in mail.files]
    return mail.with_files(*(file.part(said or encoding, body) for file, body in zip(mail.files, bodies, strict=True)))


def tnef(files: Sequence[File]) -> bytes:
    """A winmail.dat ([MS-OXTNEF])."""

    def attribute(level: int, number: int, value: bytes) -> bytes:
        return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    out = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    for file in files:
        out += attribute(2, 0x00069002, b"\x01\0" + b"\xff" * 4 + b"\0" * 8)
        out += attribute(2, 0x00018010, file.name.encode() + b"\0")
        out += attribute(2, 0x0006800F, file.content)
    return out


def in_tnef(mail: Mail, *dropped: str) -> bytes:
    winmail = File("winmail.dat", "application/ms-tnef", tnef(mail.files))
    return mail.with_files(winmail.part(), dropped=dropped)


def _der(tag: int, content: bytes, *, indefinite: bool = False) -> bytes:
    if indefinite:
        return bytes([tag, 0x80]) + content + b"\0\0"
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


_SIGNED = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")


def opaque(content: bytes, *, in_pieces: bool = False) -> bytes:
    """Signed data (RFC 5652) without a signer: nobody looks at it. In pieces: as it is written from a stream."""
    if in_pieces:
        pieces = b"".join(_der(0x04, content[start : start + 1000]) for start in range(0, len(content), 1000))
        octets = _der(0x24, pieces, indefinite=True)
    else:
        octets = _der(0x04, content)
    within = _der(0x30, _DATA + _der(0xA0, octets, indefinite=in_pieces), indefinite=in_pieces)
    signed = _der(0x30, _der(0x02, b"\x01") + _der(0x31, b"") + within + _der(0x31, b""), indefinite=in_pieces)
    return _der(0x30, _SIGNED + _der(0xA0, signed, indefinite=in_pieces), indefinite=in_pieces)


def signed_opaque(mail: Mail, *dropped: str, in_pieces: bool = False) -> bytes:
    body = encoded("base64", opaque(mail.entity(), in_pieces=in_pieces))
    kind = b'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"'
    return mail.with_body((kind, body), *dropped, more=[b"Content-Transfer-Encoding: base64"])


def zipped(mail: Mail) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for file in mail.files:
            archive.writestr(file.name, file.content)
    return mail.with_files(File("a.zip", "application/zip", memory.getvalue()).part())


def uuencoded(file: File) -> bytes:
    lines = [binascii.b2a_uu(file.content[start : start + 45]) for start in range(0, len(file.content), 45)]
    return (f"begin 644 {file.name}\n".encode() + b"".join(lines) + b"`\nend\n").replace(b"\n", CRLF)


def transcoded(mail: Mail, charset: str) -> bytes:
    content = mail.document.content.decode().encode(charset, "replace")
    return mail.with_files(File("CFR1.xml", f"text/xml; charset={charset}", content).part(), mail.manifest.part())


def said_in(mail: Mail, said: str, boundary: bytes) -> bytes:
    """With the boundary said in this way."""
    return mail.with_body(multipart([TEXT, *(file.part() for file in mail.files)], boundary=boundary, said=said))


def with_footers(mail: Mail, footer: bytes) -> bytes:
    return every(mail, "base64", lambda body: body + footer)


def before(mail: Mail, added: bytes) -> bytes:
    return added + mail.raw


def without(mail: Mail, *names: str) -> bytes:
    return CRLF.join(mail.fields(*names)) + CRLF * 2 + mail.body


def reserialised(mail: Mail, rules: policy.EmailPolicy[EmailMessage]) -> bytes:
    return message_from_bytes(mail.raw, policy=rules).as_bytes(policy=rules.clone(linesep="\r\n"))


MARKS = ("X-Intergestan-Transfer", "X-Intergestan-Bounce")
_B64 = b"Content-Transfer-Encoding: base64"

COUNTED: dict[str, Form] = {
    "70 KB of headers": lambda m: before(m, b"X-Odd: " + (b"q" * 74 + b"\r\n\t") * 950 + b"q\r\n"),
    "230 header fields": lambda m: before(m, b"".join(b"X-Gw-%d: 1\r\n" % number for number in range(230))),
    "no Message-ID": lambda m: without(m, "message-id"),
    "two Message-IDs": lambda m: before(m, b"Message-ID: <gw@gw.example>\r\n"),
    "two From": lambda m: before(m, b"From: list@lists.example\r\n"),
    "no From": lambda m: without(m, "from"),
    "Content-Type twice, the same": lambda m: before(m, m.content_type + CRLF),
    "Content-Type twice, the last is right": lambda m: before(m, b"Content-Type: text/plain\r\n"),
    "Content-Type twice, the first is right": lambda m: m.with_body((b"text/html", m.body), more=[m.content_type]),
    "NUL in a header": lambda m: before(m, b"X-Odd: a\0b\r\n"),
    "a bare CR in a header": lambda m: before(m, b"X-Odd: a\rb\r\n"),
    "a bare CR at the end of a header": lambda m: before(m, b"X-Odd: a\r\r\n"),
    "every line ends in CR CR LF": lambda m: m.raw.replace(CRLF, b"\r\r\n"),
    "a blank line before the headers": lambda m: before(m, CRLF),
    "the headers end with a line of blanks": lambda m: m.head + CRLF + b"  " + CRLF + m.body,
    "a field goes on with a line of blanks": lambda m: before(m, b"X-Odd: a\r\n \r\n b\r\n"),
    "forwarded 4 times": lambda m: forwarded_often(m, 4),
    "forwarded 20 times": lambda m: forwarded_often(m, 20),
    "1 500 delimiter lines in the text": lambda m: m.with_files(
        part("text/plain", b"x\r\n" + b"-- \r\n" * 1500), *(file.part() for file in m.files)
    ),
    "no Subject, Date, To": lambda m: without(m, "subject", "date", "to"),
    "mbox From line on top": lambda m: before(m, b"From a@b.example Sun Nov 29 13:27:20 2026\r\n"),
    "all of it at once": lambda m: forwarded(
        before(m, b"\r\nContent-Type: text/plain\r\nX-Odd: a\rb\r\n").replace(CRLF, b"\r\r\n")
    ),
}
"""A1: counts of headers and line ends are no reason."""

WRAPPED: dict[str, Form] = {
    "message/rfc822": lambda m: forwarded(m.raw),
    "message/rfc822, a blank line first": lambda m: forwarded(CRLF + m.raw),
    "message/rfc822, mbox From line first": lambda m: forwarded(b"From a@b Sun Nov 29 13:00:00 2026\r\n" + m.raw),
    "message/rfc822 in base64": lambda m: forwarded(encoded("base64", m.raw), encoding="base64"),
    "message/global": lambda m: forwarded(m.raw, "message/global", "8bit"),
    "multipart/digest": lambda m: forward(multipart([CRLF + m.raw], "digest", b"DIG")),
    "multipart/digest within": lambda m: forward(
        multipart([TEXT, nested(multipart([CRLF + m.raw], "digest", b"DIG"))], boundary=b"OUT")
    ),
    ".eml as octet-stream": lambda m: as_attached_file(m, "application/octet-stream", "base64"),
    ".eml as octet-stream, renamed": lambda m: as_attached_file(m, "application/octet-stream", "base64", "ATT1.dat"),
    ".eml as text": lambda m: as_attached_file(m, "text/plain", "8bit"),
    ".eml as application/eml": lambda m: as_attached_file(m, "application/eml", "base64"),
    "S/MIME, opaque": signed_opaque,
    "S/MIME, opaque, our headers gone": lambda m: signed_opaque(m, *MARKS),
    "S/MIME, opaque, in pieces": lambda m: signed_opaque(m, *MARKS, in_pieces=True),
    "TNEF": in_tnef,
    "TNEF, our headers gone": lambda m: in_tnef(m, *MARKS),
    "TNEF as octet-stream": lambda m: m.with_files(
        File("ATT1.dat", "application/octet-stream", tnef(m.files)).part(), dropped=MARKS
    ),
    "TNEF in a forwarded .eml": lambda m: as_attached_file(
        Mail(in_tnef(m, *MARKS)), "application/octet-stream", "base64"
    ),
    "S/MIME, clear": lambda m: m.with_body(
        multipart([m.entity(), part("application/pkcs7-signature", b"x")], "signed", b"SG")
    ),
    "a banner on top": lambda m: m.with_body(multipart([TEXT, m.entity()], boundary=b"GW")),
    "released from quarantine": lambda m: forward(
        multipart([TEXT, part("message/rfc822", m.raw)], "report; report-type=delivery-status", b"Q")
    ),
    "attached to an alternative": lambda m: forward(
        multipart(
            [TEXT, nested(multipart([TEXT, *(file.part() for file in m.files)], boundary=b"IN"))], "alternative", b"AL"
        )
    ),
}
"""A2: what others wrap it in is opened."""

WRITTEN: dict[str, Form] = {
    "encoding with a comment": lambda m: m.raw.replace(_B64, b"Content-Transfer-Encoding: BASE64 (by (a) gw)"),
    "encoding in quotes": lambda m: m.raw.replace(_B64, b'Content-Transfer-Encoding: "base64"'),
    "encoding with a semicolon": lambda m: m.raw.replace(_B64, b"Content-Transfer-Encoding: base64;"),
    "blanks behind every line": lambda m: m.head + CRLF * 2 + m.body.replace(CRLF, b" \r\n"),
    "quoted-printable with blanks behind": lambda m: every(
        m, "quoted-printable", lambda body: body.replace(CRLF, b"  \r\n")
    ),
    "soft line breaks with blanks behind": lambda m: every(
        m, "quoted-printable", lambda body: body.replace(b"=\r\n", b"= \t\r\n")
    ),
    "base64 without its padding": lambda m: every(m, "base64", lambda body: body.rstrip(b"=")),
    "base64 with a footer": lambda m: with_footers(m, b"\r\n\r\n-- \r\nConfidential."),
    "base64 with a footer of words": lambda m: with_footers(m, b"\r\n\r\nConfidential"),
    "base64 with blank lines": lambda m: every(m, "base64", lambda body: body.replace(CRLF, CRLF * 2)),
    "base64 with NULs": lambda m: every(m, "base64", lambda body: body[:20] + b"\0" + body[20:]),
    "8bit": lambda m: every(m, "8bit"),
    "binary": lambda m: every(m, "binary"),
    "boundary in pieces": lambda m: said_in(m, 'multipart/mixed; boundary*0="B1"; boundary*1="XYZ"', b"B1XYZ"),
    "boundary in pieces, last first": lambda m: said_in(m, "multipart/mixed; boundary*1=XYZ; boundary*0=B1", b"B1XYZ"),
    "boundary with a charset": lambda m: said_in(m, "multipart/mixed; boundary*=us-ascii''B%201XYZ", b"B 1XYZ"),
    "boundary with a quote in it": lambda m: said_in(m, r'multipart/mixed; boundary="B\"X"', b'B"X'),
    "boundary of 230 characters": lambda m: said_in(m, f"multipart/mixed; boundary={'B' * 230}", b"B" * 230),
    "blanks around =": lambda m: said_in(m, 'multipart/mixed ; boundary = "B1"', b"B1"),
    "comments in the Content-Type": lambda m: said_in(m, "multipart/mixed (a; boundary=no) ; boundary=B1 (x)", b"B1"),
    "names in pieces": lambda m: m.with_files(
        *(
            file.part(disposition=f"attachment; filename*0*=utf-8''{file.name[:3]}; filename*1={file.name[3:]}")
            for file in m.files
        )
    ),
    "no closing delimiter": lambda m: m.raw[: m.raw.rindex(b"--=_") - 2],
    "reserialised, compat32": lambda m: message_from_bytes(m.raw).as_bytes(
        policy=policy.compat32.clone(linesep="\r\n")
    ),
    "reserialised, SMTP": lambda m: reserialised(m, policy.SMTP),
    "a new line at the end of the XML": lambda m: m.with_files(
        File("CFR1.xml", "text/xml", m.document.content + CRLF).part(), m.manifest.part()
    ),
    "the manifest on lines of 76": lambda m: m.with_files(
        m.document.part(),
        m.manifest.part("7bit", re.sub(rb"(.{76})", rb"\1\r\n", m.manifest.content)),
    ),
}
"""A3: what MIME allows, and what gateways leave of it."""

TAKEN = COUNTED | WRAPPED | WRITTEN

LOST: dict[str, tuple[Form, Cause]] = {
    "ISO-8859-1": (lambda m: transcoded(m, "iso-8859-1"), Cause.ALTERED),
    "UTF-16": (lambda m: transcoded(m, "utf-16"), Cause.ALTERED),
    "a byte order mark": (
        lambda m: m.with_files(
            File("CFR1.xml", "text/xml", b"\xef\xbb\xbf" + m.document.content).part(), m.manifest.part()
        ),
        Cause.ALTERED,
    ),
    "the manifest is gone": (lambda m: m.with_files(m.document.part()), Cause.REMOVED),
    "the document is gone": (lambda m: m.with_files(m.manifest.part()), Cause.REMOVED),
    "all attachments are gone": (Mail.with_files, Cause.REMOVED),
    "packed": (zipped, Cause.PACKED),
    "PGP": (
        lambda m: m.with_body(
            multipart(
                [part("application/pgp-encrypted", b"Version: 1"), part("application/octet-stream", b"A")], "encrypted"
            )
        ),
        Cause.ENCRYPTED,
    ),
    "S/MIME, encrypted": (
        lambda m: m.with_body(
            (b"application/pkcs7-mime; smime-type=enveloped-data", encoded("base64", b"\x30\x80A")), more=[_B64]
        ),
        Cause.ENCRYPTED,
    ),
    "in pieces": (
        lambda m: m.with_body((b"message/partial; id=a; number=1; total=2", m.raw[: len(m.raw) // 2])),
        Cause.IN_PIECES,
    ),
    "uuencode in the text": (
        lambda m: m.with_body((b"text/plain", b"Orders.\r\n" + b"".join(map(uuencoded, m.files)))),
        Cause.UUENCODED,
    ),
    "uuencode as encoding": (
        lambda m: m.with_files(
            *(
                File(f"a{n}.dat", "application/x-a", b"").part("x-uuencode", uuencoded(file))
                for n, file in enumerate(m.files)
            )
        ),
        Cause.UUENCODED,
    ),
    "CR only": (lambda m: m.raw.replace(CRLF, b"\r"), Cause.LINE_ENDS),
    "cut in its documents": (lambda m: m.raw[: len(m.raw) // 2], Cause.CUT),
    "cut within its headers": (lambda m: m.raw[: m.raw.index(b"\r\nDate:")], Cause.CUT),
    "uuencode under its own name": (
        lambda m: m.with_files(*(file.part("x-uuencode", uuencoded(file)) for file in m.files)),
        Cause.UUENCODED,
    ),
    "the manifest quoted": (
        lambda m: m.with_files(m.document.part(), m.manifest.part("7bit", b"> " + m.manifest.content)),
        Cause.ALTERED,
    ),
    "the whole body in base64": (
        lambda m: m.head + CRLF + _B64 + CRLF * 2 + encoded("base64", m.body),
        Cause.REMOVED,
    ),
    "the MIME headers are gone": (lambda m: without(m, "content-type", "mime-version"), Cause.REMOVED),
}

FOREIGN: dict[str, Form] = {
    "all attachments and our headers are gone": lambda m: m.with_files(dropped=MARKS),
    "the manifest and our headers are gone": lambda m: m.with_files(m.document.part(), dropped=MARKS),
}
