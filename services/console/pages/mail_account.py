"""The mail account of a new site: one address and one password, by which its mail comes and goes.

The servers are found from the address and shown; both logins are tried, then both are stored, or nothing is. Who has
one of them already is asked for the other alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Security
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_exchange.listing.first_steps import FirstSteps, read_first_steps
from intergestan_exchange.mail_accounts.accounts import (
    RELAY,
    SMTP_PORTS,
    Account,
    NewMailbox,
    NewRelay,
    add_mailbox,
    check_place,
    reading_port,
    set_relay,
)
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages import first_steps
from services.console.pages.account_form import (
    FIND,
    PASSWORD,
    UNTESTED,
    Outcome,
    chosen,
    filled,
    needs_login,
    read_place,
    too_long,
)
from services.console.pages.accounts import PROTOCOLS
from services.console.visit import Visit

PATH: Final = "/commencer/courrier"
IN, OUT = "entrant", "sortant"
_LENGTHS: Final[Mapping[str, int]] = {
    "adresse": 254,
    "identifiant": 254,
    "certificat": 1000,
    **{f"{way}_serveur": 255 for way in (IN, OUT)},
}
_FIELDS: Final = (*_LENGTHS, *(f"{way}_{part}" for way in (IN, OUT) for part in ("port", "securite")), "protocole")


@dataclass(frozen=True, slots=True)
class _Accounts:
    """What is to be entered; None of what is there already."""

    mailbox: NewMailbox | None
    relay: NewRelay | None


def show(visit: Visit) -> Response:
    """The form, with the address of the site."""
    with visit.database.read() as connection:
        steps, address = read_first_steps(connection), read_site(connection).orders_address
    if steps.mail:
        return visit.go(first_steps.PATH)
    first = {"adresse": address, f"{IN}_securite": Security.TLS, f"{OUT}_securite": Security.TLS, "protocole": "imap"}
    return _page(visit, steps, {**dict.fromkeys(_FIELDS, ""), **first, **visit.kept}, Outcome())


def send(visit: Visit) -> Response:
    """One of its buttons: find the servers, or store both accounts after both logins were tried."""
    with visit.database.read() as connection:
        steps = read_first_steps(connection)
    values, wanted = {name: visit.form.get(name, "").strip() for name in _FIELDS}, visit.form.get("faire", "")
    values["protocole"] = chosen(values["protocole"], PROTOCOLS)
    asked = [way for way, is_there in ((IN, steps.mailbox), (OUT, steps.relay)) if not is_there]
    if not asked:
        return visit.go(first_steps.PATH)
    if wanted == FIND or not all(values[f"{way}_serveur"] for way in asked):
        return _find(visit, steps, values, asked=wanted == FIND)
    password = visit.form.get(PASSWORD, "")
    accounts, wrong = _read(values, steps, has_password=bool(password))
    if wrong:
        return _page(visit, steps, values, Outcome(status=422, wrong=wrong))
    try:
        untested = wanted == UNTESTED
        accounts = _tried(visit, accounts, password, untested=untested)
        return once(visit, lambda connection: _enter(connection, visit, accounts, untested=untested))
    except _NoWay as no:
        wrong = {f"{no.way}_serveur": sentence(no.problem, visit.language)}
        return _page(visit, steps, values, Outcome(status=422, wrong=wrong))
    except Problem as problem:
        return _page(visit, steps, values, Outcome(status=faults.status_of(problem), problem=problem))


def _find(visit: Visit, steps: FirstSteps, values: dict[str, str], *, asked: bool) -> Response:
    from intergestan_exchange.mail_accounts.discovery import discover

    try:
        found = discover(values["adresse"], visit.console.network)
    except Problem as problem:
        wrong = {"adresse": sentence(problem, visit.language)}
        return _page(visit, steps, values, Outcome(status=422, wrong=wrong), is_open=True)
    incoming = found.server("imap") or found.server("pop3")
    for way, server in ((IN, incoming), (OUT, found.server("smtp"))):
        if server is not None:
            values |= filled(server, f"{way}_")
            values["identifiant"] = server.login if server.login != values["adresse"] else values["identifiant"]
    if incoming is not None:
        values["protocole"] = incoming.protocol
    return _page(visit, steps, values, Outcome(found=found, looks_first=not asked))


def _read(values: Mapping[str, str], steps: FirstSteps, *, has_password: bool) -> tuple[_Accounts, dict[str, str]]:
    """What is typed, or what is wrong with it, by field."""
    wrong = too_long(values, _LENGTHS)
    needs_login(values, wrong, lacks_password=not has_password)
    mailbox = relay = None
    protocol = values["protocole"]
    if not steps.mailbox:
        place = read_place(values, partial(reading_port, protocol), wrong, f"{IN}_")
        name = values["adresse"].partition("@")[0][:60] or "courrier"
        mailbox = NewMailbox(name=name, protocol=protocol, **place)
    if not steps.relay:
        relay = NewRelay(name=RELAY, **read_place(values, SMTP_PORTS.__getitem__, wrong, f"{OUT}_"))
    return _Accounts(mailbox, relay), wrong


class _NoWay(Exception):
    """A server does not let us in. `way`: which; `str()` says why."""

    def __init__(self, way: str, problem: Problem) -> None:
        super().__init__(str(problem))
        self.way = way
        self.problem = problem


def _tried(visit: Visit, accounts: _Accounts, password: str, *, untested: bool) -> _Accounts:
    """Both with their password sealed, after both logins were tried; nothing is stored.

    :raises _NoWay: a place that is none, or a login that fails.
    """
    from intergestan_operations.mail_trial.storing import sealed

    mailbox, relay = accounts.mailbox, accounts.relay
    if mailbox is not None:
        mailbox = replace(mailbox, sealed=sealed(visit.database, password, mailbox))
        _try(visit, IN, mailbox, password, untested=untested)
    if relay is not None:
        relay = replace(relay, sealed=sealed(visit.database, password, relay))
        _try(visit, OUT, relay, password, untested=untested)
    return _Accounts(mailbox, relay)


def _try(visit: Visit, way: str, account: Account, password: str, *, untested: bool) -> None:
    from intergestan_operations.mail_trial.attempt import try_login

    try:
        check_place(account)
        if not untested:
            try_login(None, visit.database, account, password, is_relay=way == OUT)
    except Problem as problem:
        raise _NoWay(way, problem) from problem


def _enter(connection: Connection, visit: Visit, accounts: _Accounts, *, untested: bool) -> Done:
    """Store them, unless somebody else was quicker.

    :raises Problem: there is one of them by now.
    """
    by, at = visit.who.login, visit.now
    steps = read_first_steps(connection)
    if (accounts.mailbox and steps.mailbox) or (accounts.relay and steps.relay):
        raise Problem(
            "Somebody else has entered the mail account meanwhile. Nothing was stored.", ProblemCode.CHANGED_MEANWHILE
        )
    if accounts.mailbox is not None:
        add_mailbox(connection, accounts.mailbox, by=by, at=at)
    if accounts.relay is not None:
        set_relay(connection, accounts.relay, by=by, at=at)
    if untested:
        return Done(to=first_steps.PATH, said=Said("It is stored, and was not tried."))
    return Done(to=first_steps.PATH, said=Said("It is stored: the servers let us in."))


def _page(
    visit: Visit, steps: FirstSteps, values: Mapping[str, str], outcome: Outcome, *, is_open: bool = False
) -> Response:
    return outcome.page(visit, "beginning/mail.html", values, steps=steps, is_open=is_open)
