"""What a person types about a third party, read as it is kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Account, Address, Contact, Fee, Party, Table
from intergestan_erp.inputs.coordinates import LATITUDE, LONGITUDE, read_degrees
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.inputs.unreadable import shown
from intergestan_erp.parties.company_numbers import read_siren, read_siret, read_vat
from intergestan_erp.parties.parties import OF_INVOICES
from intergestan_erp.site.setup import check_address


def read_typed(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Values by the names of columns, as they are kept; what was not given (None) is left out.

    :param given: `name`, `siret`, `siren`, `vat_id`, `invoice_email`, `buyer_reference`, those of a postal address,
        `contact`, `telephone`, `email`. An empty text takes a value away.
    :raises Problem: for the first that is none of these, or too long; nothing may be written then.
    """
    return {name: _read(name, text, _COLUMNS) for name, text in given.items() if text is not None}


def read_each(given: Mapping[str, str]) -> tuple[dict[str, str | None], dict[str, Problem]]:
    """The same of a form: all values that can be read, and what is wrong with each of the others."""
    values: dict[str, str | None] = {}
    wrong: dict[str, Problem] = {}
    for name, text in given.items():
        try:
            values[name] = _read(name, text, _COLUMNS)
        except Problem as problem:
            wrong[name] = problem
    return values, wrong


def read_position(latitude: str | None, longitude: str | None) -> dict[str, Decimal | None]:
    """A position that a person types: both of its degrees, or two empty texts that take it away; None is not given.

    :raises Problem: one of them is no degrees, or nothing; nothing may be written then.
    """
    given = {"latitude": (latitude, LATITUDE), "longitude": (longitude, LONGITUDE)}
    return {
        name: read_degrees(text, most) if text.strip() else None
        for name, (text, most) in given.items()
        if text is not None
    }


def read_fee(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """The same of a fee: `name`, `account_number`."""
    return {name: _read(name, text, _OF_FEES) for name, text in given.items() if text is not None}


def read_account_title(text: str) -> str | None:
    """The same of an account's title; None: it was left empty."""
    return _read("title", text, _OF_ACCOUNTS)


def _read(name: str, text: str, columns: Mapping[str, tuple[type[Table], str]]) -> str | None:
    value = " ".join(text.split())
    if not value.isprintable():
        raise _no_value(value)
    if not value and name == "name":
        raise _no_name(columns)
    if not value:
        return None
    if (reader := _READERS.get(name)) is not None:
        value = reader(value)
    table, column = columns[name]
    for _, limit in too_long(table, {column: value}):
        raise Problem(
            "«{value}» is too long: at most {limit} characters fit. Nothing was changed.",
            ProblemCode.NO_VALUE,
            value=shown(value),
            limit=limit,
        )
    return value


def _no_name(columns: Mapping[str, tuple[type[Table], str]]) -> Problem:
    if columns is _OF_FEES:
        return Problem("A fee needs a name. Nothing was changed.", ProblemCode.NO_NAME)
    return Problem("A third party needs a name. Nothing was changed.", ProblemCode.NO_NAME)


def _country(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise Problem(
            "«{value}» is no country: write its ISO code, like FR, or its name in French or English.",
            ProblemCode.NO_VALUE,
            value=text,
        )
    return code


def _email(text: str) -> str:
    check_address(text)
    return text


def _no_value(text: str) -> Problem:
    return Problem(
        "«{value}» has characters that nobody sees: type it again. Nothing was changed.",
        ProblemCode.NO_VALUE,
        value=ascii(text),
    )


_READERS: Final[Mapping[str, Callable[[str], str]]] = {
    "siret": read_siret,
    "siren": read_siren,
    "vat_id": read_vat,
    "country": _country,
    "email": _email,
    "invoice_email": _email,
}
_COLUMNS: Final[Mapping[str, tuple[type[Table], str]]] = {
    **{name: (Party, name) for name in ("name", "siret", "siren", "vat_id", *OF_INVOICES)},
    **{name: (Address, name) for name in ("line1", "line2", "postcode", "city", "country")},
    "contact": (Contact, "name"),
    **{name: (Contact, name) for name in ("telephone", "email")},
}
_OF_FEES: Final[Mapping[str, tuple[type[Table], str]]] = {name: (Fee, name) for name in ("name", "account_number")}
_OF_ACCOUNTS: Final[Mapping[str, tuple[type[Table], str]]] = {"title": (Account, "title")}
