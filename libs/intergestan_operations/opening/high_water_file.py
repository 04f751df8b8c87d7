"""The high-water file of a site: read at every start, written by the dispatcher (ADR 0027).

It lies in the folder `history`: beside the database where that is a file, else in the site's data folder. A service
that may not look there starts without: the others look.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from intergestan_db.database import Database
from intergestan_runtime.private import make_folder
from intergestan_runtime.said import Said

if TYPE_CHECKING:
    from intergestan_exchange.history.high_water import Mark
    from intergestan_operations.opening.history_check import Trace
    from intergestan_runtime.settings import SiteSettings

FOLDER, NAME = "history", "high-water.json"
_LONGEST = 10_000_000


class OlderDatabase(Exception):
    """The database is older than what the site did: it was copied back, and nobody typed `restored`."""


def file_of(site: SiteSettings, database: Database) -> Path:
    """Where the file is."""
    return (site.data_dir if database.file is None else database.file.parent) / FOLDER / NAME


def read_file(file: Path) -> Mark | None:
    """What stands in the file; None without one, or where it cannot be read."""
    from intergestan_exchange.history.mark_file import decode

    try:
        with file.open("rb") as opened:
            return decode(opened.read(_LONGEST))
    except OSError:
        return None


def write_file(file: Path, mark: Mark) -> None:
    """Put the mark into the file, whole or not at all, also after a power cut. Raises OSError."""
    from intergestan_exchange.history.mark_file import encode

    make_folder(file.parent)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".mark-")
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 - the descriptor is open already
            opened.write(encode(mark))
            opened.flush()
            os.fchmod(descriptor, _mode_in(file.parent))
            os.fsync(descriptor)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mode_in(folder: Path) -> int:
    """Whoever may look into the folder reads the file: other services, where an administrator made it for them."""
    return 0o600 | (folder.stat().st_mode & 0o044)


def check_high_water(site: SiteSettings, database: Database) -> None:
    """Refuse a database that is older than the file.

    The file is read first, and the database in a view of its own after it: a dispatcher that lives may commit and write
    in between, and what it wrote then must not look as if the database were behind.

    :raises OlderDatabase: with the instruction.
    """
    file = file_of(site, database)
    if not file.is_file():
        return
    from intergestan_db.site_rows import read_site
    from intergestan_exchange.history.high_water import is_older, name_of, read_count

    seen = read_file(file)
    if seen is None:
        return
    with database.read() as connection:
        row, count = read_site(connection), read_count(connection)
    if is_older(name_of(row.code, row.created_at), count, seen):
        raise OlderDatabase(older(seen.at, file))


def older(at: str, file: Path) -> Said:
    """The sentence of the refusal, where the high-water file proves it."""
    return Said(
        "This database is older than what the site has done: it was in use until {at} ({file}), and the end of "
        "that is missing here. Nothing is started, so that no number is given twice. Stop all services, note the "
        "restore (docs/runbooks/IntergestanOwnDatabaseOlder.md), start them again, then take the whole archive in "
        "again. If the newer database is still there, put that one back instead.",
        at=at,
        file=file,
    )


def older_than_archive(trace: Trace) -> Said:
    """The same, where a mail in the archive proves it."""
    return Said(
        "This database is older than what the site has done: in the archive lies a mail of {partner} ({mail}, "
        "{at}) that belongs to the time after its end. Nothing is started, so that no number is given twice. Stop "
        "all services, note the restore (docs/runbooks/IntergestanOwnDatabaseOlder.md), start them again, then "
        "take the whole archive in again. If the newer database is still there, put that one back instead.",
        partner=trace.partner,
        mail=trace.sha256[:12],
        at=trace.archived_at.isoformat(timespec="seconds"),
    )
