"""T25: addresses are looked up at a provider, here a scripted one on loopback; D30 says what must hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from intergestan_db.tables import Event, GeocodeCache, GeocodeUsage
from intergestan_erp.geo.answers import BACK_OFF
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.parties.locating import locate_missing, locate_parties
from intergestan_runtime.secrets import SecretError, Secrets
from services.geocoder.locators import LocatorMaker
from services.geocoder.settings import GeocoderSettings
from tests.servers.http import Reply, Request
from tests.servers.places import UNKNOWN
from tests.services.geocoder.site import GeocodedSite
from tests.site_factories import rows_of, write_secret


def test_an_address_is_looked_up_and_then_known(site: GeocodedSite) -> None:
    """T25: saving waits for nobody; what leaves the house is the place, without name, second line and person."""
    address = site.add()
    saved = site.address(address)
    assert (saved.geo_state, saved.latitude, saved.next_attempt_at) == ("waiting", None, site.base.now())
    assert site.places.asked == []
    site.geocoder().locate(address)
    found = site.address(address)
    assert (found.geo_state, found.latitude, found.longitude) == ("found", Decimal("47.7508"), Decimal("7.3389"))
    assert (found.geo_source, found.geo_at, found.next_attempt_at) == ("ban", site.base.now(), None)
    assert site.places.questions == ["12 rue de la Loi, 68100 Mulhouse"]
    assert site.places.asked[0].headers["User-Agent"] == "intergestan/1 o@arts.test"
    assert (site.usage().calls, site.calls("found")) == (1, 1)


def test_a_bell_that_rings_again_costs_nothing(site: GeocodedSite) -> None:
    address, geocoder = site.add(), site.geocoder()
    for _ in range(3):
        geocoder.locate(address)
    geocoder.locate(address + 99)
    assert len(site.places.asked) == 1


def test_the_same_place_is_asked_for_once(site: GeocodedSite) -> None:
    """D30: from the cache, however it is written; another door of the house is the same place."""
    geocoder = site.geocoder()
    geocoder.locate(site.add())
    again = site.add(name="Durand", line1="12  RUE de la loi", city="MULHOUSE", line2="cour", contact=None)
    geocoder.locate(again)
    assert (site.address(again).geo_state, site.address(again).latitude) == ("found", Decimal("47.7508"))
    assert (len(site.places.asked), site.usage().calls) == (1, 1)


def test_what_the_provider_does_not_know_is_not_asked_again_for_90_days(site: GeocodedSite) -> None:
    """D30: not by a later address, and not by another geocoder; a person may ask at once."""
    site.places.usual = UNKNOWN
    first = site.add()
    site.geocoder().locate(first)
    assert (site.address(first).geo_state, site.address(first).latitude) == ("not_found", None)
    second = site.add()
    site.clock.move(days=89)
    site.geocoder().locate(second)
    assert (site.address(second).geo_state, len(site.places.asked)) == ("not_found", 1)
    third = site.add()
    site.clock.move(days=2)
    site.geocoder().locate(third)
    assert len(site.places.asked) == 2
    with site.base.transaction() as connection:
        assert locate_parties(connection, [site.address(third).party_id], by="m", at=site.base.now()) == [third]
    site.geocoder().locate(third)
    assert (site.address(third).geo_state, len(site.places.asked)) == ("not_found", 3)


def test_another_provider_may_know_what_one_does_not(sqlite_site: GeocodedSite) -> None:
    """D30: what is known is known from whomever; that one does not know it binds that one alone."""
    site = sqlite_site
    site.places.usual = UNKNOWN
    address = site.add()
    site.geocoder().locate(address)
    site.choose("geo.provider", "nominatim")
    locate_missing(site.base, by="m")
    site.places.usual = Reply(body=json.dumps([{"lat": "47.75", "lon": "7.33", "display_name": "x"}]).encode())
    site.geocoder().locate(address)
    found = site.address(address)
    assert (found.geo_state, found.geo_source, found.latitude) == ("found", "nominatim", Decimal("47.75"))
    assert site.places.questions[-1] == "12 rue de la Loi, 68100 Mulhouse, FR"


def test_an_address_abroad_is_not_asked_of_who_knows_france(sqlite_site: GeocodedSite) -> None:
    site = sqlite_site
    address = site.add(country="BE", postcode="4000", city="Liège")
    site.geocoder().locate(address)
    assert (site.address(address).geo_state, site.places.asked) == ("not_found", [])


def test_an_answer_that_is_too_late_is_dropped(site: GeocodedSite) -> None:
    """D30: the address was changed while the provider thought; the answer is kept for its own place."""
    address = site.add()

    def changed_meanwhile(_request: Request) -> Reply:
        site.set(address, line1="1 quai du Port")
        return site.places.usual

    site.places.script.append(changed_meanwhile)
    geocoder = site.geocoder()
    geocoder.locate(address)
    now = site.address(address)
    assert (now.line1, now.geo_state, now.latitude) == ("1 quai du Port", "waiting", None)
    assert len(rows_of(site.base, GeocodeCache)) == 1
    geocoder.locate(address)
    assert (site.address(address).geo_state, len(site.places.asked)) == ("found", 2)


def test_a_position_that_is_set_by_hand_meanwhile_stays(site: GeocodedSite) -> None:
    """T25: a person knows better than an answer that comes late."""
    address = site.add()

    def set_meanwhile(_request: Request) -> Reply:
        site.set(address, latitude=Decimal("47.1"), longitude=Decimal("7.2"))
        return site.places.usual

    site.places.script.append(set_meanwhile)
    site.geocoder().locate(address)
    now = site.address(address)
    assert (now.geo_state, now.latitude, now.longitude) == ("by_hand", Decimal("47.1"), Decimal("7.2"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_taken_rests_all(site: GeocodedSite, status: int) -> None:
    """D30: one call, then none before a person acts; starting the service anew is such an act."""
    first, second = site.add(), site.add(line1="13 rue de la Loi")
    site.places.script.append(Reply(status, b"no key 5ecret"))
    geocoder = site.geocoder()
    geocoder.locate(first)
    geocoder.locate(second)
    assert len(site.places.asked) == 1
    assert (site.usage().rests_because, site.calls("key")) == ("key", 1)
    month_end = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Paris
    assert {site.address(each).next_attempt_at for each in (first, second)} == {month_end}
    site.geocoder().start()
    for each in (first, second):
        geocoder.locate(each)
        assert site.address(each).geo_state == "found"


def test_a_provider_that_is_asked_too_much_rests_for_an_hour(site: GeocodedSite) -> None:
    """D30: 429; choosing other settings or starting anew does not shorten it."""
    first, second = site.add(), site.add(line1="13 rue de la Loi")
    site.places.script.append(Reply(429, headers={"Retry-After": "5"}))
    geocoder = site.geocoder()
    for each in (first, second):
        geocoder.locate(each)
    later = site.base.now() + timedelta(hours=1)
    assert {site.address(each).next_attempt_at for each in (first, second)} == {later}
    site.geocoder().start()
    site.choose("geo.calls_per_month", "6000")
    geocoder.locate(first)
    assert (len(site.places.asked), site.address(first).geo_state) == (1, "waiting")
    site.clock.move(hours=1)
    geocoder.locate(first)
    assert (site.address(first).geo_state, site.usage().rests_because) == ("found", None)


def test_a_provider_that_does_not_answer_is_asked_ever_more_seldom(site: GeocodedSite) -> None:
    """D30: after 1, 5 and 30 minutes, 2 hours, then daily; others wait for it without a call of their own."""
    address, other = site.add(), site.add(line1="13 rue de la Loi")
    geocoder = site.geocoder()
    for tries, seconds in enumerate((*BACK_OFF, BACK_OFF[-1]), 1):
        site.places.script.append(Reply(503))
        geocoder.locate(address)
        assert site.address(address).next_attempt_at == site.base.now() + timedelta(seconds=seconds)
        assert (len(site.places.asked), site.address(address).attempts) == (tries, tries)
        geocoder.locate(other)
        site.clock.move(seconds=seconds)
    assert BACK_OFF == (60, 300, 1800, 7200, 86400)
    geocoder.locate(address)
    assert (site.address(address).geo_state, site.usage().failures) == ("found", 0)
    assert site.calls("away") == 6


def test_an_address_that_the_provider_takes_for_no_question(site: GeocodedSite) -> None:
    """It is not asked again by itself, and others are asked as before."""
    address = site.add()
    site.places.script.append(Reply(400))
    site.geocoder().locate(address)
    assert (site.address(address).geo_state, site.address(address).next_attempt_at) == ("failed", None)
    other = site.add(line1="13 rue de la Loi")
    site.geocoder().locate(other)
    assert site.address(other).geo_state == "found"


def test_the_cap_of_a_month(site: GeocodedSite) -> None:
    """D30: what is beyond it goes on next month, the site's own; a person may raise it, and it counts at once."""
    site.choose("geo.calls_per_month", "2")
    ids = [site.add(line1=f"{number} rue de la Loi") for number in range(3)]
    geocoder = site.geocoder()
    for each in ids:
        geocoder.locate(each)
    assert (len(site.places.asked), site.usage().calls) == (2, 2)
    last = site.address(ids[2])
    assert (last.geo_state, last.attempts) == ("waiting", 0)
    assert last.next_attempt_at == datetime(2026, 11, 30, 23, tzinfo=UTC)
    site.choose("geo.calls_per_month", "3")
    geocoder.locate(ids[2])
    assert (site.address(ids[2]).geo_state, len(site.places.asked)) == ("found", 3)
    site.choose("geo.calls_per_month", "0")
    fourth = site.add(line1="4 rue de la Loi")
    geocoder.locate(fourth)
    assert (site.address(fourth).geo_state, len(site.places.asked)) == ("waiting", 3)
    site.choose("geo.calls_per_month", "1")
    site.clock.move(days=11)
    geocoder.locate(fourth)
    assert (site.address(fourth).geo_state, len(site.places.asked)) == ("found", 4)


