"""Days that people give, and times that they read, are the site's, whatever zone the machine is in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from intergestan_db.database import Database
from intergestan_db.tables import Site
from intergestan_erp.site.day import zone_of
from services.cli import shown
from services.cli.days import ahead, before, begin_of, end_of
from tests.machine_zone import ELSEWHERE, machine_in
from tests.services.cli.conftest import Run

PARIS = zone_of("Europe/Paris")


@pytest.fixture(autouse=True, params=ELSEWHERE)
def machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine is in another zone than the site."""
    with machine_in(request.param):
        yield
    shown.show_times_in(UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_range_of_days() -> None:
    """`--from` and `--to` take the whole days of the site, the one on which clocks change too."""
    assert begin_of("15/07/2026", PARIS) == at("2026-07-14T22:00")
    assert before("2026-07-15", PARIS) == at("2026-07-15T22:00")
    assert (begin_of("25/10/2026", PARIS), before("25/10/2026", PARIS)) == (
        at("2026-10-24T22:00"),
        at("2026-10-25T23:00"),
    )
    assert end_of("29/03/2026", PARIS) == at("2026-03-29T21:59:59")
    assert (begin_of(None, PARIS), end_of(None, PARIS), before(None, PARIS)) == (None, None, None)


def test_a_day_in_the_past_is_told_as_the_site_knows_it() -> None:
    with pytest.raises(typer.BadParameter, match="2026-07-15"):
        ahead(begin_of("15/07/2026", PARIS), at("2026-07-15T10:00"), PARIS)
    tomorrow = at("2026-07-15T10:00") + timedelta(days=1)
    assert ahead(tomorrow, at("2026-07-15T10:00"), PARIS) == tomorrow


def test_times_are_shown_as_the_sites_clocks_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "_shown_in", UTC)  # as a program begins, whatever commands ran in this process
    assert shown.cell(at("2026-07-14T22:30")) == "2026-07-14 22:30:00"  # no site is known yet: UTC
    shown.show_times_in(PARIS)
    assert shown.cell(at("2026-07-14T22:30")) == "2026-07-15 00:30:00"
    assert shown.cell(at("2026-10-25T00:30")) == shown.cell(at("2026-10-25T01:30")) == "2026-10-25 02:30:00"


def test_the_zone_of_a_site(run: Run, tmp_path: Path) -> None:
    """Paris in France, the capital's in countries that we know; elsewhere a person says it. It can be changed."""
    made = ("init", "--name", "Arts", "--orders-address", "a@arts.test", "--login", "marie")
    assert run(*made, "--data-dir", tmp_path / "fr").code == 0
    assert run("site", "show", "--json", cwd=tmp_path / "fr").json["timezone"] == "Europe/Paris"
    assert run(*made, "--data-dir", tmp_path / "be", "--country", "be").code == 0
    assert "Europe/Brussels" in run("site", "show", cwd=tmp_path / "be").out
    unknown = run(*made, "--data-dir", tmp_path / "us", "--country", "US")
    assert unknown.code == 1
    assert "--timezone" in unknown.err
    assert run(*made, "--data-dir", tmp_path / "us", "--country", "US", "--timezone", "America/Chicago").code == 0
    wrong = run("site", "set", "--timezone", "Chicago", cwd=tmp_path / "us")
    assert (wrong.code, "America/Chicago" in run("site", "show", cwd=tmp_path / "us").out) == (1, True)
    assert run("site", "set", "--timezone", "America/Denver", cwd=tmp_path / "us").code == 0
    with Database(f"sqlite:///{tmp_path}/us/site.db").read() as connection:
        assert connection.execute(Site.__table__.select()).one().timezone == "America/Denver"
