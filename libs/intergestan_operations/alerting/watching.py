"""Looks whether the site is well and tells people: the loop of `intergestan watch` and of the dispatcher."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from intergestan_db.database import Database
from intergestan_db.enums import NoticeAbout
from intergestan_db.problem import Problem
from intergestan_db.site_rows import read_site
from intergestan_db.views import shown
from intergestan_db.write_trial import refusal
from intergestan_erp.site.day import zone_of
from intergestan_exchange.findings.system_words import text_of
from intergestan_exchange.health import told_alarms
from intergestan_exchange.health.alarm_text import cure, report, sentence, title
from intergestan_exchange.health.alarms import Alarm, Machine, Severity, judge
from intergestan_exchange.health.vitals import CREDIT_DAYS, read_vitals
from intergestan_exchange.holds import notices
from intergestan_exchange.mailboxes.archive_rows import count_kept
from intergestan_operations.checks.archive_check import try_archive
from intergestan_operations.language.wording import wording
from intergestan_operations.opening.outage import ANY_REFUSAL, tell_outage
from intergestan_runtime.archive import Archive, ArchiveError
from intergestan_runtime.broker import BellBroker, clock_skew
from intergestan_runtime.redis_client import REDIS_FAILURES, REFUSALS, place_of
from intergestan_runtime.secrets import SecretError, Secrets
from intergestan_runtime.settings import AlarmSettings, CreditSettings, HeartbeatSettings, SiteSettings
from intergestan_runtime.steps import NOTIFY
from intergestan_runtime.webhook import WebhookFailed, post

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ways:
    """How people are told. :ivar webhook: gives the URL, which may be a secret."""

    to: str | None
    webhook: Callable[[], str] | None


def ways_of(settings: AlarmSettings, site: SiteSettings) -> Ways:
    """What the configuration says."""
    secret = settings.webhook_secret
    if secret is not None:
        return Ways(settings.to, lambda: Secrets(site.secrets_dir).get(secret).get_secret_value().strip())
    url = settings.webhook_url
    return Ways(settings.to, None if url is None else lambda: url)


def watcher_of(
    database: Database,
    broker: BellBroker,
    archive: Archive,
    site: SiteSettings,
    alarms: AlarmSettings,
    heartbeats: HeartbeatSettings,
    credit: CreditSettings,
) -> Watcher:
    """As the configuration says."""
    late = timedelta(seconds=heartbeats.late_seconds)
    ways, days = ways_of(alarms, site), credit.hold_days
    return Watcher(database, broker, archive, ways, site.language, site.answer_hours, late, days)


class Watcher:
    """Judges one site. Several may watch it: each thing is told once."""

    def __init__(
        self,
        database: Database,
        broker: BellBroker,
        archive: Archive,
        ways: Ways,
        language: str,
        answer_hours: int,
        late: timedelta,
        credit_days: int = CREDIT_DAYS,
    ) -> None:
        self._database = database
        self._broker = broker
        self._archive = archive
        self._ways = ways
        self._language = language
        self._answer_hours = answer_hours
        self._late = late
        self._credit_days = credit_days
        self._complaints: dict[str, str] = {}

    @property
    def can_tell(self) -> bool:
        """Whether anybody is to be told."""
        return self._ways.to is not None or self._ways.webhook is not None

    def look(self) -> list[Alarm]:
        """What is wrong now."""
        refused = refusal(self._database)
        with self._database.read() as connection:
            now, days = self._database.now(), self._credit_days
            vitals = read_vitals(connection, now, self._answer_hours, self._late, credit_days=days)
        machine = read_machine(
            self._archive, self._broker, refused, lambda: count_kept(self._database), language=self._language
        )
        return judge(vitals, machine)

    def tell(self, alarms: Sequence[Alarm]) -> None:
        """Tell what is new of it. A way that fails is tried again with the next look, and keeps no other from it."""
        for way, tell in (("mail", self._mail), ("webhook", self._post)):
            try:
                tell(alarms)
                self._complaints.pop(way, None)
            except (Problem, WebhookFailed, SecretError, ValueError) as error:
                if self._complaints.get(way) != str(error):
                    _log.error("Nobody could be told of what is wrong.", way=way, why=str(error))
                self._complaints[way] = str(error)

    def look_and_tell(self) -> list[Alarm]:
        """Both; what is wrong."""
        alarms = self.look()
        self.tell(alarms)
        return alarms

    def _mail(self, alarms: Sequence[Alarm]) -> None:
        if self._ways.to is None:
            return
        old, news = self._compare("mail", alarms)
        if told_alarms.dump(news.memories) == old:
            return
        now = self._database.now()
        notice = None
        with self._database.transaction() as connection:
            if not told_alarms.replace(connection, "mail", old, told_alarms.dump(news.memories)):
                return
            if news.is_worth_telling:
                notices.check_reader(connection, self._ways.to)
                site = read_site(connection)
                subject = title(site.name, len(news.begun), len(alarms), self._language)
                zone = zone_of(site.timezone)
                text = report(news.begun, news.reminded, news.ended, self._language, zone)
                letter = notices.compose(connection, NoticeAbout.ALARMS, self._ways.to, subject, text, now)
                notice = notices.enter(connection, letter, now)
        if notice is not None:
            NOTIFY.ring(self._broker, notice)

    def _post(self, alarms: Sequence[Alarm]) -> None:
        """Noted before it is posted, so that of two watchers one posts; given back if that fails."""
        if self._ways.webhook is None:
            return
        old, news = self._compare("webhook", alarms)
        new = told_alarms.dump(news.memories)
        if new == old or not self._replace(old, new) or not news.is_worth_telling:
            return
        try:
            post(self._ways.webhook(), self._value(news, len(alarms)))
        except BaseException:
            self._replace(new, old)
            raise

    def _compare(self, way: str, alarms: Sequence[Alarm]) -> tuple[str, told_alarms.News]:
        with self._database.read() as connection:
            old = told_alarms.read(connection, way)
        return old, told_alarms.compare(told_alarms.load(old), alarms, self._database.now(), self._language)

    def _replace(self, old: str, new: str) -> bool:
        with self._database.transaction() as connection:
            return told_alarms.replace(connection, "webhook", old, new)

    def _value(self, news: told_alarms.News, standing: int) -> Mapping[str, Any]:
        with self._database.read() as connection:
            site = read_site(connection)
        head = title(site.name, len(news.begun), standing, self._language)
        text = report(news.begun, news.reminded, news.ended, self._language, zone_of(site.timezone))
        return {
            "site": site.code,
            "text": f"{head}\n\n{text}",
            "begun": [_posted(alarm, self._language) for alarm in news.begun],
            "reminded": [_posted(alarm, self._language) for alarm in news.reminded],
            "ended": list(news.ended),
            "standing": standing,
        }


def watch(watcher: Watcher, seconds: float, stop: threading.Event) -> None:
    """Look and tell until told to stop; at once, and never again where nobody is to be told."""
    while watcher.can_tell and not stop.is_set():
        try:
            watcher.look_and_tell()
        except ANY_REFUSAL as error:
            tell_outage(error, "The base does not answer; looking again.")
        stop.wait(seconds)
    stop.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """An alarm as people and programs are told of it, in a language. `about`: which mailbox, partner, service."""

    name: str
    severity: Severity
    about: str
    since: datetime | None
    what: str
    next: str
    runbook: str


def _posted(alarm: Alarm, language: str) -> dict[str, object]:
    since = alarm.since.isoformat() if alarm.since else None
    return {**shown(view_of(alarm, language)), "since": since}


def view_of(alarm: Alarm, language: str) -> AlarmView:
    """An alarm in a language."""
    return AlarmView(
        name=alarm.name,
        severity=alarm.kind.severity,
        about=alarm.about,
        since=alarm.since,
        what=sentence(alarm, language),
        next=cure(alarm, language),
        runbook=f"docs/runbooks/Intergestan{alarm.name}.md",
    )


@dataclass(frozen=True, slots=True)
class RedisTrouble:
    """What is wrong with Redis: `away`, why it does not answer; `refusal`, why it answers and takes no writes."""

    away: str | None = None
    refusal: str | None = None


def redis_trouble(broker: BellBroker) -> RedisTrouble:
    """Found by trying to write."""
    try:
        broker.try_writing()
    except REFUSALS as error:
        return RedisTrouble(refusal=str(error))
    except REDIS_FAILURES as error:
        return RedisTrouble(away=text_of(error, place=place_of(broker.client)))
    return RedisTrouble()


def read_machine(
    archive: Archive,
    broker: BellBroker,
    database_error: str | None = None,
    kept: Callable[[], int] = lambda: 0,
    *,
    language: str = "en",
) -> Machine:
    """What the base's rows cannot tell. :param kept: asks how many mails the base knows in the archive."""
    error: str | None = None
    memory: float | None = None
    skew: float | None = None
    try:
        try_archive(archive, kept)
    except ArchiveError as found:
        error = wording(found, language)
    try:
        told = broker.memory()
        limit = told.get("maxmemory") or told.get("total_system_memory")
        memory = told["used_memory"] / limit if limit else None
        skew = clock_skew(broker.client)
    except REDIS_FAILURES:
        memory = skew = None
    trouble = redis_trouble(broker)
    return Machine(
        error, archive.room(), memory, skew, database_error, redis_error=trouble.refusal, redis_away=trouble.away
    )
