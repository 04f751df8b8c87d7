"""Third parties: customers and suppliers, their accounts, and what customers owe and may owe."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import CategoryKind, PartyRole, Right, Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.codes import category_called
from intergestan_erp.credit.customers import read_customers
from intergestan_erp.credit.exposure import read_delivered
from intergestan_erp.credit.figures import Figures, figures_of
from intergestan_erp.credit.listing import Override, list_credit, list_overrides
from intergestan_erp.geo.waiting import waiting_of
from intergestan_erp.listing.accounts import ListedAccount, list_accounts
from intergestan_erp.listing.page import Page
from intergestan_erp.listing.parties import PartyAddress, PartyCard
from intergestan_erp.listing.party_card import OF_ADDRESS, OF_CARD, OF_FEES, OpenCard, lock_card, open_card
from intergestan_erp.listing.party_list import PartyLine, WhichParties, find_lines, list_lines
from intergestan_erp.parties.accounts import account_by_hand
from intergestan_erp.parties.ceilings import NO_CEILING, Ceiling
from intergestan_erp.parties.codes import code_by_hand
from intergestan_erp.parties.company_numbers import doubts
from intergestan_erp.parties.fees import Borne, fee_code
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.parties import NewParty, set_party, tried_again
from intergestan_erp.parties.search import FoundAccounts, FoundParties, find_accounts, find_parties
from intergestan_erp.party_entry.entering import enter_party
from intergestan_erp.party_entry.typed import read_typed
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_erp.site.day import begin_of
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.site.zone import read_zone, today
from intergestan_erp.terms.stored import term_called
from intergestan_exchange.credit_holds import acts
from intergestan_exchange.credit_holds.look_again import held_orders
from services.console.api.asked import Day, First, Last, Listing, Seen, Text, seen
from services.console.api.caller import Caller, Needs
from services.console.api.once import Done, Key, any_key, once, own_key
from services.console.api.shapes import STRICT, Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Third parties"])
Reads = Annotated[Caller, Depends(Needs(Scope.PARTIES_READ))]
ReadsCredit = Annotated[Caller, Depends(Needs(Scope.CREDIT_READ))]
Code = Annotated[str, Path(min_length=1, max_length=60, description="Its code, as it stands on its card.")]
Role = Annotated[PartyRole | None, Query(description="Only those who are this for us.")]
Typed = Annotated[str, Query(min_length=1, max_length=200, description="The first characters of a word or several.")]
_DIGITS = 14
AtMost = Annotated[int, Query(ge=1, le=200, description="So many at most.")]


@router.get("/parties", name="third parties", response_model=Items[shape_of(PartyLine)])  # type: ignore[misc]
def list_(
    caller: Reads,
    listing: Annotated[Listing, Depends()],
    role: Role = None,
    q: Annotated[Text, Query(description="First characters of words of code, name or account.")] = None,
    category: Annotated[Text, Query(description="The code of a category.")] = None,
    agencies: Annotated[bool, Query(description="Only those that stand for depots of ours.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """The third parties by code; with `q` those that may be meant, the likeliest first, on one page."""
    which = WhichParties(role=role, category=category, agencies=agencies)
    with caller.database.read() as connection:
        if q is None:
            return listing.answer(list_lines(connection, which, **listing.where))
        fields = read_preferences(connection).party_fields
        return listing.answer(Page(find_lines(connection, q, which, fields, listing.size).rows, None))


@router.get("/parties/find", name="find third parties", response_model=shape_of(FoundParties))
def find(caller: Reads, q: Typed, role: Role = None, limit: AtMost = 20) -> Response:
    """The third parties that a few characters may mean, the likeliest first."""
    with caller.database.read() as connection:
        return answer(find_parties(connection, q, role, read_preferences(connection).party_fields, limit))


class Allowed(BaseModel):
    """What a customer may owe. `authorised`: what of it no insurer covers."""

    max: Figure | None
    insured: Figure
    authorised: Figure | None


class NewCeiling(BaseModel):
    """What a customer may owe from now on."""

    model_config = STRICT

    max: Annotated[Figure | None, Field(description="Null: there is no ceiling.")]
    insured: Figure = "0"


class Ceilings(Allowed):
    """The same as it is now."""

    released: list[str]


class Bears(BaseModel):
    """A fee that a customer bears; without an amount it is a percentage."""

    code: str
    name: str
    amount: Figure | None
    percent: Figure


Shown = shape_of(PartyCard, credit=Allowed, fees=list[Bears])


def told_card(found: OpenCard) -> dict[str, Any]:
    """A card, as `parties show --json` tells it."""
    most = found.ceiling.maximum
    credit = {"max": most, "insured": found.ceiling.insured}
    credit["authorised"] = None if most is None else most - found.ceiling.insured
    card = {name: getattr(found.card, name) for name in PartyCard.__dataclass_fields__}
    return {**card, "fees": list(map(_bears, found.card.fees)), "credit": credit}


def _bears(fee: Borne) -> dict[str, Any]:
    return {"code": fee.code, "name": fee.name, "amount": fee.amount, "percent": fee.percent}


def version_of(found: OpenCard) -> int:
    """By which a program says which card it has seen: a number that is another one once anything on it is changed."""
    return int(found.version((*OF_CARD, *OF_ADDRESS, *OF_FEES))[:_DIGITS], 16)


def no_party(code: str) -> Problem:
    """What refuses a code that no third party has."""
    return Problem("There is no third party «{code}».", ProblemCode.NOT_ONE_PARTY, code=code)


@router.get("/parties/{code:path}/addresses", name="addresses", response_model=Items[shape_of(PartyAddress)])  # type: ignore[misc]
def addresses(caller: Reads, code: Code) -> Response:
    """Its postal addresses, with where they lie as far as that is known."""
    with caller.database.read() as connection:
        found = open_card(connection, code)
    if found is None:
        raise no_party(code)
    return answer({"items": found.card.addresses, "next": None})


@router.get(
    "/parties/{code:path}/credit", name="credit of a customer", response_model=shape_of(Figures, held=list[str])
)
def credit(
    caller: ReadsCredit, code: Code, day: Annotated[Day | None, Query(description="On this day; today.")] = None
) -> Response:
    """What a customer owes on a day, by parts, and may owe; `held`: their orders that wait for room."""
    with caller.database.read() as connection:
        found = one_party(connection, code, PartyRole.CUSTOMER)
        rules, on = read_credit_rules(connection), day or today(connection, caller.now)
        customer = read_customers(connection, [found.id], on, rules)[found.id]
        figures = figures_of(customer, read_delivered(connection, [found.id])[found.id], on, rules)
        held = held_orders(connection, found.id)
    return answer({**asdict(figures), "held": held})


@router.get("/parties/{code:path}", name="third party", response_model=Shown)
def show(caller: Reads, code: Code) -> Response:
    """All that is known of a third party."""
    with caller.database.read() as connection:
        found = open_card(connection, code)
    if found is None:
        raise no_party(code)
    return answer(told_card(found), ETag=f'"{version_of(found)}"')


@router.get("/accounts", name="accounts", response_model=Items[shape_of(ListedAccount)])  # type: ignore[misc]
def accounts(caller: Reads, listing: Annotated[Listing, Depends()]) -> Response:
    """The accounts of third parties, by number."""
    with caller.database.read() as connection:
        return listing.answer(list_accounts(connection, **listing.where))


@router.get("/accounts/find", name="find accounts", response_model=shape_of(FoundAccounts))
def find_account(caller: Reads, q: Typed, limit: AtMost = 20) -> Response:
    """The accounts that a few characters may mean, the likeliest first."""
    with caller.database.read() as connection:
        return answer(find_accounts(connection, q, read_preferences(connection).account_fields, limit))


Owes = shape_of(Figures, code=str, name=str)


@router.get("/credit", name="credit of all customers", response_model=Items[Owes])  # type: ignore[valid-type]
def all_credit(
    caller: ReadsCredit,
    listing: Annotated[Listing, Depends()],
    over: Annotated[bool, Query(description="Only those above their maximum.")] = False,  # noqa: FBT002 - a field
) -> Response:
    """What customers owe today and may owe, by code."""
    with caller.database.read() as connection:
        rules, day = read_credit_rules(connection), today(connection, caller.now)
        page = list_credit(connection, day, rules, over=over, **listing.where)
        delivered = read_delivered(connection, [each.id for each in page.rows])
    rows = tuple(
        {"code": each.code, "name": each.name, **asdict(figures_of(each, delivered[each.id], day, rules))}
        for each in page.rows
    )
    return listing.answer(Page(rows, page.after))


@router.get("/credit/overrides", name="overrides", response_model=Items[shape_of(Override)])  # type: ignore[misc]
def overrides(
    caller: ReadsCredit,
    listing: Annotated[Listing, Depends()],
    customer: Annotated[Text, Query(description="Code, SIRET, VAT number or name.")] = None,
    first: First = None,
    last: Last = None,
) -> Response:
    """Who let documents pass although their customer owed too much, the newest first."""
    with caller.database.read() as connection:
        zone = read_zone(connection)
        whose = None if customer is None else one_party(connection, customer, PartyRole.CUSTOMER).id
        since = None if first is None else begin_of(zone, first)
        until = None if last is None or last == date.max else begin_of(zone, last + timedelta(days=1))
        page = list_overrides(connection, customer_id=whose, first=since, until=until, **listing.where)
    return listing.answer(page)


Writes = Annotated[Caller, Depends(Needs(Scope.PARTIES_WRITE, Right.SET_PARTIES))]
Text60 = Annotated[str | None, Field(max_length=60)]
Text200 = Annotated[str | None, Field(max_length=200)]


class Fields(BaseModel):
    """What is typed of a third party. An empty text takes a value away."""

    model_config = STRICT

    is_customer: bool | None = None
    is_supplier: bool | None = None
    siret: Text60 = None
    siren: Text60 = None
    vat_id: Text60 = None
    invoice_email: Text200 = None
    buyer_reference: Text200 = None
    line1: Text200 = None
    line2: Text200 = None
    postcode: Text60 = None
    city: Text200 = None
    country: Text60 = None
    contact: Text200 = None
    telephone: Text60 = None
    email: Text200 = None
    term: Annotated[Text60, Field(description="The code of its payment term.")] = None
    category: Annotated[Text60, Field(description="The code of the category by which lists are narrowed to it.")] = None
    minimum_order: Figure | None = None
    fees: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=20)], Figure | None] | None,
        Field(max_length=100, description="Fees that it bears, by code; null: at the catalogue's amount."),
    ] = None

    def columns(self) -> dict[str, Any]:
        """What was stated, as it is kept; without what is an id.

        :raises Problem: for the first value that is none.
        """
        texts = read_typed({name: getattr(self, name) for name in (*_TYPED, "name") if hasattr(self, name)})
        flags = {name: value for name in ("is_customer", "is_supplier") if (value := getattr(self, name)) is not None}
        minimum = {} if self.minimum_order is None else {"minimum_order": Decimal(self.minimum_order)}
        return {**texts, **flags, **minimum}

    def ids(self, connection: Connection) -> dict[str, Any]:
        """The term and the category, where they were stated.

        :raises Problem: there is none of that code.
        """
        found: dict[str, Any] = {}
        if self.term is not None:
            found["payment_term_id"] = term_called(connection, self.term).id if self.term.strip() else None
        if self.category is not None:
            kind = CategoryKind.PARTY
            found["category_id"] = category_called(connection, self.category, kind) if self.category.strip() else None
        return found

    @property
    def own_fees(self) -> dict[str, Decimal | None]:
        """Fees by code, with their own amount."""
        fees = (self.fees or {}).items()
        return {fee_code(code): None if figure is None else Decimal(figure) for code, figure in fees}


_TYPED = (
    *("siret", "siren", "vat_id", "invoice_email", "buyer_reference", "line1", "line2", "postcode", "city", "country"),
    *("contact", "telephone", "email"),
)


class NewOne(Fields):
    """A third party that is entered."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[Text60, Field(description="Where people give codes.")] = None
    accounts: Annotated[
        dict[PartyRole, Annotated[str, Field(min_length=1, max_length=50)]] | None,
        Field(strict=False, description="Its account in a role, where people give them; else it is made."),
    ] = None
    no_fees: Annotated[bool, Field(description="Without those that new customers usually get.")] = False


