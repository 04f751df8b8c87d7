"""The guided start's second step: the mail account. What logs in, in and out, is stored, as `mailbox add` does it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from intergestan_db.enums import Security
from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _
from intergestan_runtime.said import Said, marked
from services.cli.asking import asked, confirmed
from services.cli.context import Call
from services.cli.guide.answers import ask
from services.cli.mail_accounts.accounts import absolute, read_password
from services.cli.output import say
from services.cli.shown import sentence, wording

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.accounts import NewMailbox, NewRelay
    from intergestan_exchange.mail_accounts.discovery import Protocol, Settings

Entered = TypeVar("Entered", "NewMailbox", "NewRelay")

_USUAL: Mapping[str, Mapping[int, Security]] = {
    "imap": {993: Security.TLS, 143: Security.STARTTLS},
    "pop3": {995: Security.TLS, 110: Security.STARTTLS},
    "smtp": {465: Security.TLS, 587: Security.STARTTLS},
}
"""By protocol: the ports that say by themselves how they are secured; the first is the usual one."""

_WHAT: Mapping[str, str] = {
    "imap": marked("Server for incoming mail (IMAP), such as {example} or {example}:{port}"),
    "pop3": marked("Server for incoming mail (POP3), such as {example} or {example}:{port}"),
    "smtp": marked("Server for outgoing mail (SMTP), such as {example} or {example}:{port}"),
}


@dataclass(frozen=True)
class MailServer:
    """A server, as a person names it."""

    host: str
    port: int
    security: Security

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class _Try:
    """What is tried at a server. Without a password the login is asked for, too.

    :ivar login: the one to use, or to propose; empty where nobody knows one.
    :ivar ca_file: whom to trust; None: whom the machine trusts.
    """

    protocol: Protocol
    place: MailServer
    login: str
    password: str | None
    ca_file: str | None

    @property
    def account(self) -> dict[str, Any]:
        """As the fields of an `Account`."""
        place = {"host": self.place.host, "port": self.place.port, "security": self.place.security}
        return place | {"login": self.login, "ca_file": self.ca_file}


def set_up_account(call: Call) -> bool:
    """Enter what is missing of mailbox and relay; whether both are there now."""
    from intergestan_db.site_rows import read_relay, read_site
    from intergestan_exchange.mail_accounts.accounts import list_mailboxes

    with call.database.read() as connection:
        address = read_site(connection).orders_address
        has_mailbox, has_relay = bool(list_mailboxes(connection)), read_relay(connection) is not None
    if has_mailbox and has_relay:
        return True
    say("")
    say(_("The mail account {address}: its servers are needed, and its password.").format(address=address))
    found = _find(address)
    if found is not None and not found.takes_password:
        _explain_tokens(found, address)
        return False
    known = None
    if not has_mailbox:
        known = _enter_mailbox(call, address, found)
    if not has_relay:
        _enter_relay(call, address, found, known)
    return True


def _find(address: str) -> Settings | None:
    """The servers of an address: by our table, else from the network if the person lets us ask; None: nobody knows."""
    from intergestan_exchange.mail_accounts.discovery import discover, well_known
    from intergestan_operations.mail_trial.network import Network

    found = well_known(address)
    if found is None:
        domain = address.rpartition("@")[2]
        question = _(
            "Its provider is not in our table. Shall the servers be asked for at {domain}, at "
            "autoconfig.thunderbird.net and in DNS? Only «{domain}» leaves this machine."
        )
        if not confirmed(question.format(domain=domain)):
            return None
        try:
            found = discover(address, Network().ask())
        except Problem:
            say(_("Nobody says which servers {address} has: your mail provider tells them.").format(address=address))
            return None
    for server in filter(None, (found.server(_incoming(found)), found.server("smtp"))):
        text = _("Found for {address} ({source}): {protocol} at {host}:{port}, {security}, login {login}.")
        values = {name: getattr(server, name) for name in ("host", "port", "security", "login")}
        say(text.format(address=address, source=found.source, protocol=server.protocol.upper(), **values))
    if found.must_be_confirmed(address) and not confirmed(
        _("This was found in DNS only, which can be forged. Is it right?")
    ):
        return None
    return found


def _incoming(found: Settings | None) -> Protocol:
    """How mail is read: by POP3 only where that is all there is."""
    return "pop3" if found is not None and found.server("imap") is None else "imap"


def _explain_tokens(found: Settings, address: str) -> None:
    text = _(
        "{source} takes no passwords: it wants your consent for a program that you register there. With the client "
        "id that it gives: `intergestan mailbox add {address} --oauth {oauth} --client-id …`, then `intergestan relay "
        "set --login {address} --oauth {oauth} --client-id …`. After that, `intergestan setup` goes on here."
    )
    say(text.format(source=found.source, address=address, oauth=found.oauth or "generic"))


def _enter_mailbox(call: Call, address: str, found: Settings | None) -> _Try:
    """What logged in there."""
    from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox

    protocol = _incoming(found)
    name = address.partition("@")[0][:60]
    mailbox, tried = _until_it_logs_in(
        call,
        _begin(call, protocol, address, found, None),
        lambda tried: NewMailbox(name=name, protocol=protocol, **tried.account),
    )
    with call.database.transaction() as connection:
        add_mailbox(connection, mailbox, by=call.actor(connection), at=call.database.now())
    say(_("Incoming mail: {host} lets us in. Stored, the password sealed.").format(host=mailbox.host))
    return tried


def _enter_relay(call: Call, address: str, found: Settings | None, known: _Try | None) -> None:
    from intergestan_exchange.mail_accounts.accounts import RELAY, NewRelay, set_relay

    relay, _tried = _until_it_logs_in(
        call, _begin(call, "smtp", address, found, known), lambda tried: NewRelay(name=RELAY, **tried.account)
    )
    with call.database.transaction() as connection:
        set_relay(connection, relay, by=call.actor(connection), at=call.database.now())
    say(_("Outgoing mail: {host} lets us in. Stored, the password sealed.").format(host=relay.host))


def _begin(call: Call, protocol: Protocol, address: str, found: Settings | None, known: _Try | None) -> _Try:
    """What to try first: at the server that was found, or else is asked for, what logs in at the other one."""
    server = None if found is None else found.server(protocol)
    if server is not None:
        place = MailServer(server.host, server.port, server.security)
    else:
        place = _ask_place(protocol, f"{protocol}.{address.rpartition('@')[2]}", None)
    known = known or _of_what_there_is(call)
    if known is None:
        return _Try(protocol, place, server.login if server else address, None, None)
    password = known.password if server is not None or is_akin(known.place.host, place.host) else None
    return _Try(protocol, place, known.login, password, known.ca_file if known.place.host == place.host else None)


def is_akin(one: str, other: str) -> bool:
    """Whether two servers seem to be one provider's, so that the password of one may be tried at the other."""
    if one == other:
        return True
    domain = one.partition(".")[2]
    return "." in domain and not domain[-1].isdigit() and domain == other.partition(".")[2]


