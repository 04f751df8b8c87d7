"""The demo's mail server, one child process: SMTP in front, a Maildir per account, IMAP behind.

`python -m services.demo.mail_server --dir DIR --accounts FILE.json --smtp-port N --imap-port N`
listens on loopback only (port 0: any free one), prints `{"smtp": port, "imap": port}` when both are ready, and with
`--certificate FILE --key FILE` also `smtps` and `imaps`: the same servers with TLS from the first byte on. It ends
with its parent, when the pipe that is its stdin closes, or on SIGTERM. FILE.json is a list of
`{"address": …, "password": …}`. A 250 means that the mail is on disk. What is for a domain without accounts is taken,
as relays do, and its sender gets a report that it could not be delivered.
"""

import argparse
import asyncio
import ctypes
import json
import logging
import os
import signal
import ssl
import stat
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from secrets import compare_digest

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.demo.bounce import HOST_NAME, write_report
from services.demo.imap_mailboxes import HOST, Account, start_imap

MAX_SIZE = 25 * 2**20  # bytes of one mail
PR_SET_PDEATHSIG = 1  # prctl(2)


class Submission:
    """What SMTP does with a mail: a recipient in a domain of ours is an account, or refused."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts
        self._domains = {_domain(address) for address in accounts}

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: LoginPassword
    ) -> AuthResult:
        """Whether login (the address) and password are those of an account; otherwise 535."""
        account = self._accounts.get(given.login.decode(errors="replace").lower())
        known = account is not None and compare_digest(account.password.encode(), given.password)
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(  # noqa: N802  aiosmtpd finds its hooks by these names
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only for who has logged in."""
        if not session.authenticated:
            return "530 5.7.0 log in first"
        envelope.mail_from = address
        return "250 2.1.0 sender ok"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Who is elsewhere is nobody, as the report will say."""
        if _domain(address) in self._domains and address.lower() not in self._accounts:
            return "550 5.1.1 no such account here"
        envelope.rcpt_tos.append(address.lower())
        return "250 2.1.5 recipient ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Adds nothing to the mail."""
        assert envelope.original_content is not None
        for address in envelope.rcpt_tos:
            if address in self._accounts:
                await self._accounts[address].deliver(envelope.original_content)
        await self._report(envelope.mail_from, envelope.original_content, envelope.rcpt_tos)
        return "250 2.0.0 delivered"

    async def _report(self, sender: str | None, mail: bytes, recipients: list[str]) -> None:
        lost = [address for address in recipients if address not in self._accounts]
        account = self._accounts.get((sender or "").lower())
        if lost and account is not None:  # never a report about a report (RFC 5321 §6.1)
            await account.deliver(write_report(mail, account.address, lost))


def _domain(address: str) -> str:
    return address.lower().rpartition("@")[2]


async def serve(
    accounts: Mapping[str, Account], base: Path, smtp_port: int, imap_port: int, tls: ssl.SSLContext | None
) -> None:
    """Runs the servers until SIGTERM or the end of stdin; prints the ports when they accept connections."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        loop.add_reader(0, _stop_at_end_of_input, stop)
    async with AsyncExitStack() as servers:
        submission = Submission(accounts)
        talk = partial(_smtp, submission, loop)
        started = {
            "smtp": await loop.create_server(talk, HOST, smtp_port),
            "imap": await start_imap(accounts, base, imap_port),
        }
        if tls is not None:
            started["smtps"] = await loop.create_server(talk, HOST, 0, ssl=tls)
            started["imaps"] = await start_imap(accounts, base, 0, tls)
        for server in started.values():
            await servers.enter_async_context(server)
        print(json.dumps({name: _port(server) for name, server in started.items()}), flush=True)
        await stop.wait()


def _smtp(submission: Submission, loop: asyncio.AbstractEventLoop) -> SMTP:
    return SMTP(
        submission,
        authenticator=submission.authenticate,
        auth_require_tls=False,  # loopback, or TLS around it
        data_size_limit=MAX_SIZE,
        hostname=HOST_NAME,
        ident="demo",
        loop=loop,
    )


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


def _die_with_parent() -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _accounts(file: Path, base: Path) -> dict[str, Account]:
    entries = json.loads(file.read_text(encoding="utf-8"))
    addresses = [(entry["address"].lower(), entry["password"]) for entry in entries]
    return {address: Account(address, password, base / address) for address, password in addresses}


def main(arguments: list[str]) -> int:
    """The command line; see the top of the file."""
    parser = argparse.ArgumentParser(prog="mail_server", description="The demo's mail server, on loopback.")
    parser.add_argument("--dir", type=Path, required=True, help="holds a Maildir per account")
    parser.add_argument("--accounts", type=Path, required=True, help="JSON: list of address and password")
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--imap-port", type=int, default=0)
    parser.add_argument("--certificate", type=Path, help="PEM; listen with TLS, too")
    parser.add_argument("--key", type=Path, help="PEM, of the certificate")
    options = parser.parse_args(arguments)
    _die_with_parent()
    logging.basicConfig(level=logging.ERROR)
    options.dir.mkdir(parents=True, exist_ok=True)
    for lock in (*options.dir.glob("*.lock"), *options.dir.glob("*/*.lock")):
        lock.unlink()  # of a predecessor that was killed; pymap would wait for it
    tempfile.tempdir = str(options.dir)  # pymap renames its files from there into the Maildirs
    accounts = _accounts(options.accounts, options.dir)
    tls = None
    if options.certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate, options.key)
    asyncio.run(serve(accounts, options.dir, options.smtp_port, options.imap_port, tls))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
