"""What people call what a document names by the id of its row: an establishment, a depot, a term, a quote, a mail."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, literal, select

from intergestan_db.tables import (
    AccountingFolder,
    Category,
    Depot,
    Establishment,
    Fee,
    OperationCode,
    OutboundMail,
    PaymentTerm,
    Quote,
)

_NAMES: Final[tuple[tuple[str, str, Any, Any], ...]] = (
    ("establishment_id", "establishment", Establishment.id, Establishment.number),
    ("invoicing_establishment_id", "invoicing_establishment", Establishment.id, Establishment.number),
    ("depot_id", "depot", Depot.id, Depot.code),
    ("accounting_folder_id", "accounting_folder", AccountingFolder.id, AccountingFolder.number),
    ("operation_code_id", "operation", OperationCode.id, OperationCode.code),
    ("category_id", "category", Category.id, Category.code),
    ("payment_term_id", "term", PaymentTerm.id, PaymentTerm.code),
    ("quote_id", "quote", Quote.id, Quote.number),
    ("fee_id", "fee", Fee.id, Fee.code),
    ("outbound_mail_id", "mail", OutboundMail.id, literal("out-").concat(cast(OutboundMail.id, String))),
)


def named_ids(table: Any) -> tuple[ColumnElement[Any], ...]:
    """For each such id that a table has a column with the number or code: NULL where it has none."""
    columns = table.__table__.columns
    return tuple(
        select(name).where(row_id == columns[of]).correlate(table.__table__).scalar_subquery().label(label)
        for of, label, row_id, name in _NAMES
        if of in columns
    )
