"""Third parties of the base: entering them, and changing what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, exists, or_, select, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import states
from intergestan_db.bulk import insert_rows, insert_rows_with_ids
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    Account,
    AccountWord,
    Address,
    Contact,
    EntryLine,
    Partner,
    Party,
    PartyAccount,
    PurchaseOrder,
    SalesOrder,
)
from intergestan_erp.geo.rule import GeoRule
from intergestan_erp.parties.accounts import AccountMode, AccountRule, Given, Wanted, give_accounts, refuse_taken
from intergestan_erp.parties.addresses import (
    ADDRESS_INCOMPLETE,
    MAIN,
    OF_CONTACT,
    POSITION,
    POSTAL,
    placed,
    set_address,
    set_contact,
)
from intergestan_erp.parties.ceilings import NO_CEILING, Ceiling, check_ceiling
from intergestan_erp.parties.codes import CodeRule, make_codes, taken_codes
from intergestan_erp.parties.company_numbers import check_siren
from intergestan_erp.parties.fees import borne_by, propose_fees, set_party_fees
from intergestan_erp.parties.indexing import index_parties
from intergestan_msg.identity import nfc

SUBJECT = Party.__tablename__
OF_INVOICES = ("invoice_email", "buyer_reference")
"""Where invoices go and what they are to bear; it may name persons, so that no event has their values (D34)."""
_FLAGS: Mapping[PartyRole, str] = {PartyRole.CUSTOMER: "is_customer", PartyRole.SUPPLIER: "is_supplier"}
_ORDERS: Mapping[PartyRole, Any] = {PartyRole.CUSTOMER: SalesOrder, PartyRole.SUPPLIER: PurchaseOrder}
_TRIES = 3

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PartyRules:
    """How codes, accounts and positions come about on this site, and what new customers begin with.

    :ivar fees: codes of the fees that are proposed to them (T16).
    :ivar minimum_order: theirs, where nobody gives another one (D19).
    :ivar ceiling: what they may owe, where nobody says otherwise (D22).
    """

    codes: CodeRule = field(default_factory=CodeRule)
    accounts: AccountRule = field(default_factory=AccountRule)
    fees: tuple[str, ...] = ()
    minimum_order: Decimal | None = None
    ceiling: Ceiling = NO_CEILING
    geo: GeoRule = field(default_factory=GeoRule)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    """A party with its postal address and the person to ask there.

    :ivar code: None for one that the site makes.
    :ivar accounts: numbers that a person gave; the site's rule makes the others, one for each role.
    :ivar ceiling: what a customer may owe; None for what new customers usually may.
    :ivar payment_term_id: how its invoices fall due; None: as the site's usually do. `category_id`: by which lists are
        narrowed to it (A17).
    :ivar minimum_order: a customer's; None for the site's.
    :ivar fees: a customer's besides those that are proposed, or in their place with an own amount, by code.
    :ivar proposed_fees: whether a customer gets those that are proposed.
    """

    code: str | None = None
    name: str
    is_customer: bool = False
    is_supplier: bool = False
    siret: str | None = None
    siren: str | None = None
    vat_id: str | None = None
    invoice_email: str | None = None
    buyer_reference: str | None = None
    line1: str | None = None
    line2: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    contact: str | None = None
    telephone: str | None = None
    email: str | None = None
    accounts: Mapping[PartyRole, str] = field(default_factory=dict)
    ceiling: Ceiling | None = None
    payment_term_id: int | None = None
    category_id: int | None = None
    minimum_order: Decimal | None = None
    fees: Mapping[str, Decimal | None] = field(default_factory=dict)
    proposed_fees: bool = True

    @property
    def roles(self) -> tuple[PartyRole, ...]:
        """What it is for us."""
        return tuple(role for role, flag in _FLAGS.items() if getattr(self, flag))


@dataclass(frozen=True, slots=True)
class Entered:
    """A party that was entered: its code, and its accounts by role."""

    id: int
    code: str
    accounts: Mapping[PartyRole, str]


def in_turn(database: Database, act: Callable[[Connection], Result]) -> Result:
    """Do something that enters codes or accounts, in a transaction of its own (`tried_again`)."""

    def turn() -> Result:
        with database.transaction() as connection:
            return act(connection)

    return tried_again(turn)


def tried_again(turn: Callable[[], Result]) -> Result:
    """Do something that enters codes or accounts, in a transaction that it opens itself.

    Where somebody enters the same one by hand at the same moment, the base refuses the later of both; it is done anew
    then, and sees the other's.

    :raises Problem: when that happens three times.
    """
    for _ in range(_TRIES):
        try:
            return turn()
        except IntegrityError as error:
            if not _is_twice(error):
                raise
    raise Problem(
        "Others enter the same codes or accounts at this moment. Nothing was changed.", ProblemCode.CODE_TAKEN
    )


def add_parties(
    connection: Connection, parties: Sequence[NewParty], rules: PartyRules, *, by: str, at: datetime
) -> list[Entered]:
    """Enter parties, all or none, in this order.

    :raises Problem: a code or an account is taken, all of them are given, or a party has no code where people give it.
    """
    if not parties:
        return []
    codes = _codes(connection, parties, rules.codes)
    columns = (
        *("name", "is_customer", "is_supplier", "siret", "siren", "vat_id", "payment_term_id", "category_id"),
        *OF_INVOICES,
    )
    for party in parties:
        check_siren(party.siren, party.siret)
    rows = [
        {"code": code, "minimum_order": _minimum(party, rules), "created_at": at}
        | _ceiling(party, rules)
        | {name: getattr(party, name) for name in columns}
        for code, party in zip(codes, parties, strict=True)
    ]
    by_code = insert_rows_with_ids(connection, Party, rows, by="code")
    ids = [by_code[code] for code in codes]
    _insert_of(connection, Address, ids, [_address(party, rules.geo, at) for party in parties])
    _insert_of(connection, Contact, ids, [_contact(party) for party in parties])
    wanted = [
        Wanted(party_id=party_id, role=role, code=code, name=party.name, number=party.accounts.get(role))
        for party_id, code, party in zip(ids, codes, parties, strict=True)
        for role in party.roles
    ]
    accounts: dict[int, dict[PartyRole, str]] = {party_id: {} for party_id in ids}
    for given in give_accounts(connection, rules.accounts, wanted):
        accounts[given.party_id][given.role] = given.number
    index_parties(connection, ids, are_new=True)
    _give_fees(connection, ids, parties, rules)
    entered = [Entered(party_id, code, accounts[party_id]) for party_id, code in zip(ids, codes, strict=True)]
    states.record(
        connection,
        SUBJECT,
        [(each.id, None, None) for each in entered],
        "create",
        by=by,
        at=at,
        details={each.id: {"code": each.code, "accounts": {**each.accounts}} for each in entered},
    )
    return entered


def set_party(
    connection: Connection,
    party_id: int,
    changes: Mapping[str, Any],
    rules: PartyRules,
    *,
    fees: Mapping[str, Decimal | None] | None = None,
    only_these_fees: bool = False,
    by: str,
    at: datetime,
) -> None:
    """Change what is known of a party: columns of `party`, of its postal address with its position, or of the
    person to ask there; `address_incomplete` is a word of the address about slips (A39).

    A new role gets its account, a new customer the site's fees and minimum besides; a new name changes neither the code
    nor an account's number. Events have the old and the new value, but of addresses and persons only that they were
    changed (D34).

    :param fees: a customer's, by code, each with its own amount or None; `only_these_fees`: all others go.
    :raises Problem: the code is taken, or the party has orders in a role that it should lose; nothing may be written.
    """
    before = lock_party(connection, party_id)
    check_siren(changes.get("siren", before.siren), changes.get("siret", before.siret))
    of_others = (*POSTAL, *POSITION, *OF_CONTACT, ADDRESS_INCOMPLETE)
    own = {name: value for name, value in changes.items() if name not in of_others}
    own = {name: value for name, value in own.items() if getattr(before, name) != value}
    if "code" in own:
        own["code"] = nfc(own["code"])
        _refuse_taken_codes(connection, [own["code"]])
    for role, flag in _FLAGS.items():
        if own.get(flag) is False:
            _check_unused(connection, before, role)
    if own.get("is_customer") and before.credit_max is None and rules.ceiling.maximum is not None:
        own |= {"credit_max": rules.ceiling.maximum, "credit_insured": rules.ceiling.insured}
    if own.get("is_customer") and before.minimum_order is None and rules.minimum_order is not None:
        own.setdefault("minimum_order", rules.minimum_order)
    if own:
        connection.execute(update(Party).where(Party.id == party_id).values(**own))
    loses = any(own.get(flag) is False for flag in _FLAGS.values())
    if loses and not any(own.get(flag, getattr(before, flag)) for flag in _FLAGS.values()):
        raise Problem(
            "A third party is a customer, a supplier or both: {code} would be neither. Nothing was changed.",
            ProblemCode.NO_ROLE,
            code=before.code,
        )
    _change_accounts(connection, before, own, rules.accounts)
    address = {name: changes[name] for name in (*POSTAL, *POSITION) if name in changes}
    if ADDRESS_INCOMPLETE in changes:
        address["incomplete"] = changes[ADDRESS_INCOMPLETE]
    set_address(connection, party_id, address, rules.geo, at)
    set_contact(connection, party_id, {name: changes[name] for name in OF_CONTACT if name in changes})
    if own:
        index_parties(connection, [party_id])
    if not own.get("is_customer", before.is_customer) and (fees or own.get("minimum_order") is not None):
        raise Problem(
            "Fees and a minimum are of customers, and {code} is none. Nothing was changed.",
            ProblemCode.NO_ROLE,
            code=before.code,
        )
    told = {name: value for name, value in own.items() if name not in OF_INVOICES}
    detail: dict[str, Any] = {name: [_said(getattr(before, name)), _said(value)] for name, value in told.items()}
    if own.get("is_customer") and not borne_by(connection, party_id):
        propose_fees(connection, [party_id], () if only_these_fees else rules.fees, {party_id: fees or {}})
    elif (fees or only_these_fees) and set_party_fees(connection, party_id, fees or {}, only_these=only_these_fees):
        detail["fees"] = [each.code for each in borne_by(connection, party_id)]
    others = [name for name in changes if name in of_others or (name in own and name in OF_INVOICES)]
    if detail or others:
        detail |= {"changed": others} if others else {}
        states.record(connection, SUBJECT, [(party_id, None, None)], "set", by=by, at=at, detail=detail)


def set_account(
    connection: Connection,
    party_id: int,
    role: PartyRole,
    rules: PartyRules,
    *,
    number: str | None = None,
    title: str | None = None,
    by: str,
    at: datetime,
) -> str:
    """Give a party its account in a role, or change the one that it has; the account's number.

    :param number: None for the one that the party has, or that the site's rule makes.
    :raises Problem: the number is taken, it is given automatically here, there are entries on the old one, or the party
        does not have that role.
    """
    party = lock_party(connection, party_id)
    if not getattr(party, _FLAGS[role]):
        raise Problem(
            "{code} does not have this role, so it gets no account in it. Nothing was changed.",
            ProblemCode.NO_ROLE,
            code=party.code,
        )
    old = _account(connection, party_id, role)
    if old is None:
        wanted = Wanted(party_id=party_id, role=role, code=party.code, name=title or party.name, number=number)
        (given,) = give_accounts(connection, rules.accounts, [wanted])
    else:
        given = _change_account(connection, old, role, rules.accounts, number, title)
    if old is not None and (old.number, old.title) == (given.number, given.title):
        return given.number
    index_parties(connection, [party_id])
    detail = {"role": role, "number": [old.number if old else None, given.number]}
    states.record(connection, SUBJECT, [(party_id, None, None)], "account", by=by, at=at, detail=detail)
    return given.number


def party_codes(connection: Connection) -> list[str]:
    """The codes of all third parties."""
    return list(connection.execute(select(Party.code).order_by(Party.code)).scalars())


def _codes(connection: Connection, parties: Sequence[NewParty], rule: CodeRule) -> list[str]:
    """The code of each party: its own, or one that is made; the latter last, because that locks counters."""
    given = [nfc(party.code) for party in parties if party.code is not None]
    _refuse_taken_codes(connection, given)
    unnamed = [party.name for party in parties if party.code is None]
    if unnamed and not rule.automatic:
        raise Problem(
            "Codes are given by hand here, and {name} has none. Nothing was created.",
            ProblemCode.CODE_MISSING,
            (Act.GIVE_CODE, Act.CODE_SETTINGS),
            name=unnamed[0],
        )
    made = iter(make_codes(connection, rule, unnamed))
    codes = [next(made) if party.code is None else nfc(party.code) for party in parties]
    if len(set(codes)) < len(codes):
        raise _taken(next(code for place, code in enumerate(codes) if code in codes[:place]))
    return codes


def _refuse_taken_codes(connection: Connection, codes: Sequence[str]) -> None:
    if taken := taken_codes(connection, codes):
        raise _taken(min(taken))


def _taken(code: str) -> Problem:
    return Problem(
        "There is already a third party «{code}»: choose another code.",
        ProblemCode.CODE_TAKEN,
        (Act.GIVE_CODE,),
        code=code,
    )


def _ceiling(party: NewParty, rules: PartyRules) -> dict[str, Any]:
    """What a new customer may owe; a supplier who becomes a customer later is a new customer then."""
    ceiling = (party.ceiling or rules.ceiling) if party.is_customer else NO_CEILING
    check_ceiling(ceiling)
    return {"credit_max": ceiling.maximum, "credit_insured": ceiling.insured}


def _address(party: NewParty, rule: GeoRule, at: datetime) -> dict[str, Any] | None:
    values = {name: getattr(party, name) for name in POSTAL}
    return {"kind": MAIN, **values, **placed(values, rule, at)} if any(values.values()) else None


def _contact(party: NewParty) -> dict[str, Any] | None:
    values = (party.contact, party.telephone, party.email)
    return (
        dict(zip(("name", "telephone", "email"), (values[0] or "", *values[1:]), strict=True)) if any(values) else None
    )


def _insert_of(
    connection: Connection, table: type[Address | Contact], ids: Sequence[int], rows: Sequence[dict[str, Any] | None]
) -> None:
    insert_rows(connection, table, [{"party_id": each, **row} for each, row in zip(ids, rows, strict=True) if row])


def _minimum(party: NewParty, rules: PartyRules) -> Decimal | None:
    if not party.is_customer or party.minimum_order is not None:
        return party.minimum_order
    return rules.minimum_order


def _give_fees(connection: Connection, ids: Sequence[int], parties: Sequence[NewParty], rules: PartyRules) -> None:
    """The fees of new customers; no statement where there are none to give."""
    for proposed in (True, False):
        new = {
            party_id: party
            for party_id, party in zip(ids, parties, strict=True)
            if party.is_customer and party.proposed_fees is proposed
        }
        own = {party_id: party.fees for party_id, party in new.items()}
        defaults = rules.fees if proposed else ()
        if new and (defaults or any(own.values())):
            propose_fees(connection, list(new), defaults, own)


def _said(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


def lock_party(connection: Connection, party_id: int) -> AnyRow:
    """A party's row, which nobody else changes until the transaction ends."""
    return connection.execute(select(Party.__table__).where(Party.id == party_id).with_for_update()).one()


