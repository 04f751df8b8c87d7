"""Delivery notes of a period that no run takes, and why: what is told where there is nothing to invoice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, case, exists, func, select

from intergestan_db.tables import DeliveryNote, DeliveryNoteLine, Establishment, InvoiceLine, OperationCode, Party
from intergestan_erp.selling.deferred import Scope
from intergestan_erp.selling.open_goods import NotesWanted, limits_of
from intergestan_erp.selling.returned import KEPT
from intergestan_msg.money import ZERO


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many there are of each kind.

    :ivar elsewhere: another establishment invoices them. :ivar not_billable: their operation code says so.
    :ivar done: all of them is invoiced, or came back.
    """

    elsewhere: int
    not_billable: int
    done: int


def count_left_out(connection: Connection, scope: Scope, wanted: NotesWanted) -> LeftOut:
    """Count those of the period, customer and category that a run leaves out."""
    if scope.of_all:
        here = Establishment.dossier_id == scope.dossier_id
    else:
        here = DeliveryNote.establishment_id == scope.here.id
    kinds = (~here, and_(here, ~OperationCode.billable), and_(here, OperationCode.billable, ~_OPEN))
    counts = [func.coalesce(func.sum(case((kind, 1), else_=0)), 0) for kind in kinds]
    query: Select[*tuple[Any, ...]] = (
        select(*counts)
        .select_from(DeliveryNote.__table__)
        .join(Establishment, Establishment.id == DeliveryNote.establishment_id)
        .join(OperationCode, OperationCode.id == DeliveryNote.operation_code_id)
        .join(Party, Party.id == DeliveryNote.customer_id)
        .where(*limits_of(wanted))
    )
    return LeftOut(*(int(each) for each in connection.execute(query).one()))


_IS_INVOICED: Final = exists().where(InvoiceLine.delivery_note_line_id == DeliveryNoteLine.id)
_OPEN: Final = (
    select(DeliveryNoteLine.id)
    .where(DeliveryNoteLine.delivery_note_id == DeliveryNote.id, ~_IS_INVOICED, KEPT > ZERO)
    .correlate(DeliveryNote.__table__)
    .exists()
)