class EnteredOne(BaseModel):
    """A third party that was entered, with what was made for it."""

    code: str
    name: str
    accounts: dict[PartyRole, str]
    warnings: list[str]


@router.post("/parties", name="enter a third party", status_code=201, response_model=EnteredOne)
def enter(caller: Writes, key: Annotated[Key, Depends(own_key)], said: NewOne) -> Response:
    """Enter a customer or a supplier, with its code and its accounts. What it may owe is what new customers may."""
    accounts = {role: account_by_hand(number) for role, number in (said.accounts or {}).items()}
    code = None if said.code is None else code_by_hand(said.code)
    of_one: dict[str, Any] = {**said.columns(), "code": code, "accounts": accounts, "fees": said.own_fees}
    party = NewParty(**of_one, proposed_fees=not said.no_fees)

    def do(connection: Connection) -> Done:
        rules = read_preferences(connection).rules
        new = replace(party, **said.ids(connection))
        entered = enter_party(connection, new, rules, by=caller.by, at=caller.now)
        warnings = list(map(caller.say, doubts(party.siret, party.vat_id, party.siren)))
        value = {"code": entered.code, "name": party.name, "accounts": entered.accounts, "warnings": warnings}
        bells = Bells(locate=waiting_of(connection, [entered.id]) if rules.geo.rings else ())
        return Done(value=value, status=201, location=f"/parties/{quote(entered.code, safe='')}", bells=bells)

    return tried_again(lambda: once(caller, key, said, do))


