"""What a service says when its base is away while it works."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from intergestan_db.database import Database
from intergestan_operations.opening.outage import postponing
from intergestan_runtime.steps import Postponed
from tests.servers.process import HOST, free_port


def test_a_base_that_is_away_gets_a_sentence_and_no_traceback() -> None:
    away = Database(f"postgresql+psycopg://{HOST}:{free_port()}/site")

    def work(row_id: int) -> None:
        with away.transaction() as connection:
            connection.execute(text("SELECT :row"), {"row": row_id})

    with capture_logs() as said, pytest.raises(Postponed):
        postponing(work)(7)
    (line,) = said
    assert (line["log_level"], line["event"]) == ("warning", "The base did not take it; it stays due.")
    assert "refused" in line["error"]
    assert "\n" not in line["error"]
    assert "exc_info" not in line


def test_what_is_our_own_fault_is_told_whole(sqlite_base: Database) -> None:
    def work(_row_id: int) -> None:
        with sqlite_base.transaction() as connection:
            connection.execute(text("INSERT INTO site (id) VALUES (1)"))

    with capture_logs() as said, pytest.raises(Exception, match="NOT NULL"):
        postponing(work)(7)
    assert said == []
