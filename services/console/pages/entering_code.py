"""The code that is asked for after a password.

Between the two the browser has a proof that the password was right: sealed, for some minutes, and worth nothing in
another browser. What was typed into a page whose session has ended goes along, as it does with the password.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_erp.people import second_factor
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from intergestan_runtime.secrets import SecretError
from services.console import faults
from services.console.access import cookies
from services.console.access.let_in import let_in
from services.console.access.second_factor import NO_KEY
from services.console.access.tries import begin_counted, count_try, tell_failed, too_many
from services.console.access.walls import own_path
from services.console.visit import Visit

WRONG: Final = marked(
    "This code does not count: another one does by now, it was used already, or the telephone's clock is wrong."
)
_LASTS: Final = timedelta(minutes=10)
_OVER: Final = marked("That took too long. Log in once more.")


def is_asked(connection: Connection, visit: Visit, user_id: int) -> bool:
    """Whether this person types a code, too."""
    factor = second_factor.second_factor_of(connection, user_id)
    return visit.console.own.second_factor != "off" and factor is not None and factor.is_used


def ask(visit: Visit, user_id: int, login: str, retour: str, typed: Mapping[str, str], *, lasting: bool) -> Response:
    """The form for whoever proved their password.

    :param typed: what was typed into another page.
    """
    sealer = visit.console.second_factors.sealer
    if sealer is None:
        return faults.login_form(visit, status=503, retour=retour, login=login, said=Said(NO_KEY), kept=typed)
    proof = {"user": user_id, "login": login, "until": (visit.now + _LASTS).timestamp()}
    sealed = sealer.seal(json.dumps(proof).encode(), about=_about(visit))
    return _form(visit, 200, sealed, retour, typed, lasting=lasting)


def take(visit: Visit) -> Response:
    """A code, and its person is in."""
    sealed, retour = visit.form.get("preuve", ""), own_path(visit.form.get("retour", "/"))
    kept, lasting = faults.kept_before(visit.form), "rester" in visit.form
    proof = _proof(visit, sealed)
    if proof is None:
        return faults.login_form(visit, status=401, retour=retour, said=Said(_OVER), kept=kept)
    login, user_id = str(proof["login"]), int(proof["user"])
    wait = count_try(visit, login)
    if wait is not None:
        said = Said("Too many tries. Wait until {time}, then try again.", time=visit.clock(wait))
        return too_many(_form(visit, 429, sealed, retour, kept, lasting=lasting, said=said), visit, wait)
    with visit.database.transaction() as connection:
        secret = None
        if _counts(connection, visit, user_id, login):
            secret = begin_counted(connection, visit, user_id, login, typed=login)
        else:
            tell_failed(connection, visit, login, user_id)
    if secret is None:
        return _form(visit, 401, sealed, retour, kept, lasting=lasting, said=Said(WRONG))
    return let_in(visit, login, secret, retour, kept, lasting=lasting)


def _counts(connection: Connection, visit: Visit, user_id: int, login: str) -> bool:
    """Whether what was typed is the code of now, or one that was written down; neither counts again."""
    typed, factor = visit.form.get("code", "")[:60], second_factor.second_factor_of(connection, user_id)
    if factor is None or not factor.is_used:  # removed meanwhile: the password was enough
        return True
    step = visit.console.second_factors.step_of(user_id, factor, typed, visit.now)
    if step is not None:
        return second_factor.use_step(connection, user_id, step)
    return second_factor.use_written_code(connection, user_id, typed, by=login, at=visit.now)


def _about(visit: Visit) -> str:
    return f"password in {visit.entering}"


def _proof(visit: Visit, sealed: str) -> Mapping[str, Any] | None:
    """What the browser proves; None: another browser's, altered, or too old."""
    sealer = visit.console.second_factors.sealer
    if sealer is None:
        return None
    try:
        proof: dict[str, Any] = json.loads(sealer.open(sealed, about=_about(visit)))
    except SecretError:
        return None
    return proof if visit.now.timestamp() < proof["until"] else None


def _form(
    visit: Visit,
    status: int,
    sealed: str,
    retour: str,
    typed: Mapping[str, str],
    *,
    lasting: bool,
    said: Said | None = None,
) -> Response:
    response = visit.html(
        "access/code.html",
        status=status,
        block=faults.DIALOGUE if visit.is_partial and faults.DIALOGUE in visit.form else None,
        proof=sealed,
        retour=retour,
        kept={f"{faults.KEPT}{name}": value for name, value in typed.items()},
        lasting=lasting,
        said=None if said is None else sentence(said, visit.language),
    )
    cookies.keep_entering(visit.request, response, visit.entering)
    return response
