"""Third parties: customers and suppliers, their accounts, and what customers owe and may owe."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import Response

from intergestan_db.enums import PartyRole, Scope
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.credit.customers import read_customers
from intergestan_erp.credit.exposure import read_delivered
from intergestan_erp.credit.figures import Figures, figures_of
from intergestan_erp.credit.listing import Override, list_credit, list_overrides
from intergestan_erp.listing.accounts import ListedAccount, list_accounts
from intergestan_erp.listing.page import Page
from intergestan_erp.listing.parties import PartyAddress, PartyCard
from intergestan_erp.listing.party_card import OpenCard, open_card
from intergestan_erp.listing.party_list import PartyLine, WhichParties, find_lines, list_lines
from intergestan_erp.parties.fees import Borne
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.search import FoundAccounts, FoundParties, find_accounts, find_parties
from intergestan_erp.site.credit_rules import read_credit_rules
from intergestan_erp.site.day import begin_of
from intergestan_erp.site.preferences import read_preferences
from intergestan_erp.site.zone import read_zone, today
from intergestan_exchange.credit_holds.look_again import held_orders
from services.console.api.asked import Day, First, Last, Listing, Text
from services.console.api.caller import Caller, Needs
from services.console.api.shapes import Figure, Items, shape_of
from services.console.api.values import answer

router = APIRouter(tags=["Third parties"])
Reads = Annotated[Caller, Depends(Needs(Scope.PARTIES_READ))]
ReadsCredit = Annotated[Caller, Depends(Needs(Scope.CREDIT_READ))]
Code = Annotated[str, Path(min_length=1, max_length=60, description="Its code, as it stands on its card.")]
Role = Annotated[PartyRole | None, Query(description="Only those who are this for us.")]
Typed = Annotated[str, Query(min_length=1, max_length=200, description="The first characters of a word or several.")]
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
    return answer(told_card(found))


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
