"""What is about people asks for the password again, unless it was given a moment ago: a browser is left open easily."""

from __future__ import annotations

from typing import Final

from intergestan_erp.people.passwords import as_typed, known_hash
from intergestan_erp.people.sessions import is_strong, note_proof
from intergestan_erp.people.throttle import forget, of_login, try_now
from intergestan_runtime import password_hash
from intergestan_runtime.said import Said, marked
from services.console.visit import Visit

PASSWORD: Final = "mot_de_passe"  # noqa: S105 - the name of a field
WRONG: Final = marked("This is not your password. Nothing was changed.")
NONE: Final = marked("You have no password yet: choose one on your own page, then do this. Nothing was changed.")
ASKED: Final = marked("Type your password once more. Nothing was changed.")


def is_asked(visit: Visit) -> bool:
    """Whether a form about people needs the field."""
    return not is_strong(visit.who, visit.now)


def prove(visit: Visit) -> str | None:
    """Take the password of the form, if it is asked for; None: they are who they say, else what is wrong."""
    if not is_asked(visit):
        return None
    who, typed = visit.who, visit.form.get(PASSWORD, "")
    if not typed:
        return visit.say(Said(ASKED))
    with visit.database.transaction() as connection:
        wait = try_now(connection, of_login(who.login), visit.now)
        kept = known_hash(connection, who.user_id)
    if wait is not None:
        return visit.say(Said("Too many tries. Wait until {time}, then try again.", time=visit.clock(wait)))
    if kept is None:
        return visit.say(Said(NONE))
    if not password_hash.is_password(kept, as_typed(typed)):
        return visit.say(Said(WRONG))
    with visit.database.transaction() as connection:
        forget(connection, of_login(who.login))
        note_proof(connection, who.session, visit.now)
    return None
