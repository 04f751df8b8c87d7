"""Accounts of third parties: one for each role, numbered by the site's rule (T05 to T08).

An account's number does not follow a later change of the name, of the rule or of the root: it stands in the books.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, bindparam, select, text, update

from intergestan_db.among import among
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Account, AccountCounter, Party, PartyAccount
from intergestan_erp.parties.counters import first_free
from intergestan_erp.parties.folding import fold

WIDEST = 10
_ROOT = re.compile(r"[0-9]{3,10}")
_BY_HAND = re.compile(r"[0-9][A-Z0-9._/-]{0,49}")
_CLASSES: Mapping[PartyRole, str] = {PartyRole.CUSTOMER: "41", PartyRole.SUPPLIER: "40"}
"""How the accounts of each role begin in the French chart of accounts."""

_TAKE = text(
    "INSERT INTO account_counter (root, next_number) VALUES (:root, 1 + :many) "
    "ON CONFLICT (root) DO UPDATE SET next_number = account_counter.next_number + :many "
    "RETURNING next_number - :many"
)
_GO_ON = update(AccountCounter).where(AccountCounter.root == bindparam("of")).values(next_number=bindparam("following"))
_HOLDERS = (
    select(Account.number, Account.title, Party.code)
    .outerjoin(PartyAccount, PartyAccount.account_id == Account.id)
    .outerjoin(Party, Party.id == PartyAccount.party_id)
    .where(among(Account.number, "numbers"))
)


class AccountMode(StrEnum):
    """How the number of an account comes about: by hand, or from its root and one of three numbers."""

    MANUAL = "manual"
    INTERNAL = "internal"
    SEQUENCE = "sequence"
    ALPHABET = "alphabet"


@dataclass(frozen=True, slots=True)
class AccountRule:
    """How accounts are numbered. `width`: so many digits at least follow the root, or the rank."""

    mode: AccountMode = AccountMode.MANUAL
    roots: Mapping[PartyRole, str] = field(
        default_factory=lambda: {PartyRole.CUSTOMER: "411", PartyRole.SUPPLIER: "401"}
    )
    width: int = 5

    def check(self) -> None:
        """Refuse roots and widths of which no account can be made.

        :raises Problem: for the first one found.
        """
        for role, root in self.roots.items():
            if not _ROOT.fullmatch(root) or not root.startswith(_CLASSES[role]):
                raise Problem(
                    "«{root}» is not the root of such accounts: it has 3 to 10 digits and begins with {begin}. Nothing "
                    "was changed.",
                    ProblemCode.NO_VALUE,
                    (Act.SHOW_SETTINGS,),
                    root=root,
                    begin=_CLASSES[role],
                )
        if not 1 <= self.width <= WIDEST:
            raise Problem(
                "The number of an account has 1 to {most} digits behind its root: {width} does not fit. Nothing was "
                "changed.",
                ProblemCode.NO_VALUE,
                (Act.SHOW_SETTINGS,),
                most=WIDEST,
                width=self.width,
            )

    def counter_of(self, role: PartyRole, name: str) -> str:
        """What the counted numbers of a party of this name begin with (D14)."""
        return self.roots[role] + (rank(name) if self.mode is AccountMode.ALPHABET else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A party that gets an account in a role. `number`: as a person gave it."""

    party_id: int
    role: PartyRole
    code: str
    name: str
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """The account that a party got."""

    party_id: int
    role: PartyRole
    account_id: int
    number: str
    title: str


def rank(name: str) -> str:
    """The place of a name's first letter in the alphabet, 01 to 26; 00 for whatever else it begins with (T08, D6)."""
    first = fold(name).strip()[:1].upper()
    return f"{ord(first) - ord('A') + 1:02d}" if first and "A" <= first <= "Z" else "00"


def account_by_hand(typed: str) -> str:
    """A number that a person gives, as it is kept.

    :raises Problem: when it has other characters.
    """
    number = "".join(typed.split()).upper()
    if not _BY_HAND.fullmatch(number):
        raise Problem(
            "«{number}» is not the number of an account: it begins with a digit and has at most 50 digits and letters. "
            "Nothing was changed.",
            ProblemCode.NO_ACCOUNT_NUMBER,
            (Act.GIVE_ACCOUNT,),
            number=typed,
        )
    return number


