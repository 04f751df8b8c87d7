"""All that a mail needs except its sequence number and its signature; one module for each kind of mail prepares it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from intergestan_db.database import AnyRow
from intergestan_db.site_rows import OwnSite
from intergestan_exchange.keys.own_keys import OwnKey
from intergestan_exchange.outbox.order_mail import SenderRules
from intergestan_exchange.statements.beginnings import Longer
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.key_notice import KeyNotice
from intergestan_msg.kinds import DocumentType, Kind
from intergestan_msg.mail.letter import Attachment, Letter
from intergestan_msg.manifest import AnswerNumber, Document, InReplyTo
from intergestan_msg.statement import Statement


class CannotCompose(Exception):
    """The mail cannot be made as requested; a person must change something, and is told what."""


class Outdated(Exception):
    """What was prepared does not count any more; the mail is prepared again when it is rung for again."""


@dataclass(frozen=True, slots=True)
class Request:
    """A requested mail, and what the base says about both of its ends.

    :ivar mail: its row, and as `former` the bytes with which it left before a restore of ours, if it did.
    """

    mail: AnyRow
    site: OwnSite
    partner: AnyRow
    relay: SenderRules | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the manifest lists, what lies beside it, and how people read it.

    :ivar write: makes the mail's bytes of a letter that has all the rest.
    :ivar signed_by: the key that must sign it; None is whichever signs then.
    :ivar beginnings: what later statements need not count again.
    """

    request: Request
    kind: Kind
    sender: EmailAddress
    recipient: EmailAddress
    write: Callable[[Letter], bytes]
    reply_to: EmailAddress | None = None
    attachments: tuple[Attachment, ...] = ()
    listed: tuple[Document, ...] = ()
    numbers: tuple[AnswerNumber, ...] = ()
    in_reply_to: InReplyTo | None = None
    answered_message_id: str | None = None
    notice: KeyNotice | None = None
    signed_by: OwnKey | None = None
    statement: Statement | None = None
    beginnings: tuple[Longer, ...] = ()
    clock: int | None = None
    every: int | None = None


def listed(kind: DocumentType, document_id: str, revision: int, attachment: Attachment, claim: str | None) -> Document:
    """The manifest's entry for an attachment.

    :param claim: the document's business hash, where it has one.
    """
    digest = hashlib.sha256(attachment.content).hexdigest()
    return Document(kind, document_id, revision, digest, attachment.name, attachment.media_type, claim)
