"""The accounts of the site's books, and whose of the third parties they are."""

from __future__ import annotations

from sqlalchemy import Integer, String

from intergestan_db.enums import AccountKind, PartyRole
from intergestan_db.tables.types import WORD, RowId, Table, Typed, column, index, one_of


class Account(Table):
    """An account of the chart. One of a third party is `customer` or `supplier`."""

    __tablename__ = "account"
    __table_args__ = (one_of("kind", AccountKind),)

    id: Typed[RowId]
    number: Typed[str] = column(String(50), unique=True)
    title: Typed[str] = column(String(200))
    kind: Typed[str] = column(String(10))
    active: Typed[bool] = column(default=True)


class PartyAccount(Table):
    """The account of a party in one of its roles; no two share one."""

    __tablename__ = "party_account"
    __table_args__ = (one_of("role", PartyRole),)

    party_id: Typed[int] = column(references="party.id", primary_key=True)
    role: Typed[str] = column(String(8), primary_key=True)
    account_id: Typed[int] = column(references="account.id", unique=True)


class AccountCounter(Table):
    """The next number of the accounts that begin with a root, or with a root and a rank of the alphabet."""

    __tablename__ = "account_counter"

    root: Typed[str] = column(String(20), primary_key=True)
    next_number: Typed[int] = column(default=1)


class AccountWord(Table):
    """A word by which an account is found, as `PartyWord`; `field`: 0 its party's code, 1 its title, 2 its number."""

    __tablename__ = "account_word"
    __table_args__ = (index("account_id", "field", "word"),)

    field: Typed[int] = column(Integer(), primary_key=True)
    later: Typed[int] = column(Integer(), primary_key=True)
    word: Typed[str] = column(WORD, primary_key=True)
    account_id: Typed[int] = column(references="account.id", primary_key=True)
