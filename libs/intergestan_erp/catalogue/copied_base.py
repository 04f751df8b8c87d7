"""What a new site takes from a copy of another's base: the catalogue and the third parties, nothing else (G06).

Mails, orders, partners with their keys and counters, users, accounts and the site itself stay behind: a copy is
not a second site, and what it would send or answer has been sent and answered by the first. What the other asks for
a product is what the new site pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, insert, select
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from intergestan_db import migrate
from intergestan_db.problem import Problem
from intergestan_db.tables import Address, Contact, Party, Site
from intergestan_erp.catalogue.whole_catalogue import Catalogue, put_catalogue, read_catalogue

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CopiedParty:
    """A third party with what belongs to it, as columns without ids."""

    values: Values
    addresses: tuple[Values, ...]
    contacts: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class CopiedBase:
    """What was read from a copy; `site_code` is the code of the site that it was copied from, `currency` its own."""

    site_code: str
    currency: str
    catalogue: Catalogue
    parties: tuple[CopiedParty, ...]


def read_copy(source: str) -> CopiedBase:
    """Read a copy, which stays as it is.

    :param source: an SQLite file, or the URL of a base.
    :raises Problem: when it is no base of this release's schema.
    """
    engine = _open(source)
    try:
        with engine.connect() as connection:
            migrate.check(connection)
            return _read(connection)
    except migrate.NotMigrated as error:
        raise Problem(
            "{source} has another schema than this release: run `intergestan upgrade` on the copy first.",
            source=source,
        ) from error
    except DatabaseError as error:
        raise Problem("{source} cannot be read as a base: {error}", source=source, error=error.orig) from error
    finally:
        engine.dispose()


def put_copy(connection: Connection, copied: CopiedBase) -> None:
    """Enter what was read into a base that has a site of its own, and nothing else yet.

    :raises Problem: when the site has the identity of the one that was copied, or another currency.
    """
    site = connection.execute(select(Site.code, Site.currency)).one()
    if site.code == copied.site_code:
        raise Problem(
            "The new site would be {code}, which is the site of the copy: give it a SIRET or a name of its own.",
            code=site.code,
        )
    if site.currency != copied.currency:
        raise Problem(
            "The prices of the copy are in {theirs}, and the new site's currency would be {ours}: no price is "
            "converted. Give it the same currency (--currency), or enter a catalogue in its own.",
            theirs=copied.currency,
            ours=site.currency,
        )
    put_catalogue(connection, copied.catalogue.as_buyer())
    for party in copied.parties:
        party_id = connection.execute(insert(Party).values(**party.values).returning(Party.id)).scalar_one()
        for table, rows in ((Address, party.addresses), (Contact, party.contacts)):
            if rows:
                connection.execute(insert(table), [{**row, "party_id": party_id} for row in rows])


def _open(source: str) -> Engine:
    """An engine that only reads."""
    if "://" not in source:
        file = Path(source)
        if not file.is_file():
            raise Problem("There is no file {source}.", source=source)
        query = {"mode": "ro", "uri": "true"}
        return create_engine(URL.create("sqlite", database=file.absolute().as_uri(), query=query))
    try:
        return create_engine(source, execution_options={"postgresql_readonly": True})
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise Problem("{source} is neither a file nor the URL of a base.", source=source) from error


def _read(connection: Connection) -> CopiedBase:
    site = connection.execute(select(Site.code, Site.currency)).one_or_none()
    if site is None:
        raise Problem("The base that is to be copied belongs to no site.")
    addresses, contacts = _by_party(connection, Address), _by_party(connection, Contact)
    parties = connection.execute(select(Party.__table__).order_by(Party.code)).mappings()
    return CopiedBase(
        site.code,
        site.currency,
        read_catalogue(connection),
        tuple(
            CopiedParty(_values(row), tuple(addresses.get(row["id"], ())), tuple(contacts.get(row["id"], ())))
            for row in parties
        ),
    )


def _by_party(connection: Connection, table: type[Address | Contact]) -> dict[int, list[Values]]:
    grouped: dict[int, list[Values]] = {}
    for row in connection.execute(select(table.__table__).order_by(table.id)).mappings():
        grouped.setdefault(row["party_id"], []).append(_values(row))
    return grouped


def _values(row: Mapping[Any, Any]) -> Values:
    return {str(name): value for name, value in row.items() if name not in {"id", "party_id"}}
