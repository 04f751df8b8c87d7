"""What people choose about what customers may owe (T18 to T21); by itself, because services read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.enums import Stage
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Setting

BLOCK_FROM_NAME: Final = "credit.block_from"
CREDIT_OFF: Final = "off"
CREDIT_DEFAULTS: Final[Mapping[str, str]] = {
    BLOCK_FROM_NAME: CREDIT_OFF,
    "credit.by_payment_due": "false",
    "credit.invoice_delivered": "block",
    "credit.told_buyer": "plain",
}
"""Every name, and the value that it has on a site where nobody chose another."""

_CHOSEN = select(Setting.name, Setting.value).where(Setting.name.in_(bindparam("names", expanding=True)))


@dataclass(frozen=True, slots=True)
class CreditRules:
    """What was chosen about what customers may owe (T18 to T21).

    :ivar block_from: the first stage at which a document above the maximum is refused; None: nothing is refused, and
        nothing of credit is read or locked on the way of an order (D16).
    :ivar by_payment_due: what is settled counts from the payment's due date on, else from the instalment's (D25).
    :ivar always_invoice: goods that left are invoiced whatever the customer owes.
    :ivar tells_amounts: whether the buyer of an order that waits reads figures (D28).
    """

    block_from: Stage | None = None
    by_payment_due: bool = False
    always_invoice: bool = False
    tells_amounts: bool = False


def chosen(connection: Connection, defaults: Mapping[str, str]) -> dict[str, str]:
    """The texts of these settings, by name: what was chosen, else the value that each has by itself."""
    rows = connection.execute(_CHOSEN, {"names": list(defaults)})
    return {**defaults, **{row.name: row.value for row in rows}}


def read_credit_rules(connection: Connection) -> CreditRules:
    """What was chosen about credit, in one statement.

    :raises Problem: somebody wrote a value into the base that is none.
    """
    return credit_rules(chosen(connection, CREDIT_DEFAULTS))


def credit_rules(texts: Mapping[str, str]) -> CreditRules:
    """The rules about credit that these texts are.

    :raises Problem: for the first that is none.
    """
    block_from = one_of(BLOCK_FROM_NAME, texts, (CREDIT_OFF, *Stage))
    return CreditRules(
        block_from=None if block_from == CREDIT_OFF else Stage(block_from),
        by_payment_due=one_of("credit.by_payment_due", texts, ("false", "true")) == "true",
        always_invoice=one_of("credit.invoice_delivered", texts, ("block", "always")) == "always",
        tells_amounts=one_of("credit.told_buyer", texts, ("plain", "amounts")) == "amounts",
    )


def one_of(name: str, texts: Mapping[str, str], words: Sequence[str]) -> str:
    """The value of a setting that has one of these words.

    :raises Problem: it has another.
    """
    if texts[name] not in words:
        raise Problem(
            "«{value}» is none of {words}. Nothing was changed.",
            ProblemCode.NO_VALUE,
            (Act.SHOW_SETTINGS,),
            value=texts[name],
            words=", ".join(words),
        )
    return texts[name]
