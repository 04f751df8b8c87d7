"""The bytes of mails that nobody vouches for: kept for a while, and never more of them than there is room for.

That such a mail came stays known. One that waited for its signer to be known is marked by that: who enters the partner
later has it fetched again where the mailbox still has it (`keys.release_held`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, and_, bindparam, func, or_, select, text, update

from intergestan_db import states
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import HoldReason, InboundState
from intergestan_db.tables import InboundMail
from intergestan_db.tables.types import UtcDateTime
from intergestan_runtime.archive import Archive
from intergestan_runtime.liveness import comes_on
from intergestan_runtime.metrics import Metrics
from services.dispatcher.settings import DispatcherSettings

_log = structlog.get_logger(__name__)

BY = "dispatcher"
AT_ONCE = 500
_MEGABYTE = 10**6
_MAIL = InboundMail
_STATE = func.coalesce(_MAIL.state, "")
"""As no index has it: SQLite would look through all mails at rest for the few that have bytes."""
_RESTS = _STATE.in_([InboundState.ALIEN, InboundState.DONE])
_WAITS = _STATE == InboundState.HELD
_HAS_BYTES = text("inbound_mail.unproven AND inbound_mail.size > 0")
"""As their index has it: SQLite must see that it is the same condition."""
_SOME = (
    select(_MAIL.id, _MAIL.sha256, _MAIL.size).where(_HAS_BYTES).order_by(_MAIL.archived_at).limit(bindparam("most"))
)
_OLD = _SOME.where(
    _MAIL.archived_at < bindparam("before", type_=UtcDateTime()),
    or_(
        and_(_RESTS, _MAIL.archived_at < bindparam("left_before", type_=UtcDateTime())),
        and_(_WAITS, _MAIL.archived_at < bindparam("held_before", type_=UtcDateTime())),
    ),
)
_OLDEST = _SOME.where(or_(_RESTS, _WAITS))
_TOTAL = select(func.coalesce(func.sum(_MAIL.size), 0)).where(_HAS_BYTES)


class Strangers:
    """Drops them. Several may run: what another one dropped has none any more."""

    def __init__(self, database: Database, archive: Archive, metrics: Metrics, settings: DispatcherSettings) -> None:
        self._database = database
        self._archive = archive
        self._metrics = metrics
        self._left = timedelta(days=settings.alien_days)
        self._held = timedelta(days=settings.stranger_days)
        self._room = settings.stranger_megabytes * _MEGABYTE

    def tidy(self) -> int:
        """Drop what is old, and then the oldest for which there is no room; how many mails."""
        now = self._database.now()
        ages = {"left_before": now - self._left, "held_before": now - self._held}
        ages["before"] = max(ages.values())
        dropped = 0
        while some := self._read(_OLD, ages):
            dropped += self._drop(some, "age", now)
        while some := self._beyond_room():
            dropped += self._drop(some, "room", now)
        return dropped

    def _beyond_room(self) -> Sequence[AnyRow]:
        """The oldest mails by which there is too much; sets the gauge."""
        with self._database.read() as connection:
            total = int(connection.execute(_TOTAL).scalar_one())
        self._metrics.set("strangers_bytes", total)
        too_much = total - self._room
        if too_much <= 0:
            return ()
        found: list[AnyRow] = []
        for row in self._read(_OLDEST, {}):
            if too_much <= 0:
                break
            found.append(row)
            too_much -= row.size
        return found

    def _read(self, query: object, values: dict[str, datetime]) -> Sequence[AnyRow]:
        with self._database.read() as connection:
            return connection.execute(query, {**values, "most": AT_ONCE}).all()  # type: ignore[call-overload,no-any-return]

    def _drop(self, some: Sequence[AnyRow], why: str, now: datetime) -> int:
        """First the bytes: who dies in between drops them once more. A mail that goes on meanwhile is fetched again."""
        for row in some:
            self._archive.remove(row.sha256)
            comes_on()
        with self._database.transaction() as connection:
            _note(connection, [row.id for row in some], why, now)
        self._metrics.inc("strangers_dropped_total", len(some), why=why)
        _log.info("Bytes of mails that nobody vouches for were dropped.", mails=len(some), why=why)
        return len(some)


def _note(connection: Connection, ids: Sequence[int], why: str, now: datetime) -> None:
    """A mail that waits does so no longer; of one that waited for its signer the reason stays, as the mark of that."""
    own = _MAIL.id.in_(ids)
    held = connection.execute(select(_MAIL.id, _MAIL.reason).where(own, _WAITS).with_for_update()).all()
    for is_marked in (True, False):
        some = [row.id for row in held if (row.reason == HoldReason.UNKNOWN_SIGNER) is is_marked]
        reason = HoldReason.UNKNOWN_SIGNER if is_marked else None
        states.move(
            connection,
            states.INBOUND_MAIL,
            some,
            "expire",
            by=BY,
            at=now,
            event_detail={"why": why},
            size=0,
            reason=reason,
            detail=None,
        )
    connection.execute(update(_MAIL).where(own, _RESTS, _MAIL.size > 0).values(size=0))
