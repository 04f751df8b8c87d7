"""Finding third parties and accounts by a few typed characters (T09 to T15, D15).

Each chosen field is asked in its order, and no other gets a statement. A value matches when each typed word begins one
of its words. What is found is in the order of the fields; in one field, first those that begin with the word, then by
the matched word, then by age. Of several typed words the one that begins the fewest words of the field leads: its order
counts. Both kinds of base give the same rows in the same order, because the words stand there folded, and are compared
by their characters' numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, select, text

from intergestan_db.enums import PartyRole
from intergestan_db.tables import Account, Party, PartyAccount
from intergestan_erp.parties.agencies import stands_for_depot
from intergestan_erp.parties.search_words import after, typed_words

MOST = 2000
"""So many words of a field are looked at, at the very most, where several words were typed."""
USUAL = 20

Parameters = dict[str, Any]


class PartyField(StrEnum):
    """What a third party is found by (T11)."""

    CODE = "code"
    NAME = "name"
    ACCOUNT = "account"


class AccountField(StrEnum):
    """What an account is found by (T12)."""

    PARTY_CODE = "party_code"
    TITLE = "title"
    NUMBER = "number"


PARTY_FIELDS, ACCOUNT_FIELDS = tuple(PartyField), tuple(AccountField)
"""All fields; a field's place is its number in `party_word` or `account_word`."""
BOTH = sum(role.bit for role in PartyRole)


@dataclass(frozen=True, slots=True)
class FoundParty:
    """A third party, its account in the role that was looked for, and the field by which it was found."""

    code: str
    name: str
    account: str | None
    field: PartyField


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """An account, the code of its party, and the field by which it was found."""

    number: str
    title: str
    party: str | None
    field: AccountField


