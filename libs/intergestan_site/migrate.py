"""Brings a base to the schema of this release (alembic)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from intergestan_site.database import Database


class NotMigrated(Exception):
    """The base has another schema than this release; the message says what to run."""


def upgrade(database: Database) -> None:
    """Create or upgrade all tables."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Refuse a base whose schema is not this release's.

    :raises NotMigrated: with the command to run.
    """
    found = _revision(connection)
    if found != HEAD:
        raise NotMigrated(
            f"The base is at schema {found or 'none'}, this release needs {HEAD}: "
            "run `intergestan init` for a new site, or `intergestan upgrade` after taking a backup."
        )


def _revision(connection: Connection) -> str | None:
    """What alembic wrote down; read without alembic, which would make every process start a fifth slower."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


HEAD = "0003"
"""The newest revision under `migrations/versions`; a test holds it."""
