"""*Réglages ▸ Frais* and *Conditions de règlement*: the catalogue of fees (T17), and when invoices fall due (D20)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import EndOfMonth, FeeKind
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.typed_figures import read_figure
from intergestan_erp.inputs.vat import read_vat
from intergestan_erp.listing.fees import count_bearers, list_fees
from intergestan_erp.listing.page import MOST
from intergestan_erp.parties.fees import FeeValues, add_fee, fee_code, lock_fee, set_fee
from intergestan_erp.parties.parties import tried_again
from intergestan_erp.party_entry.typed import read_fee
from intergestan_erp.site.preferences import lock_texts, read_texts, set_preference
from intergestan_erp.terms.due import TermLine, due
from intergestan_erp.terms.law import doubts
from intergestan_erp.terms.stored import Term, add_term, read_terms
from intergestan_msg.money import ZERO
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.visit import Visit

FEES, TERMS = "/reglages/frais", "/reglages/conditions"
CODE, VERSION = "code", "version"
KINDS: Final[Mapping[str, str]] = {FeeKind.PORT: marked("port"), FeeKind.OTHER: marked("other fee")}
ENDS: Final[Mapping[str, str]] = {
    EndOfMonth.NO: marked("no end of month"),
    EndOfMonth.AFTER: marked("then end of month"),
    EndOfMonth.BEFORE: marked("counted from the end of the month"),
}
VAT: Final = "tva"
LINES: Final = 4
"""So many parts has the form of a term; more nobody agrees upon."""
_NEITHER: Final = Problem("Say an amount or a percentage, one of them.", ProblemCode.NO_VALUE)


def show_fees(visit: Visit) -> Response:
    """All fees, and a form for another one, or for the one that the address names."""
    return _fees_page(visit)


def save_fee(visit: Visit) -> Response:
    """Enter a fee, or change the one whose code the form keeps; what stands on quotes and orders stays (T17)."""
    form, wrong = visit.form, dict[str, Problem]()
    amount = _read(form, "montant", read_amount, wrong)
    percent = _read(form, "pour_cent", lambda text: read_figure(text, Figure.RATE), wrong)
    vat = _read(form, VAT, read_vat, wrong)
    code = _read(form, CODE, fee_code, wrong)
    texts: dict[str, str | None] = {}
    try:
        texts = read_fee({"name": form.get("intitule", ""), "account_number": form.get("compte", "")})
    except Problem as problem:
        wrong["intitule"] = problem
    if (amount is None) is (percent is None) and not wrong.keys() & {"montant", "pour_cent"}:
        wrong["montant"] = _NEITHER
    for name, value in ((CODE, code), (VAT, vat)):
        if value is None and name not in wrong:
            wrong[name] = Problem("Type something here.", ProblemCode.NO_VALUE)
    if wrong or code is None or vat is None:
        return _fees_page(visit, wrong=wrong)
    fee = FeeValues(
        code=code,
        name=texts["name"] or "",
        kind=FeeKind(form["nature"]) if form.get("nature") in set(FeeKind) else FeeKind.OTHER,
        amount=amount or ZERO,
        percent=percent or ZERO,
        vat_category=vat.category,
        vat_rate=vat.rate,
        account_number=texts["account_number"],
        active="actif" in form,
    )

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        if form.get(VERSION):
            if fee_version(asdict(lock_fee(connection, fee.code))) != form[VERSION]:
                raise Problem(
                    "Somebody else changed {code} meanwhile. Nothing was saved; what you typed is all here.",
                    ProblemCode.CHANGED_MEANWHILE,
                    code=fee.code,
                )
            changes = {name: value for name, value in asdict(fee).items() if name != CODE}
            set_fee(connection, fee.code, changes, by=by, at=at)
        else:
            add_fee(connection, fee, by=by, at=at)
        return Done(to=FEES, said=Said("{code} is saved.", code=fee.code))

    try:
        return tried_again(lambda: once(visit, do))
    except Problem as problem:
        return _fees_page(visit, problem=problem)


def fee_version(values: Mapping[str, Any]) -> str:
    """By which a form knows whether anybody changed its fee meanwhile."""
    told = "|".join(f"{value.normalize():f}" if isinstance(value, Decimal) else str(value) for value in values.values())
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _fees_page(visit: Visit, *, wrong: Mapping[str, Problem] | None = None, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        fees = list_fees(connection, everything=True, size=MOST).rows
        bearers = count_bearers(connection)
    posted = visit.request.method == "POST"
    mine = visit.form if posted else visit.kept
    wanted = mine.get(CODE, "") if mine.get(VERSION) else visit.query.get(CODE, "")
    changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    chosen = next((each for each in fees if each.code == wanted.strip().upper()), None)
    return visit.html(
        "tiers/fees.html",
        status=200 if not (wrong or problem) else faults.status_of(problem) if problem else 422,
        fees=fees,
        bearers=bearers,
        chosen=chosen,
        version="" if chosen is None else (not changed and mine.get(VERSION)) or fee_version(asdict(chosen)),
        fields=mine if posted else mine or _fields(visit, chosen),
        kinds=KINDS,
        wrong={name: sentence(each, visit.language) for name, each in (wrong or {}).items()},
        said=None if problem is None else sentence(problem, visit.language),
    )


def _fields(visit: Visit, fee: FeeValues | None) -> dict[str, str]:
    if fee is None:
        return {"actif": "1"}
    vat = fee.vat_category + (f":{visit.figure(fee.vat_rate)}" if fee.vat_rate else "")
    fields = {CODE: fee.code, "intitule": fee.name, "nature": fee.kind, VAT: vat, "compte": fee.account_number or ""}
    fields |= {"pour_cent": visit.figure(fee.percent)} if fee.percent else {"montant": visit.amount(fee.amount)}
    return fields | ({"actif": "1"} if fee.active else {})


def _read(form: Mapping[str, str], name: str, read: Any, wrong: dict[str, Problem]) -> Any:
    text = form.get(name, "").strip()
    if not text:
        return None
    try:
        return read(text)
    except Problem as problem:
        wrong[name] = problem
        return None


def show_terms(visit: Visit) -> Response:
    """All payment terms with when they fall due, and a form for another one: invoices name them, so none is changed."""
    return _terms_page(visit)


def save_term(visit: Visit) -> Response:
    """Enter a payment term, or say which one is the usual."""
    usual = visit.form.get("habituelle", "").strip()
    if usual:
        return _choose_usual(visit, usual)
    wrong: dict[str, Problem] = {}
    lines = _lines(visit.form, wrong)
    if wrong:
        return _terms_page(visit, wrong=wrong)

    def do(connection: Connection) -> Done:
        code, name = visit.form.get(CODE, ""), visit.form.get("intitule", "")
        term = add_term(connection, code, name, lines, by=visit.who.login, at=visit.now)
        said = Said("{code} is saved.", code=term.code)
        too_long = doubts(lines)
        return Done(to=TERMS, said=Said("{first} {warning}", first=said, warning=too_long[0]) if too_long else said)

    try:
        return tried_again(lambda: once(visit, do))
    except Problem as problem:
        return _terms_page(visit, problem=problem)


def _choose_usual(visit: Visit, code: str) -> Response:
    def do(connection: Connection) -> Done:
        if lock_texts(connection)["terms.default"] != visit.form.get(VERSION):
            raise Problem(
                "Somebody else chose another usual term meanwhile. Nothing was changed.", ProblemCode.CHANGED_MEANWHILE
            )
        set_preference(connection, "terms.default", code, by=visit.who.login, at=visit.now)
        return Done(to=TERMS, said=Said("{code} is the usual payment term now.", code=code))

    try:
        return once(visit, do)
    except Problem as problem:
        return _terms_page(visit, problem=problem)


def _lines(form: Mapping[str, str], wrong: dict[str, Problem]) -> list[TermLine]:
    """The parts that have days."""
    found = []
    for n in range(1, LINES + 1):
        days = _read(form, f"jours{n}", _whole, wrong)
        percent = _read(form, f"part{n}", lambda text: read_figure(text, Figure.RATE), wrong)
        on_day = _read(form, f"le{n}", _whole, wrong)
        if days is None:
            continue
        end = form.get(f"fin{n}", "")
        counted = EndOfMonth(end) if end in set(EndOfMonth) else EndOfMonth.NO
        found.append(TermLine(Decimal(100) if percent is None else percent, days, counted, on_day))
    if not found and not wrong:
        wrong["jours1"] = Problem("Type something here.", ProblemCode.NO_VALUE)
    return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("999")):
        raise Problem("«{value}» is not a whole number that may stand here.", ProblemCode.NO_VALUE, value=text)
    return int(text)


def _terms_page(
    visit: Visit, *, wrong: Mapping[str, Problem] | None = None, problem: Problem | None = None
) -> Response:
    with visit.database.read() as connection:
        terms, usual = read_terms(connection), read_texts(connection)["terms.default"]
    return visit.html(
        "tiers/terms.html",
        status=200 if not (wrong or problem) else faults.status_of(problem) if problem else 422,
        terms=[(each, [sentence(doubt, visit.language) for doubt in doubts(each.lines)]) for each in terms],
        usual=usual,
        last_of_31=date(visit.today.year, 1, 31),
        falls=_falls,
        fields=visit.form or visit.kept,
        ends=ENDS,
        most=LINES,
        wrong={name: sentence(each, visit.language) for name, each in (wrong or {}).items()},
        said=None if problem is None else sentence(problem, visit.language),
    )


def _falls(term: Term, day: date) -> list[date]:
    return [due(day, line) for line in term.lines]