def _of_what_there_is(call: Call) -> _Try | None:
    """What logs in at the account that is there already, if there is one whose password we may open."""
    from intergestan_operations.checks.account_checks import mailboxes_of, relays_of
    from intergestan_operations.mail_trial.failure import secret_of
    from intergestan_runtime.secrets import SecretError

    for account in (*mailboxes_of(call.database), *relays_of(call.database)):
        if account.login is not None and account.oauth_grant_id is None:
            try:
                password = secret_of(call.site, call.database, account)
            except SecretError:
                continue
            place = MailServer(account.host, account.port, account.security)
            return _Try("imap", place, account.login, password, account.ca_file)
    return None


def _ask_place(protocol: Protocol, example: str, before: MailServer | None) -> MailServer:
    """:param before: what was tried, which Enter tries again."""

    def read(text: str) -> MailServer:
        return read_place(text, protocol, before)

    usual = next(iter(_USUAL[protocol]))
    question = _(_WHAT[protocol]).format(example=example, port=usual)
    return ask(question, read, default=str(before) if before else None)


def read_place(text: str, protocol: Protocol, before: MailServer | None = None) -> MailServer:
    """`host`, `host:port` or `[::1]:port`; how an unusual port is secured is asked.

    :param before: what was tried; its security is proposed where it is tried again.
    :raises Problem: what cannot be a server.
    """
    written = re.fullmatch(r"(?:[a-z0-9]+://)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/@]+))(?::([0-9]{1,5}))?/?", text)
    if written is None:
        raise Problem(
            "«{text}» is no server: write its name, or its name and port as in imap.firm.fr:993.",
            ProblemCode.NO_SERVER,
            text=text,
        )
    usual = _USUAL[protocol]
    host, port = written[1] or written[2], int(written[3] or next(iter(usual)))
    if not 0 < port < 65536:
        raise Problem("{port} is not a port: it lies between 1 and 65535.", ProblemCode.NO_VALUE, port=port)
    if port in usual and not (before and (before.host, before.port) == (host, port)):
        return MailServer(host, port, usual[port])
    question = _("Encryption at port {port}: tls, starttls, or none (on this machine only)").format(port=port)
    proposed = before.security if before else Security.TLS
    return MailServer(host, port, ask(question, _security, default=proposed.value))


