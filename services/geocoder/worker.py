"""The geocoder's shell: one address at a time, from its row id to its position. It asks outside of transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_erp.geo.answers import Locator, NoAnswer, Position, Trouble
from intergestan_erp.geo.place import question
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.geo.usage import Resting, Spacing, end_key_rests
from intergestan_erp.geo.waiting import Claimed, bring_near, is_any_far, postpone, wake
from intergestan_erp.site.geo_rules import read_geo
from intergestan_operations.opening.outage import postponing
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.secrets import SecretError
from intergestan_runtime.steps import GEOCODE, Postponed
from services.geocoder.locate import Concluded, begin, found, not_answered, spend

_log = structlog.get_logger(__name__)

_LONGEST_WAIT_S = 30.0
"""So long a call is waited for where providers want time between two; then the address is put off a little."""
_LATER = timedelta(seconds=30)
_FARTHEST = timedelta(days=32)
"""Nothing waits longer: the longest rest is a month."""

Locators = Callable[[GeoRule], Locator]
"""How the provider of a rule is asked. Raises SecretError where our key cannot be read."""


class Geocoder:
    """Looks up due addresses. Several may run: the cap, the pauses and the rests of a provider stand in the base."""

    def __init__(self, database: Database, metrics: Metrics, locators: Locators) -> None:
        self._database = database
        self._metrics = metrics
        self._locators = locators

    def start(self) -> None:
        """Ask those again who did not take our key: who starts a service may have given it another."""
        with self._database.transaction() as connection:
            if end_key_rests(connection):
                wake(connection, self._database.now())

    def locate(self, address_id: int) -> None:
        """Look up one address, if it still waits, is due, and anybody may be asked.

        :raises Postponed: the settings of the base cannot be read.
        """
        rule = self._rule()
        if rule.provider is None:
            return  # nothing leaves the house
        with self._database.transaction() as connection:
            claimed = begin(connection, rule, address_id, self._database.now())
        if claimed is not None:
            self._look_up(rule, claimed)

    def bring_near(self) -> int:
        """Let be due now what a clock put off that was set back since; how many there were."""
        now = self._database.now()
        with self._database.read() as connection:
            if not is_any_far(connection, now + _FARTHEST):
                return 0
        with self._database.transaction() as connection:
            return bring_near(connection, now + _FARTHEST, now)

    def _rule(self) -> GeoRule:
        try:
            with self._database.read() as connection:
                return read_geo(connection)
        except Problem as problem:
            RARELY.warn(_log, "geo", "What was chosen about positions cannot be read.", error=str(problem))
            raise Postponed from problem

    def _look_up(self, rule: GeoRule, claimed: Claimed) -> None:
        try:
            locator = self._locators(rule)
        except (SecretError, ValueError, OSError) as error:
            self._tell(claimed, rule, self._give_up(rule, claimed, NoAnswer(Trouble.KEY, str(error)), was_asked=False))
            return
        if not self._spend(rule, claimed):
            return
        crashpoint("geocoder.reserved")
        asked = question(claimed.address)
        assert asked is not None, "an address without a place has no key"
        try:
            position = locator.locate(*asked)
        except NoAnswer as error:
            concluded = self._give_up(rule, claimed, error)
        else:
            concluded = self._write(rule, claimed, position)
        self._metrics.inc("geocode_calls_total", provider=rule.provider_name, outcome=concluded.outcome)
        self._tell(claimed, rule, concluded)

    def _spend(self, rule: GeoRule, claimed: Claimed) -> bool:
        """Whether a call is ours; waits for it where the provider wants time between two."""
        end = time.monotonic() + _LONGEST_WAIT_S
        while True:
            with self._database.transaction() as connection:
                stopped = spend(connection, rule, claimed, self._database.now())
            if stopped is None:
                return True
            if isinstance(stopped, Resting):
                if stopped.because is None:
                    RARELY.warn(_log, "cap", "The look-ups of this month are used up; the others go on next month.")
                return False
            if time.monotonic() > end:
                with self._database.transaction() as connection:
                    postpone(connection, claimed, self._database.now() + _LATER, was_asked=False)
                return False
            _rest(stopped)

    def _write(self, rule: GeoRule, claimed: Claimed, position: Position | None) -> Concluded:
        with self._database.transaction() as connection:
            return found(connection, rule, claimed, position, self._database.now())

    def _give_up(self, rule: GeoRule, claimed: Claimed, error: NoAnswer, *, was_asked: bool = True) -> Concluded:
        now = self._database.now()
        with self._database.transaction() as connection:
            concluded = not_answered(connection, rule, claimed, error, now, was_asked=was_asked)
        if concluded.is_news:
            log = _log.error if error.trouble is Trouble.KEY else _log.warning
            log("The provider of positions gives none.", provider=rule.provider_name, why=str(error))
        return concluded

    def _tell(self, claimed: Claimed, rule: GeoRule, concluded: Concluded) -> None:
        _log.info(
            "An address was looked up.",
            address=claimed.id,
            provider=rule.provider_name,
            outcome=concluded.outcome,
            changed_meanwhile=concluded.is_stale,
        )


def _rest(spacing: Spacing) -> None:
    time.sleep(spacing.seconds + random.uniform(0.0, 0.05))  # noqa: S311 - so that several do not come at once


def declare(broker: BellBroker, geocoder: Geocoder) -> None:
    """Make the geocoder the actor of its step."""
    GEOCODE.work_with(broker, postponing(geocoder.locate))
