"""Dovecot: the mailboxes of the tests (IMAP, POP3, LMTP, SASL), as root or as an ordinary user."""

import base64
import grp
import itertools
import os
import pwd
import secrets
import signal
import smtplib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from imapclient import IMAPClient
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.patience import PATIENCE
from tests.servers.certificates import Certificates
from tests.servers.process import ServerError, ServerProcess, find_program, free_port, greets, program_version

SUPPORTED = (2, 3)
_BOOT = 0.35  # seconds; a SIGTERM in the first 0.1 s wedges Dovecot's master for more than five


@dataclass(frozen=True)
class MailUser:
    """A mailbox: its address is its login name."""

    address: str
    password: str


class Dovecot(ServerProcess):
    """Ports: imap, imaps, pop3, pop3s, lmtp. The plain ones accept passwords and STARTTLS."""

    name: ClassVar[str] = "dovecot"
    death_signal: ClassVar[str] = "TERM"

    def __init__(self, certificates: Certificates) -> None:
        super().__init__()
        self.imap, self.imaps, self.pop3, self.pop3s, self.lmtp = (free_port() for _ in range(5))
        self.ca_file = certificates.ca_file
        self.certificate = certificates.good
        self._passwords: dict[str, str] = {}
        self._token_key = secrets.token_bytes(32)
        self._numbers = itertools.count(1)
        self._started = 0.0

    def new_user(self, name: str = "", domain: str = "site.test") -> MailUser:
        """A new empty mailbox; the address is invented unless `name` is given."""
        user = MailUser(f"{name or f'user{next(self._numbers)}'}@{domain}".lower(), secrets.token_hex(8))
        if user.address in self._passwords:
            raise ValueError(f"{user.address} exists already")
        # A file for each user: Dovecot looks for changes of a passwd-file once in a second only.
        (self.directory / "users" / user.address).write_text(f"{user.address}:{{PLAIN}}{user.password}\n")
        self._passwords[user.address] = user.password
        return user

    def accepts(self, address: str, password: str) -> bool:
        """Whether this is a user and their password."""
        return self._passwords.get(address.lower()) == password

    def token(self, address: str, lifetime: int = 300) -> str:
        """A bearer token for XOAUTH2 and OAUTHBEARER, good for `lifetime` seconds (negative: expired)."""
        now = int(time.time())
        claims = {"sub": address, "email": address, "iat": now - 600, "nbf": now - 600, "exp": now + lifetime}
        header = {"alg": "HS256", "typ": "JWT", "kid": "default"}
        return jwt.encode(header, claims, OctKey.import_key(self._token_key))

    def deliver(self, address: str, raw: bytes) -> None:
        """Hand over one mail by LMTP; raises smtplib.SMTPException when Dovecot refuses it."""
        with smtplib.LMTP(self.host, self.lmtp, local_hostname="localhost", timeout=PATIENCE) as connection:
            connection.sendmail("", [address], raw)

    def drop(self, address: str, raws: Iterable[bytes], folder: Literal["new", "cur"] = "new") -> None:
        """Many mails at once, in this order, as files into the Maildir: about 20 000 a second."""
        target = self._made_maildir(address) / folder
        stamp = time.time_ns()
        suffix = ":2," if folder == "cur" else ""
        for number, raw in enumerate(raws):
            path = f"{target}/{stamp // 10**9}.M{stamp % 10**9:09d}{number:08d}.test{suffix}"
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            os.write(file, raw)
            os.close(file)

    def expunge(self, address: str, uid: int) -> None:
        """Delete one mail of INBOX for good, from a connection of its own."""
        with self._imap(address) as connection:
            connection.select_folder("INBOX")
            connection.delete_messages([uid])
            connection.uid_expunge([uid])

    def bump_uidvalidity(self, address: str) -> int:
        """The mailbox is rebuilt: a new UIDVALIDITY, which is returned, and UIDs from 1 again."""
        before = self._uidvalidity(address)
        for file in self.maildir(address).glob("dovecot*"):
            if not file.name.startswith("dovecot-uidvalidity"):  # it remembers which values were used
                file.unlink()
        after = self._uidvalidity(address)
        if after == before:
            raise ServerError(f"UIDVALIDITY of {address} is still {before}")
        return after

    def maildir(self, address: str) -> Path:
        """Folder of the mailbox; it exists once a mail was delivered or somebody logged in."""
        return self.directory / "home" / address.lower() / "Maildir"

    @property
    def sasl_socket(self) -> Path:
        """Where Postfix asks whether a password is right."""
        return self.directory / "run/sasl"

    def _imap(self, address: str) -> IMAPClient:
        connection = IMAPClient(self.host, port=self.imap, ssl=False, timeout=PATIENCE)
        connection.login(address, self._passwords[address.lower()])
        return connection

    def _uidvalidity(self, address: str) -> int:
        with self._imap(address) as connection:
            return int(connection.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"])

    def _made_maildir(self, address: str) -> Path:
        maildir = self.maildir(address)
        if not (maildir / "cur").exists():
            with self._imap(address) as connection:  # Dovecot makes it, with the owner and mode it wants
                connection.select_folder("INBOX")
        return maildir

    def _prepare(self) -> None:
        self._check_version()
        uid, gid = _mail_owner()
        for folder in ("home", "run", "state", "users", "oauth/default/HS256"):
            (self.directory / folder).mkdir(parents=True)
        os.chown(self.directory / "home", uid, gid)
        (self.directory / "oauth/default/HS256/default").write_text(base64.b64encode(self._token_key).decode())
        (self.directory / "oauth2.conf").write_text(
            f"introspection_mode = local\nusername_attribute = email\n"
            f"local_validation_key_dict = fs:posix:prefix={self.directory}/oauth/\n"
        )
        (self.directory / "dovecot.conf").write_text(self._configuration(uid, gid))

    def _check_version(self) -> None:
        if (version := program_version(self._program()))[:2] != SUPPORTED:
            raise ServerError(
                f"Dovecot {'.'.join(map(str, version))} found; tests/servers/dovecot.conf is for 2.3, and the"
                " configuration of 2.4 differs. Cure: run the tests on Debian 12."
            )

    def _configuration(self, uid: int, gid: int) -> str:
        internal_user, internal_group, login_user = _service_accounts()
        return fill(
            "dovecot.conf",
            directory=self.directory,
            instance=self.directory.name,
            host=self.host,
            internal_user=internal_user,
            internal_group=internal_group,
            login_user=login_user,
            certificate_file=self.certificate.certificate_file,
            key_file=self.certificate.key_file,
            uid=uid,
            gid=gid,
            imap=self.imap,
            imaps=self.imaps,
            pop3=self.pop3,
            pop3s=self.pop3s,
            lmtp=self.lmtp,
        )

    def _program(self) -> Path:
        return find_program("dovecot", "dovecot-imapd dovecot-pop3d dovecot-lmtpd")

    def _command(self) -> list[str | Path]:
        self._started = time.monotonic()
        return [self._program(), "-F", "-c", self.directory / "dovecot.conf"]

    def _is_ready(self) -> bool:
        greetings = {self.imap: b"* OK", self.pop3: b"+OK", self.lmtp: b"220"}
        return all(greets(port, greeting) for port, greeting in greetings.items())

    def _end(self, how: signal.Signals) -> None:
        if how is signal.SIGTERM:
            time.sleep(max(0.0, self._started + _BOOT - time.monotonic()))
        super()._end(how)


def fill(template: str, **values: object) -> str:
    """A configuration file of this folder with every @name@ replaced."""
    text = (Path(__file__).parent / template).read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def _mail_owner() -> tuple[int, int]:
    """Who owns the mailboxes: nobody when we are root, else we ourselves."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _service_accounts() -> tuple[str, str, str]:
    """Dovecot's internal user and group, and its login user."""
    if os.getuid() == 0:
        return "dovecot", "dovecot", "dovenull"
    me = pwd.getpwuid(os.getuid()).pw_name
    return me, grp.getgrgid(os.getgid()).gr_name, me
