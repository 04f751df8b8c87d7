"""*Serveur entrant* (G21, G22): a mailbox is found from its address, tried, entered or changed. No password comes back.

What speaks with mail servers does so outside any transaction, and a few requests at a time (`Page.calls_out`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.problem import Problem
from intergestan_exchange.listing.mailboxes import ListedMailbox, listed_mailbox
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox, per_folder, reading_port, try_again
from intergestan_exchange.mail_accounts.mailbox_changes import SEEN, move_mailbox
from intergestan_exchange.mail_accounts.mailbox_limits import change_mailbox
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.account_form import (
    SECURITIES,
    AccountForm,
    Outcome,
    needs_login,
    read_place,
    so_far,
)
from services.console.pages.fields import Number, read_number
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.discovery import Server, Settings

PROTOCOLS: Final = ("imap", "pop3")
_DAY: Final = 86_400
_MOST_OCTETS: Final = 10**15
_SWITCHES: Final = ("attend", "battements")
_HABITS: Final = ("poll_seconds", "idle", "keeps_heartbeats", "bytes_per_day")


def show(visit: Visit) -> Response:
    """The form, empty or with what is so; no password is in it."""
    try:
        form = _Form(visit)
    except Problem:
        return faults.page(visit, 404)
    return form.page(form.at_first(), Outcome())


def send(visit: Visit) -> Response:
    """One of its buttons: find the server, try the account, or store it after it was tried."""
    try:
        form = _Form(visit)
    except Problem:
        return faults.page(visit, 404)
    return form.send()


def _box(visit: Visit) -> ListedMailbox | None:
    name = visit.params.get("mailbox")
    if name is None:
        return None
    with visit.database.read() as connection:
        return listed_mailbox(connection, name, visit.now)


class _Form(AccountForm[NewMailbox]):
    """The mailbox of the address of the page, or a new one. :raises Problem: there is none of this name."""

    TEXTS = ("adresse", "serveur", "port", "identifiant", "dossiers", "secondes", "nom_boite", "certificat", "octets")
    LENGTHS: ClassVar[Mapping[str, int]] = {"nom_boite": 60, "serveur": 255, "identifiant": 254, "certificat": 1000}
    CHOICES: ClassVar[Mapping[str, Collection[str]]] = {"securite": SECURITIES, "protocole": PROTOCOLS}

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit)
        self.box = _box(visit)

    def page(self, values: Mapping[str, str], outcome: Outcome) -> Response:
        return outcome.page(self.visit, "accounts/mailbox.html", values, box=self.box)

    def at_first(self) -> dict[str, str]:
        values, box = super().at_first(), self.box
        values |= {"secondes": "60", "attend": "1", "battements": "", "dossiers": "INBOX"}
        if box is None:
            return values
        return {
            **values,
            **so_far(box),
            "protocole": box.protocol,
            "dossiers": box.folder,
            "secondes": str(box.poll_seconds),
            "attend": "1" if box.idle else "",
            "nom_boite": box.name,
            "octets": "" if box.bytes_per_day is None else str(box.bytes_per_day),
            "battements": "1" if box.keeps_heartbeats else "",
        }

    def typed(self) -> dict[str, str]:
        return super().typed() | {name: "1" if name in self.visit.form else "" for name in _SWITCHES}

    def server_of(self, found: Settings, values: Mapping[str, str]) -> Server:
        imap, pop3 = found.server("imap"), found.server("pop3")
        server = pop3 or imap if values["protocole"] == "pop3" else imap or pop3
        assert server is not None, "discovery finds one of both, or raises"
        return server

    def read(self, values: Mapping[str, str], wrong: dict[str, str], *, has_password: bool) -> NewMailbox:
        protocol, box = values["protocole"], self.box
        place = read_place(values, partial(reading_port, protocol), wrong)
        seconds = read_number(values["secondes"], Number(1, _DAY, 60), wrong, "secondes")
        octets = read_number(values["octets"], Number(0, _MOST_OCTETS, None), wrong, "octets")
        needs_login(values, wrong, lacks_password=box is None and not has_password)
        name = box.name if box is not None else values["nom_boite"] or values["adresse"].partition("@")[0]
        return NewMailbox(
            **place,
            name=name[:60],
            protocol=protocol,
            folder=(values["dossiers"] or "INBOX") if protocol == "imap" else "INBOX",
            poll_seconds=seconds or 60,
            idle=bool(values["attend"]),
            keeps_heartbeats=bool(values["battements"]),
            bytes_per_day=octets or None,
        )

    def findings(self, account: NewMailbox, password: str) -> Iterable[Finding]:
        from intergestan_operations.mail_trial.entering import collected_from
        from intergestan_operations.mail_trial.trial import try_out

        known = collected_from(self.visit.database, self.box.name) if self.box is not None else _nothing
        return try_out(account, lambda: password, known)

    def store(self, account: NewMailbox, password: str, *, untested: bool) -> Response:
        from intergestan_operations.mail_trial.attempt import try_login
        from intergestan_operations.mail_trial.entering import prepare_mailboxes, with_password

        visit, box = self.visit, self.box
        if box is None:
            typed = visit.form.get("dossiers", "").split(",")
            folders = [each.strip() for each in typed if each.strip()] or ["INBOX"]
            new = prepare_mailboxes(
                None, visit.database, per_folder(account, folders), password=password, untested=untested
            )
            return once(visit, lambda connection: _enter(connection, visit, new))
        if password:
            account = with_password(visit.database, account, password)
            if not untested:
                try_login(None, visit.database, account, password, is_relay=False)
        return once(visit, lambda connection: _change(connection, visit, box, account, password))


def _nothing(_uidvalidity: int) -> set[int]:
    return set()


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
