"""What can become of an order: values that `decide` returns and `book` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from intergestan_db.enums import SalesState
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine
from intergestan_exchange.findings.finding import Finding

if TYPE_CHECKING:
    from intergestan_erp.selling.current_order import StandingOrder
    from intergestan_erp.selling.minimum import BelowMinimum
    from intergestan_msg.answer import AnswerCode, AnswerLine


@dataclass(frozen=True, slots=True)
class Reply:
    """What the buyer is told of an order that is taken: AP, or CA with every line."""

    code: AnswerCode
    lines: tuple[AnswerLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order becomes a sales order; amounts in the order's currency, HT without and TTC with VAT.

    :ivar after_review: what the buyer is told once a clerk has accepted it, of an order in the state `review`.
    :ivar customer_id: the customer of ours that it is for, where that is not the partner's own party.
    :ivar below: what is to be noted where it is below that customer's minimum (T24).
    """

    state: SalesState
    lines: tuple[BookedLine, ...]
    charges: tuple[BookedCharge, ...]
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    code: AnswerCode
    answer_lines: tuple[AnswerLine, ...] = ()
    after_review: Reply | None = None
    findings: tuple[Finding, ...] = ()
    customer_id: int | None = None
    below: BelowMinimum | None = None


@dataclass(frozen=True, slots=True)
class Debt:
    """What an order that waits for room waits for (D29): its customer, and what it adds to what they owe.

    :ivar version: of the customer's debt, when this was decided.
    """

    customer_id: int
    delta: Decimal
    version: int


@dataclass(frozen=True, slots=True)
class Held:
    """A person must look first; the buyer is told that the order came (AB). `debt`: it waits for room alone."""

    findings: tuple[Finding, ...]
    debt: Debt | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The document is refused; the buyer is told why (RE), or line by line which goods have left (CA)."""

    findings: tuple[Finding, ...]
    answer_lines: tuple[AnswerLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change came before what it builds on; it is applied as soon as that is settled (AB)."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Amended:
    """A change is applied to the sales order, all of it or without the lines of which goods have left.

    :ivar standing: the sales order on which this was decided; another one must be decided anew.
    :ivar lines: those added or changed; `promised` has the agreed dates of them.
    :ivar charges: None where they stay.
    :ivar below: what is to be noted where the order is below its customer's minimum now.
    """

    standing: StandingOrder
    lines: tuple[BookedLine, ...]
    promised: Mapping[str, date | None]
    deleted: tuple[str, ...]
    charges: tuple[BookedCharge, ...] | None
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal
    code: AnswerCode
    answer_lines: tuple[AnswerLine, ...] = ()
    findings: tuple[Finding, ...] = ()
    below: BelowMinimum | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The sales order is cancelled, or was before: nothing of it has left."""

    standing: StandingOrder


@dataclass(frozen=True, slots=True)
class NothingToCancel:
    """A cancellation of an order that was refused: it is agreed to, for nothing of the order stands."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """We have this very order already: nothing is written, the answer is given again."""

    ledger_id: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """We have this order with other content: a person looks, the sales order stays untouched."""

    ledger_id: int
    finding: Finding


Decision = Accepted | Held | Refused | Duplicate | Conflict | Waiting | Amended | Cancelled | NothingToCancel
