"""The cases of three agencies, typed at a site on each kind of base: every row of them is as it must be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from services.demo.agency_cases import CASES, Story
from services.demo.agency_site import AgencySite, Terminal, make_agencies
from tests.journey.conftest import BASES
from tests.servers import PostgresServer


class Morning:
    """A site with three agencies before anybody has ordered."""

    def __init__(self, terminal: Terminal, folder: Path, server: PostgresServer | None) -> None:
        self._server = server
        self._folder = folder
        self._url = None if server is None else server.create_database()
        self._site = make_agencies(terminal, folder / "morning", self._url)

    def begin(self, name: str) -> AgencySite:
        """The same site for a case of its own."""
        site = self._site.copy(self._folder / name)
        if self._server is not None and self._url is not None:
            url = self._server.create_database(template=str(make_url(self._url).database))
            site.config.write_text(site.config.read_text().replace(self._url, url))
        return site


@pytest.fixture(scope="module", params=BASES)
def morning(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Morning]:
    with Terminal("en") as terminal:
        server = postgres_server if request.param == "postgresql" else None
        yield Morning(terminal, tmp_path_factory.mktemp("agencies"), server)


@pytest.mark.parametrize("name", CASES)
def test_every_row_is_as_it_must_be(morning: Morning, name: str) -> None:
    """A01 to A51, D37 to D62, §8: allocation, pairs, receipts, deferred invoicing and books, by the commands alone."""
    story = Story("en")
    CASES[name][1](morning.begin(name), story)
    wrong = [row for row in story.rows if not row.is_right]
    assert [(row.after[0], row.what[0], row.expected, row.found) for row in wrong] == []
    assert len(story.rows) > 5
