"""The words of parties and accounts in the base, by which they are found: written with the rows that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, except_, func, select

from intergestan_db.among import among
from intergestan_db.bulk import insert_rows
from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.tables import Account, AccountWord, Party, PartyAccount, PartyWord
from intergestan_erp.parties.search import ACCOUNT_FIELDS, PARTY_FIELDS, AccountField, PartyField
from intergestan_erp.parties.search_words import words

_AT_ONCE = 1000
_CODE, _NAME, _ACCOUNT = map(PARTY_FIELDS.index, PartyField)
_OF_PARTY, _TITLE, _NUMBER = map(ACCOUNT_FIELDS.index, AccountField)

_PARTIES = (
    select(Party.id, Party.code, Party.name, Party.is_customer, Party.is_supplier).where(among(Party.id, "ids"))
).with_for_update()
_ACCOUNTS = (
    select(PartyAccount.party_id, PartyAccount.role, Account.id, Account.number, Account.title)
    .join(Account, Account.id == PartyAccount.account_id)
    .where(among(PartyAccount.party_id, "ids"))
)
_DROP = delete(PartyWord).where(among(PartyWord.party_id, "ids"))
_DROP_OF_ACCOUNTS = delete(AccountWord).where(among(AccountWord.account_id, "ids"))


def index_parties(connection: Connection, party_ids: Sequence[int], *, are_new: bool = False) -> None:
    """Write the words of these parties and their accounts, in place of those that were there.

    Their rows stay locked until the transaction ends, so that what is written fits what they say.

    :param are_new: this transaction has inserted them, so that there are no words yet.
    """
    for first in range(0, len(party_ids), _AT_ONCE):
        ids = {"ids": list(party_ids[first : first + _AT_ONCE])}
        parties = {row.id: row for row in connection.execute(_PARTIES, ids)}
        accounts = connection.execute(_ACCOUNTS, ids).all()
        if not are_new:
            connection.execute(_DROP, ids)
            if accounts:
                connection.execute(_DROP_OF_ACCOUNTS, {"ids": [row.id for row in accounts]})
        insert_rows(connection, PartyWord, _words_of_parties(parties.values(), parties, accounts))
        insert_rows(connection, AccountWord, _words_of_accounts(parties, accounts))


def reindex(database: Database) -> int:
    """Write the words of all parties anew, some at a time, while others work on; how many parties there are."""
    last, count = 0, 0
    following = select(Party.id).where(Party.id > bindparam("last")).order_by(Party.id).limit(_AT_ONCE)
    while True:
        with database.transaction() as connection:
            ids = list(connection.execute(following, {"last": last}).scalars())
            if not ids:
                return count
            index_parties(connection, ids)
        last, count = ids[-1], count + len(ids)


def without_words(connection: Connection) -> int:
    """How many codes, names, and accounts of parties should be found, and have no word. 0 where all is well.

    What has words is taken from what there is as a set: asked party by party, SQLite would look through all words each
    time.
    """
    missing = 0
    for column, field in ((Party.code, _CODE), (Party.name, _NAME)):
        nameless = except_(select(Party.id), select(PartyWord.party_id).where(PartyWord.field == field))
        missing += _countable(connection.execute(select(column).where(Party.id.in_(nameless))).scalars())
    parties = except_(select(PartyAccount.party_id), select(PartyWord.party_id).where(PartyWord.field == _ACCOUNT))
    numbers = except_(
        select(PartyAccount.account_id), select(AccountWord.account_id).where(AccountWord.field == _NUMBER)
    )
    lost = PartyAccount.party_id.in_(parties) | PartyAccount.account_id.in_(numbers)
    return missing + connection.execute(select(func.count()).select_from(PartyAccount).where(lost)).scalar_one()


def _countable(values: Iterable[str]) -> int:
    """How many values have a word at all: a name may be made of other characters only."""
    return sum(1 for value in values if words(value))


def _words_of_parties(rows: Iterable[Any], parties: dict[int, Any], accounts: Sequence[Any]) -> list[dict[str, Any]]:
    found: dict[tuple[int, int, str, int], int] = {}
    for row in rows:
        roles = PartyRole.CUSTOMER.bit * row.is_customer + PartyRole.SUPPLIER.bit * row.is_supplier
        for field, value in ((_CODE, row.code), (_NAME, row.name)):
            for word, later in words(value).items():
                found[field, later, word, row.id] = roles
    for account in accounts:
        row, role = parties[account.party_id], PartyRole(account.role)
        if row.is_customer if role is PartyRole.CUSTOMER else row.is_supplier:
            for word, later in words(account.number).items():
                key = (_ACCOUNT, later, word, account.party_id)
                found[key] = found.get(key, 0) | role.bit
    names = ("field", "later", "word", "party_id", "roles")
    return [dict(zip(names, (*key, roles), strict=True)) for key, roles in found.items()]


def _words_of_accounts(parties: dict[int, Any], accounts: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"field": field, "later": later, "word": word, "account_id": account.id}
        for account in accounts
        for field, value in (
            (_OF_PARTY, parties[account.party_id].code),
            (_TITLE, account.title),
            (_NUMBER, account.number),
        )
        for word, later in words(value).items()
    ]
