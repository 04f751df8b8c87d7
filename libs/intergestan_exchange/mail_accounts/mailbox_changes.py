"""What a person corrects about a mailbox, pauses, or takes out of use. Its row and its mails stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from intergestan_db import states
from intergestan_db.enums import Security
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Mailbox, MailboxUid, MailboxUidl
from intergestan_db.views import viewed
from intergestan_exchange.mail_accounts.accounts import (
    OF_SECRETS,
    TOLD_TO,
    NewMailbox,
    check_account,
    check_place,
    find_mailbox,
    stays,
)

_PLACE = ("host", "login", "folder", "protocol")
"""Whoever changes these names other mails: what is known of the old ones would hide the new."""
SEEN = ("host", "port", "security", "ca_file", "login", "folder", "protocol")
"""Where a mailbox is and how it is reached, as people see it."""
_NOT_AT_REST: Mapping[str, Any] = {"rests_since": None, "rests_reason": None, "rests_by": None}


def account_of(connection: Connection, name: str) -> NewMailbox:
    """A mailbox as it was entered.

    :raises Problem: when there is none of this name.
    """
    query = select(Mailbox.__table__).where(Mailbox.id == find_mailbox(connection, name))
    row = connection.execute(query).mappings().one()
    return viewed(NewMailbox, row, security=Security(row["security"]))


def move_mailbox(
    connection: Connection, name: str, account: NewMailbox, *, keeps_password: bool = False, by: str, at: datetime
) -> None:
    """Give a mailbox another server, login or folder. Whoever reads it lets go, and reads all of the new place; mails
    that are there and here are known by their content.

    :param keeps_password: its password stays, which this process need not be able to read.
    :raises Problem: when the account is not usable, there is no mailbox of this name, or the password that stays would
        be told to another server, or to whoever stands in between.
    """
    (check_place if keeps_password else check_account)(account)
    mailbox_id = find_mailbox(connection, name)
    row = connection.execute(select(*(getattr(Mailbox, key) for key in SEEN)).where(Mailbox.id == mailbox_id)).one()
    values = {key: getattr(account, key) for key in SEEN}
    changed = {key: value for key, value in values.items() if value != getattr(row, key)}
    if not keeps_password:
        changed |= {key: getattr(account, key) for key in OF_SECRETS}
    elif changed.keys() & {*TOLD_TO}:
        raise stays(row.host, row.login)
    if any(key in changed for key in _PLACE):
        for table in (MailboxUid, MailboxUidl):
            connection.execute(delete(table).where(table.mailbox_id == mailbox_id))
        changed |= {"last_success_at": None, "backlog": 0}
    _let_go(connection, mailbox_id, {**changed, "state": "new", "last_error": None})
    shown = {key: str(value) for key, value in changed.items() if key in {*_PLACE, "port", "security", "ca_file"}}
    _record(connection, mailbox_id, "change", by, at, shown)


def pause_mailbox(connection: Connection, name: str, reason: str, *, by: str, at: datetime) -> None:
    """Nobody polls it until somebody says so.

    :raises Problem: when there is none of this name.
    """
    mailbox_id = find_mailbox(connection, name)
    _let_go(connection, mailbox_id, {"rests_since": at, "rests_reason": reason[:200], "rests_by": by})
    _record(connection, mailbox_id, "pause", by, at, {"why": reason[:200]})


def unpause_mailbox(connection: Connection, name: str, *, by: str, at: datetime) -> None:
    """Poll it again.

    :raises Problem: when there is none of this name, or it is not paused.
    """
    mailbox_id = find_mailbox(connection, name)
    paused = update(Mailbox).where(Mailbox.id == mailbox_id, Mailbox.rests_since.is_not(None))
    if connection.execute(paused.values(**_NOT_AT_REST)).rowcount == 0:
        raise Problem("The mailbox «{name}» is not paused.", ProblemCode.NOT_PAUSED, name=name)
    _record(connection, mailbox_id, "unpause", by, at)


def check_standing(connection: Connection, name: str, seen: str) -> None:
    """Refuse what was decided in sight of something else: whether a mailbox is polled, paused or out of use. Whoever
    asks next waits for this transaction.

    :param seen: `polled`, `paused` or `unused`, as it was shown.
    :raises Problem: there is none of this name, or it stands otherwise now.
    """
    where = Mailbox.id == find_mailbox(connection, name)
    row = connection.execute(
        select(Mailbox.active, Mailbox.rests_since, Mailbox.rests_by).where(where).with_for_update()
    ).one()
    now = standing(active=row.active, rests=row.rests_since is not None)
    if now == seen:
        return
    code, who = ProblemCode.CHANGED_MEANWHILE, row.rests_by or ""
    if now == "paused":
        raise Problem("Meanwhile {who} paused the mailbox «{name}»; nothing was done.", code, name=name, who=who)
    if now == "unused":
        raise Problem("Meanwhile the mailbox «{name}» was taken out of use; nothing was done.", code, name=name)
    raise Problem("Meanwhile the mailbox «{name}» is polled again; nothing was done.", code, name=name)


def standing(*, active: bool, rests: bool) -> str:
    """Whether a mailbox is `polled`, `paused` or `unused`."""
    return "unused" if not active else "paused" if rests else "polled"


def use_mailbox(connection: Connection, name: str, *, active: bool, by: str, at: datetime) -> None:
    """Take it out of use, or into use again.

    :raises Problem: when there is none of this name.
    """
    mailbox_id = find_mailbox(connection, name)
    _let_go(connection, mailbox_id, {"active": active})
    _record(connection, mailbox_id, "activate" if active else "deactivate", by, at)


def _let_go(connection: Connection, mailbox_id: int, values: Mapping[str, Any]) -> None:
    """Nobody owns it any more: what a poller still has under way is refused by the fence."""
    gone = {"owner": None, "fence": Mailbox.fence + 1}
    connection.execute(update(Mailbox).where(Mailbox.id == mailbox_id).values(**gone, **values))


def _record(
    connection: Connection, mailbox_id: int, name: str, by: str, at: datetime, detail: dict[str, str] | None = None
) -> None:
    rows = [(mailbox_id, None, None)]
    states.record(connection, Mailbox.__tablename__, rows, name, by=by, at=at, detail=detail)
