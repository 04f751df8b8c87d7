"""The site at one moment, as the first page tells it: counted every few seconds at most, whoever asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from intergestan_db.database import AWAY, Database
from intergestan_db.enums import PurchaseState
from intergestan_erp.listing.purchase import ToSend, orders_to_send
from intergestan_erp.listing.sales import count_to_review
from intergestan_exchange.health.alarms import Alarm, Machine, judge
from intergestan_exchange.health.vitals import Vitals, read_vitals
from intergestan_exchange.holds.holds import Hold, count_holds, list_holds_page
from intergestan_operations.opening.outage import tell_outage

if TYPE_CHECKING:
    from intergestan_exchange.health.hours import Hours

OLDEST: Final = 5
"""So many of what waits are told on the first page."""
_KEPT_S: Final = 5.0
_HOURS_KEPT_S: Final = 30.0
_NOT_ASKED: Final = Machine(None, None, None, None)
"""At the machine itself other programs look."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What stands still and why (`alarms`), what waits for a person, and what is waited for.

    :ivar collected_at: when a mailbox was last read.
    """

    at: datetime
    vitals: Vitals
    alarms: Sequence[Alarm]
    holds: int
    oldest: Sequence[Hold]
    to_review: int
    to_send: Sequence[ToSend]
    waiting: int
    unanswered: int
    collected_at: datetime | None

    @property
    def to_do(self) -> int:
        """How many things want a person."""
        return self.holds + self.to_review

    @property
    def is_calm(self) -> bool:
        """Whether nothing waits for anybody here."""
        return not (self.alarms or self.holds or self.to_review or self.to_send)


class Pictures:
    """Takes pictures; while one is fresh, that one is shown."""

    def __init__(self, database: Database, answer_hours: int) -> None:
        self._database = database
        self._answer_hours = answer_hours
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._until = 0.0
        self._hours: Hours | None = None
        self._hours_until = 0.0
        self._to_do = 0
        self._to_do_until = 0.0

    def to_do(self) -> int:
        """How many things want a person: what waits, and sales orders to review.

        Every page says it, also the one that says that the database is away: then it is as many as last.
        """
        with self._lock:
            if time.monotonic() >= self._to_do_until:
                try:
                    with self._database.read() as connection:
                        waiting = sum(each.count for each in count_holds(connection))
                        self._to_do = waiting + count_to_review(connection)
                except AWAY as error:
                    tell_outage(error, "What wants a person cannot be counted: the base does not answer.")
                self._to_do_until = time.monotonic() + _KEPT_S
            return self._to_do

    def read(self) -> Picture:
        """The newest."""
        with self._lock:
            if self._picture is None or time.monotonic() >= self._until:
                with self._database.read() as connection:
                    self._picture = look(connection, self._database.now(), self._answer_hours)
                self._to_do = self._picture.to_do
                self._until = self._to_do_until = time.monotonic() + _KEPT_S
            return self._picture

    def hours(self) -> Hours:
        """What went through in the last hours."""
        from intergestan_exchange.health.hours import read_hours

        with self._lock:
            if self._hours is None or time.monotonic() >= self._hours_until:
                with self._database.read() as connection:
                    self._hours = read_hours(connection, self._database.now())
                self._hours_until = time.monotonic() + _HOURS_KEPT_S
            return self._hours


def look(connection: Connection, now: datetime, answer_hours: int) -> Picture:
    """Ask for all of it."""
    vitals = read_vitals(connection, now, answer_hours)
    collected = (mailbox.last_success_at for mailbox in vitals.mailboxes.values())
    orders = vitals.purchase_orders
    return Picture(
        at=now,
        vitals=vitals,
        alarms=judge(vitals, _NOT_ASKED),
        holds=sum(each.count for each in count_holds(connection)),
        oldest=list_holds_page(connection, size=OLDEST, grouped=True).rows,
        to_review=count_to_review(connection),
        to_send=orders_to_send(connection),
        waiting=sum(orders.get(state, 0) for state in (PurchaseState.TRANSMITTING, PurchaseState.WAITING)),
        unanswered=vitals.unanswered,
        collected_at=max((at for at in collected if at is not None), default=None),
    )
