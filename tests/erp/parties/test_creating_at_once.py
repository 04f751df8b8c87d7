"""Processes that enter third parties at once: no code and no account is given twice, none is lost to a death."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Account, Party, PartyWord
from intergestan_erp.parties.codes import CodeRule, make_codes
from intergestan_erp.parties.indexing import without_words
from tests import warm
from tests.patience import PATIENCE

COUNT = 60


@contextmanager
def creating(url: str, count: int, dies_at: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """A process that enters so many parties by the rule and as many by hand, once it gets a line."""
    arguments = [url, str(count), *([] if dies_at is None else [str(dies_at)])]
    with warm.Popen(
        [sys.executable, "-m", "tests.erp.parties.creating", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


@pytest.mark.race
def test_codes_and_accounts_are_given_once(database: Database) -> None:
    """T01, T02, T08: real processes, one of them killed in the middle of a transaction, and no lock stays behind."""
    with (
        creating(database.url, COUNT) as one,
        creating(database.url, COUNT) as two,
        creating(database.url, 9, 3) as dead,
    ):
        for process in (one, two, dead):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=PATIENCE)[0].splitlines() for process in (one, two, dead)]
    assert [one.returncode, two.returncode, dead.returncode] == [0, 0, -9]
    lines = [line.split() for each in said for line in each]
    made = [line for line in lines if line[0] != "taken"]
    assert max(Counter(code for code, _ in made).values()) == 1
    assert max(Counter(account for _, account in made).values()) == 1
    assert len(made) == 2 * COUNT + 3
    with database.transaction() as connection:
        codes = set(connection.execute(select(Party.code)).scalars())
        assert codes == {code for code, _ in made} | {f"HAND{number}" for number in range(COUNT)}
        accounts = connection.execute(select(Account.number)).scalars().all()
        assert len(set(accounts)) == len(accounts) == len(codes)
        assert without_words(connection) == 0
        assert len(set(connection.execute(select(PartyWord.party_id)).scalars())) == len(codes)
        assert make_codes(connection, CodeRule(automatic=True), ["Dupont"])[0] not in codes
    assert sum(line[0] == "taken" for line in lines) == COUNT + 3
