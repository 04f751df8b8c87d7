"""Read a mail: find the manifest, check who signed it, and gather the documents that it lists.

The order of work is the defence: limits on the bytes, then one reader of parts, then the signature over the
exact characters received, then the manifest's JSON, then the digests. Headers and bodies are never
interpreted, and what the manifest does not list is not looked at.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intergestan_msg.errors import Damaged, NotOurs, Unreadable
from intergestan_msg.mail.headers import Headers, message_headers
from intergestan_msg.mail.letter import MANIFEST_MEDIA_TYPE, MANIFEST_NAME, TRANSFER_HEADER
from intergestan_msg.mail.limits import check_limits, header_block, may_carry_manifest
from intergestan_msg.mail.parts import Part, read_parts
from intergestan_msg.manifest import Document, Manifest, decode
from intergestan_msg.seal import MANIFEST_TYPE, claims_type, payload, signer, transfer_digest, verify
from intergestan_msg.signature_form import MAX_COMPACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from intergestan_msg.seal import PublicKey

_COMPACT = re.compile(rb"\A[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\Z")
_TRANSFER_FIELD = re.compile(rb"^" + TRANSFER_HEADER.encode("ascii") + rb"[ \t]*:", re.IGNORECASE | re.MULTILINE)
_BODY_TYPES = (b"text/plain", b"text/html")


@dataclass(frozen=True, slots=True)
class Received:
    """A mail whose signature holds and whose documents are whole.

    It says who signed (`kid`), not whether that key may speak for `manifest.iss`, nor whether `manifest.aud`
    is us: those are the importer's questions.

    :ivar documents: each listed document with exactly the bytes that were signed, in the manifest's order.
    :ivar headers: for people only.
    """

    manifest: Manifest
    compact: str
    transfer_digest: str
    kid: str
    documents: tuple[tuple[Document, bytes], ...]
    headers: Headers


def read_mail(raw: bytes, keys: Mapping[str, PublicKey]) -> Received:
    """Read one mail as it came.

    :param keys: the public keys that partners are pinned with, by `kid`.
    Raises only `MessageError`: `NotOurs` for a mail without a manifest; `TooBig` and `Unreadable` for one
    that breaks a limit or has two manifests; `BadSignature` and `UnknownSigner`; `NewerRelease`; `Damaged`
    when a listed document is missing or altered, or our header stands over a mail that lost its manifest.
    """
    parts = _parts(raw)
    compact = _manifest(raw, parts)
    manifest = decode(verify(compact, keys))
    return Received(
        manifest=manifest,
        compact=compact,
        transfer_digest=transfer_digest(compact),
        kid=signer(compact),
        documents=_documents(manifest.documents, parts),
        headers=message_headers(raw),
    )


def read_own(raw: bytes) -> tuple[tuple[Document, bytes], ...]:
    """The documents that a mail of our own lists, as they left. Nothing is verified: the bytes come from our base.

    :raises MessageError: it is none of ours.
    """
    parts = _parts(raw)
    return _documents(decode(payload(_manifest(raw, parts))).documents, parts)


def _parts(raw: bytes) -> list[Part]:
    """The parts within the limits; a mail beyond them is only worth a hold if it may be one of ours."""
    try:
        check_limits(raw)
        return read_parts(raw)
    except Unreadable as error:
        if may_carry_manifest(raw):
            raise
        raise NotOurs(f"There is no manifest in this mail. {error}") from error


def _manifest(raw: bytes, parts: list[Part]) -> str:
    found = {compact for part in parts if (compact := _compact(part)) is not None}
    if len(found) > 1:
        raise Unreadable("The mail has two manifests.")
    if found:
        return found.pop()
    if _TRANSFER_FIELD.search(raw, 0, header_block(raw, 0, len(raw)).end):
        raise Damaged("The mail has lost its manifest.")
    raise NotOurs("There is no manifest in this mail.")


def _compact(part: Part) -> str | None:
    """The part's compact JWS if it is our manifest, by its name or by the type that its own header claims."""
    is_named = part.name.lower() == MANIFEST_NAME.encode()
    content = part.content() if is_named or _looks_like_one(part) else None
    if content is None or len(content) > 2 * MAX_COMPACT:  # with white space
        if is_named:
            raise Unreadable("The manifest is cut off, or too long.")
        return None
    text = b"".join(content.split())
    is_compact = _COMPACT.match(text) is not None
    if is_named and not is_compact:
        raise Unreadable("The manifest is no JWS in compact form.")
    compact = text.decode("ascii") if is_compact else None
    return compact if compact and (is_named or claims_type(compact, MANIFEST_TYPE)) else None


def _looks_like_one(part: Part) -> bool:
    """A JSON object begins as "eyJ" in base64, and that as "ZXlK" in base64 again."""
    start = part.raw[part.start : min(part.end, part.start + 16)].lstrip()
    return part.media_type == MANIFEST_MEDIA_TYPE.encode() or start.startswith((b"eyJ", b"ZXlK"))


def _documents(listed: tuple[Document, ...], parts: list[Part]) -> tuple[tuple[Document, bytes], ...]:
    wanted = {document.sha256 for document in listed}
    found: dict[str, bytes] = {}
    for contents in (_attached(parts), _all(parts), _with_other_line_ends(parts)):
        if len(found) < len(wanted):
            found |= _matching(contents, wanted - found.keys())
    missing = [document.name for document in listed if document.sha256 not in found]
    if missing:
        raise Damaged(f"{len(missing)} of {len(listed)} listed parts are missing or altered: {missing[0]} …")
    return tuple((document, found[document.sha256]) for document in listed)


def _matching(contents: Iterable[bytes], wanted: set[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for content in contents:
        digest = hashlib.sha256(content).hexdigest()
        if digest in wanted:
            found[digest] = content
            if len(found) == len(wanted):
                break
    return found


def _attached(parts: list[Part]) -> Iterator[bytes]:
    """First what looks like an attachment: nearly always that is all."""
    return _all([part for part in parts if part.media_type not in _BODY_TYPES])


def _all(parts: list[Part]) -> Iterator[bytes]:
    for part in parts:
        if (content := part.content()) is not None:
            yield content


def _with_other_line_ends(parts: list[Part]) -> Iterator[bytes]:
    """What a text was before a gateway changed its line ends, or its last one (RFC 2046 §4.1.1)."""
    for content in _all(parts):
        unix = content.replace(b"\r\n", b"\n")
        for text in (unix, unix.rstrip(b"\n"), unix.rstrip(b"\n") + b"\n"):
            yield text
            yield text.replace(b"\n", b"\r\n")