def _security(text: str) -> Security:
    try:
        return Security(text.lower())
    except ValueError:
        raise Problem("Write tls, starttls or none.", ProblemCode.NO_VALUE) from None


def _until_it_logs_in(call: Call, first: _Try, build: Callable[[_Try], Entered]) -> tuple[Entered, _Try]:
    """The account that logs in, and how it does. Whatever fails is said, and asked for again."""
    from intergestan_operations.mail_trial.attempt import attempt_login
    from intergestan_operations.mail_trial.failure import failure
    from intergestan_operations.mail_trial.storing import sealed

    tried = first
    while True:
        if tried.password is None:
            _hint(tried.place.host)
            login = asked(_("Login there"), default=tried.login or None)
            tried = replace(tried, login=login, password=read_password(login, from_stdin=False))
        account = build(tried)
        account = replace(account, sealed=sealed(call.database, tried.password, account))
        say(_("{server}: logging in …").format(server=tried.place))
        try:
            attempt_login(account, tried.password, is_relay=tried.protocol == "smtp")
            return account, tried
        except Problem as problem:
            say(sentence(problem))
            tried = replace(tried, place=_ask_place(tried.protocol, tried.place.host, tried.place))
        except Exception as error:
            finding = failure(Said("Login"), account, error)
            if finding is None:
                raise
            say(wording(finding.text) if isinstance(finding.text, Exception) else sentence(finding.text))
            tried = _corrected(tried, error)


def _corrected(tried: _Try, error: Exception) -> _Try:
    """Ask again for what the server says is wrong: the login, whom to trust, or where it is."""
    from intergestan_operations.mail_trial.causes import cause_of

    cause = cause_of(error) or ""
    if cause == "login":
        return replace(tried, password=None)
    if cause in _ADVICE:
        say(_(_ADVICE[cause]))
    if cause in _TRUST:
        file = asked(_("File with the certificates to trust (Enter: another server)"), default="").strip()
        tried = replace(tried, ca_file=absolute(file) if file else None)
        if file:
            return tried
    return replace(tried, place=_ask_place(tried.protocol, tried.place.host, tried.place))


_TRUST = frozenset({"authority", "ca_file"})
"""Each `Cause` that another file of certificates may cure."""
_ADVICE: Mapping[str, str] = {
    "authority": marked("The password was not sent. If it is a server of your own, name the file of its authority."),
    "no_login": marked("That port is for servers among themselves. Programs send mail through 465 or 587."),
    "other_name": marked("Write the name for which the certificate was made; your mail provider tells it."),
    "ended": marked("The provider must renew it, or the clock of this machine is wrong."),
    "certificate": marked("The provider must renew it, or the clock of this machine is wrong."),
    "no_tls": marked("Write the port for TLS, or choose starttls."),
    "no_starttls": marked("Without it the password would travel in the open. Write the port for TLS, or choose tls."),
    "unknown_name": marked("Write its name as your mail provider does."),
    "no_names": marked("This machine seems to be off the network. Enter tries again."),
    "nobody_listens": marked("Write another port or another server. Enter tries again."),
    "silent": marked("The port may be wrong, or a firewall is in between. Enter tries again."),
    "closed": marked("The port or the encryption may be wrong. Enter tries again."),
}
"""By `Cause`: what helps, for who answers questions."""


def _hint(host: str) -> None:
    """Say what the provider's passwords are like, before one is typed."""
    from intergestan_exchange.mail_accounts.mail_providers import by_relay, by_server

    provider = by_server(host) or by_relay(host)
    if provider is not None and provider.app_password:
        text = _("{source} wants a password made for programs: make one in the security settings of the account.")
        say(text.format(source=provider.name))
