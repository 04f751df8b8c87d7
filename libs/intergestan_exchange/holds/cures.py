"""Which acts a face offers about something that waits, and which of them cures it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from intergestan_db.enums import HoldReason as R
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.holds.holds import INBOUND, ORDER, Hold


class Cure(StrEnum):
    """Something that a person does about what waits."""

    CHOOSE_PRODUCTS = "choose products"
    """Say which products of ours lines mean; kept for the partner, and the order is released."""
    CHOOSE_CUSTOMER = "choose a customer"
    WAVE_THROUGH = "wave through"
    """Take the order as it is: the difference is theirs to say."""
    TRY_AGAIN = "try again"
    """Look at it once more: what was wrong may be gone."""
    OVERRIDE = "override"
    """Let it pass although the customer owes too much, with a reason."""
    CONFIRM_KEY = "confirm the key"
    """Type the words that the partner reads over the telephone."""
    CHANGE_ADDRESS = "change the address"
    """Say where the partner's orders go, and send the mail again."""
    RESEND = "resend"
    REFUSE = "refuse"
    ABANDON = "abandon"


_KEYS: Final = frozenset({R.UNCONFIRMED_KEY, R.KEY_ANNOUNCED})
_ADDRESSES: Final = frozenset({R.REFUSED_BY_SERVER, R.UNDELIVERED})
_REFUSED_FIRST: Final = frozenset(
    {
        *(R.UNKNOWN_SIGNER, R.REVOKED_KEY, R.BAD_SIGNATURE, R.BAD_MESSAGE, R.DAMAGED, R.WRONG_RECIPIENT, R.STATEMENT),
        *(R.TRANSFER_CONFLICT, R.UNMATCHED_ANSWER, R.BAD_DOCUMENT, R.ORDER_CLOSED, R.DELIVERED),
    }
)
"""Reasons that do not go by looking again: what cures them happens elsewhere, and the mail is put away."""


def cures_of(hold: Hold) -> tuple[Cure, ...]:
    """What may be done about it; first what cures it."""
    if hold.kind == ORDER:
        return _of_order(hold)
    if hold.kind == INBOUND:
        return _of_mail(hold)
    return (*((Cure.CHANGE_ADDRESS,) if hold.reason in _ADDRESSES else ()), Cure.RESEND, Cure.ABANDON)


def _of_order(hold: Hold) -> tuple[Cure, ...]:
    if hold.is_conflict:
        return (Cure.REFUSE,)
    from intergestan_exchange.inbox.decide import OVERRIDABLE, WAIVABLE

    reasons = {finding.reason for finding in hold.findings}
    if lines_to_choose(hold):
        return (Cure.CHOOSE_PRODUCTS, Cure.TRY_AGAIN, Cure.REFUSE)
    if R.TWO_CUSTOMERS in reasons:
        return (Cure.CHOOSE_CUSTOMER, Cure.REFUSE)
    if reasons & OVERRIDABLE:
        return (Cure.OVERRIDE, Cure.TRY_AGAIN, Cure.REFUSE)
    if reasons <= WAIVABLE:
        return (Cure.WAVE_THROUGH, Cure.REFUSE)
    return _once_more(hold.reason)


def _of_mail(hold: Hold) -> tuple[Cure, ...]:
    if hold.has_arrived:
        return (Cure.REFUSE,)
    if hold.reason in _KEYS or any(each.variant == "outside" for each in hold.findings):
        return (Cure.CONFIRM_KEY, *_once_more(hold.reason))
    return _once_more(hold.reason)


def _once_more(reason: R) -> tuple[Cure, ...]:
    both = (Cure.TRY_AGAIN, Cure.REFUSE)
    return both[::-1] if reason in _REFUSED_FIRST else both


@dataclass(frozen=True, slots=True)
class LineToChoose:
    """A line that waits for a product of ours: what they call it."""

    line_id: str
    code: str
    name: str


def lines_to_choose(hold: Hold) -> tuple[LineToChoose, ...]:
    """The lines for which a product may be chosen when the order is released."""
    return tuple(
        LineToChoose(each.line_id, each.values.get("code", ""), each.values.get("name", ""))
        for each in hold.findings
        if each.line_id is not None and "key" in each.values
    )


def customers_to_choose(hold: Hold) -> tuple[str, ...]:
    """The codes of the customers that the order may be for."""
    asked = next((each for each in hold.findings if each.reason is R.TWO_CUSTOMERS), None)
    return () if asked is None else tuple(filter(None, asked.values.get("customers", "").split(", ")))


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure that they state and ours, as they stand in the finding.

    :ivar line_id: None of a total of the order. :ivar unit: of both.
    """

    line_id: str | None
    subject: str
    theirs: str
    ours: str
    unit: str


_UNITS: Final[Mapping[R, str]] = {R.VAT_DIFFERENCE: "%"}


def compared(findings: Sequence[Finding]) -> tuple[Compared, ...]:
    """What differs in figures: prices, rates of VAT and totals."""
    figures = (R.PRICE_DIFFERENCE, R.VAT_DIFFERENCE, R.TOTAL_DIFFERENCE)
    return tuple(
        Compared(
            each.line_id,
            each.values.get("code") or each.variant or "",
            each.values["theirs"],
            each.values["ours"],
            _UNITS.get(each.reason, each.values.get("currency", "")),
        )
        for each in findings
        if each.reason in figures and {"theirs", "ours"} <= set(each.values)
    )
