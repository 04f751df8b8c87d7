"""The groups of *Réglages des tiers*, in the order of the source document: titles, fields, words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from intergestan_erp.geo.providers import NONE, PROVIDERS
from intergestan_runtime.said import marked

PARTY_FIELDS: Final[Mapping[str, str]] = {
    "code": marked("the code"),
    "name": marked("the company name"),
    "account": marked("the account number"),
}
ACCOUNT_FIELDS: Final[Mapping[str, str]] = {
    "party_code": marked("the code of the third party that the account is of"),
    "title": marked("the title of the account"),
    "number": marked("the number of the account"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A setting in its group.

    :ivar kind: `choice`, `flag` (true or false), `fees`, `order` (fields in their order), or a text's `inputmode`.
    :ivar words: what its values are called; `apart`: the heading of all but the first.
    """

    setting: str
    label: str
    kind: str = "text"
    words: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""
    apart: str = ""

    @property
    def name(self) -> str:
        """Of its field in the form."""
        return self.setting.replace(".", "_")


@dataclass(frozen=True, slots=True)
class Group:
    """One form, and one version."""

    key: str
    title: str
    fields: tuple[Field, ...]
    hint: str = ""

    @property
    def settings(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(each.setting for each in self.fields)


GROUPS: Final = (
    Group(
        "codes",
        marked("Coding of third parties"),
        (
            Field(
                "codes.mode",
                marked("Coding"),
                "choice",
                {"manual": marked("coded by hand"), "automatic": marked("coded automatically")},
            ),
            Field("codes.length", marked("Length of a third party's code"), "numeric", hint=marked("between 6 and 15")),
            Field("codes.prefix", marked("Length of the prefix"), "numeric"),
        ),
        marked("Codes that there are stay as they are."),
    ),
    Group(
        "comptes",
        marked("Account in the books"),
        (
            Field(
                "accounts.mode",
                marked("Numbers"),
                "choice",
                {
                    "manual": marked("By hand"),
                    "internal": marked("The root of the account + an internal number"),
                    "sequence": marked("The root of the account + a sequential number"),
                    "alphabet": marked(
                        "The root of the account + the place of the name's first letter in the alphabet"
                    ),
                },
                apart=marked("Automatic"),
            ),
            Field("accounts.customer_root", marked("Root of customers"), "numeric"),
            Field("accounts.supplier_root", marked("Root of suppliers"), "numeric"),
            Field("accounts.width", marked("Digits"), "numeric", hint=marked("behind the root, 1 to 10")),
        ),
        marked("Accounts that there are stay as they are."),
    ),
    Group(
        "recherche",
        marked("Fields by which a third party or an account is searched"),
        (
            Field("search.party_fields", marked("Third parties"), "order", PARTY_FIELDS),
            Field("search.account_fields", marked("Accounts of the books"), "order", ACCOUNT_FIELDS),
        ),
        marked(
            "If searching by one of these fields is useless, it is strongly advised to remove it: searches are quicker."
        ),
    ),
    Group(
        "frais",
        marked("Usual port and fees"),
        (Field("fees.default", marked("Proposed to new customers"), "fees"),),
        marked("Cards that there are stay as they are."),
    ),
    Group(
        "encours",
        marked("Credit limit"),
        (
            Field("credit.max_default", marked("Usual credit limit"), "decimal", hint=marked("empty: no limit")),
            Field("credit.insured_default", marked("Usual insured credit"), "decimal"),
            Field(
                "credit.block_from",
                marked("Block when the limit is passed, from"),
                "choice",
                {
                    "off": marked("do not block"),
                    "quote": marked("Quote"),
                    "order": marked("Order acknowledgement"),
                    "delivery": marked("Goods delivery note"),
                    "invoice": marked("Invoice"),
                },
            ),
            Field("credit.by_payment_due", marked("Credit counted by the due date of the payment"), "flag"),
            Field(
                "credit.invoice_delivered",
                marked("Goods that left"),
                "choice",
                {"block": marked("block the invoice"), "always": marked("always invoice")},
            ),
            Field(
                "credit.told_buyer",
                marked("What the buyer reads"),
                "choice",
                {"plain": marked("without amounts"), "amounts": marked("with amounts")},
            ),
        ),
        marked("Cards that there are keep their limits; what is blocked counts at once."),
    ),
    Group(
        "minimum",
        marked("Usual minimum order"),
        (
            Field("orders.minimum_default", marked("Minimum without VAT"), "decimal", hint=marked("empty: none")),
            Field("orders.minimum_fee", marked("Fee that is offered"), "fee"),
        ),
        marked("Cards that there are stay as they are."),
    ),
    Group(
        "geo",
        marked("Look addresses of third parties up automatically"),
        (
            Field("geo.on_save", marked("Look up when an address is saved"), "flag"),
            Field(
                "geo.provider",
                marked("Looking-up service"),
                "choice",
                {NONE: marked("nobody is asked"), **{name: name for name in PROVIDERS}},
                hint=marked(
                    "Postcodes, cities and streets of third parties leave the house, nothing else does. The service "
                    "that asks must run."
                ),
            ),
            Field("geo.calls_per_month", marked("Calls in a month"), "numeric"),
            Field(
                "maps.provider",
                marked("Map"),
                "choice",
                {NONE: marked("no map"), "tiles": marked("tiles of a server"), "google": "Google"},
            ),
            Field("maps.tiles", marked("Address of the tile server")),
            Field(
                "maps.google_key",
                marked("Google Maps key for the map of third parties"),
                hint=marked("Everybody who opens the map can read it."),
            ),
        ),
    ),
)
OF_KEY: Final = {each.key: each for each in GROUPS}
