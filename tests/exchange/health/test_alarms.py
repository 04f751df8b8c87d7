"""What is wrong with a site, from facts alone; and what people were told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.enums import GEOCODER, SERVICES, HoldReason, SlipState
from intergestan_erp.geo.health import Geocoding, Rest
from intergestan_erp.picking.counts import Waiting as PickingWaits
from intergestan_erp.site.day import zone_of
from intergestan_exchange.health import alarms
from intergestan_exchange.health.alarm_text import cure, report, sentence, title
from intergestan_exchange.health.alarms import KINDS, Alarm, Machine, judge
from intergestan_exchange.health.clock import LATELY, PARTNER_CLOCK_S, PartnerClock, SiteClock
from intergestan_exchange.health.service_level import Share
from intergestan_exchange.health.told_alarms import Memory, compare, dump, load
from intergestan_exchange.health.vitals import MailboxVitals, Route, Vitals, Waiting
from intergestan_runtime.archive import Room
from tests.clock import Clock
from tests.machine_zone import ELSEWHERE, machine_in

NOW = Clock().now
ALERTS = (Path(__file__).parents[3] / "deploy" / "prometheus" / "alerts.yml").read_text()
ONLY_PROMETHEUS = {
    "MetricsAbsent": "Prometheus reaches no service; who has no Prometheus hears ServiceDown, which names them.",
    "ConsoleDown": "A site may do without a console; who uses one sees that it is away, and no order waits for it.",
}
"""The alerts of Prometheus that are no alarms of ours, and why."""
HOUR, QUARTER, LONG, DAY = timedelta(hours=1), timedelta(minutes=15), timedelta(hours=6), timedelta(days=1)
QUIET = Route(Waiting(0), Waiting(0), None, None)
QUIET_BEATS = {QUARTER: Share(0, 0), HOUR: Share(1, 12), LONG: Share(4, 72), DAY: Share(9, 280)}

WELL = Vitals(
    at=NOW,
    pending={"compose": Waiting(0), "send": Waiting(1, NOW), "import": Waiting(0)},
    purchase_orders={},
    holds={},
    oldest_hold=None,
    unanswered=0,
    keys={"STAUBER": None, "MULHOUSE": NOW + timedelta(days=400)},
    certificates={"orders": NOW + timedelta(days=30)},
    paused={},
    heartbeats=QUIET_BEATS,
    routes={"STAUBER": QUIET},
    mailboxes={"orders": MailboxVitals(NOW, 60, owned=True)},
    consents={"orders": None},
    services=frozenset(SERVICES),
)
ROOMY = Room(100 * 10**9, 50 * 10**9, 5 * 10**9)
FINE = Machine(None, ROOMY, 0.1, 0.0)


def ago(**span: float) -> Any:
    return NOW - timedelta(**span)


def route(**values: Any) -> Mapping[str, Any]:
    return {"routes": {"STAUBER": replace(QUIET, **values)}}


def geocoding(rests: Rest | None) -> Mapping[str, Any]:
    """A site that asks somebody where addresses lie, and runs the service for it."""
    return {"geocoding": Geocoding("ban", 3, 5000, 0, rests), "services": frozenset({*SERVICES, GEOCODER})}


WRONG: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]] = {
    # name: what raises it, and what is just well enough; of the base, or of the machine
    "OrderStuck": (
        {"pending": {"send": Waiting(2, ago(minutes=16))}},
        {"pending": {"send": Waiting(2, ago(minutes=14))}},
        {},
    ),
    "HoldsWaiting": (
        {"holds": {HoldReason.CONFLICT: 2}, "oldest_hold": ago(minutes=31)},
        {"holds": {HoldReason.CONFLICT: 2}, "oldest_hold": ago(minutes=29)},
        {},
    ),
    "MailboxNotPolled": (
        {"mailboxes": {"slow": MailboxVitals(ago(seconds=181), 5, owned=True)}},
        {"mailboxes": {"slow": MailboxVitals(ago(seconds=1000), 600, owned=True)}},
        {},
    ),
    "MailboxUnowned": (
        {"mailboxes": {"orders": MailboxVitals(NOW, 60, owned=False)}},
        {"mailboxes": {}},
        {},
    ),
    "ConsentEnded": ({"consents": {"orders": "AADSTS70043"}}, {"consents": {}}, {}),
    "OrderUnanswered": ({"unanswered": 2}, route(unanswered=Waiting(2, ago(hours=3))), {}),
    "OwnDatabaseOlder": (route(ours_older=True), route(), {}),
    "PartnerDatabaseOlder": (route(theirs_older=True), route(), {}),
    "TransferConflict": ({"holds": {HoldReason.TRANSFER_CONFLICT: 1}}, {"holds": {HoldReason.CONFLICT: 3}}, {}),
    "PartnerBudget": ({"holds": {HoldReason.PARTNER_BUDGET: 7}}, {"holds": {HoldReason.UNKNOWN_SIGNER: 7}}, {}),
    "SequenceGap": (route(gaps=Waiting(1, NOW)), route(), {}),
    "BookingPaused": ({"paused": {"STAUBER": Waiting(3, ago(hours=1))}}, {}, {}),
    "ErrorBudgetBurn": (
        {"heartbeats": QUIET_BEATS | {QUARTER: Share(2, 3), HOUR: Share(2, 12), LONG: Share(2, 72)}},
        {"heartbeats": QUIET_BEATS | {QUARTER: Share(1, 3), HOUR: Share(2, 12), LONG: Share(3, 72)}},
        {},
    ),
    "CertificateExpiring": (
        {"certificates": {"orders": ago(days=-6)}},
        {"certificates": {"orders": ago(days=-8)}},
        {},
    ),
    "KeyExpiring": ({"keys": {"STAUBER": ago(days=-20)}}, {"keys": {"STAUBER": ago(days=-22)}}, {}),
    "ServiceDown": (
        {"services": frozenset(set(SERVICES) - {"sender"})},
        {"services": frozenset({*SERVICES, "other"})},
        {},
    ),
    "DatabaseRefuses": ({}, {}, {"database_error": "cannot execute INSERT in a read-only transaction"}),
    "RedisAway": ({}, {}, {"redis_away": "Error 111 connecting to 127.0.0.1:6379. Connection refused."}),
    "RedisRefuses": ({}, {}, {"redis_error": "READONLY You can't write against a read only replica."}),
    "ArchiveDamaged": ({"holds": {HoldReason.ARCHIVE: 1}}, {"holds": {HoldReason.POISON: 1}}, {}),
    "ArchiveFailing": ({}, {}, {"archive_error": "disk"}),
    "DiskFilling": ({}, {}, {"room": Room(100 * 10**9, 9 * 10**9, 5 * 10**9)}),
    "RedisMemory": ({}, {}, {"redis_memory": 0.81}),
    "ClockSkew": ({}, {}, {"clock_skew": -1.2}),
    "ClockSetBack": ({"clock": SiteClock(ago(minutes=5), 7200)}, {"clock": SiteClock()}, {}),
    "PartnerClock": ({"clocks": (PartnerClock("STAUBER", "Stauber", -301),)}, {"clocks": ()}, {}),
    "GeocoderResting": (geocoding("cap"), geocoding(None), {}),
    "NotesUninvoiced": ({"uninvoiced": 3}, {"uninvoiced": 0}, {}),
    "StockNegative": ({"negative": 2}, {"negative": 0}, {}),
    "OrdersUnallocated": (
        {"unallocated": Waiting(2, ago(seconds=901))},
        {"unallocated": Waiting(2, ago(seconds=899))},
        {},
    ),
    "SlipErrors": (
        {"picking": PickingWaits({SlipState.ERROR: 2})},
        {"picking": PickingWaits({SlipState.READY: 2}, ago(minutes=5), uncredited=1)},
        {},
    ),
}


def test_a_site_that_is_well_raises_none() -> None:
    assert judge(WELL, FINE) == []
    assert judge(WELL, Machine(None, ROOMY, None, None)) == []


@pytest.mark.parametrize("name", KINDS)
def test_each_is_raised_and_each_is_silent(name: str) -> None:
    wrong, fine, machine = WRONG[name]
    (found,) = judge(replace(WELL, **wrong), replace(FINE, **machine))
    assert found.name == name
    assert judge(replace(WELL, **fine), FINE) == []


def test_the_worst_comes_first() -> None:
    vitals = replace(WELL, **{**WRONG["HoldsWaiting"][0], **WRONG["ServiceDown"][0]})
    assert [alarm.name for alarm in judge(vitals, FINE)] == ["ServiceDown", "HoldsWaiting"]


def test_a_slow_burn_is_seen_too() -> None:
    """More than six times the budget for six hours, and it still goes on."""
    slow = QUIET_BEATS | {QUARTER: Share(0, 3), HOUR: Share(2, 12), LONG: Share(5, 72)}
    (found,) = judge(replace(WELL, heartbeats=slow), FINE)
    assert (found.name, found.value) == ("ErrorBudgetBurn", "5 / 72")
    assert judge(replace(WELL, heartbeats=slow | {HOUR: Share(1, 12)}), FINE) == []


def test_of_heartbeats_that_are_hours_apart_one_proves_nothing_and_two_do() -> None:
    """One partner and the usual interval: ten a day."""
    few = {QUARTER: Share(1, 1), HOUR: Share(1, 1), LONG: Share(1, 2), DAY: Share(1, 10)}
    assert judge(replace(WELL, heartbeats=few), FINE) == []
    (found,) = judge(replace(WELL, heartbeats=few | {LONG: Share(2, 2), DAY: Share(2, 10)}), FINE)
    assert (found.name, found.value) == ("ErrorBudgetBurn", "2 / 10")


def rule(name: str) -> str:
    return ALERTS.partition(f"- alert: Intergestan{name}\n")[2].partition("\n  - alert: ")[0]


def test_each_alert_of_prometheus_is_an_alarm_or_says_why_not() -> None:
    """Issue 4: the same main alerts without Prometheus."""
    names = set(re.findall(r"- alert: Intergestan(\w+)", ALERTS))
    assert names - set(ONLY_PROMETHEUS) == set(KINDS)
    assert set(ONLY_PROMETHEUS) <= names


@pytest.mark.parametrize("name", KINDS)
def test_a_rule_is_as_bad_and_as_patient(name: str) -> None:
    text = rule(name)
    lasting = re.search(r"for: (\d+)m", text)
    assert KINDS[name].lasting == (60 * int(lasting[1]) if lasting else 0)
    assert f"severity: {KINDS[name].severity}}}" in text


_WINDOWS = (("1h", "15m"), ("6h", "1h"), ("1d", "6h"))


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("OrderStuck", f"> {alarms.ORDER_STUCK_S}\n"),
        ("MailboxNotPolled", f"clamp_min({alarms.POLLS_MISSED} * max"),
        ("MailboxNotPolled", f", {alarms.NOT_POLLED_S})\n"),
        ("HoldsWaiting", f"> {alarms.HOLD_S}\n"),
        ("OrdersUnallocated", f"> {alarms.UNALLOCATED_S}\n"),
        ("KeyExpiring", f"< {alarms.KEY_DAYS} * 86400\n"),
        ("CertificateExpiring", f"< {alarms.CERTIFICATE_DAYS} * 86400\n"),
        *(
            ("ErrorBudgetBurn", f"ratio_rate{window} > {factor:g} * {alarms.BUDGET}")
            for (factor, *_), windows in zip(alarms.BURNS, _WINDOWS, strict=True)
            for window in windows
        ),
        *(("ErrorBudgetBurn", f"increase{short} > {alarms.BURN_MISSED - 0.5}") for _, short in _WINDOWS),
        ("RedisMemory", f"> {alarms.MEMORY_SHARE}\n"),
        ("ClockSkew", f"> {alarms.CLOCK_SKEW_S}\n"),
        ("PartnerClock", f"> {PARTNER_CLOCK_S}\n"),
        ("ClockSetBack", f"< {LATELY.total_seconds():g}\n"),
        ("DiskFilling", "< 2 * intergestan_archive_least_bytes"),
    ],
)
def test_the_limits_are_the_same(name: str, limit: str) -> None:
    assert limit in rule(name)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", KINDS)
def test_every_alarm_has_words(name: str, language: str) -> None:
    alarm = Alarm(name, "STAUBER", "17", NOW)
    assert len(sentence(alarm, language)) > 20
    assert len(cure(alarm, language)) > 15
    assert "{" not in sentence(alarm, language) + cure(alarm, language)
    assert f"Intergestan{name}.md" in report([alarm], [], [], language)


@pytest.mark.parametrize("ahead", [SiteClock(ahead=3000), SiteClock(ago(minutes=1), 3000)])
def test_a_clock_that_was_set_back_is_told_with_by_how_much(ahead: SiteClock) -> None:
    (found,) = judge(replace(WELL, clock=ahead), FINE)
    assert sentence(found, "en").startswith("The clock of this machine was set back by 50 min")


@pytest.mark.parametrize(
    ("seconds", "words"), [(7200, "is ahead of ours by 2 h"), (-5400, "is behind ours by 1 h 30 min")]
)
def test_a_partners_clock_is_told_with_its_side(seconds: int, words: str) -> None:
    (found,) = judge(replace(WELL, clocks=(PartnerClock("STAUBER", "Stauber", seconds),)), FINE)
    assert words in sentence(found, "en")
    assert "{" not in sentence(found, "fr") + cure(found, "fr")


@pytest.mark.parametrize(("rests", "words"), [("cap", "5000 look-ups were made this month"), ("key", "take our key")])
def test_why_no_addresses_are_looked_up_is_told(rests: Rest, words: str) -> None:
    """T25: once, and in both languages."""
    (found,) = judge(replace(WELL, **geocoding(rests)), FINE)
    assert words in sentence(found, "en")
    assert "{" not in sentence(found, "fr") + cure(found, "fr")


def test_the_geocoder_is_missed_only_where_somebody_is_to_be_asked() -> None:
    """T25: by default there is none, and nothing is wrong with that."""
    found = judge(replace(WELL, geocoding=Geocoding("ban", 3, 0, 5000)), FINE)
    assert [(each.name, each.about) for each in found] == [("ServiceDown", GEOCODER)]


def test_what_lies_in_the_future_counts_as_old() -> None:
    """It was written before the clock was set back: a mailbox that was read in two hours is not read."""
    boxes = {"orders": MailboxVitals(ago(hours=-2), 60, owned=True)}
    assert [alarm.name for alarm in judge(replace(WELL, mailboxes=boxes), FINE)] == ["MailboxNotPolled"]
    told = compare({HOLDS.key: Memory(ago(hours=-30), ago(hours=-30), "text")}, [HOLDS], NOW, "en")
    assert told.reminded == [HOLDS]


def test_what_others_wrote_cannot_hide_anything() -> None:
    assert "\u202e" not in sentence(Alarm("ConsentEnded", "box", "no\u202etoken"), "en")


def test_titles() -> None:
    assert title("Stauber", 1, 2, "en") == "Stauber: 1 new, 2 in all"
    assert title("Stauber", 0, 0, "fr") == "Stauber : tout va de nouveau bien"


STUCK = Alarm("OrderStuck", "send", "2", NOW)
HOLDS = Alarm("HoldsWaiting", "", "2", NOW)


def test_an_alarm_is_told_when_it_lasts() -> None:
    """As long as the rule of Prometheus demands; one that passes by itself is told to nobody."""
    first = compare({}, [STUCK, HOLDS], NOW, "en")
    assert (first.begun, first.memories[STUCK.key]) == ([HOLDS], Memory(NOW))
    assert compare(first.memories, [STUCK], NOW + timedelta(seconds=119), "en").begun == []
    later = compare(first.memories, [STUCK, HOLDS], NOW + timedelta(seconds=120), "en")
    assert (later.begun, later.reminded, later.ended) == ([STUCK], [], [])
    passed = compare({STUCK.key: Memory(NOW)}, [], NOW + timedelta(seconds=60), "en")
    assert not passed.is_worth_telling


def test_an_alarm_is_told_again_once_a_day() -> None:
    known = compare({}, [HOLDS], NOW, "en").memories
    assert not compare(known, [HOLDS], NOW + timedelta(hours=23), "en").is_worth_telling
    day = compare(known, [HOLDS], NOW + timedelta(hours=24), "en")
    assert (day.begun, day.reminded) == ([], [HOLDS])
    assert not compare(day.memories, [HOLDS], NOW + timedelta(hours=25), "en").is_worth_telling


def test_the_end_is_told_in_the_words_of_the_beginning() -> None:
    known = compare({}, [HOLDS], NOW, "en").memories
    news = compare(known, [], NOW + timedelta(hours=1), "en")
    assert news.ended == ["2 order(s) or mail(s) wait for a person."]
    assert news.memories == {}


def test_what_is_remembered_survives_the_base() -> None:
    known = compare({}, [HOLDS, STUCK], NOW, "en").memories
    assert load(dump(known)) == known
    assert load("") == {}


@pytest.mark.parametrize("machine", ELSEWHERE)
def test_times_and_days_are_the_sites_own(machine: str) -> None:
    """Half past midnight in Paris is the day before in UTC."""
    night = datetime(2026, 7, 14, 22, 30, tzinfo=UTC)
    with machine_in(machine):
        text = report([Alarm("MailboxNotPolled", "orders", since=night)], [], [], "en", zone_of("Europe/Paris"))
        assert "since 2026-07-15 00:30" in text
        ending = replace(WELL, at=night, certificates={"relay": night}, zone=zone_of("Europe/Paris"))
        found = [alarm.value for alarm in judge(ending, FINE) if alarm.name == "CertificateExpiring"]
        assert found == ["2026-07-15"]
