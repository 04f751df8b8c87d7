"""Processes that enter third parties at once: no code and no account is given twice, none is lost to a death."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Account, Party, PartyWord
from intergestan_erp.parties.codes import CodeRule, make_codes
from intergestan_erp.parties.indexing import without_words
from tests.at_once import go, starting
from tests.examples import share

COUNT = max(60, share(2))
"""200 each in `make campaign`."""


@pytest.mark.race
def test_codes_and_accounts_are_given_once(database: Database) -> None:
    """T01, T02, T08: real processes, one of them killed in the middle of a transaction, and no lock stays behind."""
    module, url = "tests.erp.parties.creating", database.url
    with starting(module, url, COUNT) as one, starting(module, url, COUNT) as two, starting(module, url, 9, 3) as dead:
        said = go([one, two, dead])
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
