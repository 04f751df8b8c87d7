"""*Serveur entrant* (G21, G22): a mailbox is found from its address, tried, entered or changed. No password comes back.

A server is shown to the person before a password travels there. What speaks with mail servers does so outside any
transaction, and a few requests at a time (`Page.calls_out`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Security
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.mailboxes import ListedMailbox, listed_mailbox
from intergestan_exchange.mail_accounts.accounts import (
    NewMailbox,
    add_mailbox,
    check_place,
    per_folder,
    reading_port,
    try_again,
)
from intergestan_exchange.mail_accounts.mailbox_changes import SEEN, move_mailbox
from intergestan_exchange.mail_accounts.mailbox_limits import change_mailbox
from intergestan_operations.finding import Finding
from intergestan_operations.language.wording import sentence, wording
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Settings

SECURITIES: Final[Mapping[str, str]] = {
    Security.TLS: "SSL/TLS",
    Security.STARTTLS: "STARTTLS",
    Security.NONE: marked("none (this machine)"),
}
PROTOCOLS: Final = ("imap", "pop3")
FIND, TRY, UNTESTED = "chercher", "essayer", "sans-essai"
PASSWORD: Final = "mot_de_passe_boite"  # noqa: S105 - the name of a field
_DAY: Final = 86_400
_MOST_OCTETS: Final = 10**15
_TEXTS: Final = (
    "adresse",
    "serveur",
    "port",
    "identifiant",
    "dossiers",
    "secondes",
    "nom_boite",
    "certificat",
    "octets",
)
_SWITCHES: Final = ("attend", "battements")
_LENGTHS: Final[Mapping[str, int]] = {"nom_boite": 60, "serveur": 255, "identifiant": 254, "certificat": 1000}


def show(visit: Visit) -> Response:
    """The form, empty or with what is so; no password is in it."""
    try:
        box = _box(visit)
    except Problem:
        return faults.page(visit, 404)
    return _page(visit, 200, box, _first_values(box))


def send(visit: Visit) -> Response:
    """One of its buttons: find the server, try the account, or store it after it was tried."""
    try:
        box = _box(visit)
    except Problem:
        return faults.page(visit, 404)
    values, wanted = _values_of(visit), visit.form.get("faire", "")
    if wanted == FIND or not values["serveur"]:
        return _find(visit, box, values, asked=wanted == FIND)
    account, wrong = _account_of(values, box, has_password=bool(visit.form.get(PASSWORD)))
    if account is None:
        return _page(visit, 422, box, values, wrong=wrong)
    password = visit.form.get(PASSWORD, "")
    if wanted == TRY:
        return _try(visit, box, values, account, password)
    try:
        return _store(visit, box, account, values, password, untested=wanted == UNTESTED)
    except Problem as problem:
        if problem.code is ProblemCode.PASSWORD_NEEDED:
            return _page(visit, 422, box, values, wrong={PASSWORD: sentence(problem, visit.language)})
        return _page(visit, faults.status_of(problem), box, values, problem=problem)


def _box(visit: Visit) -> ListedMailbox | None:
    name = visit.params.get("mailbox")
    if name is None:
        return None
    with visit.database.read() as connection:
        return listed_mailbox(connection, name, visit.now)


def _find(visit: Visit, box: ListedMailbox | None, values: dict[str, str], *, asked: bool) -> Response:
    """Fill in the server of the address; whoever wanted to store or to try looks at it first."""
    from intergestan_exchange.mail_accounts.discovery import discover

    try:
        found = discover(values["adresse"], visit.console.network)
    except Problem as problem:
        return _page(visit, 422, box, values, wrong={"adresse": sentence(problem, visit.language)})
    imap, pop3 = found.server("imap"), found.server("pop3")
    server = pop3 or imap if values["protocole"] == "pop3" else imap or pop3
    assert server is not None, "discovery finds one of both, or raises"
    values |= {
        "serveur": server.host,
        "port": str(server.port),
        "securite": server.security,
        "protocole": server.protocol,
        "identifiant": server.login,
    }
    return _page(visit, 200, box, values, found=found, looks_first=not asked)


def _try(
    visit: Visit, box: ListedMailbox | None, values: dict[str, str], account: NewMailbox, password: str
) -> Response:
    """Step by step, as far as it goes; nothing is stored."""
    from intergestan_operations.mail_trial.entering import collected_from
    from intergestan_operations.mail_trial.trial import try_out

    if not password:
        text = sentence(Said("Type the password: it is not read from where it is stored."), visit.language)
        return _page(visit, 422, box, values, wrong={PASSWORD: text})
    try:
        check_place(account)
    except Problem as problem:
        return _page(visit, 422, box, values, problem=problem)
    known = collected_from(visit.database, box.name) if box is not None else _nothing
    findings = list(try_out(account, lambda: password, known))
    return _page(visit, 200, box, values, findings=findings)


def _nothing(_uidvalidity: int) -> set[int]:
    return set()


def _store(
    visit: Visit,
    box: ListedMailbox | None,
    account: NewMailbox,
    values: Mapping[str, str],
    password: str,
    *,
    untested: bool,
) -> Response:
    from intergestan_operations.mail_trial.attempt import try_login
    from intergestan_operations.mail_trial.entering import prepare_mailboxes, with_password

    if box is None:
        folders = [each.strip() for each in values["dossiers"].split(",") if each.strip()] or ["INBOX"]
        new = prepare_mailboxes(
            None, visit.database, per_folder(account, folders), password=password, untested=untested
        )
        return once(visit, lambda connection: _enter(connection, visit, new))
    if password:
        account = with_password(visit.database, account, password)
        if not untested:
            try_login(None, visit.database, account, password, is_relay=False)
    return once(visit, lambda connection: _change(connection, visit, box, account, password))


def _enter(connection: Connection, visit: Visit, new: list[NewMailbox]) -> Done:
    for mailbox in new:
        add_mailbox(connection, mailbox, by=visit.who.login, at=visit.now)
    names = ", ".join(mailbox.name for mailbox in new)
    return Done(to="/relever", said=Said("{names}: collected from, from now on.", names=names))


def _change(connection: Connection, visit: Visit, box: ListedMailbox, account: NewMailbox, password: str) -> Done:
    from intergestan_operations.mail_trial.entering import change_password

    by, at = visit.who.login, visit.now
    moved = any(getattr(account, name) != getattr(box, name) for name in SEEN)
    is_password = bool(password) and not moved and box.oauth_grant_id is None
    if is_password:
        change_password(connection, box.name, password, by=by, at=at)  # which lets all its folders be tried again
    elif moved or password:
        move_mailbox(connection, box.name, account, keeps_password=not password, by=by, at=at)
    changed = {name: getattr(account, name) for name in _HABITS if getattr(account, name) != getattr(box, name)}
    if changed:
        change_mailbox(connection, box.name, changed, by=by, at=at)
    if not is_password:
        try_again(connection, [box.name], by=by, at=at)
    return Done(to="/relever", said=Said("{name} is changed.", name=box.name))


_HABITS: Final = ("poll_seconds", "idle", "keeps_heartbeats", "bytes_per_day")


def _first_values(box: ListedMailbox | None) -> dict[str, str]:
    """What stands in the form before anything is typed."""
    values = dict.fromkeys((*_TEXTS, *_SWITCHES), "")
    values |= {"securite": Security.TLS, "protocole": "imap", "secondes": "60", "attend": "1", "dossiers": "INBOX"}
    if box is None:
        return values
    return values | {
        "adresse": box.login if box.login and "@" in box.login else "",
        "serveur": box.host,
        "port": str(box.port),
        "securite": box.security,
        "protocole": box.protocol,
        "identifiant": box.login or "",
        "dossiers": box.folder,
        "secondes": str(box.poll_seconds),
        "attend": "1" if box.idle else "",
        "nom_boite": box.name,
        "certificat": box.ca_file or "",
        "octets": "" if box.bytes_per_day is None else str(box.bytes_per_day),
        "battements": "1" if box.keeps_heartbeats else "",
    }


def _values_of(visit: Visit) -> dict[str, str]:
    """What was typed, but for the password; of what was not sent, what it is at first."""
    form = visit.form
    values = {name: form.get(name, "").strip() for name in _TEXTS}
    values |= {name: "1" if name in form else "" for name in _SWITCHES}
    values["securite"] = form["securite"] if form.get("securite") in SECURITIES else Security.TLS
    values["protocole"] = form["protocole"] if form.get("protocole") in PROTOCOLS else "imap"
    return values


@dataclass(frozen=True, slots=True)
class Number:
    """A field that holds a whole number. `empty`: what it means where nothing is typed."""

    least: int
    most: int
    empty: int | None


def _account_of(
    values: Mapping[str, str], box: ListedMailbox | None, *, has_password: bool
) -> tuple[NewMailbox | None, dict[str, str]]:
    """The account that is typed; None where something is none of it, by the field's name."""
    wrong: dict[str, str] = {}
    security = Security(values["securite"])
    numbers = {
        "port": Number(1, 65_535, reading_port(values["protocole"], security)),
        "secondes": Number(1, _DAY, 60),
        "octets": Number(0, _MOST_OCTETS, None),
    }
    read = {name: read_number(values[name], number, wrong, name) for name, number in numbers.items()}
    login = values["identifiant"] or values["adresse"]
    name = box.name if box is not None else values["nom_boite"] or values["adresse"].partition("@")[0]
    if not login:
        wrong["adresse"] = NEEDED
    if box is None and not has_password:
        wrong[PASSWORD] = NEEDED
    for field, most in _LENGTHS.items():
        if len(values[field]) > most:
            wrong[field] = TOO_LONG
    if wrong:
        return None, wrong
    account = NewMailbox(
        name=name[:60],
        host=values["serveur"],
        port=read["port"] or 0,
        security=security,
        ca_file=values["certificat"] or None,
        login=login,
        protocol=values["protocole"],
        folder=(values["dossiers"] or "INBOX") if values["protocole"] == "imap" else "INBOX",
        poll_seconds=read["secondes"] or 60,
        idle=bool(values["attend"]),
        keeps_heartbeats=bool(values["battements"]),
        bytes_per_day=read["octets"] or None,
    )
    return account, {}


