"""What is written of an address that is looked up: taken, paid for, concluded. Each is one short transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from intergestan_db.enums import GeoState
from intergestan_erp.geo.answers import NoAnswer, Position, Trouble, back_off
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.geo.usage import Resting, Spacing, note_answer, note_trouble, reserve
from intergestan_erp.geo.waiting import Claimed, cache, cached, claim, conclude, postpone
from intergestan_erp.site.zone import this_month


@dataclass(frozen=True, slots=True)
class Concluded:
    """What became of it. :ivar is_stale: the address was changed meanwhile, and nothing was written of it.

    :ivar is_news: a trouble that this provider did not have a moment ago.
    """

    outcome: str
    is_stale: bool = False
    is_news: bool = False


def begin(connection: Connection, rule: GeoRule, address_id: int, now: datetime) -> Claimed | None:
    """Take an address that is due; None when there is nothing to ask.

    That is so, too, where the answer is known, or the provider has no addresses of that country: both are written then.
    """
    provider = rule.provider
    claimed = claim(connection, address_id, now)
    if claimed is None or provider is None:
        return None
    known = cached(connection, claimed.key, rule.provider_name, now)
    if known is not None:
        state = GeoState.NOT_FOUND if known.position is None else GeoState.FOUND
        conclude(connection, claimed, state, known.position, known.source, now)
        return None
    if not provider.knows(claimed.address["country"]):
        conclude(connection, claimed, GeoState.NOT_FOUND, None, rule.provider_name, now)
        return None
    return claimed


def spend(connection: Connection, rule: GeoRule, claimed: Claimed, now: datetime) -> Spacing | Resting | None:
    """Spend one of the month's calls; None: it is ours. Where none may be made, the address is put off."""
    month = this_month(connection, now)
    stopped = reserve(connection, rule, month.name, month.ends, now)
    if isinstance(stopped, Resting):
        postpone(connection, claimed, stopped.until, was_asked=False)
    return stopped


def found(
    connection: Connection, rule: GeoRule, claimed: Claimed, position: Position | None, now: datetime
) -> Concluded:
    """Write an answer: what it says of the place is kept, whatever became of the address."""
    note_answer(connection, rule.provider_name, this_month(connection, now).name)
    cache(connection, claimed.key, position, rule.provider_name, now)
    state = GeoState.NOT_FOUND if position is None else GeoState.FOUND
    is_written = conclude(connection, claimed, state, position, rule.provider_name, now)
    return Concluded(str(state), is_stale=not is_written)


def not_answered(
    connection: Connection, rule: GeoRule, claimed: Claimed, error: NoAnswer, now: datetime, *, was_asked: bool = True
) -> Concluded:
    """Write that there was no answer, and when to ask again."""
    month = this_month(connection, now)
    trouble = error.trouble
    if trouble is Trouble.REFUSED:
        note_answer(connection, rule.provider_name, month.name)
        is_written = conclude(connection, claimed, GeoState.FAILED, None, rule.provider_name, now)
        return Concluded(str(trouble), is_stale=not is_written)
    until, is_news = note_trouble(connection, rule.provider_name, month.name, month.ends, trouble, now)
    again = max(until, back_off(claimed.attempts, now)) if trouble is Trouble.AWAY else until
    postpone(connection, claimed, again, was_asked=was_asked)
    return Concluded(str(trouble), is_news=is_news)