def test_nobody_is_asked_by_default(site: GeocodedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """T25: with `none` no connection is made, no name is resolved, and the address goes on waiting."""
    import socket

    address = site.add()
    site.choose("geo.provider", "none")

    left: list[object] = []

    def forbidden(*arguments: object, **_others: object) -> None:
        left.append(arguments)
        raise OSError("Nothing leaves the house.")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, forbidden)
    monkeypatch.setattr(socket, "getaddrinfo", forbidden)
    geocoder = site.geocoder()
    geocoder.start()
    geocoder.locate(address)
    assert (site.address(address).geo_state, site.address(address).attempts, left) == ("waiting", 0, [])
    site.choose("geo.provider", "ban")
    geocoder.locate(address)
    assert left, "the guard would have seen it"


def test_what_was_chosen_past_us_asks_nobody(sqlite_site: GeocodedSite) -> None:
    """A value that was written into the base by hand and is none of ours."""
    from intergestan_runtime.steps import Postponed

    address = sqlite_site.add()
    with sqlite_site.base.transaction() as connection:
        connection.execute(text("UPDATE setting SET value = 'yahoo' WHERE name = 'geo.provider'"))
    with pytest.raises(Postponed):
        sqlite_site.geocoder().locate(address)
    assert sqlite_site.places.asked == []


