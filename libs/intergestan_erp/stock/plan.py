"""Where the lines of an order come from, all of them together: what one takes the next one does not find. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from intergestan_db.enums import Route
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.units import can_be
from intergestan_erp.stock.propose import Proposal, Share, check_route, propose, usual_route
from intergestan_erp.stock.sourcing import Available, Source, Sourcing
from intergestan_erp.stock.typed_shares import TypedShare
from intergestan_msg.money import MILLIONTH, ZERO, fits, plain


@dataclass(frozen=True, slots=True)
class Need:
    """So much of a product is wanted.

    :ivar line: its line, as people name it.
    :ivar is_goods: False for a service, of which nothing lies in a depot.
    :ivar chosen: what a person chose; what that leaves open is a remainder.
    """

    line: str
    product_id: int
    product: str
    unit: str
    quantity: Decimal
    is_goods: bool = True
    chosen: tuple[TypedShare, ...] | None = None


def plan(sourcing: Sourcing, needs: Sequence[Need], available: Available) -> list[Proposal]:
    """Where each comes from, in the order of the needs. What a person chose is taken as it is, and before all else.

    :raises Problem: a choice names a depot, a way or a quantity that cannot be, or more than the line needs.
    """
    left = dict(available)
    plans = {place: _chosen(sourcing, need) for place, need in enumerate(needs) if need.chosen is not None}
    for place, found in plans.items():
        _take(left, needs[place], found)
    for place, need in enumerate(needs):
        if place not in plans:
            plans[place] = _proposed(sourcing, need, left)
            _take(left, need, plans[place])
    return [plans[place] for place in range(len(needs))]


def wanted_of(needs: Sequence[Need], plans: Iterable[Proposal]) -> dict[tuple[int, int], Decimal]:
    """What is to be set aside, by product and depot."""
    found: dict[tuple[int, int], Decimal] = {}
    for need, each in zip(needs, plans, strict=True):
        for share in each.shares if need.is_goods else ():
            key = (need.product_id, share.depot_id)
            found[key] = found.get(key, ZERO) + share.quantity
    return found


def as_typed(proposal: Proposal, depots: Mapping[int, Source]) -> str:
    """A proposal as a person would type it: `AB=1 RD=2:indirect`."""
    shares = (
        f"{depots[share.depot_id].code}={plain(share.quantity)}{'' if share.route is Route.DIRECT else ':indirect'}"
        for share in proposal.shares
    )
    return " ".join(shares) or "–"


def _take(left: Available, need: Need, proposal: Proposal) -> None:
    for share in proposal.shares if need.is_goods else ():
        key = (need.product_id, share.depot_id)
        left[key] = left.get(key, ZERO) - share.quantity


def _proposed(sourcing: Sourcing, need: Need, left: Available) -> Proposal:
    if not need.is_goods:
        return Proposal((Share(sourcing.own.id, Route.DIRECT, need.quantity),))
    own, others = sourcing.shelves(need.product_id, left)
    found = propose(need.quantity, own, others, sourcing.invoicer)
    if not found.remainder or not sourcing.own.reserves or not sourcing.own.allows_negative:
        return found
    shares = [share for share in found.shares if share.depot_id != sourcing.own.id]
    taken = need.quantity - sum((share.quantity for share in shares), ZERO)
    return Proposal((Share(sourcing.own.id, Route.DIRECT, taken), *shares))


def _chosen(sourcing: Sourcing, need: Need) -> Proposal:
    if not need.is_goods:
        raise Problem(
            "{product} is a service: nothing of it lies in a depot, so none is chosen for line {line}. Nothing was "
            "reserved.",
            ProblemCode.NO_VALUE,
            product=need.product,
            line=need.line,
        )
    shares = [_share(sourcing, need, typed) for typed in need.chosen or ()]
    ways = [(share.depot_id, share.route) for share in shares]
    if len(set(ways)) < len(ways):
        raise Problem(
            "Line {line} takes twice from one depot by the same way: give it one quantity. Nothing was reserved.",
            ProblemCode.NO_VALUE,
            line=need.line,
        )
    total = sum((share.quantity for share in shares), ZERO)
    if total > need.quantity:
        raise Problem(
            "Line {line} needs {need} of {product}, and {wanted} were chosen. Nothing was reserved.",
            ProblemCode.NO_VALUE,
            line=need.line,
            need=plain(need.quantity),
            product=need.product,
            wanted=plain(total),
        )
    return Proposal(tuple(shares), need.quantity - total)


def _share(sourcing: Sourcing, need: Need, typed: TypedShare) -> Share:
    source = sourcing.named(typed.depot)
    quantity = typed.quantity
    if not fits(quantity, MILLIONTH) or quantity <= 0 or not can_be(quantity, need.unit):
        raise Problem(
            "{quantity} is not a quantity of {product}, which is counted in the unit {unit}. Nothing was reserved.",
            ProblemCode.NO_VALUE,
            quantity=plain(typed.quantity),
            product=need.product,
            unit=need.unit,
        )
    shelf, own = sourcing.shelf(source, ZERO), sourcing.shelf(sourcing.own, ZERO)
    route = typed.route or usual_route(shelf, own, sourcing.invoicer)
    check_route(shelf, own, route, sourcing.invoicer)
    return Share(source.id, route, typed.quantity)
