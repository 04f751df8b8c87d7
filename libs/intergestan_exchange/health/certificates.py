"""When the certificates of mail servers end. Whoever connects notes it as an event of the relay or mailbox, so that the
base can tell it, also to those who may not go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from intergestan_db import states
from intergestan_db.at_rest import is_polled
from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.tables import Event, Mailbox, Relay

SEEN = "certificate"
AGAIN = timedelta(hours=1)
"""Servers behind one name may have several certificates: events are for ever, so at most one an hour."""


class CertificateNotes:
    """What one process saw. It notes a certificate when it sees the first one, and another one."""

    def __init__(self, database: Database, account: type[Relay | Mailbox], by: str) -> None:
        self._database = database
        self._subject = account.__tablename__
        self._by = by
        self._noted: dict[tuple[int, str], tuple[float, datetime]] = {}

    def note(self, account_id: int, host: str, ends: float | None) -> None:
        """Note when the certificate of this account's server ends, in seconds since 1970; None: there is none."""
        if ends is None:
            return
        now, server = self._database.now(), (account_id, host)
        known = self._noted.get(server)
        if known is not None and (known[0] == ends or abs(now - known[1]) < AGAIN):
            return
        seen = {"host": host, "ends": ends}
        with self._database.transaction() as connection:
            rows = [(account_id, None, None)]
            states.record(connection, self._subject, rows, SEEN, by=self._by, at=now, detail=seen)
        self._noted[server] = (ends, now)


def read_certificates(connection: Connection) -> Mapping[str, datetime]:
    """By relay and mailbox in use: when the certificate ends that its present server showed last."""
    found: dict[str, datetime] = {}
    for account, in_use in ((Relay, Relay.id > 0), (Mailbox, is_polled())):
        seen_of_it = Event.__table__.alias().c
        newest = (
            select(func.max(seen_of_it.id))
            .where(seen_of_it.subject == account.__tablename__, seen_of_it.subject_id == account.id)
            .where(seen_of_it.name == SEEN)
            .scalar_subquery()
            .correlate(account)
        )
        query = (
            select(account.name, account.host, Event.detail)
            .join_from(account, Event, Event.id == newest)
            .where(and_(in_use, account.security != Security.NONE))
        )
        for name, host, seen in connection.execute(query):
            if seen is not None and seen["host"] == host:
                found[name] = datetime.fromtimestamp(seen["ends"], UTC)
    return found
