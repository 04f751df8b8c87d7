"""`mailbox test`: one mailbox step by step, each with the cure of what failed. It only reads; nothing is marked."""

from __future__ import annotations

import poplib
from collections.abc import Callable, Iterator
from typing import Any

from intergestan_db.problem import Act
from intergestan_msg.mail.letter import TRANSFER_HEADER
from intergestan_operations.finding import Finding
from intergestan_operations.mail_trial.failure import failure
from intergestan_operations.mail_trial.logins import (
    LoginRefused,
    days_left_imap,
    imap,
    log_in_imap,
    log_in_pop3,
    pop3,
    refusals,
    try_smtp,
)
from intergestan_runtime.said import Counted, Said

_LOOKED_AT = 100  # the newest mails whose headers are fetched over POP3
_SHOWN = 20  # folders

Known = Callable[[int], set[int]]
"""The UIDs that were collected already, by UIDVALIDITY."""


def try_out(account: Any, password_of: Callable[[], str | None], known: Known) -> Iterator[Finding]:
    """What each step finds; the first that fails is the last.

    :param account: a row of `mailbox`, or the like. :param password_of: its password or token.
    """
    steps = _imap_steps if account.protocol == "imap" else _pop3_steps
    subject = [Said("Connection")]
    try:
        yield from steps(account, password_of, known, subject)
    except Exception as error:
        if (finding := failure(subject[0], account, error)) is None:
            raise
        yield finding


def try_relay(account: Any, password_of: Callable[[], str | None]) -> Iterator[Finding]:
    """Whether a relay lets us in, as the sender logs in. No mail is sent.

    :param account: a row of `relay`, or the like. :param password_of: its password or token.
    """
    subject = Said("Login")
    try:
        days = try_smtp(account, password_of())
    except Exception as error:
        if (finding := failure(subject, account, error)) is None:
            raise
        yield finding
        return
    server = f"{account.host}:{account.port}"
    if days is None:
        yield Finding(subject, True, Said("{server}, the login works", server=server))
        return
    soon = Counted(
        "the login works, but the certificate of {server} ends in {days} day",
        "the login works, but the certificate of {server} ends in {days} days",
        days,
        server=server,
        days=days,
    )
    yield Finding(subject, False, soon, Said("Have it renewed."))


def _imap_steps(
    account: Any, password_of: Callable[[], str | None], known: Known, subject: list[Said]
) -> Iterator[Finding]:
    with imap(account) as client:
        yield _connected(account, client.socket())
        subject[0] = Said("Login")
        log_in_imap(client, account, password_of())
        yield _logged_in(account, days_left_imap(client))
        subject[0] = Said("Folders")
        with refusals():
            folders = [str(name) for _flags, _separator, name in client.list_folders()]
        yield (there := _folder(account.folder, folders))
        if not there.ok:
            return
        with refusals():
            answer = client.select_folder(account.folder, readonly=True)
        yield _idle(client)
        subject[0] = Said("Orders")
        with refusals():
            ours = set(client.search(["HEADER", TRANSFER_HEADER, ""]))
        waiting = len(ours - known(int(answer.get(b"UIDVALIDITY", 0))))
        yield _orders(int(answer[b"EXISTS"]), len(ours), waiting)


def _pop3_steps(
    account: Any, password_of: Callable[[], str | None], _known: Known, subject: list[Said]
) -> Iterator[Finding]:
    with pop3(account) as client:
        yield _connected(account, client.sock)
        subject[0] = Said("Login")
        log_in_pop3(client, account, password_of())
        yield _logged_in(account, None)
        subject[0] = Said("UIDL")
        yield _uidl(client)
        subject[0] = Said("Orders")
        with refusals():
            mails = client.stat()[0]
            numbers = range(max(1, mails - _LOOKED_AT + 1), mails + 1)
            ours = sum(_is_ours(client.top(number, 0)[1]) for number in numbers)
            client.quit()
        yield Finding(
            Said("Orders"),
            True,
            Counted(
                "{mails} mail, {ours} of the newest {looked} are from other sites",
                "{mails} mails, {ours} of the newest {looked} are from other sites",
                mails,
                mails=mails,
                ours=ours,
                looked=len(numbers),
            ),
        )


def _connected(account: Any, sock: Any) -> Finding:
    server, version = f"{account.host}:{account.port}", getattr(sock, "version", lambda: None)()
    if version is None:
        return Finding(Said("Connection"), True, Said("{server}, without TLS (this machine)", server=server))
    return Finding(
        Said("Connection"), True, Said("{server}, {tls}, the certificate is good", server=server, tls=version)
    )


def _logged_in(account: Any, days: int | None) -> Finding:
    text = Said("{login} may read its mails", login=account.login)
    if days is None:
        return Finding(Said("Login"), True, text)
    return Finding(
        Said("Login"),
        False,
        Counted(
            "the login works, but the certificate of {server} ends in {days} day",
            "the login works, but the certificate of {server} ends in {days} days",
            days,
            server=account.host,
            days=days,
        ),
        Said("Have it renewed."),
    )


def _folder(wanted: str, folders: list[str]) -> Finding:
    names = ", ".join(folders[:_SHOWN]) + (" …" if len(folders) > _SHOWN else "")
    if wanted in folders or wanted.upper() == "INBOX":
        return Finding(Said("Folders"), True, Said("{folder} is there; all: {names}", folder=wanted, names=names))
    text = Said("there is no folder {folder}; there are: {names}", folder=wanted, names=names)
    return Finding(Said("Folders"), False, text, Said("Choose one of them."), (Act.CHOOSE_FOLDER,))


def _idle(client: Any) -> Finding:
    """Whether the server tells of new mail by itself; without it the timer does."""
    without = Finding(Said("IDLE"), True, Said("the server does not tell of new mail; the timer asks for it"))
    if not client.has_capability("IDLE"):
        return without
    try:
        with refusals():
            client.idle()
            client.idle_done()
    except LoginRefused:
        return without
    return Finding(Said("IDLE"), True, Said("the server tells of new mail at once"))


def _uidl(client: poplib.POP3) -> Finding:
    try:
        client.uidl()
    except poplib.error_proto as error:
        text = Said("the server cannot tell mails apart: {error}", error=error)
        return Finding(
            Said("UIDL"),
            False,
            text,
            Said("Use IMAP: over POP3 each poll would fetch every mail again."),
            (Act.READ_BY_IMAP,),
        )
    return Finding(Said("UIDL"), True, Said("the server tells mails apart"))


def _orders(mails: int, ours: int, waiting: int) -> Finding:
    return Finding(
        Said("Orders"),
        True,
        Counted(
            "{mails} mail, {ours} from other sites, {waiting} of them not collected yet",
            "{mails} mails, {ours} from other sites, {waiting} of them not collected yet",
            mails,
            mails=mails,
            ours=ours,
            waiting=waiting,
        ),
    )


def _is_ours(headers: list[bytes]) -> bool:
    return any(line.lower().startswith(f"{TRANSFER_HEADER.lower()}:".encode()) for line in headers)
