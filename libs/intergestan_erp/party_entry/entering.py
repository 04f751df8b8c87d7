"""Entering a third party that a person typed, as one act for every face; and what it would get, before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.parties.accounts import AccountMode
from intergestan_erp.parties.parties import Entered, NewParty, PartyRules, add_parties


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a third party would get; no counter is taken for it.

    :ivar prefix: how its code will begin; None where people give codes. :ivar accounts: the number in each role,
        where that follows from the code (T05); the others are made when it is entered.
    """

    prefix: str | None
    accounts: Mapping[PartyRole, str]


def propose(rules: PartyRules, name: str, code: str) -> Proposal:
    """What a third party of this name, and of this code where people give codes, would get."""
    codes, accounts = rules.codes, rules.accounts
    prefix = codes.prefix_of(name) if codes.automatic and name.strip() else None
    by_code = accounts.mode is AccountMode.MANUAL and bool(code.strip())
    roots = accounts.roots.items()
    return Proposal(prefix, {role: root + code.strip().upper() for role, root in roots} if by_code else {})


def enter_party(
    connection: Connection, party: NewParty, rules: PartyRules, *, code_by_hand: bool = False, by: str, at: datetime
) -> Entered:
    """Enter a third party that a person typed.

    :param code_by_hand: take its code although codes are made automatically here.
    :raises Problem: as `add_parties`, or it has a code where codes are made; nothing may be written then.
    """
    check_code(rules, party.code, by_hand=code_by_hand)
    (entered,) = add_parties(connection, [party], rules, by=by, at=at)
    return entered


def check_code(rules: PartyRules, code: str | None, *, by_hand: bool) -> None:
    """Refuse a code that a person gives where codes are made automatically, unless it is meant.

    :raises Problem: with the code.
    """
    if code is not None and rules.codes.automatic and not by_hand:
        raise Problem(
            "Codes are made automatically here, so {code} was not taken. Nothing was changed.",
            ProblemCode.CODE_AUTOMATIC,
            (Act.CODE_BY_HAND, Act.CODE_SETTINGS),
            code=code,
        )