@dataclass(frozen=True, slots=True)
class FoundParties:
    """What was found; `more`: there is more than was asked for, or than was looked at."""

    found: tuple[FoundParty, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class FoundAccounts:
    """The same of accounts."""

    found: tuple[FoundAccount, ...]
    more: bool


_PARTIES = (
    select(Party.id, Party.code, Party.name, PartyAccount.role, Account.number)
    .outerjoin(PartyAccount, PartyAccount.party_id == Party.id)
    .outerjoin(Account, Account.id == PartyAccount.account_id)
    .where(Party.id.in_(bindparam("ids", expanding=True)))
    .order_by(Party.id, PartyAccount.role)
)
_WITHOUT_AGENCIES = _PARTIES.where(~stands_for_depot())
_ACCOUNTS = (
    select(Account.id, Account.number, Account.title, Party.code)
    .outerjoin(PartyAccount, PartyAccount.account_id == Account.id)
    .outerjoin(Party, Party.id == PartyAccount.party_id)
    .where(Account.id.in_(bindparam("ids", expanding=True)))
)


def find_parties(
    connection: Connection,
    typed: str,
    role: PartyRole | None = None,
    fields: Sequence[PartyField] = PARTY_FIELDS,
    limit: int = USUAL,
    *,
    with_agencies: bool = False,
) -> FoundParties:
    """The third parties that a person may mean, the likeliest first.

    :param role: only those who are this for us; None: all.
    :param fields: those to look in, the most used first.
    :param with_agencies: also those that stand for depots of ours (D40).
    """
    bits = BOTH if role is None else role.bit
    places = {PARTY_FIELDS.index(each): each for each in fields}
    left_out = 0
    while True:
        hits, more = _search(connection, _OF_PARTIES, typed, list(places), {"roles": bits}, limit + left_out)
        rows = _read(connection, hits, role, with_agencies=with_agencies)
        if not more or len(hits) - len(rows) == left_out:
            break
        left_out = len(hits) - len(rows)  # agencies take no place of others
    found = tuple(
        FoundParty(row.code, row.name, row.number if role in {None, row.role} else None, places[field])
        for party_id, field in hits.items()
        if party_id in rows
        for row in (rows[party_id],)
    )
    return FoundParties(found, more)


def _read(
    connection: Connection, ids: Collection[int], role: PartyRole | None, *, with_agencies: bool
) -> dict[int, Any]:
    """These parties, each with its account in the role that is looked for, if it has one; no statement for none."""
    rows: dict[int, Any] = {}
    if not ids:
        return rows
    for row in connection.execute(_PARTIES if with_agencies else _WITHOUT_AGENCIES, {"ids": list(ids)}):
        if row.id not in rows or row.role == role:
            rows[row.id] = row
    return rows


def find_accounts(
    connection: Connection, typed: str, fields: Sequence[AccountField] = ACCOUNT_FIELDS, limit: int = USUAL
) -> FoundAccounts:
    """The accounts that a person may mean, the likeliest first."""
    places = {ACCOUNT_FIELDS.index(each): each for each in fields}
    hits, more = _search(connection, _OF_ACCOUNTS, typed, list(places), {}, limit)
    if not hits:
        return FoundAccounts((), more)
    rows = {row.id: row for row in connection.execute(_ACCOUNTS, {"ids": list(hits)})}
    found = tuple(
        FoundAccount(rows[each].number, rows[each].title, rows[each].code, places[field])
        for each, field in hits.items()
        if each in rows  # a party may lose its account meanwhile
    )
    return FoundAccounts(found, more)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of words.

    :ivar role: the condition that a word counts in a role that is looked for; `same_value`: that two words are of one
        value, because a party with two accounts has two of one field.
    """

    name: str
    owner: str
    role: str = ""
    same_value: str = ""


_OF_PARTIES = _Table(
    "party_word", "party_id", " AND (roles & :roles) <> 0", " AND (other.roles & lead.roles & :roles) <> 0"
)
_OF_ACCOUNTS = _Table("account_word", "account_id")


def _search(
    connection: Connection, table: _Table, typed: str, fields: Sequence[int], own: Parameters, limit: int
) -> tuple[dict[int, int], bool]:
    """The ids of what was found, in order, with the number of their field; and whether there may be more."""
    words = typed_words(typed)
    if not words:
        return {}, False
    found: dict[int, int] = {}
    was_cut = False
    for field in fields:
        lead, counts = _lead(connection, table, field, words)
        for later in (0, 1):
            if not counts[later]:
                continue
            values = {"field": field, "later": later, **own, **_ranges(lead)}
            was_cut |= len(words) > 1 and counts[later] > MOST
            for many in (4 * (limit + 1 - len(found)), MOST):  # one row may have several words that begin so
                owners = connection.execute(_find(table, len(words)), {**values, "many": many}).scalars().all()
                for each in owners:
                    found.setdefault(each, field)
                    if len(found) > limit:
                        del found[each]
                        return found, True
                if len(owners) < many:
                    break
            else:
                was_cut = True
    return found, was_cut


def _lead(connection: Connection, table: _Table, field: int, words: Sequence[str]) -> tuple[list[str], tuple[int, int]]:
    """The words with the rarest first, and how many begin with that at the start of a value, and inside.

    One word needs no count. Where one of several begins nothing, nothing can be found.
    """
    if len(words) == 1:
        return list(words), (1, 1)
    values = {"field": field, **_ranges(words)}
    row = connection.execute(_count(table, len(words)), values).one()
    counts = [(row[2 * place], row[2 * place + 1]) for place in range(len(words))]
    if not all(map(any, counts)):
        return list(words), (0, 0)
    first = min(range(len(words)), key=lambda place: sum(counts[place]))
    return [words[first], *(word for word in words if word != words[first])], counts[first]


def _ranges(words: Sequence[str]) -> Parameters:
    return {
        name: value
        for place, word in enumerate(words)
        for name, value in ((f"word{place}", word), (f"after{place}", after(word)))
    }


@cache
def _find(table: _Table, many_words: int) -> TextClause:
    """Whose words begin so, in the order of the words."""
    own = (
        f"FROM {table.name} WHERE field = :field AND later = :later "
        f"AND word >= :word0 AND word < :after0{table.role} ORDER BY word, {table.owner}"
    )
    if many_words == 1:
        return text(f"SELECT {table.owner} {own} LIMIT :many")
    others = " AND ".join(
        f"EXISTS (SELECT 1 FROM {table.name} AS other WHERE other.{table.owner} = lead.{table.owner} "  # noqa: S608
        f"AND other.field = :field AND other.word >= :word{place} AND other.word < :after{place}{table.same_value})"
        for place in range(1, many_words)
    )
    columns = f"word, {table.owner}" + (", roles" if table.same_value else "")
    return text(
        f"SELECT {table.owner} FROM (SELECT {columns} {own} LIMIT {MOST}) AS lead WHERE {others} "  # noqa: S608
        f"ORDER BY word, {table.owner} LIMIT :many"
    )


@cache
def _count(table: _Table, many_words: int) -> TextClause:
    """How many words begin with each of several, at the start of a value and inside, as far as that matters."""
    counts = ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM {table.name} WHERE field = :field AND later = {later} "  # noqa: S608
        f"AND word >= :word{place} AND word < :after{place} LIMIT {MOST + 1}) AS few)"
        for place in range(many_words)
        for later in (0, 1)
    )
    return text(f"SELECT {counts}")
