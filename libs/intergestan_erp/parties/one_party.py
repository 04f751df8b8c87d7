"""The one third party that a person means: an option of a command and a cell of a file name it, they do not search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Account, Party, PartyAccount, PartyWord
from intergestan_erp.parties.company_numbers import compact
from intergestan_erp.parties.folding import name_key
from intergestan_erp.parties.search import PARTY_FIELDS, PartyField, find_parties
from intergestan_erp.parties.search_words import LONGEST, words
from intergestan_msg.identity import nfc

_CODE, _NAME = PARTY_FIELDS.index(PartyField.CODE), PARTY_FIELDS.index(PartyField.NAME)


@dataclass(frozen=True, slots=True)
class NamedParty:
    """A third party that a text names."""

    id: int
    code: str
    name: str


def parties_named(connection: Connection, text: str, role: PartyRole | None = None) -> list[NamedParty]:
    """The parties whose code, SIRET, VAT number, account or whole name is `text` (D15).

    The first of these, in this order, that fits anybody decides. Case, accents and white space do not matter; of codes
    that differ by case alone, the one that is written so is meant.

    :returns: in the order of the codes.
    """
    wanted = nfc(text.strip())
    plain, number = "".join(wanted.split()).upper(), compact(wanted)
    query = select(Party.id, Party.code, Party.name).where(*_in_role(role)).order_by(Party.code)
    if not plain:
        return []
    if found := _named(connection, query.where(Party.code == wanted)):
        return found
    if found := [row for row in _with_word(connection, query, _CODE, plain) if row.code.upper() == plain]:
        return found
    with_account = (
        query.join(PartyAccount, PartyAccount.party_id == Party.id)
        .join(Account, Account.id == PartyAccount.account_id)
        .where(*(() if role is None else (PartyAccount.role == role,)))
    )
    for narrowed in (
        *(query.where(Party.siret == number), query.where(Party.vat_id == number)),
        *(with_account.where(Account.number == each) for each in ("".join(wanted.split()), plain)),
    ):
        if found := _named(connection, narrowed):
            return found
    return _called(connection, query, wanted)


def parties_called(connection: Connection, name: str) -> list[NamedParty]:
    """The parties that are called so, whatever case, accents and white space are, in the order of the codes."""
    return _called(connection, select(Party.id, Party.code, Party.name).order_by(Party.code), nfc(name.strip()))


def _called(connection: Connection, query: Select[int, str, str], name: str) -> list[NamedParty]:
    key = name_key(name)
    return [row for row in _with_word(connection, query, _NAME, name) if name_key(row.name) == key] if key else []


def one_party(
    connection: Connection,
    text: str,
    role: PartyRole | None = None,
    fields: Sequence[PartyField] = PARTY_FIELDS,
) -> NamedParty:
    """The one party that `text` names.

    :param fields: where to look for those that may be meant instead.
    :raises Problem: when it names none or several, with those that come close.
    """
    found = parties_named(connection, text, role)
    if len(found) == 1:
        return found[0]
    close = found or find_parties(connection, text, role, fields).found
    if not close:
        raise Problem(
            "«{text}» does not name exactly one third party. Nothing was done.",
            ProblemCode.NOT_ONE_PARTY,
            (Act.FIND_PARTY, Act.LIST_PARTIES),
            text=text,
        )
    raise Problem(
        "«{text}» does not name exactly one third party. Nothing was done. Close to it: {candidates}.",
        ProblemCode.NOT_ONE_PARTY,
        (Act.FIND_PARTY,),
        text=text,
        candidates=", ".join(f"{each.code} {each.name}" for each in close),
    )


def _in_role(role: PartyRole | None) -> tuple[Any, ...]:
    flags = {PartyRole.CUSTOMER: Party.is_customer, PartyRole.SUPPLIER: Party.is_supplier}
    return () if role is None else (flags[role],)


def _with_word(connection: Connection, query: Select[int, str, str], field: int, text: str) -> list[NamedParty]:
    """Those of a query whose field has the longest word of a text, which the fewest have; all where it has no word."""
    longest = max(words(text), key=len, default="")[:LONGEST]
    if not longest:
        return _named(connection, query)
    ids = select(PartyWord.party_id).where(
        PartyWord.field == field, PartyWord.later.in_((0, 1)), PartyWord.word == longest
    )
    return _named(connection, query.where(Party.id.in_(ids)))


def _named(connection: Connection, query: Select[int, str, str]) -> list[NamedParty]:
    return [NamedParty(*row) for row in connection.execute(query)]