def give_accounts(connection: Connection, rule: AccountRule, wanted: Sequence[Wanted]) -> list[Given]:
    """Make an account for each of these; counters are locked in the order of their roots, until the transaction ends.

    :raises Problem: a number is taken, all of them are given, or one was given by hand where they are automatic.
    """
    for each in wanted:
        if each.number is not None and rule.mode is not AccountMode.MANUAL:
            raise Problem(
                "Account numbers are given automatically here, so {number} was not taken. Nothing was changed.",
                ProblemCode.ACCOUNT_AUTOMATIC,
                (Act.ACCOUNT_SETTINGS,),
                number=each.number,
            )
    numbers = _counted(connection, rule, wanted) if rule.mode in _COUNTED else _own(connection, rule, wanted)
    rows = [
        {"number": number, "title": each.name, "kind": each.role, "active": True}
        for each, number in zip(wanted, numbers, strict=True)
    ]
    ids = insert_rows_with_ids(connection, Account, rows, by="number")
    given = [
        Given(each.party_id, each.role, ids[number], number, each.name)
        for each, number in zip(wanted, numbers, strict=True)
    ]
    insert_rows(
        connection,
        PartyAccount,
        [{"party_id": each.party_id, "role": each.role, "account_id": each.account_id} for each in given],
    )
    return given


def taken_accounts(connection: Connection, numbers: Sequence[str]) -> dict[str, str]:
    """Those of some numbers that accounts have, and whose they are: a party's code, else the account's title."""
    rows = connection.execute(_HOLDERS, {"numbers": numbers})
    return {row.number: row.code or row.title for row in rows}


def refuse_taken(connection: Connection, numbers: Iterable[str]) -> None:
    """Refuse numbers that accounts have.

    :raises Problem: with the first of them, and whose it is.
    """
    holders = taken_accounts(connection, sorted(numbers))
    for number in sorted(holders):
        raise _taken(number, holders[number])


_COUNTED = (AccountMode.SEQUENCE, AccountMode.ALPHABET)


def _own(connection: Connection, rule: AccountRule, wanted: Sequence[Wanted]) -> list[str]:
    """Numbers that follow from the party itself, or that a person gave."""
    numbers = [each.number or _number_of(rule, each) for each in wanted]
    refuse_taken(connection, numbers)
    first: dict[str, str] = {}
    for each, number in zip(wanted, numbers, strict=True):
        if number in first:
            raise _taken(number, first[number])
        first[number] = each.code
    return numbers


def _number_of(rule: AccountRule, each: Wanted) -> str:
    if rule.mode is AccountMode.INTERNAL:
        return f"{rule.roots[each.role]}{each.party_id:0{rule.width}d}"
    return rule.roots[each.role] + each.code


def _counted(connection: Connection, rule: AccountRule, wanted: Sequence[Wanted]) -> list[str]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(wanted):
        places[rule.counter_of(each.role, each.name)].append(place)
    numbers = [""] * len(wanted)
    for root in sorted(places):
        free = _free_numbers(connection, root, rule.width, len(places[root]))
        for place, number in zip(places[root], free, strict=True):
            numbers[place] = number
    return numbers


def _free_numbers(connection: Connection, root: str, width: int, many: int) -> list[str]:
    """So many numbers that no account has, from the counter on."""
    first: int = connection.execute(_TAKE, {"root": root, "many": many}).scalar_one()
    most = 10**width - 1
    found = first_free(
        first,
        most,
        many,
        lambda number: f"{root}{number:0{width}d}",
        lambda numbers: taken_accounts(connection, numbers),
    )
    if found is None:
        raise Problem(
            "All accounts that begin with {root} are used ({count}). Nothing was created.",
            ProblemCode.ACCOUNTS_EXHAUSTED,
            (Act.ACCOUNT_SETTINGS,),
            root=root,
            count=most,
        )
    numbers, following = found
    if following != first + many:
        connection.execute(_GO_ON, {"of": root, "following": following})
    return numbers


def _taken(number: str, holder: str) -> Problem:
    return Problem(
        "The account {number} belongs to {party}: choose another number. Nothing was changed.",
        ProblemCode.ACCOUNT_TAKEN,
        (Act.GIVE_ACCOUNT,),
        number=number,
        party=holder,
    )
