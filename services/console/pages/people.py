"""*Utilisateurs*: who may enter, what each may do, the link by which somebody enters, sessions that end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right, Role
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.identity import case_doubts
from intergestan_erp.listing.page import slice_page
from intergestan_erp.people.identities import identities_of, list_waiting
from intergestan_erp.people.invitations import VALID, in_groups
from intergestan_erp.people.invitations import invite as invite_person
from intergestan_erp.people.own import end_sessions_of
from intergestan_erp.people.rights import OF_ROLE, Person, change_rights, lock_people, read_people
from intergestan_erp.people.sessions import list_sessions
from intergestan_erp.site.setup import ListedUser, add_user, change_user, list_users, use_user
from intergestan_operations.language.settings_words import RIGHTS, ROLES
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access import proof
from services.console.acting import Done, once
from services.console.pages.changed_by_others import SEEN, Other, digest_of, refuse_if_changed
from services.console.pages.filters import paging_of
from services.console.visit import Visit

PATH: Final = "/reglages/utilisateurs"
NEW: Final = "/reglages/nouvel-utilisateur"
ROLE: Final = "role."
RIGHT: Final = "droit."
"""Before a role and a right, as the names of their boxes."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person with their card."""

    user: ListedUser
    person: Person

    @property
    def values(self) -> dict[str, Any]:
        """What the form has of them."""
        return {
            "nom": self.user.name,
            "adresse": self.user.email,
            "roles": sorted(self.person.roles),
            "droits": sorted(self.person.named),
            "actif": self.user.active,
        }


def show_list(visit: Visit) -> Response:
    """Everybody, by login."""
    paging = paging_of(visit, PATH, ())
    with visit.database.read() as connection:
        everybody, waiting = _everybody(connection), len(list_waiting(connection))
    page = slice_page(everybody, lambda each: (each.user.login,), size=paging.size, after=paging.after)
    return visit.html("settings/people.html", page=page, paging=paging, roles=ROLES, rights=RIGHTS, waiting=waiting)


def ask_new(visit: Visit) -> Response:
    """The form of a new person."""
    return _new_page(visit, {})


def add(visit: Visit) -> Response:
    """Enter a person with the roles that are ticked."""
    wrong = _proved(visit)
    if wrong:
        return _new_page(visit, wrong)
    login = visit.form.get("identifiant", "").strip()
    name, email = _text(visit, "nom"), _text(visit, "adresse")
    roles = _ticked(visit, ROLE, tuple(Role))

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        doubts = case_doubts([each.login for each in list_users(connection)], [login])
        add_user(connection, login, name or login, email, by=by, at=at)
        change_rights(connection, login, roles=roles, by=by, at=at)
        said = Said("{login} is entered. Make them a link: by it they enter once and choose a password.", login=login)
        if doubts:
            said = Said("{first} {second}", first=said, second=sentence(doubts[0], visit.language))
        return Done(to=path_of(login), said=said)

    try:
        return once(visit, do, again=True)
    except Problem as problem:
        return _new_page(visit, _placed(problem, visit), problem)


def show_one(visit: Visit) -> Response:
    """A person: card, roles, rights, where they are in."""
    return _page(visit, {})


def change(visit: Visit) -> Response:
    """Store the card, the roles and the rights as the form says."""
    wrong = _proved(visit)
    if wrong:
        return _page(visit, wrong)
    login = visit.params["login"]
    name, email = _text(visit, "nom"), _text(visit, "adresse")
    roles, rights = _ticked(visit, ROLE, tuple(Role)), _ticked(visit, RIGHT, tuple(Right))

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        lock_people(connection)
        known = _need(connection, login)
        refuse_if_changed(visit, known.values)
        before, now = {"name": known.user.name, "email": known.user.email}, {"name": name, "email": email}
        changed = {field: value for field, value in now.items() if value != before[field]}
        if changed:
            change_user(connection, known.user.login, changed, by=by, at=at)
        named = known.person.named
        grant, revoke = set(rights) - named, named - set(rights)
        change_rights(connection, known.user.login, roles=roles, grant=grant, revoke=revoke, by=by, at=at)
        return Done(to=path_of(known.user.login), said=Said("{name} is stored as you said.", name=name))

    return _carried_out(visit, do)


def ask_to_deactivate(visit: Visit) -> Response:
    """What it means that somebody goes."""
    with visit.database.read() as connection:
        known = _find(connection, visit.params["login"])
    if known is None:
        return faults.page(visit, 404)
    return visit.html("settings/deactivate.html", known=known, asked=proof.is_asked(visit), wrong={}, said=None)


def deactivate(visit: Visit) -> Response:
    """Take somebody out of use: their sessions end."""
    return _use(visit, marked("{name} is out of use; their sessions have ended."), active=False)


def activate(visit: Visit) -> Response:
    """Take somebody into use again."""
    return _use(visit, marked("{name} is in use again."), active=True)


def end_all_sessions(visit: Visit) -> Response:
    """End all sessions of a person; of oneself all but this one."""
    wrong = _proved(visit)
    if wrong:
        return _page(visit, wrong)

    def do(connection: Connection) -> Done:
        known = _need(connection, visit.params["login"])
        end_sessions_of(connection, known.user.id, by=visit.who.login, at=visit.now, but=visit.who.session)
        return Done(to=path_of(known.user.login), said=Said("The sessions of {name} have ended.", name=known.user.name))

    return _carried_out(visit, do)


