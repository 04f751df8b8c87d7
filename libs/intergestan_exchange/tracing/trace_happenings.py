"""What happened to the rows of a story: the `event` rows, whatever they tell, and what mails say of themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from intergestan_db import states
from intergestan_db.tables import DeliveryReport, Event, InboundMail
from intergestan_exchange.tracing.trace_mails import TracedMail

TROUBLES: Final[Mapping[str, frozenset[str]]] = {
    "outbound_mail": frozenset(
        {
            *("cannot_compose", "recompose", "retry", "lose", "refuse", "give_up", "drop", "bounce", "undelivered"),
            *("delayed", "remind", "resend", "abandon", "number_anew"),
        }
    ),
    "inbound_mail": frozenset({"hold", "refuse"}),
    "delivery_report": frozenset({"failed", "delayed", "unclear"}),
    "hold": frozenset({"open", "refuse"}),
    "ledger": frozenset({"held", "rejected", "waiting"}),
    "answer": frozenset({"RE"}),
    "purchase_order": frozenset({"reject", "abandon", "wait again", "renumber"}),
    "purchase_order_change": frozenset({"reject", "abandon"}),
    "sales_order": frozenset({"cancel", "below_minimum"}),
}
"""What happened that should not have, by subject and event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened.

    :ivar site: the name of the site where; :ivar who: a login, a service, or the sender that a mail names.
    :ivar subject, event: as in the `event` rows; `transfer`, `answer` and `ledger` are told by other rows.
    :ivar mail: the transfer id of the mail that it is about.
    """

    at: datetime
    site: str
    subject: str
    event: str
    who: str | None = None
    old: str | None = None
    new: str | None = None
    mail: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 0

    @property
    def is_trouble(self) -> bool:
        """Whether something did not go as it should."""
        return self.event in TROUBLES.get(self.subject, ())


def of_mails(
    connection: Connection, us: str, partner: str, out: Sequence[TracedMail], came: Sequence[TracedMail]
) -> Iterator[Happening]:
    """What happened to the mails: here, and before they came to us."""
    for machine, mails in ((states.OUTBOUND_MAIL, out), (states.INBOUND_MAIL, came)):
        about = {row_id: mail.letter.transfer_id for mail in mails for row_id in mail.row_ids}
        yield from events(connection, us, machine.name, about)
    yield from _reports(connection, us, {mail.row_ids[0]: mail.letter.transfer_id for mail in out})
    for mail in came:
        letter = mail.letter
        if letter.composed_at is not None:
            yield Happening(
                at=letter.composed_at,
                site=partner,
                who=letter.sender,
                subject="transfer",
                event=letter.kind,
                mail=letter.transfer_id,
            )


def events(connection: Connection, us: str, subject: str, about: Mapping[int, str | None]) -> list[Happening]:
    """All events of some rows, whatever they are. :param about: the transfer id that goes with each row."""
    query = select(Event.__table__).where(Event.subject == subject, Event.subject_id.in_(list(about)))
    return [
        Happening(
            at=row.at,
            site=us,
            who=row.who,
            subject=subject,
            event=row.name,
            old=row.old,
            new=row.new,
            mail=about[row.subject_id],
            detail=row.detail or {},
            rank=row.id,
        )
        for row in connection.execute(query.order_by(Event.id))
    ]


def _reports(connection: Connection, us: str, mails: Mapping[int, str]) -> Iterator[Happening]:
    """What mail servers reported about our mails, each time; what it did to the mail is an event.

    :param mails: transfer ids by the id of the `outbound_mail` row.
    """
    query = (
        select(DeliveryReport.__table__, InboundMail.sha256)
        .join(InboundMail, InboundMail.id == DeliveryReport.inbound_mail_id)
        .where(DeliveryReport.outbound_mail_id.in_(list(mails)))
    )
    for row in connection.execute(query):
        yield Happening(
            at=row.received_at,
            site=us,
            who=row.reporter,
            subject=DeliveryReport.__tablename__,
            event=row.action or "unclear",
            mail=mails[row.outbound_mail_id],
            detail={"status": row.status, "recipient": row.recipient, "said": row.said, "archived": row.sha256},
        )


def in_order_of_time(happened: Iterable[Happening]) -> tuple[Happening, ...]:
    """As they happened; what one transaction wrote, in the order in which it was written."""
    return tuple(sorted(happened, key=lambda each: (each.at, each.rank)))
