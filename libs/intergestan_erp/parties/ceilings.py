"""What a customer may owe: a maximum, and what of it an insurer covers (T18, T19)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_msg.money import ZERO, round_half_up


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A maximum; None: there is none, and 0: nothing on credit. `insured` is part of it."""

    maximum: Decimal | None = None
    insured: Decimal = ZERO


NO_CEILING = Ceiling()


def check_ceiling(ceiling: Ceiling) -> None:
    """Refuse a maximum of which more is insured.

    :raises Problem: with both.
    """
    if ceiling.maximum is not None and ceiling.insured > ceiling.maximum:
        raise Problem(
            "The insured amount {insured} is more than the maximum {maximum}; nothing was changed.",
            ProblemCode.INSURED_TOO_MUCH,
            (Act.SET_CEILING,),
            insured=round_half_up(ceiling.insured),
            maximum=round_half_up(ceiling.maximum),
        )
