"""One mailbox and the relay as people see them, with what hangs on each. No password is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from intergestan_db.at_rest import is_polled
from intergestan_db.enums import InboundState, OutboundState
from intergestan_db.tables import InboundMail, Mailbox, OutboundMail, Relay
from intergestan_exchange.mail_accounts.accounts import RELAY
from intergestan_msg.diagnosis import Diagnosed


@dataclass(frozen=True, slots=True)
class OfMailbox:
    """What came from a mailbox.

    :ivar mails: how many. :ivar waiting: those that are not taken in yet, `held`: that wait for a person.
    :ivar polled: how many mailboxes are polled beside it.
    """

    mails: int
    waiting: int
    held: int
    polled: int


def read_of_mailbox(connection: Connection, name: str) -> OfMailbox:
    """In one statement."""
    mail = InboundMail
    of_it = mail.mailbox_id == select(Mailbox.id).where(Mailbox.name == name).scalar_subquery()
    polled = select(func.count()).where(is_polled(), Mailbox.name != name).scalar_subquery()
    row = connection.execute(
        select(
            func.count(),
            func.count().filter(mail.state == InboundState.ARCHIVED),
            func.count().filter(mail.state == InboundState.HELD),
            polled,
        ).where(of_it)
    ).one()
    return OfMailbox(*row)


@dataclass(frozen=True, slots=True)
class ListedRelay:
    """The server that takes our mails.

    :ivar consented: whether a consent opens it, and no password. :ivar paused_until: it is not asked before that.
    :ivar waiting: mails that are written and have not left; `since`: the first of them.
    """

    host: str
    port: int
    security: str
    ca_file: str | None
    login: str | None
    consented: bool
    from_mode: str
    bounce_mode: str
    bounce_address: str | None
    mails_per_minute: int | None
    mails_per_day: int | None
    paused_until: datetime | None
    last_error: str | None
    waiting: int
    since: datetime | None

    @property
    def works(self) -> bool:
        """Whether it took the last mail that it was given."""
        return self.last_error is None


def read_listed_relay(connection: Connection) -> ListedRelay | None:
    """It, in two statements; None before anybody entered one."""
    relay, mail = Relay, OutboundMail
    row = connection.execute(
        select(
            *(relay.host, relay.port, relay.security, relay.ca_file, relay.login),
            *(relay.oauth_grant_id, relay.from_mode, relay.bounce_mode, relay.bounce_address),
            *(relay.mails_per_minute, relay.mails_per_day, relay.paused_until, relay.last_error, relay.last_diagnosis),
        ).where(relay.name == RELAY)
    ).one_or_none()
    if row is None:
        return None
    unsent = mail.state.in_([OutboundState.COMPOSED, OutboundState.SENDING])
    waiting, since = connection.execute(select(func.count(), func.min(mail.requested_at)).where(unsent)).one()
    known = row._asdict()
    grant, error, diagnosis = (known.pop(name) for name in ("oauth_grant_id", "last_error", "last_diagnosis"))
    return ListedRelay(
        **known,
        consented=grant is not None,
        last_error=Diagnosed.beside(error, diagnosis),
        waiting=waiting,
        since=since,
    )
