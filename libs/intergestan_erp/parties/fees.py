"""The catalogue of fees (SOCIETE > Frais), and which of them each customer bears (T16, T17).

A fee is an amount, or a percentage of an order's goods without VAT. It always has a VAT category.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import FeeKind
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Fee, PartyFee
from intergestan_msg.money import CENT, MILLIONTH, ZERO, fits

SUBJECT: Final = Fee.__tablename__
_CODE = re.compile(r"[A-Z0-9._/-]{1,20}")
_MOST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class FeeValues:
    """A fee of the catalogue as people enter it. Of `amount` and `percent` one is 0 at least."""

    code: str
    name: str
    kind: FeeKind
    amount: Decimal
    percent: Decimal
    vat_category: str
    vat_rate: Decimal
    account_number: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Borne:
    """A fee as a customer bears it. `amount` is the customer's own (`is_own`), or else the catalogue's; None: it is
    `percent`.
    """

    fee_id: int
    code: str
    name: str
    amount: Decimal | None
    percent: Decimal
    vat_category: str
    vat_rate: Decimal
    is_own: bool = False


def fee_code(text: str) -> str:
    """The code that a person typed, as it is kept.

    :raises Problem: it is none.
    """
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise Problem(
            "«{code}» is not the code of a fee: it has 1 to 20 letters without accents, digits or characters of . _ / "
            "-. Nothing was changed.",
            ProblemCode.NO_CODE,
            code=text,
        )
    return code


def add_fee(connection: Connection, fee: FeeValues, *, by: str, at: datetime) -> None:
    """Enter a fee into the catalogue.

    :raises Problem: there is one of this code, or an amount that may not stand there.
    """
    if connection.execute(select(Fee.id).where(Fee.code == fee.code)).first():
        raise Problem(
            "There is already a fee «{code}»: choose another code. Nothing was changed.",
            ProblemCode.CODE_TAKEN,
            (Act.LIST_FEES,),
            code=fee.code,
        )
    _check(fee)
    fee_id = connection.execute(insert(Fee).values(**asdict(fee)).returning(Fee.id)).scalar_one()
    states.record(connection, SUBJECT, [(fee_id, None, None)], "create", by=by, at=at, detail={"code": fee.code})


def set_fee(connection: Connection, code: str, changes: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Change a fee of the catalogue; what stands on quotes and orders stays as it is there.

    :raises Problem: there is no such fee, or an amount may not stand there. Nothing may be written then.
    """
    before = _find(connection, code, lock=True)
    new = {name: value for name, value in changes.items() if getattr(before, name) != value}
    if not new:
        return
    _check(FeeValues(**{name: new.get(name, getattr(before, name)) for name in FeeValues.__dataclass_fields__}))
    connection.execute(update(Fee).where(Fee.id == before.id).values(**new))
    detail = {name: [_plain(getattr(before, name)), _plain(value)] for name, value in new.items()}
    states.record(connection, SUBJECT, [(before.id, None, None)], "set", by=by, at=at, detail=detail)


def lock_fee(connection: Connection, code: str) -> FeeValues:
    """A fee of the catalogue, which nobody else changes until the transaction ends.

    :raises Problem: there is none.
    """
    return _values(_find(connection, code, lock=True))


def fee_called(connection: Connection, code: str) -> FeeValues:
    """A fee of the catalogue, in use or not.

    :raises Problem: there is none.
    """
    return _values(_find(connection, code))


def fee_now(connection: Connection, code: str) -> Borne:
    """A fee of the catalogue, to be charged now.

    :raises Problem: there is none, or it is switched off.
    """
    fee = active_fee(connection, code)
    if fee is None:
        raise Problem(
            "The fee {code} is switched off, so it is charged no more. Nothing was changed.",
            ProblemCode.NO_FEE,
            (Act.LIST_FEES,),
            code=fee_code(code),
        )
    return fee


def active_fee(connection: Connection, code: str) -> Borne | None:
    """A fee of the catalogue; None for one that is switched off.

    :raises Problem: there is none.
    """
    row = _find(connection, code)
    return _borne(row, None) if row.active else None


def borne_by(connection: Connection, party_id: int) -> tuple[Borne, ...]:
    """The fees that a customer bears, also those that are switched off, by code."""
    return tuple(_borne(row, row.own) for row in _of_party(connection, party_id))


def proposed_to(connection: Connection, party_id: int) -> tuple[Borne, ...]:
    """The fees that a customer's next quote or order gets: those that it bears and that are not switched off."""
    return tuple(_borne(row, row.own) for row in _of_party(connection, party_id) if row.active)


def check_codes(connection: Connection, codes: Sequence[str]) -> None:
    """Refuse codes of which there is no fee, or one that is switched off.

    :raises Problem: for the first of them.
    """
    for code in codes:
        fee_now(connection, code)


