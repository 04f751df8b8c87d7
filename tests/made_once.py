"""What many tests begin with is made once in a process and copied from then on: a site, a desk, agencies with goods.

An SQLite database is a file: who asks for the same thing in a database of the same content gets the file as it was
after the first time. To make a site takes a hundred statements, to copy it a millisecond. On PostgreSQL, where to copy
costs as much, it is made each time; sites that are worth it are kept there by `KeptSites`.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from intergestan_db.database import Database

MOST = 16
"""Things that are kept, those of which somebody asked last: each is a database in memory."""

Made = TypeVar("Made")


@dataclass
class _Kept:
    """:ivar before: what the file held; `after`: what it held then; `folder`: where the last one went."""

    before: bytes
    after: bytes
    made: Any
    folder: Path


_kept: OrderedDict[Hashable, _Kept] = OrderedDict()


def made_once(database: Database, what: Hashable, make: Callable[[], Made]) -> Made:
    """What `make` returns, with what it writes into this database; both are copied where that is the same as making it.

    It is made again where the database holds anything else than it did the first time, where somebody is connected to
    it, and for a second one in the same folder: two sites of one test are two.

    :param what: its name, with all that it depends on besides the database's content and clock.
    :param make: what it returns says nothing about the database, such as a connection would.
    """
    file, what = database.file, (what, database.now())
    if file is None or file.with_name(f"{file.name}-wal").exists():
        return make()
    before, kept = file.read_bytes(), _kept.get(what)
    if kept is not None and kept.before == before and kept.folder != file.parent:
        _kept.move_to_end(what)
        kept.folder = file.parent
        file.write_bytes(kept.after)
        made: Made = kept.made
        return made
    made = make()
    with closing(sqlite3.connect(file)) as connection:
        _kept[what] = _Kept(before, connection.serialize(), made, file.parent)
    if len(_kept) > MOST:
        _kept.popitem(last=False)
    return made
