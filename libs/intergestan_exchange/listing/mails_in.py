"""Mails that came, in pages: whose they are, and where they rest. Nothing is read but their rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from intergestan_db.enums import InboundState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import InboundMail, Mailbox, Partner
from intergestan_erp.listing.page import USUAL, Page, read_page

REF = "in-"


@dataclass(frozen=True, slots=True)
class ListedMailIn:
    """A line of the list. :ivar ref: what people call it, such as in-3. :ivar sha256: what the archive calls it."""

    ref: str
    archived_at: datetime
    state: str
    partner: str | None
    sender: str | None
    subject: str | None
    mailbox: str | None
    transfer_id: str | None
    size: int
    sha256: str
    reason: str | None


def find_mail_in(connection: Connection, text: str) -> ListedMailIn:
    """The mail that a person means: `in-3`, its transfer id, or the beginning of its sha256, six digits at least.

    :raises Problem: when there is none, or several.
    """
    wanted = text.strip().lower()
    if match := re.fullmatch(rf"{REF}(\d{{1,18}})", wanted):
        query = _query().where(InboundMail.id == int(match[1]))
    elif re.fullmatch(r"[0-9a-f]{6,64}", wanted):
        query = _query().where(InboundMail.sha256.between(wanted, f"{wanted}g"))
    else:
        query = _query().where(InboundMail.transfer_id == wanted)
    rows = connection.execute(query.limit(2)).all()
    if len(rows) != 1:
        raise Problem(
            "No mail that came is «{text}», or several are: write its number (in-3), its transfer id, or more of its "
            "sha256.",
            ProblemCode.NO_MAIL,
            (Act.LIST_INBOX,),
            text=text,
        )
    return _listed(rows[0])


def list_mails_in(
    connection: Connection,
    *,
    state: InboundState | None = None,
    partner_id: int | None = None,
    heartbeats: bool = False,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedMailIn]:
    """A page of the mails that came: one statement.

    :param heartbeats: those that only show that mails pass, too.
    :raises Problem: `after` is of no such page.
    """
    mail, query = InboundMail, _query()
    if state is not None:
        query = query.where(mail.state == state)
    if partner_id is not None:
        query = query.where(mail.partner_id == partner_id)
    if not heartbeats:
        query = query.where(mail.is_heartbeat.is_(False))
    return read_page(connection, query, [mail.id], _listed, size=size, after=after, descending=True)


def _query() -> Select[*tuple[Any, ...]]:
    mail = InboundMail
    return (
        select(
            *(mail.id, mail.archived_at, mail.state, Partner.name, mail.sender, mail.subject, Mailbox.name),
            *(mail.transfer_id, mail.size, mail.sha256, mail.reason),
        )
        .outerjoin(Partner, Partner.id == mail.partner_id)
        .outerjoin(Mailbox, Mailbox.id == mail.mailbox_id)
    )


def _listed(row: Row[*tuple[Any, ...]]) -> ListedMailIn:
    return ListedMailIn(f"{REF}{row[0]}", *row[1:11])
