"""`sales charge`: a charge that came without a VAT category gets one, a change of ours that the buyer is told (D33)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.site_rows import read_partner
from intergestan_db.tables import InvoiceCharge, SalesOrderCharge
from intergestan_erp.credit.gate import open_gate
from intergestan_erp.inputs.vat import StatedVat
from intergestan_erp.selling.current_order import standing_of, write_totals
from intergestan_erp.selling.deliveries import customer_of, lock_order
from intergestan_exchange.changes.change_sales_order import answer_change, check_accepted, check_credit
from intergestan_exchange.credit_holds.look_again import lock_waiting
from intergestan_exchange.findings.findings import charge_note
from intergestan_msg.money import plain


def set_charge_vat(
    connection: Connection,
    number: str,
    place: int,
    vat: StatedVat,
    *,
    override: str | None = None,
    by: str,
    at: datetime,
) -> Bells:
    """Give a charge of an accepted sales order its VAT category, and tell the buyer; what to ring for.

    :param place: which of the order's charges, 1 for the first.
    :param override: why the order may come to more although the customer owes too much.
    :returns: none for an order that was entered here: no mail goes out.
    :raises Problem: there is no such charge, it has a category, it is on an invoice, or the customer owes too much
        (T20); nothing is changed.
    """
    gate = open_gate(connection, customer_of(connection, number), at)
    if gate.customer is not None:
        lock_waiting(connection, [gate.customer.id])
    head = lock_order(connection, number)
    check_accepted(head)
    standing = standing_of(connection, head)
    rows = connection.execute(
        select(SalesOrderCharge.id, exists().where(InvoiceCharge.sales_order_charge_id == SalesOrderCharge.id))
        .where(SalesOrderCharge.sales_order_id == head.id)
        .order_by(SalesOrderCharge.id)
    ).all()
    if not 1 <= place <= len(rows):
        raise Problem(
            "{number} has no charge {place}: it has {count}. Nothing was changed.",
            ProblemCode.NO_CHARGE,
            (Act.SHOW_SALES_ORDER,),
            number=number,
            place=place,
            count=len(rows),
        )
    (charge_id, is_invoiced), charge = rows[place - 1], standing.charges[place - 1]
    if charge.vat_category is not None:
        raise Problem(
            "Charge {place} of {number} has the VAT category {category} already. Nothing was changed.",
            ProblemCode.CHARGE_HAS_VAT,
            (Act.SHOW_SALES_ORDER,),
            place=place,
            number=number,
            category=charge.vat_category,
        )
    if is_invoiced:
        raise Problem(
            "Charge {place} of {number} is on an invoice. Nothing was changed.",
            ProblemCode.CHARGE_INVOICED,
            (Act.SHOW_SALES_ORDER,),
            place=place,
            number=number,
        )
    now = replace(charge, vat_category=vat.category, vat_rate=vat.rate)
    values = {"vat_category": now.vat_category, "vat_rate": now.vat_rate}
    connection.execute(update(SalesOrderCharge).where(SalesOrderCharge.id == charge_id).values(**values))
    charges = [now if each == place else its for each, its in enumerate(standing.charges, start=1)]
    lines = [line.booked for line in standing.lines]
    sums = write_totals(connection, standing, lines, charges, by=by, at=at)
    detail: dict[str, Any] = {"charge": place, "vat": f"{vat.category}:{plain(vat.rate)}"}
    bells = Bells()
    if head.partner_id is not None:
        language = read_partner(connection, head.partner_id).language
        note = charge_note(charge.reason, vat.category, vat.rate, sums.totals.payable, standing.currency, language)
        answer = answer_change(connection, head, standing, {}, note, at)
        detail, bells = detail | {"answer": answer.n}, Bells(compose=(answer.mail_id,))
    states.record(connection, states.SALES_ORDER.name, [(head.id, None, None)], "charge", by=by, at=at, detail=detail)
    return bells + check_credit(connection, gate, head, override, by, at)  # last: it locks the mails of other orders
