"""Where a document passes its customer's credit maximum, or does not (T20): the recipe of every rule about a sum.

An act opens the gate before it locks anything else, asks whether the document passes, and closes the gate once the
document is written. In between nobody else changes what the customer owes: of two documents of which only one has room,
one passes, whoever enters them. While the site does not use credit nothing is locked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from intergestan_db import states
from intergestan_db.enums import Right, Stage
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import CreditOverride, Party
from intergestan_erp.credit.block import is_checked, passed_limit
from intergestan_erp.credit.customers import CustomerCredit, Limit, read_customers
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.people.rights import require
from intergestan_erp.site.credit_rules import CreditRules, read_credit_rules
from intergestan_erp.site.zone import today
from intergestan_msg.money import ZERO, round_half_up

SHORTEST_REASON: Final = 10
"""So many characters say why at least."""

_STAGES: Final = tuple(Stage)
_OVERRIDES: Final = select(CreditOverride.stage, CreditOverride.document, CreditOverride.total_ttc).where(
    CreditOverride.party_id == bindparam("party"), CreditOverride.document.in_(bindparam("documents", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules, and the customer under lock; None where the site does not use credit."""

    rules: CreditRules
    customer: CustomerCredit | None = None


@dataclass(frozen=True, slots=True)
class Passing:
    """A document that passes. `reason`: a person lets it pass although it passes the `limit` of its customer."""

    stage: Stage
    delta: Decimal
    total_ttc: Decimal
    reason: str | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """A document of an earlier stage that this one comes from: all that it is called by, and what it comes to."""

    names: tuple[str, ...]
    total_ttc: Decimal


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a document would do to what its customer owes.

    :ivar limit: the ceiling that it would pass, or else the customer's; `refused`: as it would be refused.
    """

    limit: Limit
    delta: Decimal
    refused: Problem | None

    @property
    def total(self) -> Decimal:
        """What the customer would owe."""
        return self.limit.exposure + self.delta


def foresee_passing(
    connection: Connection,
    customer_id: int,
    stage: Stage,
    delta: Decimal,
    *,
    establishment_id: int | None = None,
    comes_from: Sequence[Sold] = (),
    at: datetime,
) -> Foreseen | None:
    """What a document of this stage would do; it locks and writes nothing. None: the site uses no credit, or the
    customer has no ceiling.
    """
    (gate,) = open_gates(connection, [customer_id], at, lock=False).values()
    if gate.customer is None:
        return None
    limit = passed_limit(gate.rules, stage, gate.customer, delta, establishment_id=establishment_id)
    if limit is not None:
        passes = comes_from and all(_was_let_pass(connection, customer_id, stage, sold) for sold in comes_from)
        return Foreseen(limit, delta, None if passes else _refused(gate.customer, limit, stage, delta))
    ceilings = [each for each in gate.customer.limits(establishment_id) if each.maximum is not None]
    return Foreseen(ceilings[0], delta, None) if ceilings else None


def open_gate(connection: Connection, customer_id: int, at: datetime) -> Gate:
    """Lock the customer, if the site uses credit; the first lock of an act."""
    return open_gates(connection, [customer_id], at)[customer_id]


def open_gates(
    connection: Connection, customer_ids: Collection[int], at: datetime, *, lock: bool = True
) -> dict[int, Gate]:
    """The same for several customers, who are locked together.

    :param lock: False only for who shows what would pass, and writes nothing.
    """
    rules = read_credit_rules(connection)
    if rules.block_from is None:
        return dict.fromkeys(customer_ids, Gate(rules))
    if lock:
        lock_parties(connection, customer_ids)
    customers = read_customers(connection, customer_ids, today(connection, at), rules)
    return {customer_id: Gate(rules, customers[customer_id]) for customer_id in customer_ids}


def let_pass(
    connection: Connection,
    gate: Gate,
    stage: Stage,
    *,
    delta: Decimal = ZERO,
    total_ttc: Decimal,
    establishment_id: int | None,
    comes_from: Sequence[Sold] = (),
    reason: str | None = None,
    by: str,
) -> Passing:
    """Let a document pass, or refuse it.

    :param delta: what it adds to what the customer owes; 0 for what is ordered already.
    :param establishment_id: where it counts, should the customer have a ceiling there (A06); None: where orders by
        mail do.
    :param comes_from: the documents of earlier stages, all of which a person may have let pass.
    :param reason: why a person lets it pass although the customer owes too much; it is kept only if they do.
    :raises Problem: it is refused, or the person has no right or no reason to let it pass; nothing may be written then.
    """
    customer = gate.customer
    passing = Passing(stage, delta, total_ttc)
    if customer is None or not is_checked(gate.rules, stage):
        return passing
    limit = passed_limit(gate.rules, stage, customer, delta, establishment_id=establishment_id)
    if limit is None:
        return passing
    if comes_from and all(_was_let_pass(connection, customer.id, stage, sold) for sold in comes_from):
        return passing
    if reason is None:
        raise _refused(customer, limit, stage, delta)
    return Passing(stage, delta, total_ttc, check_override(connection, reason, by), limit)


def close_gate(connection: Connection, gate: Gate, passing: Passing, document: str, *, by: str, at: datetime) -> None:
    """Write down that a person let the document pass, if one did."""
    if gate.customer is not None and passing.reason is not None:
        write_override(connection, gate.customer, passing, document, by=by, at=at)


def check_override(connection: Connection, reason: str, by: str) -> str:
    """The reason as it is kept.

    :raises Problem: it is too short, or the person may not let documents pass.
    """
    require(connection, by, Right.OVERRIDE_CREDIT)
    words = " ".join(reason.split())
    if len(words) < SHORTEST_REASON:
        raise Problem(
            "Say why in {least} characters at least: the reason is kept for good. Nothing was done.",
            ProblemCode.NO_REASON,
            least=SHORTEST_REASON,
        )
    return words


def write_override(
    connection: Connection, customer: CustomerCredit, passing: Passing, document: str, *, by: str, at: datetime
) -> None:
    """Keep who let a document pass, and why."""
    assert passing.limit is not None
    assert passing.limit.maximum is not None
    assert passing.reason is not None
    figures = {"exposure": passing.limit.exposure, "maximum": passing.limit.maximum}
    figures |= {"delta": passing.delta, "total_ttc": passing.total_ttc}
    connection.execute(
        insert(CreditOverride).values(
            party_id=customer.id,
            stage=passing.stage,
            document=document,
            reason=passing.reason,
            by=by,
            at=at,
            **figures,
        )
    )
    detail = {"stage": passing.stage, "document": document, "reason": passing.reason}
    detail |= {name: f"{amount:.2f}" for name, amount in figures.items()}
    own = [(customer.id, None, None)]
    states.record(connection, Party.__tablename__, own, "credit_override", by=by, at=at, detail=detail)


def _was_let_pass(connection: Connection, customer_id: int, stage: Stage, sold: Sold) -> bool:
    """Whether a person let it pass at this stage or before, when it came to as much as now at least."""
    rows = connection.execute(_OVERRIDES, {"party": customer_id, "documents": list(sold.names)})
    earlier = _STAGES[: _STAGES.index(stage) + 1]
    return any(row.stage in earlier and row.total_ttc >= sold.total_ttc for row in rows)


def _refused(customer: CustomerCredit, limit: Limit, stage: Stage, delta: Decimal) -> Problem:
    assert limit.maximum is not None  # what has no ceiling passes
    values = {
        "stage": stage_word(stage),
        "customer": customer.name,
        "exposure": round_half_up(limit.exposure),
        "maximum": round_half_up(limit.maximum),
        "delta": round_half_up(delta),
    }
    acts = (Act.ENTER_PAYMENT, Act.SET_CEILING, Act.OVERRIDE_CREDIT)
    if limit.establishment is None:
        return Problem(
            "{stage} refused: {customer} owes {exposure} and may owe {maximum}; this would add {delta}.",
            ProblemCode.CREDIT_BLOCKED,
            acts,
            **values,
        )
    return Problem(
        "{stage} refused: {customer} owes {exposure} to establishment {establishment} and may owe it {maximum}; this "
        "would add {delta}.",
        ProblemCode.CREDIT_BLOCKED,
        acts,
        establishment=limit.establishment,
        **values,
    )


def stage_word(stage: Stage) -> Word:
    """What people call a document of a stage."""
    words: Iterable[Word] = (Word("Quote"), Word("Order"), Word("Delivery note"), Word("Invoice"))
    return dict(zip(Stage, words, strict=True))[stage]
