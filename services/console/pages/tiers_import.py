"""Third parties from a file: looked at before they are entered, all of them or none."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from intergestan_db.bells import Bells
from intergestan_db.enums import PartyRole, Right
from intergestan_db.limited_child.children import NoReader
from intergestan_db.problem import FileProblems, Problem
from intergestan_erp.geo.waiting import waiting_of
from intergestan_erp.parties.parties import tried_again
from intergestan_erp.party_entry.party_reading import LimitedParties, PartiesAsked, PartyReading
from intergestan_erp.party_entry.party_table import COLUMNS, enter_parties, foresee_parties
from intergestan_erp.site.preferences import read_preferences
from intergestan_operations.language.file_problems import in_place
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.downloads import as_csv
from services.console.pages.given_file import MOST_SHOWN, Given, faults_of, given_file, no_reader
from services.console.pages.tiers import PATH
from services.console.visit import Visit

IMPORT: Final = f"{PATH}/importer"
BY_HAND: Final = "codes_a_la_main"
_ROLES: Final = {"client": PartyRole.CUSTOMER, "fournisseur": PartyRole.SUPPLIER}
_RUNG_FOR: Final = 40
"""Addresses that are rung for at once; the dispatcher rings for the rest."""


def show(visit: Visit) -> Response:
    """The field for the file."""
    return _page(visit, None)


def take(visit: Visit) -> Response:
    """Look at a file, or enter what was looked at."""
    by_hand = BY_HAND in visit.form and may(Right.SET_RULES, visit.person)
    try:
        given = given_file(visit)
        reading = _read(visit, given)
        if visit.form.get("faire") != "prendre":
            with visit.database.read() as connection:
                rules = read_preferences(connection).rules
                foresee_parties(connection, given.name, reading.rows, rules, codes_by_hand=by_hand)
            return _page(visit, given, reading=reading)
        return tried_again(lambda: once(visit, lambda connection: _enter(visit, connection, given, reading, by_hand)))
    except FileProblems as problems:
        return _page(visit, None, problems=problems)
    except Problem as problem:
        return _page(visit, None, problem=problem)


def _enter(visit: Visit, connection: Connection, given: Given, reading: PartyReading, by_hand: bool) -> Done:  # noqa: FBT001
    rules = read_preferences(connection).rules
    by, at = visit.who.login, visit.now
    entered = enter_parties(connection, given.name, reading.rows, rules, codes_by_hand=by_hand, by=by, at=at)
    ids = [each.id for each in entered[:_RUNG_FOR]]
    bells = Bells(locate=waiting_of(connection, ids) if rules.geo.rings else ())
    said = Said("{file}: {count} third parties entered.", file=given.name, count=str(len(entered)))
    return Done(to=PATH, said=said, bells=bells)


def _read(visit: Visit, given: Given) -> PartyReading:
    roles = tuple(role for name, role in _ROLES.items() if name in visit.form)
    try:
        with visit.console.readers.of(LimitedParties) as reader:
            return reader.read(given.name, given.data, PartiesAsked(roles))
    except NoReader as error:
        raise no_reader() from error


def _page(
    visit: Visit,
    given: Given | None,
    *,
    reading: PartyReading | None = None,
    problems: FileProblems | None = None,
    problem: Problem | None = None,
) -> Response:
    status = 422 if problems is not None else 200 if problem is None else faults.status_of(problem)
    return visit.html(
        "tiers/import.html",
        status=status,
        given=given,
        rows=() if reading is None else reading.rows,
        said=[] if reading is None else [in_place(each, visit.language) for each in reading.said],
        file_faults=faults_of(visit, problems),
        problem=None if problem is None else sentence(problem, visit.language),
        most=MOST_SHOWN,
        form=visit.form,
        may_rule=may(Right.SET_RULES, visit.person),
        customer=PartyRole.CUSTOMER,
        supplier=PartyRole.SUPPLIER,
    )


def model(visit: Visit) -> StreamingResponse:
    """An empty file with the titles that are read."""
    return as_csv(visit, "tiers-modele", "", [titles[0] for titles in COLUMNS.values()], iter(()), headed=False)