def _account(connection: Connection, party_id: int, role: PartyRole) -> AnyRow | None:
    query = select(Account.id, Account.number, Account.title).join(PartyAccount, PartyAccount.account_id == Account.id)
    return connection.execute(query.where(PartyAccount.party_id == party_id, PartyAccount.role == role)).one_or_none()


def _change_account(
    connection: Connection, old: AnyRow, role: PartyRole, rule: AccountRule, number: str | None, title: str | None
) -> Given:
    if number is not None and rule.mode is not AccountMode.MANUAL:
        raise Problem(
            "Account numbers are given automatically here, so {number} was not taken. Nothing was changed.",
            ProblemCode.ACCOUNT_AUTOMATIC,
            (Act.ACCOUNT_SETTINGS,),
            number=number,
        )
    new, called = number or old.number, title or old.title
    if new != old.number:
        _refuse_booked(connection, old.number)
        refuse_taken(connection, [new])
    connection.execute(update(Account).where(Account.id == old.id).values(number=new, title=called))
    return Given(0, role, old.id, new, called)


def _refuse_booked(connection: Connection, number: str) -> None:
    """An account with entries keeps its number, and is not deleted. Who books on it waits for the party's row."""
    stands = exists().where(or_(EntryLine.aux == number, EntryLine.account == number))
    if connection.execute(select(stands)).scalar_one():
        raise Problem(
            "There are entries on the account {number}, so it stays as it is; its title may be another. Nothing was "
            "changed.",
            ProblemCode.ACCOUNT_BOOKED,
            (Act.LIST_ENTRIES,),
            number=number,
        )


