"""Read a mail: find the manifests, check who signed them, and gather the documents that each of them lists.

The order of work is the defence: the size, then one reader of parts with a fixed number of steps, then the signature
over the exact characters received, then the manifest's JSON, then the digests. Headers and bodies are never
interpreted, and what the manifest does not list is not looked at.

Where a mail can be read in several ways they are tried in one fixed order, and the first one under which a manifest
verifies and every listed part fits counts. Manifest and parts are never taken from different readings.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import Damaged, MessageError, NotOurs, TooBig
from intergestan_msg.mail.decoding import without_white_space
from intergestan_msg.mail.headers import Headers, message_headers
from intergestan_msg.mail.letter import MANIFEST_MEDIA_TYPE, MANIFEST_NAME
from intergestan_msg.mail.limits import STEPS_OF_DECODING, Work, check_size, may_carry_manifest
from intergestan_msg.mail.mishaps import of_listed, of_lost, of_manifest, was_ours
from intergestan_msg.mail.parts import DIALECTS, Part, Structure, read_structure
from intergestan_msg.manifest import Document, Manifest, decode
from intergestan_msg.seal import MANIFEST_TYPE, claims_type, payload, signer, transfer_digest, verify
from intergestan_msg.signature_form import MAX_COMPACT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from intergestan_msg.mail.parts import Doubt
    from intergestan_msg.seal import PublicKey

MAX_MANIFESTS = 50

_COMPACT = re.compile(rb"\A[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\Z")
_BODY_TYPES = (b"text/plain", b"text/html")
_LINE_ENDS = 8  # steps for an octet whose line ends are tried out


@dataclass(frozen=True, slots=True)
class Received:
    """A manifest whose signature holds and whose documents are whole.

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


class DamagedTransfer(Damaged):
    """A listed part is missing or altered, of a manifest whose signature holds: whose mail it is, is known.

    :ivar digest: the transfer digest.
    """

    def __init__(self, damaged: Damaged, manifest: Manifest, compact: str) -> None:
        super().__init__(damaged.diagnosis, damaged.cause)
        self.manifest = manifest
        self.kid = signer(compact)
        self.digest = transfer_digest(compact)


class _Stage(IntEnum):
    """How far a reading got before it failed: what got furthest tells the true cause."""

    NOTHING = 0
    MARKED = 1
    NAMED = 2
    FOUND = 3
    VERIFIED = 4


@dataclass(frozen=True, slots=True)
class _Failure:
    stage: _Stage
    error: MessageError


def read_mail(raw: bytes, keys: Mapping[str, PublicKey]) -> Received:
    """Read a mail as it came that brings one manifest; of several that are whole the first.

    :param keys: the public keys that partners are pinned with, by `kid`.
    Raises only `MessageError`: `NotOurs` for a mail without a manifest; `TooBig` for one that breaks a limit;
    `BadSignature` and `UnknownSigner`; `NewerRelease`, `Unreadable` for what a manifest says; `Damaged` when a listed
    document is missing or altered, or a mail of ours has lost its manifest.
    """
    first = read_mails(raw, keys)[0]
    if isinstance(first, MessageError):
        raise first
    return first


def read_mails(
    raw: bytes, keys: Mapping[str, PublicKey], work: Work | None = None
) -> tuple[Received | MessageError, ...]:
    """What each manifest of a mail brings, or why it does not count: first those that are whole, in their order.

    A mail has one manifest; a person may forward two mails in one.

    :param work: what it may cost.
    """
    work = work or Work()
    worst: list[_Failure] = []
    met: set[Doubt] = set()
    headers = message_headers(raw)
    try:
        check_size(raw)
        for dialect in DIALECTS:
            if not dialect <= met:
                continue
            structure = read_structure(raw, work, dialect)
            met |= structure.doubts
            received, failures = _read(raw, structure, keys, work, headers)
            if received:
                return (*received, *(failure.error for failure in failures))
            if not worst or failures[0].stage > worst[0].stage:
                worst = failures
    except TooBig as error:
        if not worst or worst[0].stage < _Stage.FOUND:
            worst = [_beyond_limits(raw, error)]
    return tuple(failure.error for failure in worst)


def read_own(raw: bytes) -> tuple[tuple[Document, bytes], ...]:
    """The documents that a mail of our own lists, as they left. Nothing is verified: the bytes come from our base.

    :raises MessageError: it is none of ours.
    """
    check_size(raw)
    work = Work()
    structure = read_structure(raw, work)
    found, _ = _manifests(structure.parts, work)
    if not found:
        raise NotOurs(Wrong.NO_MANIFEST)
    return _documents(decode(payload(found[0])).documents, structure, work)


def _beyond_limits(raw: bytes, error: TooBig) -> _Failure:
    """A mail beyond the limits is only worth a hold if it may be one of ours."""
    if may_carry_manifest(raw):
        return _Failure(_Stage.NAMED, error)
    return _Failure(_Stage.NOTHING, NotOurs(Wrong.NO_MANIFEST_SEEN, error=error))


