"""The payment terms of the site: the usual ones, and those that people add."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, select

from intergestan_db import states
from intergestan_db.enums import EndOfMonth
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import PaymentTerm, PaymentTermLine
from intergestan_erp.terms.due import TermLine
from intergestan_msg.money import MILLIONTH, fits, without_zeros

SUBJECT = PaymentTerm.__tablename__
USUAL = "30J"
"""The term of a site where nobody chose another: what the law gives where nothing was agreed."""
MOST_DAYS = 999
_WHOLE = Decimal(100)
_LAST_DAY = 31
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._/-]{0,19}")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Term:
    """A payment term of the site."""

    id: int
    code: str
    name: str
    lines: tuple[TermLine, ...]


_SHIPPED = (
    ("COMPTANT", "Comptant", "Due at once", TermLine(_WHOLE, 0)),
    ("30J", "30 jours", "30 days", TermLine(_WHOLE, 30)),
    ("45JFDM", "45 jours fin de mois", "45 days, end of month", TermLine(_WHOLE, 45, EndOfMonth.AFTER)),
    ("60J", "60 jours", "60 days", TermLine(_WHOLE, 60)),
    ("30JFDM", "30 jours fin de mois", "30 days, end of month", TermLine(_WHOLE, 30, EndOfMonth.AFTER)),
    (
        "30JFDM10",
        "30 jours fin de mois, le 10",
        "30 days, end of month, on the 10th",
        TermLine(_WHOLE, 30, EndOfMonth.AFTER, 10),
    ),
)
"""Code, French and English name, and the one line of each term that every site has (migration 0025 has them too)."""


def add_shipped_terms(connection: Connection, language: str) -> None:
    """Give a new site its usual terms, called in its language."""
    for code, french, english, line in _SHIPPED:
        put_term(connection, code, french if language == "fr" else english, [line])


def add_term(
    connection: Connection, typed: str, name: str, lines: Sequence[TermLine], *, by: str, at: datetime
) -> Term:
    """Enter a payment term.

    :param lines: in the order of its instalments.
    :raises Problem: its code or its name is none or taken, or its lines are no whole.
    """
    code = typed.strip().upper()
    if not _CODE.fullmatch(code):
        raise Problem(
            "«{code}» is no code of a payment term: it has 1 to 20 letters without accents and digits. Nothing was "
            "changed.",
            ProblemCode.NO_TERM,
            code=typed,
        )
    if not 0 < len(name.strip()) <= _LONGEST_NAME:
        raise Problem("A payment term has a name of at most 100 characters. Nothing was changed.", ProblemCode.NO_NAME)
    _check(lines)
    if connection.execute(select(PaymentTerm.id).where(PaymentTerm.code == code)).first() is not None:
        raise Problem(
            "There is already a payment term {code}, and invoices name it. Choose another code. Nothing was changed.",
            ProblemCode.TERM_TAKEN,
            (Act.LIST_TERMS,),
            code=code,
        )
    term = put_term(connection, code, name.strip(), lines)
    states.record(connection, SUBJECT, [(term.id, None, None)], "create", by=by, at=at, detail={"code": code})
    return term


def put_term(connection: Connection, code: str, name: str, lines: Sequence[TermLine]) -> Term:
    """Write a term that was checked."""
    values = {"code": code, "name": name}
    term_id = connection.execute(insert(PaymentTerm).values(**values).returning(PaymentTerm.id)).scalar_one()
    rows = [
        {"term_id": term_id, "position": position, "percent": line.percent, "days": line.days}
        | {"end_of_month": line.end_of_month, "on_day": line.on_day}
        for position, line in enumerate(lines, start=1)
    ]
    connection.execute(insert(PaymentTermLine), rows)
    return Term(term_id, code, name, tuple(lines))


def read_terms(connection: Connection, *conditions: object) -> list[Term]:
    """The payment terms, by code."""
    query = select(
        *(PaymentTerm.id, PaymentTerm.code, PaymentTerm.name, PaymentTermLine.percent, PaymentTermLine.days),
        *(PaymentTermLine.end_of_month, PaymentTermLine.on_day),
    ).join(PaymentTermLine, PaymentTermLine.term_id == PaymentTerm.id)
    ordered = query.order_by(PaymentTerm.code, PaymentTermLine.position)
    found: dict[int, Term] = {}
    for row in connection.execute(ordered.where(*conditions)):  # type: ignore[arg-type]
        line = TermLine(row.percent, row.days, EndOfMonth(row.end_of_month), row.on_day)
        before = found.get(row.id)
        found[row.id] = Term(row.id, row.code, row.name, (*(before.lines if before else ()), line))
    return list(found.values())


def term_called(connection: Connection, typed: str) -> Term:
    """The term that a person means.

    :raises Problem: there is none.
    """
    code = typed.strip().upper()
    terms = read_terms(connection)
    for term in terms:
        if term.code == code:
            return term
    raise Problem(
        "There is no payment term «{code}»; there are: {codes}. Nothing was changed.",
        ProblemCode.NO_TERM,
        (Act.LIST_TERMS,),
        code=typed,
        codes=", ".join(term.code for term in terms),
    )


def read_term(connection: Connection, term_id: int) -> Term:
    """The term with an id."""
    (term,) = read_terms(connection, PaymentTerm.id == term_id)
    return term


def _check(lines: Sequence[TermLine]) -> None:
    """Refuse lines that are no whole.

    :raises Problem: for the first fault.
    """
    for line in lines:
        if not fits(line.percent, MILLIONTH) or line.percent <= 0:
            raise Problem(
                "An instalment takes more than 0 %, with at most 6 decimals: {percent} does not fit. Nothing was "
                "changed.",
                ProblemCode.NO_TERM,
                percent=without_zeros(line.percent),
            )
        if not 0 <= line.days <= MOST_DAYS or (line.on_day is not None and not 1 <= line.on_day <= _LAST_DAY):
            raise Problem(
                "A payment term has 0 to {most} days, and falls on a day from 1 to 31. Nothing was changed.",
                ProblemCode.NO_TERM,
                most=MOST_DAYS,
            )
    whole = sum((line.percent for line in lines), Decimal(0))
    if whole != _WHOLE:
        raise Problem(
            "The instalments of a payment term add up to 100 %; these are {whole} %. Nothing was changed.",
            ProblemCode.NO_TERM,
            whole=without_zeros(whole),
        )
