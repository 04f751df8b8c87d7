"""Whether this database is the newest that the site had; `up` starts nothing with an older one (ADR 0027)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_db.database import Database
    from intergestan_exchange.inbox.pool import ReaderPool
    from intergestan_operations.opening.history_check import Read
    from intergestan_runtime.settings import SiteSettings


def refuse_older_database(site: SiteSettings, database: Database) -> None:
    """Compare the database with the high-water file and with the archive's newest mails.

    :raises OlderDatabase, LostDatabase: with the instruction.
    :raises NoSite: there is none in it.
    """
    from intergestan_db.site_rows import has_site
    from intergestan_operations.opening.high_water_file import OlderDatabase, check_high_water, older_than_archive
    from intergestan_operations.opening.history_check import find_trace
    from intergestan_operations.opening.lost_database import refuse_lost_database
    from intergestan_operations.opening.opening import NoSite, is_made
    from intergestan_operations.opening.stores import open_archive

    if not has_site(database):
        refuse_lost_database(site, database)
    if not is_made(database):
        raise NoSite(site.database_url)
    check_high_water(site, database)
    if site.archive_url is not None:
        return  # to look through a bucket is to list all of it
    readers: list[ReaderPool] = []

    def read() -> Read:
        from intergestan_exchange.inbox.pool import ReaderPool

        readers.append(ReaderPool())
        return readers[0].read

    try:
        trace = find_trace(database, open_archive(site), read)
    finally:
        for each in readers:
            each.close()
    if trace is not None:
        raise OlderDatabase(older_than_archive(trace))