class Changed(Fields):
    """What shall be another way on a card; what is left out or null stays."""

    name: Text200 = None
    only_these_fees: Annotated[bool, Field(description="It bears no others any more.")] = False


@router.put("/parties/{code:path}/credit", name="set a credit maximum", response_model=Ceilings)
def set_credit(
    caller: Annotated[Caller, Depends(Needs(Scope.CREDIT_WRITE, Right.SET_CREDIT))],
    key: Annotated[Key, Depends(any_key)],
    code: Code,
    said: NewCeiling,
) -> Response:
    """Say what a customer may owe, and what of it an insurer covers. `released`: their orders that go on by it."""
    most = None if said.max is None else Decimal(said.max)
    ceiling = NO_CEILING if most is None else Ceiling(most, Decimal(said.insured))

    def do(connection: Connection) -> Done:
        whose = one_party(connection, code, PartyRole.CUSTOMER).id
        released = acts.set_ceiling(connection, whose, ceiling, by=caller.by, at=caller.now)
        value = {"max": ceiling.maximum, "insured": ceiling.insured, "released": released.holds}
        value["authorised"] = None if most is None else most - ceiling.insured
        return Done(value=value, bells=Bells(take_in=released.take_in, serve=released.products))

    return once(caller, key, said, do)


@router.put("/parties/{code:path}", name="change a third party", response_model=Shown)
def change(
    caller: Writes,
    key: Annotated[Key, Depends(any_key)],
    code: Code,
    saw: Annotated[Seen, Depends(seen)],
    said: Changed,
) -> Response:
    """Change what is known of a third party, from the version that was seen. A new role gets its account."""

    def do(connection: Connection) -> Done:
        rules = read_preferences(connection).rules
        found = lock_card(connection, code)
        saw.check(version_of(found))
        changes = {**said.columns(), **said.ids(connection)}
        how: Any = {"fees": said.own_fees, "only_these_fees": said.only_these_fees}
        set_party(connection, found.id, changes, rules, **how, by=caller.by, at=caller.now)
        after = open_card(connection, code)
        assert after is not None
        bells = Bells(locate=waiting_of(connection, [found.id]) if rules.geo.rings else ())
        return Done(value=told_card(after), version=version_of(after), bells=bells)

    return tried_again(lambda: once(caller, key, said, do))
