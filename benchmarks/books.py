"""The file of entries for the tax office, of a million lines, beside writing the same lines.

The floor writes the lines as they are, one by one, to a file on the same disk. Ours reads them from the base, makes
them and writes them; memory is what the process grew by at its highest.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from benchmarks.machine import Servers, alternate, ratio
from intergestan_db.bulk import insert_rows
from intergestan_db.database import Database
from intergestan_db.tables import AccountingFolder, Entry, EntryLine
from intergestan_erp.books.fec import fec_bytes
from intergestan_erp.books.fec_rows import fec_entries
from intergestan_erp.books.folders import Books
from tests.databases import migrate_base

_FIRST, _LAST = date(2026, 1, 1), date(2026, 12, 31)
_AT_ONCE = 20_000
_OF_ENTRY = 3
"""Lines, as an invoice makes them."""


@contextmanager
def databases(machine: Servers) -> Iterator[list[Database]]:
    """An empty base of either kind, and where the files go."""
    with TemporaryDirectory(dir=machine.folder) as folder:
        made = [Database(f"sqlite:///{folder}/books.db"), Database(machine.postgres.create_database())]
        for database in made:
            migrate_base(database.url)
        yield made
        for database in made:
            database.dispose()


def measure(made: list[Database], folder: Path, lines: int, rounds: int) -> dict[str, float]:
    """Seconds for the file of so many lines, on either base; by how much that is more than writing them; memory."""
    lines -= lines % _OF_ENTRY
    found: dict[str, float] = {"fec_lines": float(lines)}
    for database in made:
        suffix = "_sqlite" if database.is_sqlite else ""
        books = fill(database, lines)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        file = folder / "fec.txt"
        _write(database, books, file)
        found[f"fec_grew_mib{suffix}"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        same = file.read_bytes().splitlines(keepends=True)
        if len(same) != lines + 1:
            raise AssertionError(f"{len(same)} lines instead of {lines + 1}")
        ours, floor = alternate(rounds, lambda: _write(database, books, file), lambda: _floor(same, file))  # noqa: B023
        found[f"fec_s{suffix}"], found[f"fec_ratio{suffix}"] = min(ours), ratio(ours, floor)
    return found


def fill(database: Database, lines: int) -> Books:
    """Entries of three lines, as invoices make them, over the days of a year."""
    with database.transaction() as connection:
        added = insert(AccountingFolder).values(number=1, name="Bench").returning(AccountingFolder.id)
        books = Books(connection.execute(added).scalar_one(), 1)
    entries = lines // _OF_ENTRY
    for first in range(1, entries + 1, _AT_ONCE):
        heads: list[dict[str, Any]] = []
        parts: list[dict[str, Any]] = []
        for number in range(first, min(first + _AT_ONCE, entries + 1)):
            day = _FIRST + timedelta(days=365 * number // (entries + 1))
            heads.append(
                {
                    "id": number,
                    "folder_id": books.id,
                    "journal_code": "VE",
                    "number": number,
                    "day": day,
                    "piece": f"FA{number}",
                    "piece_day": day,
                    "validated_on": day,
                    "source": f"invoice:{number}",
                    "label": f"Facture FA{number} Société Dupont",
                }
            )
            customer = f"Client {number % 5000}"
            for position, (account, title, aux, debit, credit) in enumerate(
                (
                    ("411000", "Clients", f"411C{number % 5000:07d}", 72, 0),
                    ("707000", "Ventes de marchandises", None, 0, 60),
                    ("445710", "TVA collectée", None, 0, 12),
                ),
                start=1,
            ):
                parts.append(
                    {
                        "entry_id": number,
                        "position": position,
                        "account": account,
                        "title": title,
                        "aux": aux,
                        "aux_title": customer if aux else None,
                        "debit": Decimal(debit),
                        "credit": Decimal(credit),
                    }
                )
        with database.transaction() as connection:
            insert_rows(connection, Entry, heads)
            insert_rows(connection, EntryLine, parts)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return books


def _write(database: Database, books: Books, file: Path) -> float:
    began = time.perf_counter()
    with database.snapshot() as connection, file.open("wb") as opened:
        opened.writelines(fec_bytes(fec_entries(connection, books, _FIRST, _LAST)))
    return time.perf_counter() - began


def _floor(lines: list[bytes], file: Path) -> float:
    began = time.perf_counter()
    with file.open("wb") as opened:
        for each in lines:
            opened.write(each)
    return time.perf_counter() - began