NEEDED: Final = marked("This is needed.")
TOO_LONG: Final = marked("This is too long.")
NO_NUMBER: Final = marked("Write a whole number that is possible here.")


def read_number(text: str, number: Number, wrong: dict[str, str], name: str) -> int | None:
    """A number that was typed; what is wrong with it stands in `wrong` then."""
    if not text:
        return number.empty
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
    if not number.least <= value <= number.most:
        wrong[name] = NO_NUMBER
    return value


def _page(
    visit: Visit,
    status: int,
    box: ListedMailbox | None,
    values: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    found: Settings | None = None,
    looks_first: bool = False,
    findings: list[Finding] | None = None,
) -> Response:
    return visit.html(
        "accounts/mailbox.html",
        status=status,
        box=box,
        values=values,
        wrong=wrong or {},
        problem=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        found=found,
        doubtful=found is not None and found.must_be_confirmed(values["adresse"]),
        looks_first=looks_first,
        findings=None if findings is None else [told(each, visit.language) for each in findings],
        securities=SECURITIES,
        password_field=PASSWORD,
    )


def told(finding: Finding, language: str) -> dict[str, Any]:
    """What a step of a trial found, in words."""
    text = finding.text
    return {
        "subject": sentence(finding.subject, language),
        "ok": finding.ok,
        "text": wording(text, language) if isinstance(text, Exception) else sentence(text, language),
        "cure": None if finding.cure is None else sentence(finding.cure, language),
    }
