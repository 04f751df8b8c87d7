"""Why a picking slip that was ready did not become a delivery note, as people are told (A52)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from intergestan_db.enums import SlipFault
from intergestan_db.problem import Act, Problem, ProblemCode, Word


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault, and what its sentence names."""

    code: SlipFault
    values: Mapping[str, Any] = field(default_factory=dict)


def as_problem(fault: Fault) -> Problem:
    """What a person is told, and what they may do about it."""
    values = dict(fault.values)
    match fault.code:
        case SlipFault.ORDER_STATE:
            values["state"] = Word(values["state"])
            return Problem(
                "{order} is in the state {state}, and only accepted orders are delivered.",
                ProblemCode.OTHER_STATE,
                (Act.CANCEL_SLIP,),
                **values,
            )
        case SlipFault.CREDIT:
            acts = (Act.ENTER_PAYMENT, Act.SET_CEILING, Act.REOPEN_SLIP)
            return Problem(
                "{customer} owes {exposure} and may owe {maximum}.", ProblemCode.CREDIT_BLOCKED, acts, **values
            )
        case SlipFault.LINE_GONE:
            return Problem(
                "What line {line} prepares is not ordered any more.",
                ProblemCode.NO_LINE,
                (Act.REOPEN_SLIP, Act.CANCEL_SLIP),
                **values,
            )
        case SlipFault.DELIVERED:
            return Problem(
                "Of line {line} only {rest} are still to leave, less than {quantity}: the rest was delivered already.",
                ProblemCode.GOODS_LEFT,
                (Act.REOPEN_SLIP, Act.CANCEL_SLIP),
                **values,
            )
        case SlipFault.NOT_RESERVED:
            return Problem(
                "For line {line} {reserved} are set aside, and {quantity} were prepared.",
                ProblemCode.NOT_LEFT,
                (Act.REOPEN_SLIP, Act.CANCEL_SLIP),
                **values,
            )
        case SlipFault.NOT_IN_STOCK:
            return Problem(
                "Only {left} of {product} are left in {depot}, less than {quantity}.",
                ProblemCode.NOT_IN_STOCK,
                (Act.SHOW_STOCK, Act.REOPEN_SLIP),
                **values,
            )
        case SlipFault.DEPOT_CLOSED:
            return Problem(
                "The depot {depot} is not in use.", ProblemCode.NO_DEPOT, (Act.SET_DEPOT, Act.REOPEN_SLIP), **values
            )
        case SlipFault.NOTHING:
            return Problem("Nothing of it was prepared.", ProblemCode.NOT_PREPARED, (Act.REOPEN_SLIP, Act.CANCEL_SLIP))
