"""What people read of accounts: what they are for, and of what kind they are."""

from __future__ import annotations

from collections.abc import Mapping

from intergestan_runtime.said import marked

USES: Mapping[str, str] = {
    "customers": marked("customers"),
    "suppliers": marked("suppliers"),
    "sales": marked("sales"),
    "charges": marked("port and charges"),
    "sales_vat": marked("VAT on sales"),
    "purchases": marked("purchases from an agency of another company"),
    "purchase_vat": marked("VAT on these purchases"),
    "from_agency": marked("from an establishment of the same company"),
    "to_agency": marked("to an establishment of the same company"),
    "bank": marked("bank"),
    "cheques": marked("cheques on their way to the bank"),
    "bills": marked("bills of exchange"),
    "cash": marked("cash"),
    "profit": marked("profit of the year"),
    "loss": marked("loss of the year"),
}
"""What people read of each `intergestan_erp.books.chart.Use`; a test holds that there is one for each."""

KINDS: Mapping[str, str] = {
    "customer": marked("customer"),
    "supplier": marked("supplier"),
    "general": marked("general"),
}
"""The same of each `AccountKind`."""
