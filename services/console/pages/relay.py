"""*Serveur sortant*: the server that takes our mails, what it said last; tried again, entered, changed. No password
comes back.

The stored password is tried by the sender alone, which may read it: with the mails that wait. One that is typed is
tried here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.accounts import ListedRelay, read_listed_relay
from intergestan_exchange.mail_accounts.accounts import (
    RELAY,
    SMTP_PORTS,
    NewRelay,
    change_relay,
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
from services.console.pages.account_form import (
    PASSWORD,
    SECURITIES,
    AccountForm,
    Outcome,
    login_of,
    read_place,
    so_far,
)
from services.console.pages.fields import NEEDED, Number, read_number
from services.console.pages.operating import RELAY as PATH
from services.console.pages.operating import parts_of
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Server, Settings

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
    form = _Form(visit)
    return form.page(form.at_first(), Outcome())


def send(visit: Visit) -> Response:
    """One of its buttons: find the server, try the account, or store it after it was tried."""
    return _Form(visit).send()


def _read(visit: Visit) -> ListedRelay | None:
    with visit.database.read() as connection:
        return read_listed_relay(connection)


class _Form(AccountForm[NewRelay]):
    """The relay as it is, or a new one."""

    TEXTS = ("adresse", "serveur", "port", "identifiant", "certificat", "rebonds", "par_minute", "par_jour")
    LENGTHS: ClassVar[Mapping[str, int]] = {"serveur": 253, "identifiant": 254, "certificat": 1000, "rebonds": 254}
    CHOICES: ClassVar[Mapping[str, Collection[str]]] = {"securite": SECURITIES, "de": FROM, "retour_par": BOUNCES}
    FIELDS: ClassVar[Mapping[ProblemCode, str]] = {**AccountForm.FIELDS, ProblemCode.BAD_ADDRESS: "rebonds"}

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self.it = _read(visit)

    def page(self, values: Mapping[str, str], outcome: Outcome) -> Response:
        visit, it, problem = self.visit, self.it, outcome.problem
        changed = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
        return outcome.page(
            *(visit, "accounts/relay.html", values),
            it=it,
            seen=fingerprint(it) if changed or visit.request.method == "GET" else visit.form.get("vu", ""),
            theirs=self.at_first() if changed else None,
            froms=FROM,
            bounces=BOUNCES,
        )

    def at_first(self) -> dict[str, str]:
        values, it = super().at_first(), self.it
        if it is None:
            return values
        return {
            **values,
            **so_far(it),
            "de": it.from_mode,
            "retour_par": it.bounce_mode,
            "rebonds": it.bounce_address or "",
            "par_minute": _figure(it.mails_per_minute),
            "par_jour": _figure(it.mails_per_day),
        }

    def server_of(self, found: Settings, values: Mapping[str, str]) -> Server:
        server = found.server("smtp")
        if server is None:
            raise Problem(
                "{address} has no server for {protocol}.",
                ProblemCode.NO_SERVER,
                address=values["adresse"],
                protocol="SMTP",
            )
        return server

    def read(self, values: Mapping[str, str], wrong: dict[str, str], *, has_password: bool) -> NewRelay:
        place = read_place(values, SMTP_PORTS.__getitem__, wrong)
        a_minute = read_number(values["par_minute"], Number(1, 100_000, None), wrong, "par_minute")
        a_day = read_number(values["par_jour"], Number(0, 10_000_000, None), wrong, "par_jour")
        if self.it is None and login_of(values) and not has_password:
            wrong[PASSWORD] = NEEDED
        if has_password and not login_of(values):
            wrong["identifiant"] = NEEDED
        return NewRelay(
            **place,
            name=RELAY,
            from_mode=values["de"],
            bounce_mode=values["retour_par"],
            bounce_address=values["rebonds"] or None,
            mails_per_minute=a_minute,
            mails_per_day=a_day,
        )

    def findings(self, account: NewRelay, password: str) -> Iterable[Finding]:
        from intergestan_operations.mail_trial.trial import try_relay

        return try_relay(account, lambda: password or None)

    def store(self, account: NewRelay, password: str, *, untested: bool) -> Response:
        from intergestan_operations.mail_trial.attempt import try_login
        from intergestan_operations.mail_trial.storing import sealed

        visit, it, relay = self.visit, self.it, account
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


def _figure(value: int | None) -> str:
    return "" if value is None else str(value)
