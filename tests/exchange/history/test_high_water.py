"""The high-water mark, and what the archive says: what proves that a database went back, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from intergestan_db.tables import Event, HighWater, NumberSeries, Partner, Site
from intergestan_exchange.history.archive_trace import AFTER_A_CRASH, Sender, proves_older
from intergestan_exchange.history.high_water import Mark, is_news, is_older, name_of, raise_mark, read_count, read_mark
from intergestan_exchange.history.mark_file import decode, encode
from intergestan_exchange.statements.restored import Remembered, new_epoch
from intergestan_msg.kinds import Kind
from intergestan_msg.manifest import Manifest, Position
from intergestan_operations.opening.high_water_file import read_file, write_file
from services.dispatcher.high_water import HighWaterKeeper
from tests.site_factories import NOW, SiteToTest

SEEN = Mark("80295478500028", 7, {"73282932000074": (1, 40)}, 900, {"sales_order": 12}, "2026-11-29T10:00:00+00:00")


def test_a_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "history" / "high-water.json"
    assert read_file(file) is None
    write_file(file, SEEN)
    assert read_file(file) == SEEN
    write_file(file, replace(SEEN, n=8))
    assert read_file(file) == replace(SEEN, n=8)
    assert [path.name for path in file.parent.iterdir()] == ["high-water.json"]
    assert file.stat().st_mode & 0o777 == 0o600
    file.parent.chmod(0o2775)  # as an administrator makes it: who may read the folder may read the file
    write_file(file, SEEN)
    assert file.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("content", [b"", b"{", b'{"site": 3}', b"\0" * 100, encode(SEEN)[:-20]])
def test_a_file_that_a_power_cut_left_says_nothing(content: bytes) -> None:
    assert decode(content) is None


@pytest.mark.parametrize(
    ("site", "count", "older"),
    [(SEEN.site, 6, True), (SEEN.site, 7, False), (SEEN.site, 8, False), ("another", 0, False)],
)
def test_only_a_higher_count_of_the_same_site_proves_it(site: str, count: int, *, older: bool) -> None:
    assert is_older(site, count, SEEN) is older


def test_the_count_and_the_time_alone_are_no_news() -> None:
    assert not is_news(replace(SEEN, n=9, at="later"), SEEN)
    assert is_news(replace(SEEN, event=901), SEEN)
    assert is_news(replace(SEEN, sent={"73282932000074": (1, 41)}), SEEN)
    assert is_news(SEEN, None)
    assert is_news(SEEN, replace(SEEN, site="another"))


def test_the_file_follows_the_database_and_is_never_ahead(a_site: SiteToTest, tmp_path: Path) -> None:
    """Written when anything happened, and only then; what a crash leaves between both is a file that is behind."""
    file = tmp_path / "history" / "high-water.json"
    keeper = HighWaterKeeper(a_site.database, file)
    assert keeper.keep()
    assert not keeper.keep(), "nothing happened since"
    with a_site.database.transaction() as connection:
        connection.execute(update(NumberSeries).values(next_number=5))
    assert keeper.keep()
    seen = read_file(file)
    assert seen is not None
    with a_site.database.read() as connection:
        assert seen.n == read_count(connection) == 2
    assert set(seen.numbers.values()) == {5}
    with a_site.database.transaction() as connection:
        assert raise_mark(connection) == 3, "committed, and the process died before it wrote"
    with a_site.database.read() as connection:
        assert not is_older(seen.site, read_count(connection), seen)
    again = HighWaterKeeper(a_site.database, file)
    assert not again.keep(), "a new process reads what was written"


def test_a_database_that_goes_back_under_a_dispatcher_leaves_the_file(a_site: SiteToTest, tmp_path: Path) -> None:
    """A replica that lags takes over: the file is the only one that knows, and the next start refuses."""
    file = tmp_path / "history" / "high-water.json"
    keeper = HighWaterKeeper(a_site.database, file)
    assert keeper.keep()
    seen = read_file(file)
    assert seen is not None
    write_file(file, replace(seen, n=40))
    with a_site.database.transaction() as connection:
        connection.execute(update(NumberSeries).values(next_number=5))
    assert not keeper.keep()
    assert read_file(file) == replace(seen, n=40)


def test_a_file_that_cannot_be_written_is_no_harm(a_site: SiteToTest, tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file where the folder should be")
    keeper = HighWaterKeeper(a_site.database, tmp_path / "history" / "high-water.json")
    assert not keeper.keep()
    with a_site.database.read() as connection:
        counted = read_count(connection)
    assert not keeper.keep()
    with a_site.database.read() as connection:
        assert read_count(connection) == counted, "it does not count up for nothing"


def test_a_raised_mark_is_above_the_files(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        assert raise_mark(connection, above=41) == 42
        assert raise_mark(connection, above=3) == 43


IN_MS = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("ours", "told", "remembered", "new"),
    [
        (1, 0, None, IN_MS),
        (1, 6, Remembered(4, {}), IN_MS),
        (2**50, 0, None, 2**50 + 1),
        (1, 2**50, Remembered(4, {}), 2**50 + 1),
        (1, 6, Remembered(2**50, {}), 2**50 + 1),
    ],
)
def test_a_new_series_is_above_all_that_is_known(ours: int, told: int, remembered: Remembered | None, new: int) -> None:
    """And where all that went back with the machine, no two restores give the same: they are not of one millisecond."""
    assert new_epoch(ours, told, remembered, NOW) == new


# -- the archive ---------------------------------------------------------------------------------------------

LAST = datetime(2026, 11, 29, 10, tzinfo=UTC)
PARTNER = Sender("Mulhouse", ours=(1, 12), theirs=(1, 30))


def mail(**claims: Any) -> Manifest:
    return Manifest(iss="them", aud="us", jti="01a1ffe6-18fe-7a57-b65d-63ab49cfb6d9", iat=0, kind=Kind.ORDERS, **claims)


@pytest.mark.parametrize(
    ("manifest", "sent", "after", "proof"),
    [
        pytest.param(mail(epoch=1, seq=31), True, timedelta(seconds=5), False, id="a batch that a crash left"),
        pytest.param(mail(epoch=1, seq=31), True, AFTER_A_CRASH * 2, True, id="their mails went on without us"),
        pytest.param(mail(epoch=2, seq=1), True, AFTER_A_CRASH * 2, True, id="in a new series of theirs"),
        pytest.param(mail(epoch=1, seq=20), True, AFTER_A_CRASH * 2, False, id="an old one that nobody adopted"),
        pytest.param(mail(), True, AFTER_A_CRASH * 2, False, id="a mail without a number"),
        pytest.param(
            mail(position=Position(sent=30, got_epoch=1, got=12)), True, timedelta(0), False, id="all we sent"
        ),
        pytest.param(mail(position=Position(sent=30, got_epoch=1, got=13)), True, timedelta(0), True, id="more"),
        pytest.param(
            mail(position=Position(sent=30, got_epoch=2, got=1)), True, timedelta(0), True, id="a later series"
        ),
        pytest.param(mail(), False, timedelta(0), True, id="an answer to what we did not send"),
    ],
)
def test_what_in_the_archive_proves_it(manifest: Manifest, after: timedelta, *, sent: bool, proof: bool) -> None:
    assert proves_older(manifest, PARTNER, is_sent=sent, archived_at=LAST + after, last_sign=LAST) is proof


def test_a_mark_of_a_site(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    site, other = paired_sites
    with site.database.transaction() as connection:
        connection.execute(update(Partner).values(out_epoch=3, out_seq=9))
        connection.execute(insert(Event).values(at=NOW, who="x", subject="site", subject_id=1, name="x"))
        mark = read_mark(connection, NOW)
        newest = connection.execute(select(Event.id).order_by(Event.id.desc()).limit(1)).scalar_one()
        site_row = connection.execute(select(Site.__table__)).one()
        connection.execute(delete(HighWater))
        assert read_count(connection) == 0
        connection.execute(insert(HighWater).values(id=1, n=0))
    assert (mark.site, mark.event, dict(mark.sent)) == (
        name_of(site_row.code, site_row.created_at),
        newest,
        {other.code: (3, 9)},
    )
    assert mark.remembered == Remembered(3, mark.numbers)
    assert not is_older(name_of(site_row.code, LAST), 0, replace(mark, n=9)), "made anew in its place"
