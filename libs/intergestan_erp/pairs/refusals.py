"""Why goods cannot be ordered between agencies, as people are told (A16)."""

from __future__ import annotations

from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_erp.pairs.pairing import Obstacle, Refused


def as_problem(refused: Refused) -> Problem:
    """What a person is told, and what they may do about it."""
    if refused.obstacle is Obstacle.NO_PARTY:
        assert refused.side is not None
        return Problem(
            "Depot {depot} has no {side} third party, so no inter-agency order can be made.",
            ProblemCode.NO_AGENCY_PARTY,
            (Act.SET_DEPOT,),
            depot=refused.depot,
            side=Word(refused.side),
        )
    return Problem(
        "{order} has {product} on {purchase_order} already, so no more of it is ordered from {depot} for line {line}: "
        "choose depots for this line again.",
        ProblemCode.ORDERED_BEFORE,
        (Act.ALLOCATE_AGAIN,),
        order=refused.pending.order,
        line=refused.pending.line,
        product=refused.pending.goods.code,
        purchase_order=refused.pending.ordered_by,
        depot=refused.pending.source.code,
    )
