"""Documents become entries, in the documents' own transactions: invoices, credit notes, payments and what befalls them.

Each act reads what it needs in a statement or two for all its documents, takes numbers once for each journal, and
writes entries and lines in one statement each. It is called once the document stands, when all other locks are taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    String,
    bindparam,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.expression import cast

from intergestan_db.enums import InvoiceKind, PartyRole, PaymentMethod
from intergestan_db.tables import (
    Account,
    AccountingFolder,
    CreditNote,
    CreditNoteLine,
    CreditNoteVat,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Dossier,
    Entry,
    Establishment,
    Fee,
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceVat,
    Party,
    PartyAccount,
    Payment,
    Product,
    ProductFamily,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_db.tables.types import BigKey, Scaled
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER
from intergestan_erp.books.chart import Account as BooksAccount
from intergestan_erp.books.chart import Chart
from intergestan_erp.books.entries import Written, write_entries
from intergestan_erp.books.folders import Books
from intergestan_erp.books.post import (
    BoughtDocument,
    InternalDocument,
    NewEntry,
    PostedParty,
    PostedPayment,
    SalesDocument,
    SoldPart,
    SoldVat,
    Transfer,
    bank_entry,
    bought_entry,
    cancelled_entry,
    failed_entry,
    internal_entry,
    payment_entry,
    sales_entry,
    transfer_entry,
)
from intergestan_msg.money import ZERO

_GOODS, _CHARGE, _VAT = "goods", "charge", "vat"
_OUTSIDE_VAT = "O"
_AMOUNT = Scaled(2)
_RATE = Scaled(6)
AnySelect = Select[*tuple[Any, ...]]
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_NO_TEXT = cast(null(), String)


_CUSTOMER = Account.__table__.alias("as_customer")
_SUPPLIER = Account.__table__.alias("as_supplier")
_WHOSE = (
    *(Party.code, Party.name, _CUSTOMER.c.number.label("customer"), _CUSTOMER.c.title.label("customer_title")),
    *(AccountingFolder.id.label("folder_id"), AccountingFolder.number.label("folder"), AccountingFolder.chart),
)


def _with_account(query: AnySelect, account: Any, role: PartyRole) -> AnySelect:
    """A query about parties with the account that each has in a role, if it has one."""
    held = PartyAccount.__table__.alias(f"{account.name}_held")
    of_party = (held.c.party_id == Party.id) & (held.c.role == role)
    return query.outerjoin(held, of_party).outerjoin(account, account.c.id == held.c.account_id)


def _heads(of: type[Invoice | CreditNote]) -> AnySelect:
    query = (
        select(
            *(of.id, of.number.label("piece"), of.issue_date, of.total_ttc, of.kind, of.establishment_id),
            *(of.customer_id, Dossier.analytic_axis, *_WHOSE),
        )
        .join(Party, Party.id == of.customer_id)
        .join(AccountingFolder, AccountingFolder.id == of.accounting_folder_id)
        .join(Establishment, Establishment.id == of.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .where(of.id.in_(_IDS))
    )
    return _with_account(query, _CUSTOMER, PartyRole.CUSTOMER).order_by(of.id)


def _goods(document_id: Any, amount: Any, lines: AnySelect) -> AnySelect:
    """Lines of goods by VAT, family of the product, and the establishment that delivered."""
    return (
        lines.add_columns(
            *(document_id.label("document_id"), literal(_GOODS).label("kind"), InvoiceLine.vat_category),
            *(InvoiceLine.vat_rate, ProductFamily.code.label("family"), DeliveryNote.establishment_id),
            *(_NO_TEXT.label("own"), _NO_TEXT.label("own_title")),
            type_coerce(func.sum(amount), _AMOUNT).label("amount"),
        )
        .join(DeliveryNoteLine, DeliveryNoteLine.id == InvoiceLine.delivery_note_line_id)
        .join(DeliveryNote, DeliveryNote.id == DeliveryNoteLine.delivery_note_id)
        .join(SalesOrderLine, SalesOrderLine.id == DeliveryNoteLine.sales_order_line_id)
        .outerjoin(Product, Product.id == SalesOrderLine.product_id)
        .outerjoin(ProductFamily, ProductFamily.id == Product.family_id)
        .where(document_id.in_(_IDS))
        .group_by(
            *(document_id, InvoiceLine.vat_category, InvoiceLine.vat_rate, ProductFamily.code),
            DeliveryNote.establishment_id,
        )
    )


def _charges(document_id: Any, charges: AnySelect) -> AnySelect:
    """Charges, each at the establishment of its order, and on the account that its fee names."""
    return (
        charges.add_columns(
            *(document_id.label("document_id"), literal(_CHARGE).label("kind")),
            func.coalesce(InvoiceCharge.vat_category, _OUTSIDE_VAT),
            type_coerce(func.coalesce(InvoiceCharge.vat_rate, ZERO), _RATE),
            *(_NO_TEXT, SalesOrder.establishment_id, Fee.account_number, Fee.name, InvoiceCharge.amount),
        )
        .join(SalesOrderCharge, SalesOrderCharge.id == InvoiceCharge.sales_order_charge_id)
        .outerjoin(Fee, Fee.id == SalesOrderCharge.fee_id)
        .join(SalesOrder, SalesOrder.id == SalesOrderCharge.sales_order_id)
        .where(document_id.in_(_IDS))
    )


def _taxes(of: type[InvoiceVat | CreditNoteVat], document_id: Any) -> AnySelect:
    return select(
        *(document_id.label("document_id"), literal(_VAT).label("kind"), of.vat_category, of.vat_rate),
        *(_NO_TEXT, cast(null(), BigKey), _NO_TEXT, _NO_TEXT, of.amount),
    ).where(document_id.in_(_IDS))


_INVOICES = _heads(Invoice)
_OF_INVOICES = union_all(
    _goods(InvoiceLine.invoice_id, InvoiceLine.total, select().select_from(InvoiceLine)),
    _charges(InvoiceCharge.invoice_id, select().select_from(InvoiceCharge)),
    _taxes(InvoiceVat, InvoiceVat.invoice_id),
)
_CREDIT_NOTES = _heads(CreditNote)
_OF_CREDIT_NOTES = union_all(
    _goods(
        CreditNoteLine.credit_note_id,
        CreditNoteLine.total,
        select().select_from(CreditNoteLine).join(InvoiceLine, InvoiceLine.id == CreditNoteLine.invoice_line_id),
    ),
    _charges(
        CreditNoteLine.credit_note_id,
        select().select_from(CreditNoteLine).join(InvoiceCharge, InvoiceCharge.id == CreditNoteLine.invoice_charge_id),
    ),
    _taxes(CreditNoteVat, CreditNoteVat.credit_note_id),
)


def _payments() -> AnySelect:
    """Payments in the folder of the establishment where they were entered (D59)."""
    query = (
        select(
            *(Payment.id, Payment.number.label("piece"), Payment.method, Payment.amount, Payment.received_on),
            *(Payment.banked_on, _SUPPLIER.c.number.label("supplier"), _SUPPLIER.c.title.label("supplier_title")),
            *_WHOSE,
        )
        .join(Party, Party.id == Payment.party_id)
        .join(Establishment, Establishment.id == Payment.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .join(AccountingFolder, AccountingFolder.id == EFFECTIVE_FOLDER)
        .where(Payment.id.in_(_IDS))
    )
    as_customer = _with_account(query, _CUSTOMER, PartyRole.CUSTOMER)
    return _with_account(as_customer, _SUPPLIER, PartyRole.SUPPLIER).order_by(Payment.id)


def _buyers() -> AnySelect:
    """Establishments that are customers by the party of a depot, with the folder that their purchases go to."""
    return (
        select(
            *(Depot.customer_party_id, Depot.establishment_id, Dossier.analytic_axis, AccountingFolder.chart),
            *(AccountingFolder.id.label("folder_id"), AccountingFolder.number.label("folder")),
        )
        .join(Establishment, Establishment.id == Depot.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .join(AccountingFolder, AccountingFolder.id == EFFECTIVE_FOLDER)
        .where(Depot.customer_party_id.in_(_IDS))
    )


_PAYMENTS = _payments()
_BUYERS = _buyers()
_SELLERS = _with_account(
    select(
        *(Depot.establishment_id, Party.code, Party.name),
        *(_SUPPLIER.c.number.label("supplier"), _SUPPLIER.c.title.label("supplier_title")),
    )
    .join(Party, Party.id == Depot.supplier_party_id)
    .where(Depot.establishment_id.in_(_IDS)),
    _SUPPLIER,
    PartyRole.SUPPLIER,
).order_by(Depot.id.desc())
"""Establishments that are suppliers by the party of a depot; of several depots the first is read last, and counts."""
_AGENCIES = select(Depot.customer_party_id, Depot.establishment_id).where(Depot.customer_party_id.in_(_IDS))
_AXIS = (
    select(*(AccountingFolder.id.label("folder_id"), AccountingFolder.number.label("folder"), AccountingFolder.chart))
    .select_from(Establishment)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .join(
        AccountingFolder,
        AccountingFolder.id == EFFECTIVE_FOLDER,
    )
    .where(Establishment.id == bindparam("establishment"), Dossier.analytic_axis)
)
"""The books of an establishment, if its dossier keeps results by establishment."""
_POSTED = select(Entry.id).where(Entry.source == bindparam("source"))


def post_invoices(connection: Connection, ids: Sequence[int], today: date) -> list[Written]:
    """Enter invoices into the books of their folders; one of no amount leaves no entry.

    :raises Problem: the books are closed on the day of one.
    """
    heads = connection.execute(_INVOICES, {"ids": ids}).all()
    return _post_sales(connection, heads, _parts(connection, _OF_INVOICES, ids), today, takes_back=False)


def post_credit_notes(connection: Connection, ids: Sequence[int], today: date) -> list[Written]:
    """Enter credit notes, each the mirror of an invoice.

    :raises Problem: the books are closed on the day of one.
    """
    heads = connection.execute(_CREDIT_NOTES, {"ids": ids}).all()
    return _post_sales(connection, heads, _parts(connection, _OF_CREDIT_NOTES, ids), today, takes_back=True)


def post_payments(connection: Connection, ids: Sequence[int], today: date) -> list[Written]:
    """Enter payments on the day they were received.

    :raises Problem: the books are closed on that day.
    """
    return _post_paid(connection, ids, today, payment_entry)


def post_banked(connection: Connection, ids: Sequence[int], today: date, on: date) -> list[Written]:
    """Enter that the bank has these cheques and bills since a day.

    :raises Problem: the books are closed on it.
    """
    return _post_paid(connection, ids, today, lambda chart, paid: bank_entry(chart, paid, on))


def post_failed(connection: Connection, payment_id: int, today: date, on: date) -> list[Written]:
    """Enter that a payment came back unpaid.

    :raises Problem: the books are closed on that day.
    """
    return _post_paid(connection, [payment_id], today, lambda chart, paid: failed_entry(chart, paid, on))


def post_cancelled(connection: Connection, payment_id: int, today: date) -> list[Written]:
    """Take the entry of a payment back that was entered by mistake; one of before the books has none.

    :raises Problem: the books are closed on the day it was received.
    """
    if connection.execute(_POSTED, {"source": f"payment:{payment_id}"}).first() is None:
        return []
    return _post_paid(connection, [payment_id], today, cancelled_entry)


def post_transfer(connection: Connection, moved: Transfer, today: date) -> list[Written]:
    """Enter what went from one establishment of a company to another, where results are kept by establishment (A08).

    :raises Problem: the books are closed on its day.
    """
    if moved.supplying_id == moved.requesting_id:
        return []
    books = connection.execute(_AXIS, {"establishment": moved.requesting_id}).one_or_none()
    entry = None if books is None else transfer_entry(Chart.of(books.chart), moved)
    return [] if entry is None else _write(connection, [(books, entry)], today)


def _post_sales(
    connection: Connection, heads: Sequence[Any], parts: dict[int, list[Any]], today: date, *, takes_back: bool
) -> list[Written]:
    entries: list[tuple[Any, NewEntry]] = []
    agencies = _agencies(connection, [head.customer_id for head in heads if head.kind == InvoiceKind.INTERNAL])
    for head in heads:
        own = parts[head.id]
        if head.kind == InvoiceKind.INTERNAL:
            internal = InternalDocument(
                source=f"{'credit_note' if takes_back else 'invoice'}:{head.id}",
                number=head.piece,
                day=head.issue_date,
                amount=-head.total_ttc if takes_back else head.total_ttc,
                supplying_id=head.establishment_id if head.analytic_axis else None,
                requesting_id=agencies[head.customer_id] if head.analytic_axis else None,
            )
            if (inside := internal_entry(Chart.of(head.chart), internal)) is not None:
                entries.append((head, inside))
            continue
        document = SalesDocument(
            source=f"{'credit_note' if takes_back else 'invoice'}:{head.id}",
            number=head.piece,
            day=head.issue_date,
            customer=_customer(head),
            total_ttc=head.total_ttc,
            parts=[
                SoldPart(
                    *(row.amount, (row.vat_category, row.vat_rate), row.kind == _CHARGE, row.family),
                    own=BooksAccount(row.own, row.own_title) if row.own else None,
                    establishment_id=row.establishment_id if head.analytic_axis else None,
                )
                for row in own
                if row.kind != _VAT
            ],
            vat=[SoldVat((row.vat_category, row.vat_rate), row.amount) for row in own if row.kind == _VAT],
            takes_back=takes_back,
        )
        if (entry := sales_entry(Chart.of(head.chart), document)) is not None:
            entries.append((head, entry))
    return _write(connection, [*entries, *_bought(connection, heads, parts, takes_back=takes_back)], today)


def _bought(
    connection: Connection, heads: Sequence[Any], parts: dict[int, list[Any]], *, takes_back: bool
) -> Iterator[tuple[Any, NewEntry]]:
    """What the buyers enter of invoices between our companies (A48), for those whose depots have both parties (A16)."""
    between = [head for head in heads if head.kind == InvoiceKind.AGENCY]
    if not between:
        return
    ids = {"ids": [head.customer_id for head in between]}
    buyers = {row.customer_party_id: row for row in connection.execute(_BUYERS, ids)}
    ids = {"ids": [head.establishment_id for head in between]}
    sellers = {row.establishment_id: row for row in connection.execute(_SELLERS, ids)}
    for head in between:
        buyer, seller = buyers.get(head.customer_id), sellers.get(head.establishment_id)
        if buyer is None or seller is None:
            continue
        account = BooksAccount(seller.supplier or seller.code, seller.supplier_title or seller.name)
        document = BoughtDocument(
            source=f"{'mirror_note' if takes_back else 'mirror'}:{head.id}",
            number=head.piece,
            day=head.issue_date,
            supplier=PostedParty(account, seller.name),
            total_ttc=head.total_ttc,
            vat=[SoldVat((row.vat_category, row.vat_rate), row.amount) for row in parts[head.id] if row.kind == _VAT],
            establishment_id=buyer.establishment_id if buyer.analytic_axis else None,
            takes_back=takes_back,
        )
        if (entry := bought_entry(Chart.of(buyer.chart), document)) is not None:
            yield buyer, entry


def _agencies(connection: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    """The establishments that these customers are, by their depots' parties (A16)."""
    if not customer_ids:
        return {}
    rows = connection.execute(_AGENCIES, {"ids": customer_ids})
    return {row.customer_party_id: row.establishment_id for row in rows}


