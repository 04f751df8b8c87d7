"""Roles, rights, who the site is and what is chosen for it, as words of the catalogue: a table each."""

from __future__ import annotations

from collections.abc import Mapping

from intergestan_runtime.said import marked

ROLES: Mapping[str, str] = {
    "reader": marked("reader"),
    "clerk": marked("clerk"),
    "operator": marked("operator"),
    "administrator": marked("administrator"),
    "accountant": marked("accountant"),
}
RIGHTS: Mapping[str, str] = {
    "manage_users": marked("gives roles and rights"),
    "anonymise": marked("anonymises third parties"),
    "set_credit": marked("sets credit maximums"),
    "override_credit": marked("may pass the credit maximum"),
    "keep_books": marked("keeps the books"),
    "close_books": marked("closes the books"),
    "send_orders": marked("sends orders"),
    "resend_mails": marked("sends mails again or gives them up"),
    "collect_orders": marked("collects orders"),
    "operate": marked("operates"),
    "set_accounts": marked("sets mail accounts"),
    "sell": marked("accepts sales orders, refuses them and delivers"),
    "invoice": marked("invoices"),
    "take_payments": marked("enters payments of customers"),
    "credit_note": marked("makes credit notes"),
    "set_partners": marked("decides whom the site trusts"),
    "set_products": marked("sets products and their prices"),
    "set_parties": marked("enters third parties"),
    "set_rules": marked("chooses settings, fees and payment terms"),
    "set_site": marked("says who the site is for others"),
}
"""What people read of roles and rights; a test holds that there is one for each."""

SCOPES: Mapping[str, str] = {
    "orders:read": marked("reads purchase orders"),
    "orders:write": marked("enters and changes purchase orders"),
    "orders:send": marked("sends purchase orders"),
    "sales:read": marked("reads sales orders"),
    "sales:write": marked("acts on sales orders"),
    "holds:read": marked("reads what waits"),
    "holds:act": marked("decides what waits"),
    "mails:read": marked("reads mails"),
    "catalogue:read": marked("reads products"),
    "catalogue:write": marked("changes products"),
    "partners:read": marked("reads partners"),
    "operate:read": marked("sees how the site does"),
    "operate:act": marked("operates the site"),
    "parties:read": marked("reads third parties"),
    "parties:write": marked("enters and changes third parties"),
    "credit:read": marked("reads what customers owe and pay"),
    "credit:write": marked("sets credit maximums"),
    "payments:write": marked("enters and settles payments"),
    "stock:read": marked("reads stock and picking slips"),
    "stock:write": marked("moves stock and acts on picking slips"),
    "agencies:read": marked("reads agencies, depots and what they order from each other"),
    "agencies:write": marked("changes agencies and orders between them"),
    "invoices:write": marked("makes invoices and credit notes"),
    "books:read": marked("reads the books"),
    "books:write": marked("enters into the books"),
    "settings:write": marked("changes settings, fees and payment terms"),
}
"""What a token may be for."""

PREFERENCES: Mapping[str, str] = {
    "codes.mode": marked("Codes of third parties (manual or automatic)"),
    "codes.length": marked("Length of a code (6 to 15)"),
    "codes.prefix": marked("Characters of the name that begin a code"),
    "accounts.mode": marked("Accounts of third parties (manual, internal, sequence or alphabet)"),
    "accounts.customer_root": marked("Root of customers' accounts"),
    "accounts.supplier_root": marked("Root of suppliers' accounts"),
    "accounts.width": marked("Digits behind the root (1 to 10)"),
    "search.party_fields": marked("Fields in which third parties are searched"),
    "search.account_fields": marked("Fields in which accounts are searched"),
    "credit.block_from": marked(
        "Credit: first document that is refused (`off`, `quote`, `order`, `delivery` or `invoice`)"
    ),
    "credit.by_payment_due": marked(
        "Credit: payments count when they fall due, else when the invoice does (true or false)"
    ),
    "credit.invoice_delivered": marked("Credit: invoices for goods that left (`block` or `always`)"),
    "credit.told_buyer": marked("Credit: what the buyer of an order that waits reads (`plain` or `amounts`)"),
    "credit.max_default": marked("Credit maximum of new customers (empty: no ceiling)"),
    "credit.insured_default": marked("Insured amount of new customers"),
    "terms.default": marked("Payment term of customers who have none of their own"),
    "invoicing.split_months": marked(
        "Whether deferred invoicing makes an invoice for each calendar month (true or false)"
    ),
    "terms.shift": marked("Days on which instalments fall due (none: any day, or next_working_day)"),
    "fees.default": marked("Fees that are proposed to new customers (codes with commas between)"),
    "orders.minimum_default": marked("Minimum of an order of new customers"),
    "orders.minimum_fee": marked("Fee of orders below their minimum (code)"),
    "geo.on_save": marked("Whether an address that is saved is looked up (true or false)"),
    "geo.provider": marked("Who is asked where addresses lie (none, ban, nominatim, google …)"),
    "geo.calls_per_month": marked("How often it is asked in a month at most"),
    "maps.provider": marked("What the page of the map shows (none, tiles or google)"),
    "maps.tiles": marked("Address of the tile server of that map"),
    "maps.google_key": marked("Google's key for that map, which anybody sees who opens it"),
}
"""What each setting is."""