def invite(visit: Visit) -> Response:
    """A link by which the person enters once; it is shown here and nowhere else, and a newer one ends it."""
    wrong = _proved(visit)
    if wrong:
        return _page(visit, wrong)
    try:
        with visit.database.transaction() as connection:
            known = _need(connection, visit.params["login"])
            secret = invite_person(connection, known.user.login, by=visit.who.login, at=visit.now)
    except Problem as problem:
        return _page(visit, {}, problem)
    base = visit.console.own.public_url or f"{visit.request.url.scheme}://{visit.request.headers['host']}/"
    hours = int(VALID.total_seconds() // 3600)
    where = f"{base.rstrip('/')}/invitation"
    return visit.html(
        "settings/link.html", known=known, where=where, secret=secret, code=in_groups(secret), hours=hours
    )


def path_of(login: str) -> str:
    """The page of a person."""
    return f"{PATH}/{quote(login, safe='')}"


def _use(visit: Visit, text: str, *, active: bool) -> Response:
    wrong = _proved(visit)
    if wrong:
        return _page(visit, wrong)

    def do(connection: Connection) -> Done:
        known = _need(connection, visit.params["login"])
        use_user(connection, known.user.login, active=active, by=visit.who.login, at=visit.now)
        return Done(to=path_of(known.user.login), said=Said(text, name=known.user.name))

    return _carried_out(visit, do)


def _carried_out(visit: Visit, do: Callable[[Connection], Done]) -> Response:
    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, _placed(problem, visit), problem)


def _proved(visit: Visit) -> dict[str, str]:
    """What is wrong with the password that is asked for again, by its field; nothing: all is well."""
    said = proof.prove(visit)
    return {} if said is None else {proof.PASSWORD: said}


def _text(visit: Visit, name: str) -> str:
    return visit.form.get(name, "").strip()


def _ticked(visit: Visit, before: str, words: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(word for word in words if f"{before}{word}" in visit.form)


_PLACES: Final[Mapping[ProblemCode, str]] = {
    ProblemCode.BAD_ADDRESS: "adresse",
    ProblemCode.NAME_NEEDED: "nom",
    ProblemCode.CODE_TAKEN: "identifiant",
}


def _placed(problem: Problem, visit: Visit) -> dict[str, str]:
    """A problem at the field that it is about."""
    field = _PLACES.get(problem.code)
    return {} if field is None else {field: sentence(problem, visit.language)}


def _everybody(connection: Connection) -> list[Known]:
    people = {person.id: person for person in read_people(connection)}
    return [Known(user, people[user.id]) for user in list_users(connection)]


def _find(connection: Connection, login: str) -> Known | None:
    return next((each for each in _everybody(connection) if each.user.login == login), None)


def _need(connection: Connection, login: str) -> Known:
    found = _find(connection, login)
    if found is None:
        raise Problem("There is no user «{login}».", ProblemCode.NO_USER, login=login)
    return found


def _new_page(visit: Visit, wrong: Mapping[str, str], problem: Problem | None = None) -> Response:
    is_first = not visit.form and not visit.kept
    filled = visit.with_kept(visit.form or visit.kept)
    return filled.html(
        "settings/new_person.html",
        status=200 if not wrong and problem is None else 422 if problem is None else faults.status_of(problem),
        roles=ROLES,
        is_ticked=lambda role: f"{ROLE}{role}" in filled.kept or (is_first and role == Role.CLERK),
        typed=filled.typed,
        wrong=wrong,
        said=None if problem is None or wrong else sentence(problem, visit.language),
        asked=proof.is_asked(visit),
    )


def _page(visit: Visit, wrong: Mapping[str, str], problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        known = _find(connection, visit.params["login"])
        if known is None:
            return faults.page(visit, 404)
        sessions = list_sessions(connection, known.user.id)
        identities = identities_of(connection, known.user.id)
    filled = visit.with_kept(visit.form if SEEN in visit.form else visit.kept)
    was_typed = SEEN in filled.kept
    ticked = set(filled.kept) if was_typed else _boxes(known.person)
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    return filled.html(
        "settings/person.html",
        status=200 if not wrong and problem is None else 422 if problem is None else faults.status_of(problem),
        known=known,
        seen=digest_of(known.values) if clash or not was_typed else filled.kept[SEEN],
        others=_others(known, filled, ticked) if clash else [],
        roles=ROLES,
        rights=RIGHTS,
        by_role={right: [role for role in known.person.roles if right in OF_ROLE[role]] for right in Right},
        ticked=ticked,
        typed=filled.typed,
        sessions=sessions,
        identities=identities,
        wrong=wrong,
        said=None if problem is None or wrong else sentence(problem, visit.language),
        asked=proof.is_asked(visit),
        is_self=known.user.id == visit.who.user_id,
    )


def _boxes(person: Person) -> set[str]:
    return {*(f"{ROLE}{role}" for role in person.roles), *(f"{RIGHT}{right}" for right in person.named)}


def _others(known: Known, filled: Visit, ticked: set[str]) -> list[Other]:
    """Where what is stored now differs from what was typed. The names of fields are messages of the catalogue."""
    stored = _boxes(known.person)
    told = [
        Other(marked("Name"), known.user.name, filled.typed("nom")),
        Other(marked("E-mail"), known.user.email, filled.typed("adresse")),
    ]
    said = {
        each: translated(words, filled.language) for words_of in (ROLES, RIGHTS) for each, words in words_of.items()
    }
    for title, before in ((marked("Roles"), ROLE), (marked("Rights"), RIGHT)):
        now, typed = (
            ", ".join(said[name.removeprefix(before)] for name in sorted(names) if name.startswith(before))
            for names in (stored, ticked)
        )
        told.append(Other(title, now, typed))
    return [each for each in told if each.now != each.typed]
