"""`python -m tests.erp.parties.creating URL COUNT [DIE]`: a process that enters third parties, one after the other.

It prints `started`, waits for a line, then for each party its code and its account; `taken N` is the Nth code by hand
that another process gave first. With DIE it is killed in the middle of the transaction of that party.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial

from sqlalchemy import Connection

from intergestan_db.database import Database, utc_now
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.parties.accounts import AccountMode, AccountRule
from intergestan_erp.parties.codes import CodeRule
from intergestan_erp.parties.parties import Entered, NewParty, PartyRules, add_parties, in_turn

RULES = PartyRules(CodeRule(automatic=True), AccountRule(AccountMode.ALPHABET))


def main(url: str, count: str, dies_at: str = "") -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    for number in range(int(count)):
        made, dies = NewParty(name=f"Dupont {number}", is_customer=True), str(number) == dies_at
        (entered,) = in_turn(database, partial(enter, party=made, dies=dies))
        print(entered.code, *entered.accounts.values(), flush=True)
        by_hand = NewParty(code=f"HAND{number}", name=f"Zoé {number}", is_customer=True)
        try:
            in_turn(database, partial(enter, party=by_hand, dies=False))
        except Problem as problem:
            if problem.code is not ProblemCode.CODE_TAKEN:
                raise
            print("taken", number, flush=True)
    database.dispose()


def enter(connection: Connection, *, party: NewParty, dies: bool) -> list[Entered]:
    entered = add_parties(connection, [party], RULES, by="m", at=utc_now())
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return entered


if __name__ == "__main__":
    main(*sys.argv[1:])