SITE: Mapping[str, str] = {
    "name": marked("Name"),
    "siret": marked("SIRET"),
    "vat_id": marked("VAT number"),
    "line1": marked("Address"),
    "line2": marked("Address, second line"),
    "postcode": marked("Postcode"),
    "city": marked("City"),
    "country": marked("Country"),
    "language": marked("Language"),
    "timezone": marked("Time zone"),
    "orders_address": marked("For orders"),
    "answers_address": marked("For answers"),
}
"""Who the site is, what of it people correct."""

CHOICES: Mapping[str, str] = {
    "codes.mode": marked("Codes of third parties"),
    "codes.length": marked("Length of a code, 6 to 15"),
    "codes.prefix": marked("Characters of the name that begin a code"),
    "accounts.mode": marked("Accounts of third parties"),
    "accounts.customer_root": marked("Root of customers' accounts"),
    "accounts.supplier_root": marked("Root of suppliers' accounts"),
    "accounts.width": marked("Digits behind the root, 1 to 10"),
    "search.party_fields": marked("Third parties are searched by"),
    "search.account_fields": marked("Accounts are searched by"),
    "credit.block_from": marked("Above the credit maximum is refused"),
    "credit.by_payment_due": marked("Payments count"),
    "credit.invoice_delivered": marked("Invoices for goods that left"),
    "credit.told_buyer": marked("What the buyer of an order that waits reads"),
    "credit.max_default": marked("Credit maximum of new customers; empty: no ceiling"),
    "credit.insured_default": marked("Insured amount of new customers"),
    "terms.default": marked("Payment term of customers who have none of their own"),
    "invoicing.split_months": marked("Deferred invoicing makes an invoice for each calendar month"),
    "terms.shift": marked("Days on which instalments fall due"),
    "fees.default": marked("Fees that are proposed to new customers, codes with commas between"),
    "orders.minimum_default": marked("Minimum of an order of new customers"),
    "orders.minimum_fee": marked("Fee of orders below their minimum, its code"),
    "geo.on_save": marked("An address that is saved is looked up"),
    "geo.provider": marked("Who is asked where addresses lie"),
    "geo.calls_per_month": marked("How often it is asked in a month at most"),
    "maps.provider": marked("What the page of the map shows"),
    "maps.tiles": marked("Address of the tile server of that map"),
    "maps.google_key": marked("Google's key for that map, which anybody sees who opens it"),
}
"""What each setting is, where its values are chosen and not typed."""

_YES_OR_NO: Mapping[str, str] = {"true": marked("yes"), "false": marked("no")}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "codes.mode": {"manual": marked("typed by hand"), "automatic": marked("made of the name")},
    "accounts.mode": {
        "manual": marked("typed by hand"),
        "internal": marked("root and internal number"),
        "sequence": marked("root and sequence"),
        "alphabet": marked("root, rank of the first letter and sequence"),
    },
    "search.party_fields": {
        "code": marked("code"),
        "name": marked("name"),
        "account": marked("account number"),
    },
    "search.account_fields": {
        "party_code": marked("code of the third party"),
        "title": marked("title"),
        "number": marked("account number"),
    },
    "credit.block_from": {
        "off": marked("nothing"),
        "quote": marked("from quotes on"),
        "order": marked("from orders on"),
        "delivery": marked("from delivery notes on"),
        "invoice": marked("invoices only"),
    },
    "credit.by_payment_due": {"true": marked("when they fall due"), "false": marked("when the invoice falls due")},
    "credit.invoice_delivered": {"block": marked("are refused, too"), "always": marked("are made in any case")},
    "credit.told_buyer": {"plain": marked("that the order waits"), "amounts": marked("the amounts, too")},
    "terms.shift": {"none": marked("any day"), "next_working_day": marked("working days alone")},
    "invoicing.split_months": _YES_OR_NO,
    "geo.on_save": _YES_OR_NO,
    "geo.provider": {
        "none": marked("nobody"),
        "ban": "Base Adresse Nationale",
        "nominatim": "Nominatim",
        "google": "Google",
    },
    "maps.provider": {"none": marked("no map"), "tiles": marked("tiles of a server"), "google": "Google Maps"},
}
"""The values of a setting, as words."""
