"""How hard a mailbox may be worked, and by whom: connections, octets a day, its interval, its pin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from intergestan_db import states
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Mailbox
from intergestan_exchange.mail_accounts.accounts import find_mailbox, same_account
from intergestan_exchange.mail_accounts.mail_providers import by_server


def change_mailbox(connection: Connection, name: str, changes: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Change columns of a mailbox; its poller takes them up by itself.

    :raises Problem: there is none of this name, or its provider does not allow so many connections.
    """
    mailbox_id = find_mailbox(connection, name)
    if "connections" in changes:
        _check_connections(connection, name, changes["connections"])
    connection.execute(update(Mailbox).where(Mailbox.id == mailbox_id).values(**changes))
    states.record(connection, "mailbox", [(mailbox_id, None, None)], "change", by=by, at=at, detail=dict(changes))


def _check_connections(connection: Connection, name: str, wanted: int) -> None:
    host = connection.execute(select(Mailbox.host).where(Mailbox.name == name)).scalar_one()
    provider = by_server(host)
    if provider is None or provider.connections is None:
        return
    others = (Mailbox.name.in_(same_account(connection, name)), Mailbox.name != name)
    used = connection.execute(select(func.coalesce(func.sum(Mailbox.connections), 0)).where(*others)).scalar_one()
    if used + wanted > provider.connections:
        raise Problem(
            "{provider} allows {most} connections for an account; {used} are used by its other folders.",
            ProblemCode.TOO_MANY,
            provider=provider.name,
            most=provider.connections,
            used=used,
        )