def _change_accounts(connection: Connection, before: AnyRow, own: Mapping[str, Any], rule: AccountRule) -> None:
    """Accounts for new roles, none for lost ones, and new titles for those that were called as the party was."""
    name, code = own.get("name", before.name), own.get("code", before.code)
    new = [role for role, flag in _FLAGS.items() if own.get(flag)]
    for role in (role for role, flag in _FLAGS.items() if own.get(flag) is False):
        if (lost := _account(connection, before.id, role)) is not None:
            _refuse_booked(connection, lost.number)
            connection.execute(delete(PartyAccount).where(PartyAccount.account_id == lost.id))
            connection.execute(delete(AccountWord).where(AccountWord.account_id == lost.id))
            connection.execute(delete(Account).where(Account.id == lost.id))
    give_accounts(connection, rule, [Wanted(party_id=before.id, role=role, code=code, name=name) for role in new])
    if "name" in own:
        mine = select(PartyAccount.account_id).where(PartyAccount.party_id == before.id)
        as_before = Account.id.in_(mine), Account.title == before.name
        connection.execute(update(Account).where(*as_before).values(title=name))


def _check_unused(connection: Connection, party: AnyRow, role: PartyRole) -> None:
    if connection.execute(select(exists().where(Partner.party_id == party.id))).scalar_one():
        raise Problem(
            "{code} is a partner, whose orders may come at any time, so it keeps its roles. Nothing was changed.",
            ProblemCode.ROLE_KEPT,
            code=party.code,
        )
    orders = _ORDERS[role]
    owner = orders.customer_id if role is PartyRole.CUSTOMER else orders.supplier_id
    if connection.execute(select(exists().where(owner == party.id))).scalar_one():
        raise Problem(
            "{code} has orders in this role, so it keeps it. Nothing was changed.",
            ProblemCode.ROLE_KEPT,
            code=party.code,
        )


def _is_twice(error: IntegrityError) -> bool:
    """Whether the base refused a key that there is already."""
    return getattr(error.orig, "sqlstate", None) == "23505" or "UNIQUE constraint failed" in str(error.orig)
