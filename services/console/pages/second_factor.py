"""The page on which people set up their second factor, have other codes to write down, or remove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_erp.people import second_factor
from intergestan_operations.language.wording import sentence
from intergestan_runtime import one_time
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access import proof
from services.console.access.second_factor import PATH
from services.console.pages.entering_code import WRONG as WRONG_CODE
from services.console.visit import Visit

_NO_KEY: Final = marked(
    "Second factors cannot be set up yet: whoever runs the site upgrades it, which makes their key."
)


def show(visit: Visit) -> Response:
    """The page."""
    return _page(visit, 200)


def change(visit: Visit) -> Response:
    """One of its buttons."""
    does = {"proposer": _propose, "confirmer": _confirm, "codes": _write_down_anew, "retirer": _remove}
    act = does.get(visit.form.get("faire", ""))
    if act is None:
        return faults.page(visit, 422)
    try:
        return act(visit)
    except Problem as problem:
        return _page(visit, faults.status_of(problem), {"code": sentence(problem, visit.language)})


def _propose(visit: Visit) -> Response:
    user_id, factors = visit.who.user_id, visit.console.second_factors
    if factors.sealer is None:
        return _page(visit, 422, {"code": sentence(Said(_NO_KEY), visit.language)})
    sealed = factors.seal(user_id, one_time.new_secret())
    with visit.database.transaction() as connection:
        second_factor.propose(connection, user_id, sealed)
    return visit.go(PATH)


def _confirm(visit: Visit) -> Response:
    who, codes = visit.who, second_factor.new_codes()
    with visit.database.read() as connection:
        factor = second_factor.second_factor_of(connection, who.user_id)
    if factor is None or factor.is_used:
        return visit.go(PATH)
    step = visit.console.second_factors.step_of(who.user_id, factor, visit.form.get("code", ""), visit.now)
    if step is None:
        return _page(visit, 422, {"code": sentence(Said(WRONG_CODE), visit.language)})
    with visit.database.transaction() as connection:
        begun = second_factor.begin_using(
            connection, who.user_id, factor.sealed, step, codes, by=who.login, at=visit.now
        )
    return _page(visit, 200, codes=codes) if begun else visit.go(PATH)


def _write_down_anew(visit: Visit) -> Response:
    who, codes = visit.who, second_factor.new_codes()

    def do(connection: Connection) -> None:
        second_factor.write_down_anew(connection, who.user_id, codes, by=who.login, at=visit.now)

    return _proved(visit, do, codes)


def _remove(visit: Visit) -> Response:
    who = visit.who

    def do(connection: Connection) -> None:
        second_factor.remove(connection, who.user_id, by=who.login, at=visit.now)

    return _proved(visit, do, ())


def _proved(visit: Visit, do: Callable[[Connection], None], codes: Sequence[str]) -> Response:
    """Do it for whoever types their password: a screen that somebody left open is not enough."""
    said = proof.prove(visit)
    if said is not None:
        return _page(visit, 422, {proof.PASSWORD: said})
    with visit.database.transaction() as connection:
        do(connection)
    return _page(visit, 200, codes=codes)


def _page(visit: Visit, status: int, wrong: Mapping[str, str] | None = None, *, codes: Sequence[str] = ()) -> Response:
    who, factors = visit.who, visit.console.second_factors
    with visit.database.read() as connection:
        factor = second_factor.second_factor_of(connection, who.user_id)
    secret = None if factor is None or factor.is_used else factors.open(who.user_id, factor)
    address = None if secret is None else one_time.address_of(secret, who.login, visit.site.name)
    return visit.html(
        "access/second_factor.html",
        status=status,
        factor=factor,
        secret=secret,
        picture=None if address is None else one_time.picture_of(address),
        wrong=wrong or {},
        codes=codes,
        setting=visit.console.own.second_factor,
        asked=proof.is_asked(visit),
    )
