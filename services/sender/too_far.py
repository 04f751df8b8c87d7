"""Waits that a clock noted which was set back since: a mail waits no longer than its own step of the ladder says.

`next_attempt_at` and `paused_until` say when, not how long. So whatever lies further ahead than a wait of its kind can
be was noted by a clock that was fast, and the wait begins now (`docs/architecture.md`, "Time").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from intergestan_db.enums import OutboundState
from intergestan_db.tables import Notice, OutboundMail, Relay
from intergestan_db.tables.types import UtcDateTime, earlier
from intergestan_exchange.outbox.undo import LONGEST_UNDO
from services.sender.schedule import LASTING_REST
from services.sender.settings import SenderSettings

SLACK = timedelta(seconds=60)
"""Clocks of two machines differ by seconds, and a wait that is a minute too long is no harm."""

_SECOND = 1_000_000


def is_any_too_far(connection: Connection, now: datetime, settings: SenderSettings) -> bool:
    """Whether `bring_near` has anything to do; costs no write."""
    checks = (select(table.id).where(condition) for table, condition, _values in _wrong(now, settings))
    return any(connection.execute(check.limit(1)).first() is not None for check in checks)


def bring_near(connection: Connection, now: datetime, settings: SenderSettings) -> int:
    """Let waits that are longer than any wait of their kind begin now; how many there were."""
    return sum(
        connection.execute(update(table).where(condition).values(**values)).rowcount
        for table, condition, values in _wrong(now, settings)
    )


Wrong = tuple[type[OutboundMail | Notice | Relay], ColumnElement[bool], dict[str, Any]]


def _wrong(now: datetime, settings: SenderSettings) -> list[Wrong]:
    """By table: what is too far ahead, and what it shall be. A mail that waits for its relay waits as long as that."""
    mail, notice, relay = OutboundMail, Notice, Relay
    rest = max(LASTING_REST, timedelta(seconds=settings.relay_rest_seconds))
    longest_rest = max(rest, timedelta(seconds=settings.quota_rest_seconds))
    relay_rests_until = select(func.max(relay.paused_until)).scalar_subquery()
    by_itself = or_(relay_rests_until.is_(None), mail.next_attempt_at > relay_rests_until)
    retries = tuple(max(step, int(rest.total_seconds())) for step in accumulate(settings.retry_seconds, max))
    unsent = (mail.state == OutboundState.COMPOSED, _retry(mail.attempts, retries))
    undo = literal(LONGEST_UNDO // timedelta(microseconds=1), BigInteger())
    requested = (mail.state == OutboundState.REQUESTED, undo)
    waiting = (
        mail.state.in_([OutboundState.SENT, OutboundState.UNKNOWN]),
        _step(mail.resends, tuple(max(step, int(rest.total_seconds())) for step in settings.resend_seconds)),
    )
    return [
        (relay, earlier(relay.paused_until, longest_rest + SLACK) > now, {"paused_until": None}),
        *(
            (
                mail,
                and_(of_state, by_itself, _is_further(mail.next_attempt_at, now, wait)),
                {"next_attempt_at": _after(now, wait)},
            )
            for of_state, wait in (requested, unsent, waiting)
        ),
        (
            notice,
            _is_further(notice.next_attempt_at, now, _retry(notice.attempts, retries)),
            {"next_attempt_at": _after(now, _retry(notice.attempts, retries))},
        ),
        (relay, earlier(relay.next_slot_at, timedelta(minutes=1) + SLACK) > now, {"next_slot_at": None}),
    ]


def _step(number: ColumnElement[int], seconds: Sequence[int]) -> ColumnElement[int]:
    """The wait of a row in microseconds, by its step; the last one repeats."""
    waits = {place: wait * _SECOND for place, wait in enumerate(seconds)}
    return case(waits, value=number, else_=seconds[-1] * _SECOND)


def _retry(attempts: ColumnElement[int], seconds: Sequence[int]) -> ColumnElement[int]:
    """As `_step`; before the first attempt a mail waits for nothing but the relay, no longer than after it."""
    return _step(attempts, (seconds[0], *seconds))


def _is_further(instant: ColumnElement[Any], now: datetime, wait: ColumnElement[int]) -> ColumnElement[bool]:
    near = type_coerce(type_coerce(instant, BigInteger()) - wait, UtcDateTime())
    return and_(instant > now, earlier(near, SLACK) > now)  # the first follows, and an index knows it


def _after(now: datetime, wait: ColumnElement[int]) -> ColumnElement[Any]:
    number = UtcDateTime().process_bind_param(now, None)
    return type_coerce(literal(number, BigInteger()) + wait, UtcDateTime())