def _parts(connection: Connection, query: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    parts: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query, {"ids": ids}):
        parts[row.document_id].append(row)
    return parts


def _post_paid(
    connection: Connection, ids: Sequence[int], today: date, make: Callable[[Chart, PostedPayment], NewEntry]
) -> list[Written]:
    entries = []
    for row in connection.execute(_PAYMENTS, {"ids": ids}):
        supplier = BooksAccount(row.supplier or row.code, row.supplier_title or row.name)
        paid = PostedPayment(
            *(row.id, row.piece, PaymentMethod(row.method), row.amount, row.received_on, _customer(row)),
            PostedParty(supplier, row.name),
            row.banked_on,
        )
        entries.append((row, make(Chart.of(row.chart), paid)))
    return _write(connection, entries, today)


def _customer(row: Any) -> PostedParty:
    """Whose the document is; a party without an account of its own is known by its code."""
    return PostedParty(BooksAccount(row.customer or row.code, row.customer_title or row.name), row.name)


def _write(connection: Connection, entries: Iterable[tuple[Any, NewEntry]], today: date) -> list[Written]:
    """Write the entries of each folder, in the order of the folders: their journals are locked in it."""
    of_folder: dict[Books, list[NewEntry]] = defaultdict(list)
    for row, entry in entries:
        of_folder[Books(row.folder_id, row.folder)].append(entry)
    in_order = sorted(of_folder, key=lambda books: books.number)
    return [each for books in in_order for each in write_entries(connection, books, of_folder[books], today)]
