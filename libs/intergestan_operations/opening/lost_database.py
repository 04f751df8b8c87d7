"""Whether a database without a site is a new one or one that was lost: what lies beside it tells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import inspect

from intergestan_db.database import Database
from intergestan_db.site_rows import has_site
from intergestan_operations.opening.high_water_file import file_of
from intergestan_operations.opening.stores import open_archive
from intergestan_runtime.archive import ArchiveError, Unreachable
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import SecretError
from intergestan_runtime.settings import SiteSettings


class LostDatabase(Exception):
    """Keys, mails or the history of a site are here, and its database is not."""


def refuse_lost_database(site: SiteSettings, database: Database) -> None:
    """Nothing makes a new database where one is to be brought back.

    A database that has a site is not lost; neither is one that an `init` that was cut has begun.

    :raises LostDatabase: with what is left of the site, and what to do.
    """
    if has_site(database):
        return
    left = list(_left(site, database))
    if left:
        raise LostDatabase(
            Said(
                "The database of this site is gone: {url} has none, and {left} is still here. Bring the database "
                "back from a backup, then note the restore (docs/runbooks/IntergestanOwnDatabaseOlder.md): a new "
                "one would not know which orders were sent and received. A new site needs another folder and "
                "another database.",
                url=site.database_url,
                left=", ".join(left),
            )
        )


def _left(site: SiteSettings, database: Database) -> Iterator[str]:
    """What only a site leaves that was in use. An administrator may make the keys before the database on a server."""
    mark = file_of(site, database)
    if mark.is_file():
        yield str(mark)
    if _has_mails(site):
        yield str(site.archive_url or site.archive_dir)
    if database.file is not None and not _has_tables(database, database.file) and site.key_file.is_file():
        yield str(site.key_file)


def _has_tables(database: Database, file: Path) -> bool:
    """Whether an `init` began with it: it makes the tables before the keys."""
    if not file.exists():
        return False
    with database.read() as connection:
        return bool(inspect(connection).get_table_names())


def _has_mails(site: SiteSettings) -> bool:
    """Whether a mail is in the archive, as far as we may look."""
    try:
        return next(open_archive(site).names(), None) is not None
    except (OSError, ArchiveError, Unreachable, SecretError):
        return False
