"""What a new site takes from a copy of another's base: the catalogue and the third parties, nothing else (G06).

Third parties come with their codes, accounts, fees and payment terms, with what was chosen about these, and with the
positions that are known; a term is the one of the same code here. Mails, orders, quotes, partners with their keys and
counters, what customers owe and may owe, users, accounts at mail providers and the site itself stay behind: a copy is
not a second site, and what it would send or answer has been sent and answered by the first. What the other asks for a
product is what the new site pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, insert, select
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from intergestan_db import migrate
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Account, Address, Contact, Fee, Party, PartyAccount, PartyFee, PaymentTerm, Site
from intergestan_erp.catalogue.whole_catalogue import Catalogue, put_catalogue, read_catalogue
from intergestan_erp.parties.indexing import index_parties
from intergestan_erp.site.preferences import DEFAULTS, put_texts, read_texts
from intergestan_erp.terms.stored import Term, put_term, read_terms

Values = Mapping[str, Any]
_NOT_COPIED = {
    "term",
    "payment_term_id",
    "category_id",
    "credit_max",
    "credit_insured",
    "exposure_version",
    "created_at",
}


@dataclass(frozen=True, slots=True)
class CopiedParty:
    """A third party with what belongs to it, as columns without ids.

    :ivar fees: the code and the party's own amount; `term`: the code of its payment term.
    """

    values: Values
    addresses: tuple[Values, ...]
    contacts: tuple[Values, ...]
    accounts: tuple[Values, ...]
    fees: tuple[Values, ...]
    term: str | None


@dataclass(frozen=True, slots=True)
class CopiedBase:
    """What was read from a copy; `site_code` is the code of the site that it was copied from, `currency` its own."""

    site_code: str
    currency: str
    catalogue: Catalogue
    fees: tuple[Values, ...]
    parties: tuple[CopiedParty, ...]
    preferences: Mapping[str, str]
    terms: tuple[Term, ...]


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
            "{source} has another schema than this release and must be upgraded first.",
            ProblemCode.OTHER_SCHEMA,
            (Act.UPGRADE,),
            source=source,
        ) from error
    except DatabaseError as error:
        raise Problem(
            "{source} cannot be read as a base: {error}", ProblemCode.NO_FILE, source=source, error=error.orig
        ) from error
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
            ProblemCode.CODE_TAKEN,
            code=site.code,
        )
    if site.currency != copied.currency:
        raise Problem(
            "The prices of the copy are in {theirs}, and the new site's currency would be {ours}: no price is "
            "converted. Give it the same currency, or enter a catalogue in its own.",
            ProblemCode.OTHER_CURRENCY,
            theirs=copied.currency,
            ours=site.currency,
        )
    put_catalogue(connection, copied.catalogue.as_buyer())
    put_texts(connection, copied.preferences)
    terms = _put_terms(connection, copied.terms)
    if copied.fees:
        connection.execute(insert(Fee), copied.fees)
    fees = {row.code: row.id for row in connection.execute(select(Fee.code, Fee.id))}
    ids = []
    for party in copied.parties:
        values = {**party.values, "payment_term_id": None if party.term is None else terms[party.term]}
        party_id = connection.execute(insert(Party).values(**values).returning(Party.id)).scalar_one()
        ids.append(party_id)
        for account in party.accounts:
            own = {"number": account["number"], "title": account["title"], "kind": account["role"]}
            account_id = connection.execute(insert(Account).values(**own).returning(Account.id)).scalar_one()
            of_party = {"party_id": party_id, "role": account["role"], "account_id": account_id}
            connection.execute(insert(PartyAccount).values(**of_party))
        for table, rows in ((Address, party.addresses), (Contact, party.contacts)):
            if rows:
                connection.execute(insert(table), [{**row, "party_id": party_id} for row in rows])
        of_fees = [{"party_id": party_id, "fee_id": fees[row["code"]], "amount": row["amount"]} for row in party.fees]
        if of_fees:
            connection.execute(insert(PartyFee), of_fees)
    index_parties(connection, ids, are_new=True)


def _put_terms(connection: Connection, copied: Iterable[Term]) -> dict[str, int]:
    """Enter the payment terms that are missing here; the ids of all by their codes."""
    ids = {term.code: term.id for term in read_terms(connection)}
    for term in copied:
        if term.code not in ids:
            ids[term.code] = put_term(connection, term.code, term.name, term.lines).id
    return ids


def _open(source: str) -> Engine:
    """An engine that only reads."""
    if "://" not in source:
        file = Path(source)
        if not file.is_file():
            raise Problem("There is no file {source}.", ProblemCode.NO_FILE, source=source)
        query = {"mode": "ro", "uri": "true"}
        return create_engine(URL.create("sqlite", database=file.absolute().as_uri(), query=query))
    try:
        return create_engine(source, execution_options={"postgresql_readonly": True})
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise Problem(
            "{source} is neither a file nor the URL of a base.", ProblemCode.NO_FILE, source=source
        ) from error


def _read(connection: Connection) -> CopiedBase:
    site = connection.execute(select(Site.code, Site.currency)).one_or_none()
    if site is None:
        raise Problem("The base that is to be copied belongs to no site.", ProblemCode.NO_SITE)
    addresses, contacts = (
        _by_party(connection.execute(select(table.__table__).order_by(table.id)).mappings())
        for table in (Address, Contact)
    )
    accounts = _by_party(
        connection.execute(
            select(PartyAccount.party_id, PartyAccount.role, Account.number, Account.title)
            .join(Account, Account.id == PartyAccount.account_id)
            .order_by(PartyAccount.role)
        ).mappings()
    )
    with_term = select(Party.__table__, PaymentTerm.code.label("term"))
    joined = with_term.outerjoin(PaymentTerm, PaymentTerm.id == Party.payment_term_id)
    parties = connection.execute(joined.order_by(Party.code)).mappings()
    own_fees = _by_party(
        connection.execute(
            select(PartyFee.party_id, Fee.code, PartyFee.amount).join(Fee, Fee.id == PartyFee.fee_id).order_by(Fee.code)
        ).mappings()
    )
    return CopiedBase(
        site.code,
        site.currency,
        read_catalogue(connection),
        tuple(_values(row) for row in connection.execute(select(Fee.__table__).order_by(Fee.code)).mappings()),
        tuple(
            CopiedParty(
                {name: value for name, value in _values(row).items() if name not in _NOT_COPIED},
                addresses=tuple(addresses.get(row["id"], ())),
                contacts=tuple(contacts.get(row["id"], ())),
                accounts=tuple(accounts.get(row["id"], ())),
                fees=tuple(own_fees.get(row["id"], ())),
                term=row["term"],
            )
            for row in parties
        ),
        {
            name: value
            for name, value in read_texts(connection).items()
            if value != DEFAULTS[name] and _comes_along(name)
        },
        tuple(read_terms(connection)),
    )


def _comes_along(name: str) -> bool:
    """Not what customers may owe there, nor whom the other site asks where addresses lie: nothing leaves a house unless
    its own people say so.
    """
    return not name.startswith(("credit.", "geo.", "maps."))


def _by_party(rows: Iterable[Mapping[Any, Any]]) -> dict[int, list[Values]]:
    grouped: dict[int, list[Values]] = {}
    for row in rows:
        grouped.setdefault(row["party_id"], []).append(_values(row))
    return grouped


def _values(row: Mapping[Any, Any]) -> Values:
    return {str(name): value for name, value in row.items() if name not in {"id", "party_id"}}
