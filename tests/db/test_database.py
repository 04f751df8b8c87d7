"""The base's connections."""

from __future__ import annotations

import time

from sqlalchemy import text

from intergestan_db.database import ASK_AFTER_S, Database


def test_connections_that_died_while_nobody_used_them_are_not_noticed(postgres_url: str) -> None:
    """A base that was restarted in a quiet minute costs no work its first try."""
    database, other = Database(postgres_url), Database(postgres_url)
    with database.read(), database.transaction() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    with other.transaction() as connection:
        ended = connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        ).all()
    assert len(ended) == 2
    time.sleep(ASK_AFTER_S + 0.1)
    with database.transaction() as connection, database.read() as second:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        assert second.execute(text("SELECT 1")).scalar_one() == 1
    database.dispose()
    other.dispose()