def propose_fees(
    connection: Connection,
    party_ids: Sequence[int],
    defaults: Sequence[str],
    own: Mapping[int, Mapping[str, Decimal | None]],
) -> None:
    """Give new customers the site's fees, those that are switched off left out, and their own (T16).

    :param defaults: codes of the fees that all of them get.
    :param own: by party, codes of fees with the party's own amount; None for the catalogue's.
    :raises Problem: one of their own is none, or switched off.
    """
    wanted = {code for fees in own.values() for code in fees}
    query = select(Fee.id, Fee.code).where(Fee.active, Fee.code.in_({*defaults, *wanted}))
    ids: dict[str, int] = {row.code: row.id for row in connection.execute(query)}
    check_codes(connection, sorted(wanted - ids.keys()))
    for fees in own.values():
        for amount in fees.values():
            _check_amount(amount or ZERO)
    rows = [
        {"party_id": party_id, "fee_id": ids[code], "amount": amount}
        for party_id in party_ids
        for code, amount in {**dict.fromkeys(defaults), **own.get(party_id, {})}.items()
        if code in ids
    ]
    insert_rows(connection, PartyFee, rows)


def set_party_fees(
    connection: Connection, party_id: int, fees: Mapping[str, Decimal | None], *, only_these: bool
) -> bool:
    """Change which fees a customer bears; whether that changed anything.

    :param fees: by code, the customer's own amount; None for the catalogue's.
    :param only_these: take away all others.
    :raises Problem: one is none, or switched off and none that the customer bears already.
    """
    rows = _of_party(connection, party_id)
    before, kept = {row.id: row.own for row in rows}, {row.code: row.id for row in rows}
    ids = {code: kept.get(code) or fee_now(connection, code).fee_id for code in fees}
    new = {ids[code]: amount for code, amount in fees.items()}
    for amount in new.values():
        _check_amount(amount or ZERO)
    after = new if only_these else {**before, **new}
    if after == before:
        return False
    connection.execute(delete(PartyFee).where(PartyFee.party_id == party_id))
    written = [{"party_id": party_id, "fee_id": fee_id, "amount": amount} for fee_id, amount in after.items()]
    insert_rows(connection, PartyFee, written)
    return True


def _of_party(connection: Connection, party_id: int) -> Sequence[AnyRow]:
    query = select(Fee.__table__, PartyFee.amount.label("own")).join(PartyFee, PartyFee.fee_id == Fee.id)
    return connection.execute(query.where(PartyFee.party_id == party_id).order_by(Fee.code)).all()


def _find(connection: Connection, code: str, *, lock: bool = False) -> AnyRow:
    wanted = fee_code(code)
    query = select(Fee.__table__).where(Fee.code == wanted)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise _no_fee(connection, wanted)
    return row


def _borne(row: AnyRow, own: Decimal | None) -> Borne:
    amount = own if own is not None else None if row.percent else row.amount
    return Borne(row.id, row.code, row.name, amount, row.percent, row.vat_category, row.vat_rate, own is not None)


def _check(fee: FeeValues) -> None:
    _check_amount(fee.amount)
    if not 0 <= fee.percent <= _MOST_PERCENT or not fits(fee.percent, MILLIONTH):
        raise Problem(
            "«{value}» is not the percentage of a fee: it lies between 0 and 100, with at most 6 decimals. Nothing was "
            "changed.",
            ProblemCode.NO_VALUE,
            value=fee.percent,
        )
    if fee.amount and fee.percent:
        raise Problem("A fee is an amount or a percentage, not both. Nothing was changed.", ProblemCode.NO_VALUE)


def _check_amount(amount: Decimal) -> None:
    if not fits(amount, CENT) or amount < 0:
        raise Problem(
            "«{value}» is not the amount of a fee: it is not below 0 and has at most 2 decimals. Nothing was changed.",
            ProblemCode.NO_VALUE,
            value=amount,
        )


def _no_fee(connection: Connection, code: str) -> Problem:
    close = get_close_matches(code, connection.execute(select(Fee.code)).scalars().all(), n=1)
    if close:
        return Problem(
            "There is no fee «{code}». Did you mean «{meant}»? Nothing was changed.",
            ProblemCode.NO_FEE,
            (Act.LIST_FEES,),
            code=code,
            meant=close[0],
        )
    return Problem("There is no fee «{code}». Nothing was changed.", ProblemCode.NO_FEE, (Act.LIST_FEES,), code=code)


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _values(row: AnyRow) -> FeeValues:
    values = {name: getattr(row, name) for name in FeeValues.__dataclass_fields__}
    return FeeValues(**{**values, "kind": FeeKind(row.kind)})