def _read(
    raw: bytes, structure: Structure, keys: Mapping[str, PublicKey], work: Work, headers: Headers
) -> tuple[list[Received], list[_Failure]]:
    """What one reading of the mail brings; what failed, the furthest first. One of both is not empty."""
    received: list[Received] = []
    failures: list[_Failure] = []
    found, named = _manifests(structure.parts, work)
    for compact in found:
        stage = _Stage.FOUND
        try:
            signed = verify(compact, keys)
            stage = _Stage.VERIFIED
            received.append(_received(compact, decode(signed), structure, work, headers))
        except MessageError as error:
            failures.append(_Failure(stage, error))
    if not found and named is not None:
        broken = Damaged(Wrong.MANIFEST_CUT, of_manifest(structure, named))
        failures.append(_Failure(_Stage.NAMED, broken))
    elif not found:
        failures.append(_lost(raw, structure))
    failures.sort(key=lambda failure: -failure.stage)
    return received, failures


def _received(compact: str, manifest: Manifest, structure: Structure, work: Work, headers: Headers) -> Received:
    try:
        documents = _documents(manifest.documents, structure, work)
    except Damaged as error:
        raise DamagedTransfer(error, manifest, compact) from error
    return Received(
        manifest=manifest,
        compact=compact,
        transfer_digest=transfer_digest(compact),
        kid=signer(compact),
        documents=documents,
        headers=headers,
    )


def _lost(raw: bytes, structure: Structure) -> _Failure:
    """A mail without a manifest: a stranger's, unless it shows that it had one of ours."""
    if structure.is_marked or was_ours(raw, structure):
        return _Failure(_Stage.MARKED, Damaged(Wrong.MANIFEST_LOST, of_lost(raw, structure)))
    return _Failure(_Stage.NOTHING, NotOurs(Wrong.NO_MANIFEST))


def _manifests(parts: list[Part], work: Work) -> tuple[list[str], Part | None]:
    """The manifests in these parts, each once; and a part that is named as one and is none."""
    found: dict[str, None] = {}
    named: Part | None = None
    for part in parts:
        is_named = part.name.lower() == MANIFEST_NAME.encode()
        if not is_named and not _looks_like_one(part):
            continue
        compact = next(filter(None, map(_compact, part.contents(work))), None)
        if compact is not None and (is_named or claims_type(compact, MANIFEST_TYPE)):
            found.setdefault(compact)
            if len(found) > MAX_MANIFESTS:
                raise TooBig(Wrong.MANY_MANIFESTS, most=MAX_MANIFESTS)
        elif is_named:
            named = named or part
    return list(found), named


def _compact(content: bytes) -> str | None:
    """The compact JWS that a content is, without white space."""
    if len(content) > 2 * MAX_COMPACT:
        return None
    text = without_white_space(content)
    return text.decode("ascii") if len(text) <= MAX_COMPACT and _COMPACT.match(text) is not None else None


def _looks_like_one(part: Part) -> bool:
    """A JSON object begins as "eyJ" in base64, and that as "ZXlK" in base64 again."""
    start = part.raw[part.start : min(part.end, part.start + 16)].lstrip()
    return part.media_type == MANIFEST_MEDIA_TYPE.encode() or start.startswith((b"eyJ", b"ZXlK"))


def _documents(listed: tuple[Document, ...], structure: Structure, work: Work) -> tuple[tuple[Document, bytes], ...]:
    wanted = {document.sha256 for document in listed}
    found: dict[str, bytes] = {}
    parts = structure.parts
    for contents in (_attached(parts, work), _all(parts, work), _with_other_line_ends(parts, work)):
        if len(found) < len(wanted):
            found |= _matching(contents, wanted - found.keys())
    missing = [document.name for document in listed if document.sha256 not in found]
    if missing:
        cause = of_listed(structure, len(wanted))
        raise Damaged(Wrong.PARTS_MISSING, cause, missing=len(missing), listed=len(listed), first=missing[0])
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


def _attached(parts: list[Part], work: Work) -> Iterator[bytes]:
    """First what looks like an attachment: nearly always that is all."""
    for part in parts:
        if part.media_type not in _BODY_TYPES:
            work.spend(STEPS_OF_DECODING * part.size)
            if (content := part.content()) is not None:
                yield content


def _all(parts: list[Part], work: Work) -> Iterator[bytes]:
    """Then all that each part may have been before something was added to its encoded text."""
    for part in parts:
        yield from part.contents(work)


def _with_other_line_ends(parts: list[Part], work: Work) -> Iterator[bytes]:
    """What a text was before a gateway changed its line ends, or its last one (RFC 2046 §4.1.1)."""
    for content in _all(parts, work):
        work.spend(_LINE_ENDS * len(content))
        unix = content.replace(b"\r\n", b"\n")
        for text in (unix, unix.rstrip(b"\n"), unix.rstrip(b"\n") + b"\n"):
            yield text
            yield text.replace(b"\n", b"\r\n")
