"""Third parties as the console lists them: by code in pages, or those that a few typed characters mean (T09, T22)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, union

from intergestan_db.enums import GeoState, PartyRole
from intergestan_db.tables import Account, Address, Category, Depot, Party, PartyAccount, PaymentTerm
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.parties.addresses import MAIN
from intergestan_erp.parties.agencies import stands_for_depot
from intergestan_erp.parties.search import MOST, PARTY_FIELDS, PartyField, find_parties


@dataclass(frozen=True, slots=True)
class WhichParties:
    """What the list is narrowed to.

    :ivar role: only those who are this for us; `category`: only those that bear the category of this code (A17).
    :ivar agencies: only those that stand for depots of ours (D40), which are in no other list; `anonymous`: only those
        of whom nothing is known any more (D34).
    """

    role: PartyRole | None = None
    category: str | None = None
    agencies: bool = False
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class PartyLine:
    """A line of the list.

    :ivar accounts: the number in each role that has one; `term`, `category`: by code; `geo`: of its own address.
    :ivar found_by: the field by which it was found, where somebody typed.
    """

    id: int
    code: str
    name: str
    is_customer: bool
    is_supplier: bool
    category: str | None
    term: str | None
    is_anonymous: bool
    is_agency: bool
    accounts: dict[PartyRole, str] = field(default_factory=dict)
    postcode: str | None = None
    city: str | None = None
    geo: GeoState = GeoState.NONE
    found_by: PartyField | None = None

    def is_in(self, which: WhichParties) -> bool:
        """Whether it belongs to a list that is narrowed so."""
        flag = {PartyRole.CUSTOMER: self.is_customer, PartyRole.SUPPLIER: self.is_supplier}
        return (
            (which.role is None or flag[which.role])
            and which.category in {None, self.category}
            and self.is_agency is which.agencies
            and (self.is_anonymous or not which.anonymous)
        )


_LINES: Final = (
    select(
        *(Party.id, Party.code, Party.name, Party.is_customer, Party.is_supplier, Category.code.label("category")),
        *(PaymentTerm.code.label("term"), Party.anonymised_at, stands_for_depot().label("is_agency")),
    )
    .outerjoin(Category, Category.id == Party.category_id)
    .outerjoin(PaymentTerm, PaymentTerm.id == Party.payment_term_id)
)
_OF_CODES: Final = _LINES.where(Party.code.in_(bindparam("codes", expanding=True)))
_ACCOUNTS: Final = (
    select(PartyAccount.party_id, PartyAccount.role, Account.number)
    .join(Account, Account.id == PartyAccount.account_id)
    .where(PartyAccount.party_id.in_(bindparam("ids", expanding=True)))
    .order_by(PartyAccount.party_id, PartyAccount.role)
)
_OWN: Final = (
    select(func.min(Address.id))
    .where(Address.kind == MAIN, Address.party_id.in_(bindparam("ids", expanding=True)))
    .group_by(Address.party_id)
)
_ADDRESSES: Final = select(Address.party_id, Address.postcode, Address.city, Address.geo_state).where(
    Address.id.in_(_OWN)
)


_AGENCIES: Final = union(select(Depot.customer_party_id), select(Depot.supplier_party_id))
"""From the depots' side: they are few."""


def list_lines(
    connection: Connection,
    which: WhichParties,
    *,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[PartyLine]:
    """A page of the list, by code; three statements, however many rows there are.

    :raises Problem: `after` or `before` is of no such page.
    """
    query = _LINES
    if which.role is not None:
        query = query.where(Party.is_customer if which.role is PartyRole.CUSTOMER else Party.is_supplier)
    if which.category is not None:
        query = query.where(Category.code == which.category)
    if which.anonymous:
        query = query.where(Party.anonymised_at.is_not(None))
    query = query.where(Party.id.in_(_AGENCIES) if which.agencies else ~stands_for_depot())
    page = read_page(connection, query, [Party.code], lambda row: row, size=size, after=after, before=before)
    return Page(tuple(_whole(connection, page.rows)), page.after, page.before)


@dataclass(frozen=True, slots=True)
class FoundLines:
    """What was found, the likeliest first; `more`: there is more than is shown."""

    rows: tuple[PartyLine, ...]
    more: bool


def find_lines(
    connection: Connection,
    typed: str,
    which: WhichParties,
    fields: Sequence[PartyField] = PARTY_FIELDS,
    limit: int = USUAL,
) -> FoundLines:
    """The third parties of such a list that a person may mean (`find_parties`), in the order of the search (T14)."""
    asked, before = limit, -1
    while True:
        found = find_parties(connection, typed, which.role, fields, asked, with_agencies=which.agencies)
        by = {each.code: each.field for each in found.found}
        rows = connection.execute(_OF_CODES, {"codes": list(by)}).all() if by else []
        kept = {row.code: row for row in rows if _line(row, {}, None, None).is_in(which)}
        if not found.more or len(kept) >= limit or asked >= MOST or len(by) == before:
            break
        asked, before = min(2 * asked, MOST), len(by)  # those who are in no such list take no place of others
    shown = [kept[code] for code in by if code in kept][:limit]
    return FoundLines(tuple(_whole(connection, shown, by)), found.more or len(kept) > limit)


def _whole(connection: Connection, rows: Sequence[Any], by: dict[str, PartyField] | None = None) -> Iterable[PartyLine]:
    """The lines of these rows, with their accounts and addresses."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    accounts: dict[int, dict[PartyRole, str]] = {each: {} for each in ids}
    for row in connection.execute(_ACCOUNTS, {"ids": ids}):
        accounts[row.party_id][PartyRole(row.role)] = row.number
    places = {row.party_id: row for row in connection.execute(_ADDRESSES, {"ids": ids})}
    return [_line(row, accounts[row.id], places.get(row.id), (by or {}).get(row.code)) for row in rows]


def _line(row: Any, accounts: dict[PartyRole, str], place: Any, found_by: PartyField | None) -> PartyLine:
    where = {} if place is None else {"postcode": place.postcode, "city": place.city, "geo": GeoState(place.geo_state)}
    return PartyLine(
        *(row.id, row.code, row.name, row.is_customer, row.is_supplier, row.category, row.term),
        is_anonymous=row.anonymised_at is not None,
        is_agency=bool(row.is_agency),
        accounts=accounts,
        found_by=found_by,
        **where,
    )
