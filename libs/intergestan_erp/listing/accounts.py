"""The accounts of the site in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.tables import Account, Party, PartyAccount
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """A line of the list. `party`: the code of the third party whose account it is."""

    number: str
    title: str
    kind: str
    party: str | None
    active: bool


def list_accounts(
    connection: Connection, *, size: int = USUAL, after: str | None = None, before: str | None = None
) -> Page[ListedAccount]:
    """A page of the accounts, by number.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = (
        select(Account.number, Account.title, Account.kind, Party.code, Account.active)
        .outerjoin(PartyAccount, PartyAccount.account_id == Account.id)
        .outerjoin(Party, Party.id == PartyAccount.party_id)
    )
    place: dict[str, Any] = {"size": size, "after": after, "before": before}
    return read_page(connection, query, [Account.number], lambda row: ListedAccount(*row[:5]), **place)
