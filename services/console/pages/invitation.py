"""The page of a link by which a person enters once and chooses a password. Opening it uses nothing up."""

from __future__ import annotations

from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_erp.people.invitations import invited, take_invitation
from intergestan_erp.people.passwords import as_typed, check_password, set_password
from intergestan_operations.language.wording import sentence
from intergestan_runtime import password_hash
from intergestan_runtime.said import Said, marked
from services.console.access import cookies
from services.console.access.let_in import let_in
from services.console.access.tries import begin
from services.console.pages import entering_code
from services.console.visit import Visit

_OVER = marked("This link was used before, or is too old. Ask an administrator for another one.")


def show(visit: Visit) -> Response:
    """The form; a script puts the code of the link into it, or it is typed."""
    return _form(visit, 200, None)


def take(visit: Visit) -> Response:
    """Let its person in, with a password if they chose one."""
    code, password = visit.form.get("code", ""), visit.form.get("mot_de_passe_nouveau", "")
    with visit.database.read() as connection:
        who = invited(connection, code, visit.now)
    if who is None:
        return _form(visit, 422, sentence(Said(_OVER), visit.language))
    try:
        if password:
            check_password(password, (who.login, who.name, who.email))
    except Problem as problem:
        return _form(visit, 422, sentence(problem, visit.language))
    hashed = password_hash.hash_of(as_typed(password)) if password else None
    with visit.database.transaction() as connection:
        user_id = take_invitation(connection, code, visit.now)
        if user_id is None:  # somebody was quicker
            return _form(visit, 422, sentence(Said(_OVER), visit.language))
        if hashed is not None:
            set_password(connection, user_id, hashed, by=who.login, at=visit.now)
        asks = entering_code.is_asked(connection, visit, user_id)
        secret = "" if asks else begin(connection, visit, user_id, who.login)
    if asks:
        return entering_code.ask(visit, user_id, who.login, "/", {}, lasting=False)
    return let_in(visit, who.login, secret, "/", {})


def _form(visit: Visit, status: int, said: str | None) -> Response:
    response = visit.html("access/invitation.html", status=status, said=said, code=visit.form.get("code", ""))
    cookies.keep_entering(visit.request, response, visit.entering)
    return response
