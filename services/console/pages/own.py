"""A person's own page: language, zone, keys, password, where they are in."""

from __future__ import annotations

from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_erp.people.own import choose_own, end_session_of, end_sessions_of
from intergestan_erp.people.passwords import as_typed, check_password, known_hash, set_password
from intergestan_erp.people.sessions import list_sessions
from intergestan_erp.people.throttle import forget, of_login, try_now
from intergestan_erp.site.day import zone_of
from intergestan_operations.language.language import LANGUAGES
from intergestan_operations.language.wording import sentence
from intergestan_runtime import password_hash
from intergestan_runtime.said import Said, marked
from services.console.access.walls import own_path
from services.console.visit import Visit

WRONG = marked("This is not your present password. Nothing was changed.")


def show(visit: Visit) -> Response:
    """The page."""
    return _page(visit, 200, {})


def choose(visit: Visit) -> Response:
    """Keep language, zone and keys."""
    language, zone = visit.form.get("langue_choisie", ""), visit.form.get("fuseau", "").strip()
    try:
        if zone:
            zone_of(zone)
        with visit.database.transaction() as connection:
            choose_own(
                connection,
                visit.who.user_id,
                language=language or None,
                timezone=zone or None,
                shortcuts="raccourcis" in visit.form,
                by=visit.who.login,
                at=visit.now,
            )
    except Problem as problem:
        return _page(visit.with_kept(visit.form), 422, {"fuseau": sentence(problem, visit.language)})
    return visit.go("/moi", fait="profil")


def choose_language(visit: Visit) -> Response:
    """One of the two words in the head of every page."""
    who, language = visit.who, visit.form.get("langue_choisie", "")
    if language in LANGUAGES:
        with visit.database.transaction() as connection:
            choose_own(
                connection,
                who.user_id,
                language=language,
                timezone=who.timezone,
                shortcuts=who.shortcuts,
                by=who.login,
                at=visit.now,
            )
    return visit.go(own_path(visit.form.get("retour", "/")))


def change_password(visit: Visit) -> Response:
    """Another password, for whoever knows the present one; the other sessions end."""
    who = visit.who
    present, wanted = visit.form.get("mot_de_passe", ""), visit.form.get("mot_de_passe_nouveau", "")
    with visit.database.transaction() as connection:
        wait = try_now(connection, of_login(who.login), visit.now)
        kept = known_hash(connection, who.user_id)
    if wait is not None:
        said = Said("Too many tries. Wait until {time}, then try again.", time=visit.clock(wait))
        return _page(visit, 429, {"mot_de_passe": sentence(said, visit.language)})
    if kept is not None and not password_hash.is_password(kept, as_typed(present)):
        return _page(visit, 422, {"mot_de_passe": sentence(Said(WRONG), visit.language)})
    try:
        check_password(wanted, (who.login, who.name, who.email))
    except Problem as problem:
        return _page(visit, 422, {"mot_de_passe_nouveau": sentence(problem, visit.language)})
    hashed = password_hash.hash_of(as_typed(wanted))
    with visit.database.transaction() as connection:
        forget(connection, of_login(who.login))
        set_password(connection, who.user_id, hashed, by=who.login, at=visit.now, but=who.session)
    return visit.go("/moi", fait="mot-de-passe")


def end_others(visit: Visit) -> Response:
    """End all sessions of this person but this one."""
    who = visit.who
    with visit.database.transaction() as connection:
        end_sessions_of(connection, who.user_id, by=who.login, at=visit.now, but=who.session)
    return visit.go("/moi", fait="sessions")


def end_one(visit: Visit) -> Response:
    """End one session of this person; this one, too, which is to leave."""
    who, ref = visit.who, visit.form.get("seance", "")
    with visit.database.transaction() as connection:
        end_session_of(connection, who.user_id, ref, by=who.login, at=visit.now)
    return visit.go("/moi", fait="session")


DONE = {
    "profil": marked("Kept."),
    "mot-de-passe": marked("The password is changed; the other sessions have ended."),
    "sessions": marked("The other sessions have ended."),
    "session": marked("That session has ended."),
}


def _page(visit: Visit, status: int, wrong: dict[str, str]) -> Response:
    with visit.database.read() as connection:
        sessions = list_sessions(connection, visit.who.user_id)
        has_password = known_hash(connection, visit.who.user_id) is not None
    return visit.html(
        "own.html",
        status=status,
        sessions=sessions,
        has_password=has_password,
        wrong=wrong,
        done=DONE.get(visit.query.get("fait", "")),
    )
