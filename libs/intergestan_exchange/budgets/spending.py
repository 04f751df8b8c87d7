"""The budgets of partners in the database: what was used, what a person released, what waits and may go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from intergestan_db import states
from intergestan_db.enums import Budget, HoldReason, InboundState
from intergestan_db.tables import InboundMail, Partner, PartnerBudget
from intergestan_exchange.budgets.limits import PER_STATEMENT, SPANS, Limits, Used, left, spent
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.transfers.put_back import put_back
from intergestan_exchange.transfers.transfer import BY

_ROW = select(PartnerBudget.since, PartnerBudget.used, PartnerBudget.released_until).where(
    PartnerBudget.partner_id == bindparam("partner"), PartnerBudget.budget == bindparam("which")
)
_LOCK = select(Partner.id).where(Partner.id == bindparam("partner")).with_for_update(key_share=True)
"""Rows that refer to the partner may come meanwhile: they are nobody's who spends (ADR 0048)."""


def lock_partner(connection: Connection, partner_id: int) -> None:
    """Let nobody else spend, or hold, for this partner until the transaction ends."""
    connection.execute(_LOCK, {"partner": partner_id})


def room(connection: Connection, partner_id: int, budget: Budget, limits: Limits, now: datetime) -> int | None:
    """How much the partner may still use; None: any number. Locks the partner, so that two do not use the same."""
    lock_partner(connection, partner_id)
    return left(_read(connection, partner_id, budget), budget, limits, now)


def spend(connection: Connection, partner_id: int, budget: Budget, n: int, now: datetime) -> None:
    """Note that the partner used so much more; asked under the lock of `room`."""
    if n > 0:
        _write(connection, partner_id, budget, _read(connection, partner_id, budget), n, now)


def may(connection: Connection, partner_id: int, budget: Budget, limits: Limits, now: datetime) -> bool:
    """Whether the partner may once more, which is noted then."""
    lock_partner(connection, partner_id)
    used = _read(connection, partner_id, budget)
    if left(used, budget, limits, now) == 0:
        return False
    _write(connection, partner_id, budget, used, 1, now)
    return True


def beyond(budget: Budget, partner: str, limits: Limits) -> Finding:
    """What is found of a mail that goes beyond a budget."""
    return Finding(HoldReason.PARTNER_BUDGET, {"partner": partner, "most": str(limits.of(budget))}, variant=budget)


def release(connection: Connection, partner_id: int, budget: Budget, at: datetime) -> None:
    """A person lets the partner go beyond for the hour or day of this budget."""
    until = at + SPANS[budget]
    own = (PartnerBudget.partner_id == partner_id, PartnerBudget.budget == budget)
    if connection.execute(update(PartnerBudget).where(*own).values(released_until=until)).rowcount:
        return
    head = {"partner_id": partner_id, "budget": budget}
    connection.execute(insert(PartnerBudget).values(**head, since=at, used=0, released_until=until))


def is_waiting(connection: Connection, partner_id: int, budget: Budget, jti: str | None = None) -> bool:
    """Whether a mail of the partner waits for this budget. :param jti: one with this transfer."""
    which = {"partner": partner_id, "which": budget, "most": 1}
    query = _OLDEST if jti is None else _OLDEST.where(InboundMail.transfer_id == jti)
    return connection.execute(query, which).first() is not None


def supersede(connection: Connection, partner_id: int, budget: Budget, mail_id: int, now: datetime) -> None:
    """Of mails of which the newest alone counts, those that wait for this budget are done: this one came since."""
    which = {"partner": partner_id, "which": budget, "most": _AT_ONCE}
    older = [each for each in connection.scalars(_OLDEST, which) if each < mail_id]
    detail = {"as": f"in-{mail_id}"}
    states.move(connection, states.INBOUND_MAIL, older, "supersede", by=BY, at=now, event_detail=detail, **_NO_REASON)


def ripe(connection: Connection, limits: Limits, now: datetime) -> list[int]:
    """What waited for its budget and may go on, the oldest first, as much as there is room for."""
    return [
        mail_id
        for partner_id, budget in connection.execute(_WAITING).all()
        for mail_id in _ripe(connection, int(partner_id or 0), Budget(str(budget)), limits, now)
    ]


def let_go_on(connection: Connection, mail_ids: Sequence[int], *, by: str, at: datetime) -> tuple[int, ...]:
    """Give these to the importer, as far as they still wait; ring for them."""
    return put_back(connection, mail_ids, by=by, at=at, event="release", any_age=False)


def _ripe(connection: Connection, partner_id: int, budget: Budget, limits: Limits, now: datetime) -> Iterator[int]:
    is_left = left(_read(connection, partner_id, budget), budget, limits, now)
    most = _AT_ONCE if is_left is None else min(is_left, _AT_ONCE)
    which = {"partner": partner_id, "which": budget, "most": most}
    yield from connection.scalars(_OLDEST, which) if most else ()


def _read(connection: Connection, partner_id: int, budget: Budget) -> Used | None:
    row = connection.execute(_ROW, {"partner": partner_id, "which": budget}).one_or_none()
    return None if row is None else Used(row.since, row.used, row.released_until)


def _write(connection: Connection, partner_id: int, budget: Budget, before: Used | None, n: int, now: datetime) -> None:
    after = spent(before, budget, n, now)
    if before is None:
        head = {"partner_id": partner_id, "budget": budget}
        connection.execute(insert(PartnerBudget).values(**head, since=after.since, used=after.used))
        return
    own = (PartnerBudget.partner_id == partner_id, PartnerBudget.budget == budget)
    connection.execute(update(PartnerBudget).where(*own).values(since=after.since, used=after.used))


_AT_ONCE = 500
_NO_REASON = {"reason": None, "detail": None, "budget": None}
_IS_BEYOND = (InboundMail.state == InboundState.HELD, InboundMail.budget.is_not(None))
_COMES_BACK = InboundMail.budget.not_in(sorted(PER_STATEMENT))
_WAITING = select(InboundMail.partner_id, InboundMail.budget).where(*_IS_BEYOND, _COMES_BACK).distinct()
_OLDEST = (
    select(InboundMail.id)
    .where(*_IS_BEYOND, InboundMail.partner_id == bindparam("partner"), InboundMail.budget == bindparam("which"))
    .order_by(InboundMail.id)
    .limit(bindparam("most"))
)
