"""The mail providers that French companies use, with their servers, as Thunderbird knows them in 2026. One table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from intergestan_db.enums import Security

Login = Literal["address", "local"]
"""What the login is: the whole address, or what stands before the @."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailProvider:
    """One provider.

    :ivar domains: of the addresses that it gives to people.
    :ivar exchangers: how the names of its mail exchangers (MX) end, for the domains that it hosts.
    :ivar imap, pop3, smtp: the servers; TLS from the start, at the usual port, unless `smtp_security` says otherwise.
    :ivar oauth: a row of `oauth_providers.PROVIDERS` that it takes tokens of.
    :ivar takes_password: False where only tokens open the mailbox.
    :ivar app_password: whether the password must be one made for programs.
    :ivar imap_bytes_per_day, pop3_bytes_per_day: octets that an account may fetch in a day, where that is known.
    :ivar connections: IMAP connections that an account may have at a time, where that is known.
    :ivar mails_per_day: mails that an account of a domain it hosts may send in a day, where that is known;
        `mails_per_day_private`: that one of its own `domains` may.
    """

    name: str
    domains: tuple[str, ...] = ()
    exchangers: tuple[str, ...] = ()
    imap: str
    pop3: str
    smtp: str
    smtp_security: Security = Security.TLS
    login: Login = "address"
    oauth: str | None = None
    takes_password: bool = True
    app_password: bool = False
    imap_bytes_per_day: int | None = None
    pop3_bytes_per_day: int | None = None
    connections: int | None = None
    mails_per_day: int | None = None
    mails_per_day_private: int | None = None


MAIL_PROVIDERS: tuple[MailProvider, ...] = (
    MailProvider(
        name="OVH",
        domains=("ovh.net", "ovh.fr"),
        exchangers=("mail.ovh.net",),
        imap="ssl0.ovh.net",
        pop3="ssl0.ovh.net",
        smtp="ssl0.ovh.net",
    ),
    MailProvider(
        name="Orange",
        domains=("orange.fr", "wanadoo.fr"),
        exchangers=("orange.fr",),
        imap="imap.orange.fr",
        pop3="pop.orange.fr",
        smtp="smtp.orange.fr",
    ),
    MailProvider(
        name="Free",
        domains=("free.fr",),
        exchangers=("free.fr",),
        imap="imap.free.fr",
        pop3="pop.free.fr",
        smtp="smtp.free.fr",
        login="local",
    ),
    MailProvider(
        name="SFR",
        domains=("sfr.fr", "neuf.fr", "club-internet.fr", "cegetel.net", "9online.fr"),
        exchangers=("sfr.fr",),
        imap="imap.sfr.fr",
        pop3="pop.sfr.fr",
        smtp="smtp.sfr.fr",
    ),
    MailProvider(
        name="Gandi",
        domains=("gandi.net",),
        exchangers=("mail.gandi.net",),
        imap="mail.gandi.net",
        pop3="mail.gandi.net",
        smtp="mail.gandi.net",
    ),
    MailProvider(
        name="IONOS",
        domains=("ionos.fr",),
        exchangers=("ionos.fr", "ionos.com", "1and1.fr"),
        imap="imap.ionos.fr",
        pop3="pop.ionos.fr",
        smtp="smtp.ionos.fr",
    ),
    MailProvider(
        name="La Poste",
        domains=("laposte.net",),
        exchangers=("laposte.net",),
        imap="imap.laposte.net",
        pop3="pop.laposte.net",
        smtp="smtp.laposte.net",
        login="local",
    ),
    MailProvider(
        name="Google",
        domains=("gmail.com", "googlemail.com"),
        exchangers=("google.com", "googlemail.com"),
        imap="imap.gmail.com",
        pop3="pop.gmail.com",
        smtp="smtp.gmail.com",
        oauth="google",
        app_password=True,
        imap_bytes_per_day=2_500_000_000,
        pop3_bytes_per_day=1_250_000_000,
        connections=15,
        mails_per_day=2000,
        mails_per_day_private=500,
    ),
    MailProvider(
        name="Microsoft 365",
        domains=("outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.com", "live.fr", "msn.com"),
        exchangers=("mail.protection.outlook.com", "mx.microsoft"),
        imap="outlook.office365.com",
        pop3="outlook.office365.com",
        smtp="smtp.office365.com",
        smtp_security=Security.STARTTLS,
        oauth="microsoft",
        takes_password=False,
        mails_per_day=10_000,
        mails_per_day_private=300,
    ),
    MailProvider(
        name="Yahoo",
        domains=("yahoo.com", "yahoo.fr", "ymail.com", "rocketmail.com"),
        exchangers=("yahoodns.net",),
        imap="imap.mail.yahoo.com",
        pop3="pop.mail.yahoo.com",
        smtp="smtp.mail.yahoo.com",
        app_password=True,
        mails_per_day=500,
        mails_per_day_private=500,
    ),
)


def by_domain(domain: str) -> MailProvider | None:
    """Who gives out addresses of this domain."""
    return next((one for one in MAIL_PROVIDERS if domain.lower() in one.domains), None)


def by_exchanger(host: str) -> MailProvider | None:
    """Whose mail exchanger this is."""
    name = f".{host.lower().rstrip('.')}"
    return next((one for one in MAIL_PROVIDERS if any(name.endswith(f".{end}") for end in one.exchangers)), None)


def by_server(host: str) -> MailProvider | None:
    """Whose IMAP or POP3 server this is."""
    return next((one for one in MAIL_PROVIDERS if host.lower() in {one.imap, one.pop3}), None)


def by_relay(host: str) -> MailProvider | None:
    """Whose SMTP server this is."""
    return next((one for one in MAIL_PROVIDERS if host.lower().rstrip(".") == one.smtp), None)


def bytes_per_day_at(host: str, protocol: str) -> int | None:
    """Octets that an account of this server may fetch in a day by `imap` or `pop3`; None: we know of no limit."""
    provider = by_server(host)
    if provider is None:
        return None
    return provider.imap_bytes_per_day if protocol == "imap" else provider.pop3_bytes_per_day
