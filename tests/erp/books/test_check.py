"""What is wrong with books is found, and a file of them is refused."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.fec_rows import WrittenFile, check_exportable, note_written, written_before
from intergestan_erp.books.folders import folder_called
from tests.clock import Clock
from tests.erp.books.keeping import Keeper

YEAR = date(2026, 1, 1), date(2026, 12, 31)
TRIGGERS = ("frozen", "frozen_rows")


@pytest.fixture
def keeper(base: Database) -> Keeper:
    return Keeper(base)


def spoil(keeper: Keeper, *statements: str) -> None:
    """Change what nobody can: without the triggers."""
    with keeper.base.transaction() as connection:
        for table in ("entry", "entry_line"):
            for name in TRIGGERS:
                which = f"{name}_{table}" if keeper.base.is_sqlite else f"{name} ON {table}"
                connection.execute(text(f"DROP TRIGGER {which}"))
        for statement in statements:
            connection.execute(text(statement))


def test_everything_wrong_is_found(keeper: Keeper, clock: Clock) -> None:
    """A04: `books check`. What is of before the first entry was never posted, and is not missed."""
    for _each in range(4):
        keeper.bill(("1", "10", "20"))
    clock.move(days=1)
    keeper.pay("12")
    keeper.pay("1")
    assert keeper.wrong() == []
    whose = keeper.lines(*YEAR)[0][9]
    spoil(
        keeper,
        "DELETE FROM entry_line WHERE entry_id = 1",
        "DELETE FROM entry WHERE id = 1",
        "DELETE FROM entry_line WHERE entry_id = 3",
        "DELETE FROM entry WHERE id = 3",
        "UPDATE entry_line SET debit = debit + 1 WHERE entry_id = 2 AND position = 1",
        "UPDATE entry SET day = '2019-05-05' WHERE id = 4",
        "UPDATE entry SET validated_on = '2026-11-19' WHERE id = 6",
    )
    assert keeper.wrong() == [
        *("unbalanced VE2", "gap VE2", "gap VE4", "order BQ2", "no_year VE4"),
        *(f"letter {whose} AA", "missed FA3"),
    ]
    with keeper.base.read() as connection, pytest.raises(Problem) as caught:
        check_exportable(connection, keeper.folder)
    assert caught.value.code in {ProblemCode.NO_SIREN, ProblemCode.BOOKS_BROKEN}


def test_the_lines_of_a_file_come_in_their_order(keeper: Keeper, clock: Clock) -> None:
    """A04: openings first, then by validation, journal and number; a repeated export is the same."""
    keeper.bill(("6", "10", "20"))
    clock.move(days=42)
    keeper.pay("72")
    keeper.close("2026")
    keeper.bill(("6", "10", "20"))
    keeper.pay("1", received_on=date(2027, 1, 1))
    rows = keeper.lines(date(2027, 1, 1), date(2027, 12, 31))
    assert list(dict.fromkeys((row[0], row[1]) for row in rows)) == [("AN", 1), ("BQ", 1), ("BQ", 2), ("VE", 2)]
    of_bank = next(row for row in rows if row[0] == "BQ")
    assert [str(of_bank[place]) for place in (2, 3, 4, 5)] == ["2027-01-01", "RG1", "2027-01-01", "2027-01-01"]
    assert [(row[11], row[12]) for row in keeper.lines(*YEAR)] == [(7200, 0), (0, 6000), (0, 1200)]
    assert keeper.lines(*YEAR)[0][13] == "AA"
    assert keeper.file(*YEAR).count(b"\t72,00\t0,00\tAA\t20270101\t20261120\t\t\r\n") == 1
    assert keeper.file(*YEAR) == keeper.file(*YEAR)


def test_what_was_handed_in_is_kept(keeper: Keeper) -> None:
    """A47: without a SIREN no file; the last one of the same days is known."""
    with keeper.base.transaction() as connection:
        connection.execute(text("UPDATE accounting_folder SET siren = NULL"))
    with keeper.base.read() as connection, pytest.raises(Problem) as caught:
        check_exportable(connection, folder_called(connection, 1))
    assert caught.value.code is ProblemCode.NO_SIREN
    with keeper.base.transaction() as connection:
        connection.execute(text("UPDATE accounting_folder SET siren = '732829320'"))
    for n in (1, 2):
        keeper.act_in(note_written, *YEAR, WrittenFile(f"{n}" * 64, n))
    with keeper.base.read() as connection:
        assert check_exportable(connection, folder_called(connection, 1)) == "732829320"
        assert written_before(connection, keeper.folder, *YEAR) == WrittenFile("2" * 64, 2)
        assert written_before(connection, keeper.folder, YEAR[0], YEAR[0]) is None
        with pytest.raises(Problem, match="no accounting folder 9"):
            folder_called(connection, 9)