def test_a_key_is_read_from_its_file_and_shown_nowhere(
    sqlite_site: GeocodedSite, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """T26: it goes to the provider alone: not into a log, a metric, an event, or an error."""
    import logging

    site = sqlite_site
    caplog.set_level(logging.DEBUG)
    write_secret(site.folder / "google", b"AIza-5ecret\n")
    site.choose("geo.provider", "google")
    denied = {"status": "REQUEST_DENIED", "error_message": "The key AIza-5ecret is not valid.", "results": []}
    answers = (
        (Reply(500, b"key=AIza-5ecret"), "away"),
        (Reply(body=json.dumps(denied).encode()), "key"),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/?key=AIza-5ecret"}), "away"),
    )
    for number, (said, outcome) in enumerate(answers, 1):
        address = site.add(line1=f"{number} rue de la Loi")
        site.places.script.append(said)
        site.clock.move(days=32)
        site.geocoder(google_key="google").locate(address)
        assert "key=AIza-5ecret" in site.places.asked[-1].path
        assert site.calls(outcome, "google") >= 1
    told = capfd.readouterr()
    written = [str(row) for table in (Event, GeocodeUsage) for row in rows_of(site.base, table)]
    everything = (told.out, told.err, caplog.text, *written)
    assert not [each for each in everything if "5ecret" in each]


def test_a_key_that_is_missing_costs_no_call(sqlite_site: GeocodedSite) -> None:
    """It is an alarm like a key that is not taken, and the log names the cure."""
    site = sqlite_site
    site.choose("geo.provider", "google")
    address = site.add()
    site.geocoder().locate(address)
    assert site.places.asked == []
    assert (site.usage("google").calls, site.usage("google").rests_because) == (0, "key")
    maker = LocatorMaker(GeocoderSettings(), Secrets(site.folder), "test")
    with pytest.raises(SecretError, match=r"google_key.*\[geocoder\]"):
        maker(GeoRule(provider_name="google"))


def test_what_a_clock_put_off_that_was_fast_is_due_now(sqlite_site: GeocodedSite) -> None:
    site = sqlite_site
    address, geocoder = site.add(), site.geocoder()
    site.places.script.append(Reply(503))
    site.clock.move(days=400)
    geocoder.locate(address)
    site.clock.move(days=-400)
    assert geocoder.bring_near() == 1
    geocoder.locate(address)
    assert site.address(address).geo_state == "found"
    assert geocoder.bring_near() == 0
