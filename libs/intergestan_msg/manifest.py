"""The manifest: who sends what to whom. It is what gets signed (formats.md §2).

Its JSON is canonical when we write it and read strictly when we read it; claims that we do not know are
ignored, so that a later minor version may add some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from intergestan_msg import plain_text
from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import MessageError, NewerRelease, Unreadable
from intergestan_msg.key_notice import KeyNotice, fault_of
from intergestan_msg.kinds import DocumentType, KeyAction, Kind
from intergestan_msg.shapes import Shape
from intergestan_msg.statement import Statement
from intergestan_msg.statement import fault_of as fault_of_statement
from intergestan_msg.strict_json import read_object, write_object

VERSION = 1
MAX_DOCUMENTS = 1000

_Int = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_Id = Annotated[str, msgspec.Meta(max_length=60, pattern=plain_text.VISIBLE)]
_Name = Annotated[str, msgspec.Meta(max_length=120, pattern=plain_text.FILE_NAME)]
_MediaType = Annotated[str, msgspec.Meta(max_length=100, pattern=r"\A[a-z0-9.+-]+/[a-z0-9.+-]+\Z")]
_Hash = Annotated[str, msgspec.Meta(max_length=100, pattern=r"\A[A-Za-z0-9:_=-]+\Z")]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,29}\Z")]
SiteCode = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
"""A SIRET, or a slug: nothing that a path, a header or a shell would take for something else."""
TransferId = Annotated[
    str,
    msgspec.Meta(pattern=r"\A[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z"),
]
"""A UUIDv7 in its canonical form (RFC 9562 §4)."""


@dataclass(frozen=True, slots=True)
class Document:
    """A listed part of the mail. `sha256` over its decoded bytes finds it; `name` is only for people."""

    type: DocumentType
    id: _Id
    revision: _Int
    sha256: _Sha256
    name: _Name
    media_type: _MediaType = "application/xml"
    business_hash: _Hash | None = None


@dataclass(frozen=True, slots=True)
class InReplyTo:
    """The transfer that is answered, and the digest of its manifest."""

    jti: TransferId
    digest: _Sha256


@dataclass(frozen=True, slots=True)
class AnswerNumber:
    """The n-th answer to this order; the buyer applies only a higher `n` than it has applied."""

    order_id: _Id
    n: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far the numbering of mails between the two sites is, as the sender's database has it (`design.md` §16.6).

    :ivar sent: the last number that the sender gave in its series, the manifest's `epoch`; 0 before the first.
    :ivar got_epoch: the receiver's newest series that the sender has mails of, and `got` the highest number of those.
    """

    sent: _Int
    got_epoch: _Int = 0
    got: _Int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The claims. `iss` and `aud` are site codes, `jti` the transfer id, `iat` seconds since 1970 (UTC).

    `epoch` is the sender's series, in which a restore begins a new one; only orders and answers have a `seq` in it.

    `answers` has one entry per document of a manifest of kind `answers`, and is empty otherwise. `key` stands in
    a manifest of kind `key`, and only there; `statement` likewise. `takes` are the kinds of mail that the sender's
    release takes in beyond the first ones: whoever does not say so is not sent them. `position` stands in every mail of
    a release that knows it. `clock` stands in heartbeats: by how many seconds at least the addressee's clock is ahead
    of the sender's (negative: behind), where it differs. `every` stands there, too: how many seconds the sender plans
    between two of its own to the addressee; a site sends its own no more often than the other's.
    """

    v: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)] = VERSION
    iss: SiteCode
    aud: SiteCode
    jti: TransferId
    epoch: _Int = 0
    seq: _Int = 0
    iat: _Int
    kind: Kind
    documents: Annotated[tuple[Document, ...], msgspec.Meta(max_length=MAX_DOCUMENTS)] = ()
    in_reply_to: InReplyTo | None = None
    answers: Annotated[tuple[AnswerNumber, ...], msgspec.Meta(max_length=MAX_DOCUMENTS)] = ()
    key: KeyNotice | None = None
    statement: Statement | None = None
    takes: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=20)] = ()
    position: Position | None = None
    clock: Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] | None = None
    every: Annotated[int, msgspec.Meta(ge=1, le=30 * 86400)] | None = None


MANIFEST = Shape(Manifest)


def encode(manifest: Manifest) -> bytes:
    """Write the manifest as canonical JSON. Raises ValueError for one that `decode` would refuse."""
    payload = write_object(_without_empty(msgspec.to_builtins(manifest)))
    try:
        decode(payload)
    except MessageError as error:
        raise ValueError(f"Every reader would refuse this manifest: {error}") from error
    return payload


def decode(payload: bytes) -> Manifest:
    """Read a manifest whose signature has been checked.

    Raises `NewerRelease` for a version, kind or document type that we do not know, `Unreadable` for all else.
    """
    claims = read_object(payload)
    _check_release(claims)
    try:
        manifest = MANIFEST.convert(claims)
    except msgspec.ValidationError as error:
        raise Unreadable(Wrong.MANIFEST_WRONG, error=error) from error
    if (fault := _contradiction(manifest)) is not None:
        raise Unreadable(Wrong.MANIFEST_CONTRADICTS, error=fault)
    return manifest


def _without_empty(claims: dict[str, Any]) -> dict[str, Any]:
    """Absent is the only way to say "none", so that a manifest has one spelling."""
    if claims["key"] is not None:
        claims["key"] = {name: value for name, value in claims["key"].items() if value is not None}
    if claims["statement"] is not None:
        claims["statement"] = _terse_statement(claims["statement"])
    claims["documents"] = [
        {name: value for name, value in document.items() if value is not None} for document in claims["documents"]
    ]
    return {name: value for name, value in claims.items() if value is not None and value not in ([], ())}


def _terse_statement(statement: dict[str, Any]) -> dict[str, Any]:
    """Without empty lists; `wanted` stands there only when it is so."""
    accounts = {
        direction: [
            {name: value for name, value in account.items() if value not in ([], ())}
            for account in statement[direction]
        ]
        for direction in ("sent", "received")
    }
    told = statement | accounts
    return {name: value for name, value in told.items() if name == "until" or value}


def _check_release(claims: dict[str, Any]) -> None:
    version, kind = claims.get("v"), claims.get("kind")
    if not isinstance(version, int):
        raise Unreadable(Wrong.MANIFEST_NO_VERSION)
    if version > VERSION:
        raise NewerRelease(Wrong.MANIFEST_VERSION, version=str(version)[:20], ours=VERSION)
    if isinstance(kind, str) and kind not in set(Kind):
        raise NewerRelease(Wrong.KIND_UNKNOWN, kind=repr(plain_text.shown(kind, 40)))
    notice = claims.get("key")
    action = notice.get("action") if isinstance(notice, dict) else None
    if isinstance(action, str) and action not in set(KeyAction):
        raise NewerRelease(Wrong.KEY_ACTION_UNKNOWN, action=repr(plain_text.shown(action, 40)))
    for document in _list(claims.get("documents")):
        name = document.get("type") if isinstance(document, dict) else None
        if isinstance(name, str) and name not in set(DocumentType):
            raise NewerRelease(Wrong.TYPE_UNKNOWN, type=repr(plain_text.shown(name, 40)))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _contradiction(manifest: Manifest) -> str | None:
    documents = manifest.documents
    if len({(d.type, d.id, d.revision) for d in documents}) != len(documents):
        return "it lists a document twice"
    if len({d.sha256 for d in documents}) != len(documents):
        return "two documents have the same bytes"
    if (manifest.kind is Kind.KEY) != (manifest.key is not None):
        return "a notice about a key stands in kind key, and only there"
    if manifest.key is not None and (fault := fault_of(manifest.key)) is not None:
        return fault
    if (manifest.kind is Kind.STATEMENT) != (manifest.statement is not None):
        return "a statement stands in kind statement, and only there"
    if manifest.statement is not None and (fault := fault_of_statement(manifest.statement)) is not None:
        return fault
    if manifest.kind.nature.told:
        carries = manifest.seq or documents or manifest.answers
        return f"kind {manifest.kind} carries neither documents nor a sequence number" if carries else None
    types = manifest.kind.nature.carries
    if not types:
        return None
    if manifest.seq == 0 or not documents:
        return f"kind {manifest.kind} needs documents and a sequence number"
    if any(d.type not in types for d in documents):
        return f"a document is of a type that kind {manifest.kind} does not carry"
    return _answer_contradiction(manifest)


def _answer_contradiction(manifest: Manifest) -> str | None:
    is_answers = manifest.kind is Kind.ANSWERS
    if is_answers != (manifest.in_reply_to is not None):
        return "in_reply_to stands in answers, and only there"
    if len({answer.order_id for answer in manifest.answers}) != len(manifest.answers):
        return "it numbers the answers to an order twice"
    if len(manifest.answers) != (len(manifest.documents) if is_answers else 0):
        return "it does not number each answer"
    return None
