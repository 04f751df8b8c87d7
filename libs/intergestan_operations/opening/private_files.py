"""The folders and files of a site that are for its user only: narrowed at each start, looked at by `doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from intergestan_db.database import Database
from intergestan_operations.opening.high_water_file import file_of
from intergestan_runtime.private import is_shared, judge, narrow, open_above
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import guarded_folders

if TYPE_CHECKING:
    from intergestan_runtime.settings import SiteSettings


class OpenToOthers(Exception):
    """Others may put files of theirs in the place of the site's database or keys."""


def places(site: SiteSettings, database: Database) -> Iterator[Path]:
    """All that is to be looked at, whether it is there or not; mails in the archive were made for their owner."""
    yield from _vital(site, database)
    mark = file_of(site, database)
    yield mark.parent
    if not is_shared(mark.parent):
        yield mark
    if site.archive_url is None:
        yield site.archive_dir
    if database.file is not None:
        yield from (database.file.with_name(database.file.name + end) for end in ("", "-wal", "-shm", "-journal"))
    if site.redis_url is None:
        yield from (site.data_dir, *(site.data_dir / name for name in ("appendonlydir", "log", "lock", "socket")))


def _vital(site: SiteSettings, database: Database) -> Iterator[Path]:
    """The folders in which a file of somebody else's would be taken for ours."""
    yield site.secrets_dir
    yield from (
        file.parent for file in (site.key_file, site.base_key_file, site.bounce_key_file, site.console_key_file)
    )
    if database.file is not None:
        yield database.file.parent


def keep_private(site: SiteSettings, database: Database) -> list[Said]:
    """Close to others what is the site's, where it is ours to close; a sentence about each that was open.

    :raises OpenToOthers: others may write where the database or keys are, and we cannot close it; with the cure.
    """
    narrowed = [path for path in _looked_at(places(site, database)) if _narrowed(path)]
    for path in _looked_at(_vital(site, database)):
        if judge(path).state == "open":
            raise OpenToOthers(open_to_others(path))
    for said in replaceable(site, database):
        raise OpenToOthers(said)
    return [
        Said("Other accounts of this machine could look into {path}; it is closed to them now.", path=path)
        for path in narrowed
    ]


def _narrowed(path: Path) -> bool:
    try:
        return narrow(path)
    except OSError:  # on a disk that is only read nobody changes anything; `doctor` says who may read
        return False


def wide_places(site: SiteSettings, database: Database) -> Iterator[Path]:
    """What others may read or change, each once."""
    yield from (path for path in _looked_at(places(site, database)) if judge(path).state != "fine")


def replaceable(site: SiteSettings, database: Database) -> Iterator[Said]:
    """A sentence about each folder above the site's in which others may put a folder of theirs in its place."""
    above = (open_above(path) for path in _looked_at(_vital(site, database)))
    for folder in dict.fromkeys(each for each in above if each is not None):
        yield Said(
            "Other accounts of this machine may put a folder of theirs in {path}, in the place of the one that leads "
            "to the site's database or keys. Let them write there no more: chmod o-w {path}, or move the site.",
            path=folder,
        )


def open_to_others(path: Path) -> Said:
    """The sentence about it, with the cure."""
    return Said(
        "Other accounts of this machine may read or change {path}, and with it what the site keeps there. Give it to "
        "the user who runs the site and close it to others: chmod go-rwx {path}",
        path=path,
    )


def _looked_at(paths: Iterator[Path]) -> Iterator[Path]:
    """Those that nobody else guards and that we may look at, each once."""
    guarded = guarded_folders()
    for path in dict.fromkeys(each.absolute() for each in paths):
        try:
            if not any(path.is_relative_to(folder) for folder in guarded):
                path.stat()
                yield path
        except OSError:  # not there, or in a folder that is closed to us: then to others as well
            continue
