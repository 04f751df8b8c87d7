"""Brings a base to the schema of this release (alembic)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, inspect, text

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode, Word


class NotMigrated(Problem):
    """The base has another schema than this release; the message says what to run."""

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template, ProblemCode.OTHER_SCHEMA, **values)


class LaterRelease(NotMigrated):
    """The base was upgraded for a later release than this one."""


class Rename(NamedTuple):
    """A row that gets another number or code before the keys of the base are put into one encoding (schema 0013).

    :ivar table: what the upgrade calls it: `purchase_order`, `ledger`, …
    :ivar new: None forgets the row, which only what was remembered of a partner can be.
    """

    table: str
    row_id: int
    new: str | None


def upgrade(database: Database, renames: Sequence[Rename] = ()) -> None:
    """Create or upgrade all tables.

    :param renames: for two rows that would have one number or code.
    :raises LaterRelease: the base stays as it is.
    :raises Problem: rows would have one number or code, or a rename is none; the base stays as it is.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.transaction() as connection:
        found = _revision(connection)
        _refuse_newer(found)
        if renames and (found is None or found >= _IN_NFC):
            raise Problem(
                "Nothing was done: the base is at schema {found}, and only the upgrade to schema {needed} renames.",
                ProblemCode.OTHER_SCHEMA,
                found=found or Word("none"),
                needed=_IN_NFC,
            )
        config.attributes["renames"] = tuple(renames)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(connection: Connection) -> None:
    """Refuse a base whose schema is not this release's.

    :raises NotMigrated: with the command to run.
    """
    found = _revision(connection)
    _refuse_newer(found)
    if found != HEAD:
        raise NotMigrated(
            "The base is at schema {found}, this release needs {needed}: make a new site, or upgrade this one "
            "after taking a backup.",
            found=found or Word("none"),
            needed=HEAD,
        )


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > HEAD:
        raise LaterRelease(
            "The base is at schema {found}, which is of a later release; this one knows {known}. "
            "Install the release that the base was upgraded for.",
            found=found,
            known=HEAD,
        )


def _revision(connection: Connection) -> str | None:
    """What alembic wrote down; read without alembic, which would make every process start a fifth slower."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


_IN_NFC = "0013"
"""The revision that puts keys into one encoding."""

HEAD = "0066"
"""The newest revision under `migrations/versions`; a test holds it."""
