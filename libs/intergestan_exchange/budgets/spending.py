"""The budgets of partners in the database: what was used, what a person released, what waits and may go on."""

from __future__ import annotations

from collections.abc import Iterator
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
_LOCK = select(Partner.id).where(Partner.id == bindparam("partner")).with_for_update()


def room(connection: Connection, partner_id: int, budget: Budget, limits: Limits, now: datetime) -> int | None:
    """How much the partner may still use; None: any number. Locks the partner, so that two do not use the same."""
    connection.execute(_LOCK, {"partner": partner_id})
    return left(_read(connection, partner_id, budget), budget, limits, now)


def spend(connection: Connection, partner_id: int, budget: Budget, n: int, now: datetime) -> None:
    """Note that the partner used so much more; asked under the lock of `room`."""
    if n <= 0:
        return
    before = _read(connection, partner_id, budget)
    after = spent(before, budget, n, now)
    if before is None:
        head = {"partner_id": partner_id, "budget": budget}
        connection.execute(insert(PartnerBudget).values(**head, since=after.since, used=after.used))
        return
    own = (PartnerBudget.partner_id == partner_id, PartnerBudget.budget == budget)
    connection.execute(update(PartnerBudget).where(*own).values(since=after.since, used=after.used))


def may(connection: Connection, partner_id: int, budget: Budget, limits: Limits, now: datetime) -> bool:
    """Whether the partner may once more, which is noted then."""
    is_left = room(connection, partner_id, budget, limits, now)
    if is_left is not None and is_left < 1:
        return False
    spend(connection, partner_id, budget, 1, now)
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


def is_any_waiting(connection: Connection) -> bool:
    """Whether anything of any partner waits for a budget that comes back with time; costs no write."""
    return connection.execute(_WAITING.limit(1)).first() is not None


def let_go_on(connection: Connection, limits: Limits, *, by: str, at: datetime) -> tuple[int, ...]:
    """Give the importer what waited for its budget, the oldest first, as much as there is room for; ring for these."""
    found = [
        mail_id
        for partner_id, budget in connection.execute(_WAITING).all()
        for mail_id in _ripe(connection, int(partner_id or 0), Budget(str(budget)), limits, at)
    ]
    return put_back(connection, found, by=by, at=at, event="release", any_age=False)


def _ripe(connection: Connection, partner_id: int, budget: Budget, limits: Limits, now: datetime) -> Iterator[int]:
    is_left = left(_read(connection, partner_id, budget), budget, limits, now)
    most = _AT_ONCE if is_left is None else min(is_left, _AT_ONCE)
    which = {"partner": partner_id, "which": budget, "most": most}
    yield from connection.scalars(_OLDEST, which) if most else ()


def _read(connection: Connection, partner_id: int, budget: Budget) -> Used | None:
    row = connection.execute(_ROW, {"partner": partner_id, "which": budget}).one_or_none()
    return None if row is None else Used(row.since, row.used, row.released_until)


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
