"""What people read of payments, invoices and credit notes: how they are paid, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from intergestan_db.enums import InvoiceKind, PaymentMethod, PaymentState
from intergestan_runtime.said import marked

METHODS: Final[Mapping[str, str]] = {
    PaymentMethod.TRANSFER: marked("transfer"),
    PaymentMethod.CHEQUE: marked("cheque"),
    PaymentMethod.BILL: marked("bill"),
    PaymentMethod.CARD: marked("card"),
    PaymentMethod.CASH: marked("cash"),
    PaymentMethod.SET_OFF: marked("set-off"),
}
STATES: Final[Mapping[str, str]] = {
    PaymentState.ENTERED: marked("entered"),
    PaymentState.FAILED: marked("unpaid"),
    PaymentState.CANCELLED: marked("taken back"),
}
SHOWN_STATES: Final[Mapping[str, str]] = {**STATES, PaymentState.ENTERED: marked("on record")}
"""As pages say them."""
INVOICE_KINDS: Final[Mapping[str, str]] = {
    InvoiceKind.CUSTOMER: marked("to a customer"),
    InvoiceKind.AGENCY: marked("to an agency"),
    InvoiceKind.INTERNAL: marked("internal invoice"),
}
