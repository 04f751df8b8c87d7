"""*Serveur sortant*: the server that takes our mails, what it said last; tried again, entered, changed. No password
comes back.

The stored password is tried by the sender alone, which may read it: with the mails that wait. One that is typed is
tried here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right, Security
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.accounts import ListedRelay, read_listed_relay
from intergestan_exchange.mail_accounts.accounts import (
    RELAY,
    SMTP_PORTS,
    NewRelay,
    change_relay,
    check_place,
    resume_relay,
    set_relay,
)
from intergestan_msg.diagnosis import told as words
from intergestan_operations.finding import Finding
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.accounts import (
    FIND,
    NEEDED,
    PASSWORD,
    SECURITIES,
    TOO_LONG,
    TRY,
    UNTESTED,
    Number,
    read_number,
    told,
)
from services.console.pages.operating import RELAY as PATH
from services.console.pages.operating import parts_of
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Settings

FROM: Final[Mapping[str, str]] = {
    "user": marked("the person who sends"),
    "site": marked("the site, with the person to reply to"),
}
"""`relay.from_mode` in words."""
BOUNCES: Final[Mapping[str, str]] = {
    "fixed": marked("one address"),
    "plus": marked("an address with a mark of each mail"),
}
"""`relay.bounce_mode` in words."""
_TEXTS: Final = ("adresse", "serveur", "port", "identifiant", "certificat", "rebonds", "par_minute", "par_jour")
_LENGTHS: Final[Mapping[str, int]] = {"serveur": 253, "identifiant": 254, "certificat": 1000, "rebonds": 254}


def show(visit: Visit) -> Response:
    """What there is, and how it does."""
    return _shown(visit, 200)


def try_again(visit: Visit) -> Response:
    """The sender tries it now, with the mails that wait."""

    def do(connection: Connection) -> Done:
        mails = resume_relay(connection, by=visit.who.login, at=visit.now)
        said = Said("The sender tries it now; this page tells what the server says.")
        return Done(to=PATH, said=said, bells=Bells(send=mails))

    try:
        return once(visit, do)
    except Problem as problem:
        return _shown(visit, faults.status_of(problem), problem)


def _shown(visit: Visit, status: int, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        it = read_listed_relay(connection)
    rests = it is not None and it.paused_until is not None and it.paused_until > visit.now
    return visit.html(
        "operations/relay.html",
        status=status,
        parts=parts_of(visit, PATH),
        it=it,
        rests=rests,
        error=None if it is None or it.last_error is None else words(it.last_error, visit.language),
        froms=FROM,
        bounces=BOUNCES,
        securities=SECURITIES,
        operates=may(Right.OPERATE, visit.person),
        sets_accounts=may(Right.SET_ACCOUNTS, visit.person),
        problem=None if problem is None else sentence(problem, visit.language),
        again=3000 if it is not None and it.waiting else 15000,
    )


def show_form(visit: Visit) -> Response:
    """The form, empty or with what is so; no password is in it."""
    it = _read(visit)
    return _form(visit, 200, it, _first_values(it))


def send(visit: Visit) -> Response:
    """One of its buttons: find the server, try the account, or store it after it was tried."""
    it, values, wanted = _read(visit), _values_of(visit), visit.form.get("faire", "")
    if wanted == FIND or not values["serveur"]:
        return _find(visit, it, values, asked=wanted == FIND)
    password = visit.form.get(PASSWORD, "")
    relay, wrong = _relay_of(values, it, has_password=bool(password))
    if relay is None:
        return _form(visit, 422, it, values, wrong=wrong)
    if wanted == TRY:
        return _try(visit, it, values, relay, password)
    try:
        return _store(visit, it, relay, password, untested=wanted == UNTESTED)
    except Problem as problem:
        if problem.code is ProblemCode.PASSWORD_NEEDED:
            return _form(visit, 422, it, values, wrong={PASSWORD: sentence(problem, visit.language)})
        if problem.code is ProblemCode.BAD_ADDRESS:
            return _form(visit, 422, it, values, wrong={"rebonds": sentence(problem, visit.language)})
        return _form(visit, faults.status_of(problem), it, values, problem=problem)


def _read(visit: Visit) -> ListedRelay | None:
    with visit.database.read() as connection:
        return read_listed_relay(connection)


def _find(visit: Visit, it: ListedRelay | None, values: dict[str, str], *, asked: bool) -> Response:
    """Fill in the server of the address; whoever wanted to store or to try looks at it first."""
    from intergestan_exchange.mail_accounts.discovery import discover

    try:
        found = discover(values["adresse"], visit.console.network)
    except Problem as problem:
        return _form(visit, 422, it, values, wrong={"adresse": sentence(problem, visit.language)})
    server = found.server("smtp")
    if server is None:
        text = Said("{address} has no server for {protocol}.", address=values["adresse"], protocol="SMTP")
        return _form(visit, 422, it, values, wrong={"adresse": sentence(text, visit.language)})
    values |= {
        "serveur": server.host,
        "port": str(server.port),
        "securite": server.security,
        "identifiant": server.login,
    }
    return _form(visit, 200, it, values, found=found, looks_first=not asked)


def _try(visit: Visit, it: ListedRelay | None, values: dict[str, str], relay: NewRelay, password: str) -> Response:
    """The login, as the sender does it. No mail is sent, nothing is stored."""
    from intergestan_operations.mail_trial.trial import try_relay

    if relay.login and not password:
        text = sentence(Said("Type the password: it is not read from where it is stored."), visit.language)
        return _form(visit, 422, it, values, wrong={PASSWORD: text})
    try:
        check_place(relay)
    except Problem as problem:
        return _form(visit, 422, it, values, problem=problem)
    return _form(visit, 200, it, values, findings=list(try_relay(relay, lambda: password or None)))


def _store(visit: Visit, it: ListedRelay | None, relay: NewRelay, password: str, *, untested: bool) -> Response:
    from intergestan_operations.mail_trial.attempt import try_login
    from intergestan_operations.mail_trial.storing import sealed

    keeps = it is not None and not password and (relay.login is not None or it.login is None)
    seen = visit.form.get("vu", "")
    if not keeps:
        if password:
            relay = replace(relay, sealed=sealed(visit.database, password, relay))
        if not untested:
            try_login(None, visit.database, relay, password or None, is_relay=True)

    def do(connection: Connection) -> Done:
        by, at = visit.who.login, visit.now
        if seen != fingerprint(read_listed_relay(connection)):
            raise Problem(
                "Somebody else changed the outgoing server meanwhile; nothing was stored. What is there now stands "
                "here; what you typed is still here.",
                ProblemCode.CHANGED_MEANWHILE,
            )
        if keeps:
            change_relay(connection, relay, by=by, at=at)
        else:
            set_relay(connection, relay, by=by, at=at)
        return Done(to=PATH, said=Said("Mails go out through {host} from now on.", host=relay.host))

    return once(visit, do)


def fingerprint(it: ListedRelay | None) -> str:
    """What a form was filled from, to see whether somebody else changed it meanwhile."""
    if it is None:
        return ""
    account = (it.host, it.port, it.security, it.ca_file, it.login, it.consented)
    habits = (it.from_mode, it.bounce_mode, it.bounce_address, it.mails_per_minute, it.mails_per_day)
    return hashlib.sha256(repr((*account, *habits)).encode()).hexdigest()


def _first_values(it: ListedRelay | None) -> dict[str, str]:
    """What stands in the form before anything is typed."""
    values = dict.fromkeys(_TEXTS, "")
    values |= {"securite": Security.TLS, "de": "user", "retour_par": "fixed"}
    if it is None:
        return values
    return values | {
        "adresse": it.login if it.login and "@" in it.login else "",
        "serveur": it.host,
        "port": str(it.port),
        "securite": it.security,
        "identifiant": it.login or "",
        "certificat": it.ca_file or "",
        "de": it.from_mode,
        "retour_par": it.bounce_mode,
        "rebonds": it.bounce_address or "",
        "par_minute": _figure(it.mails_per_minute),
        "par_jour": _figure(it.mails_per_day),
    }


def _figure(value: int | None) -> str:
    return "" if value is None else str(value)


def _values_of(visit: Visit) -> dict[str, str]:
    """What was typed, but for the password; of what was not sent, what it is at first."""
    form = visit.form
    values = {name: form.get(name, "").strip() for name in _TEXTS}
    values["securite"] = form["securite"] if form.get("securite") in SECURITIES else Security.TLS
    values["de"] = form["de"] if form.get("de") in FROM else "user"
    values["retour_par"] = form["retour_par"] if form.get("retour_par") in BOUNCES else "fixed"
    return values


def _relay_of(
    values: Mapping[str, str], it: ListedRelay | None, *, has_password: bool
) -> tuple[NewRelay | None, dict[str, str]]:
    """The relay that is typed; None where something is none of it, by the field's name."""
    wrong: dict[str, str] = {}
    security = Security(values["securite"])
    numbers = {
        "port": Number(1, 65_535, SMTP_PORTS[security]),
        "par_minute": Number(1, 100_000, None),
        "par_jour": Number(0, 10_000_000, None),
    }
    read = {name: read_number(values[name], number, wrong, name) for name, number in numbers.items()}
    login = values["identifiant"] or values["adresse"] or None
    if it is None and login is not None and not has_password:
        wrong[PASSWORD] = NEEDED
    if has_password and login is None:
        wrong["identifiant"] = NEEDED
    for field, most in _LENGTHS.items():
        if len(values[field]) > most:
            wrong[field] = TOO_LONG
    if wrong:
        return None, wrong
    relay = NewRelay(
        name=RELAY,
        host=values["serveur"],
        port=read["port"] or 0,
        security=security,
        ca_file=values["certificat"] or None,
        login=login,
        from_mode=values["de"],
        bounce_mode=values["retour_par"],
        bounce_address=values["rebonds"] or None,
        mails_per_minute=read["par_minute"],
        mails_per_day=read["par_jour"],
    )
    return relay, {}


def _form(
    visit: Visit,
    status: int,
    it: ListedRelay | None,
    values: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    found: Settings | None = None,
    looks_first: bool = False,
    findings: list[Finding] | None = None,
) -> Response:
    changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    return visit.html(
        "accounts/relay.html",
        status=status,
        it=it,
        values=values,
        seen=fingerprint(it) if changed or visit.request.method == "GET" else visit.form.get("vu", ""),
        theirs=_first_values(it) if changed else None,
        wrong=wrong or {},
        problem=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        found=found,
        doubtful=found is not None and found.must_be_confirmed(values["adresse"]),
        looks_first=looks_first,
        findings=None if findings is None else [told(each, visit.language) for each in findings],
        securities=SECURITIES,
        froms=FROM,
        bounces=BOUNCES,
        password_field=PASSWORD,
    )
