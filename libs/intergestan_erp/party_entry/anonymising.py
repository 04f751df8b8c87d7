"""What is known of persons goes from a third party that nothing needs any more (D34)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update

from intergestan_db import states
from intergestan_db.enums import PurchaseState, QuoteState, SalesState
from intergestan_db.problem import Problem, ProblemCode, Word
from intergestan_db.tables import (
    Account,
    Address,
    Contact,
    CreditNote,
    CustomerMatch,
    DeliveryNoteLine,
    Depot,
    GeocodeCache,
    Invoice,
    Partner,
    Party,
    PartyAccount,
    PurchaseOrder,
    Quote,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.credit.exposure import Exposure, read_exposure
from intergestan_erp.parties.indexing import index_parties
from intergestan_erp.parties.locking import lock_only
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_erp.site.zone import today

_ENDED: Final = (PurchaseState.REJECTED, PurchaseState.CANCELLED)
_KEPT: Final = timedelta(days=3653)
"""Ten years: so long documents are kept (Code de commerce L123-22)."""


def anonymise(connection: Connection, party_id: int, *, by: str, at: datetime) -> None:
    """Forget the persons of a party: its contacts, addresses with their positions, the mail address for invoices, and
    its name, which becomes its code.

    Documents and entries keep what stands on them. Invoices and credit notes of before they bore their buyer show the
    name on the card, which stays as long as they must be kept. Nothing brings back what is gone.

    :raises Problem: something needs the name still; nothing is changed then.
    """
    lock_only(connection, [party_id])
    party = connection.execute(select(Party.code, Party.name).where(Party.id == party_id)).one()
    for what in _needs(connection, party_id, at):
        raise Problem(
            "{party} has {what}, so it keeps its name. Nothing was changed.",
            ProblemCode.NAME_NEEDED,
            party=party.code,
            what=what,
        )
    keys = connection.execute(select(Address.geo_key).where(Address.party_id == party_id)).scalars().all()
    for table in (Contact, Address):
        connection.execute(delete(table).where(table.party_id == party_id))
    others = select(Address.geo_key).where(Address.geo_key.is_not(None))
    nobodys = GeocodeCache.key.in_([key for key in keys if key]), GeocodeCache.key.not_in(others)
    connection.execute(delete(GeocodeCache).where(*nobodys))
    own = select(PartyAccount.account_id).where(PartyAccount.party_id == party_id)
    connection.execute(update(Account).where(Account.id.in_(own)).values(title=party.code))
    connection.execute(
        update(Party).where(Party.id == party_id).values(name=party.code, invoice_email=None, anonymised_at=at)
    )
    index_parties(connection, [party_id])
    states.record(connection, Party.__tablename__, [(party_id, None, None)], "anonymise", by=by, at=at)


def _needs(connection: Connection, party_id: int, at: datetime) -> Iterator[Word]:
    """Why a party keeps its name."""
    if _is(connection, exists().where(or_(Depot.customer_party_id == party_id, Depot.supplier_party_id == party_id))):
        yield Word("a depot")
    matched = (exists().where(table.party_id == party_id) for table in (Partner, CustomerMatch))
    if _is(connection, or_(*matched)):
        yield Word("a partner")
    left = select(func.coalesce(func.sum(DeliveryNoteLine.quantity), 0)).where(
        DeliveryNoteLine.sales_order_line_id == SalesOrderLine.id
    )
    not_left = exists().where(
        SalesOrderLine.sales_order_id == SalesOrder.id, SalesOrderLine.quantity > left.scalar_subquery()
    )
    open_sales = exists().where(
        SalesOrder.customer_id == party_id,
        or_(SalesOrder.state == SalesState.REVIEW, and_(SalesOrder.state == SalesState.ACCEPTED, not_left)),
    )
    bought = exists().where(PurchaseOrder.supplier_id == party_id, PurchaseOrder.state.not_in(_ENDED))
    offered = exists().where(Quote.customer_id == party_id, Quote.state == QuoteState.OPEN)
    if _is(connection, or_(open_sales, bought, offered)):
        yield Word("open orders or quotes")
    by_payment_due, day = read_credit_rules(connection).by_payment_due, today(connection, at)
    if read_exposure(connection, party_id, day, by_payment_due=by_payment_due) != Exposure():
        yield Word("something to pay or to get back")
    nameless = (
        exists().where(table.customer_id == party_id, table.chain.is_(None), table.issue_date > day - _KEPT)
        for table in (Invoice, CreditNote)
    )
    if _is(connection, or_(*nameless)):
        yield Word("documents that must be kept with it")


def _is(connection: Connection, condition: Any) -> bool:
    return bool(connection.execute(select(condition)).scalar_one())
