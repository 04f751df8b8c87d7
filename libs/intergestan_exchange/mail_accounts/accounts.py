"""The accounts of a site: the mailboxes that it polls (G21, G22), the relay that takes its mail.

A password is never here in clear: either the name of a secret file, or bytes sealed for `base.key`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from intergestan_db import states
from intergestan_db.at_rest import is_polled
from intergestan_db.enums import OutboundState, Security
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.site_rows import RelayHabits
from intergestan_db.tables import Mailbox, OutboundMail, PollRun, Relay
from intergestan_db.views import viewed
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.site.setup import check_address
from intergestan_exchange.mail_accounts.loopback import is_loopback
from intergestan_exchange.mail_accounts.mail_providers import bytes_per_day_at
from intergestan_msg.diagnosis import Diagnosed

RELAY = "relay"
"""The name of a site's one relay, until it has several."""

IMAP_PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}
POP3_PORTS = {Security.TLS: 995, Security.STARTTLS: 110, Security.NONE: 110}
SMTP_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


def reading_port(protocol: str, security: Security) -> int:
    """The usual port at which mail is read."""
    return (POP3_PORTS if protocol == "pop3" else IMAP_PORTS)[security]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A server and our login. `secret` names a secret file, `sealed` is a sealed password, `oauth_grant_id` a consent:
    one of them, or none without a login.
    """

    name: str
    host: str
    port: int
    security: Security = Security.TLS
    ca_file: str | None = None
    login: str | None = None
    secret: str | None = None
    sealed: bytes | None = None
    oauth_grant_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMailbox(Account):
    """A mailbox to poll; `protocol` is `imap` or `pop3`. Heartbeats are removed from it, unless it keeps them."""

    protocol: str = "imap"
    folder: str = "INBOX"
    poll_seconds: int = 60
    idle: bool = True
    keeps_heartbeats: bool = False
    connections: int = 1
    bytes_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMailbox(NewMailbox):
    """A mailbox as it was entered, and whether it is polled: in use (`active`), and no person paused it."""

    active: bool
    rests_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelay(Account):
    """A relay. `from_mode`: From the `user`, or the `site` with the user in Reply-To (`design.md` §7). `mails_per_day`:
    what a person said that the provider allows, 0 for any number; None: what is known of the provider.
    """

    from_mode: str = "user"
    bounce_mode: str = "fixed"
    bounce_address: str | None = None
    mails_per_minute: int | None = None
    mails_per_day: int | None = None


def per_folder(mailbox: NewMailbox, folders: Sequence[str]) -> list[NewMailbox]:
    """A mailbox for each folder: the first has the name, the others add their folder's.

    :raises Problem: folders of a protocol that knows none.
    """
    if mailbox.protocol == "pop3" and [*folders] != ["INBOX"]:
        raise Problem(
            "POP3 knows no folders: name none, or read the mailbox by IMAP.",
            ProblemCode.NO_FOLDERS,
            (Act.READ_BY_IMAP,),
        )
    first, *others = dict.fromkeys(folders)
    return [
        replace(mailbox, folder=first),
        *(replace(mailbox, name=f"{mailbox.name}/{folder}"[:60], folder=folder) for folder in others),
    ]


def add_mailbox(connection: Connection, mailbox: NewMailbox, *, by: str, at: datetime) -> int:
    """Enter a mailbox; the pollers take it up by themselves.

    :raises Problem: when the name is taken or the account is not usable.
    """
    check_account(mailbox)
    if mailbox.protocol not in {"imap", "pop3"}:
        raise Problem("The protocol is imap or pop3.", ProblemCode.NO_VALUE)
    if mailbox.login is None:
        raise Problem("A mailbox needs a login.", ProblemCode.NAME_NEEDED)
    if mailbox.poll_seconds < 1:
        raise Problem("A mailbox is polled every 1 second or less often.", ProblemCode.NO_VALUE)
    if mailbox.bytes_per_day is None:
        mailbox = replace(mailbox, bytes_per_day=bytes_per_day_at(mailbox.host, mailbox.protocol))
    if connection.execute(select(Mailbox.id).where(Mailbox.name == mailbox.name)).first() is not None:
        raise Problem(
            "There is already a mailbox «{name}»: choose another name.",
            ProblemCode.CODE_TAKEN,
            (Act.LIST_MAILBOXES,),
            name=mailbox.name,
        )
    mailbox_id = connection.execute(insert(Mailbox).values(**asdict(mailbox)).returning(Mailbox.id)).scalar_one()
    _record(connection, Mailbox.__tablename__, mailbox_id, mailbox, by, at)
    return mailbox_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account without its password: `secret` names the file of one, the others say what else opens it."""

    name: str
    host: str
    port: int
    security: Security
    ca_file: str | None
    login: str | None
    secret: str | None
    has_sealed_password: bool
    has_consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxView(AccountView):
    """A mailbox, how it is polled, and how it is; `Mailbox` says what each is."""

    protocol: str
    folder: str
    poll_seconds: int
    idle: bool
    active: bool
    keeps_heartbeats: bool
    owner: str | None
    state: str
    last_success_at: datetime | None
    last_error: str | None
    backlog: int
    pinned_to: str | None
    connections: int
    bytes_per_day: int | None
    rests_since: datetime | None
    rests_reason: str | None
    rests_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayView(RelayHabits, AccountView):
    """A relay, what it takes and what it last complained about; `Relay` says what each is."""


def list_mailboxes(connection: Connection) -> list[MailboxView]:
    """All mailboxes by name, without their passwords."""
    return [viewed(MailboxView, row, **_opened_by(row)) for row in _listed(connection, Mailbox)]


def same_account(connection: Connection, name: str) -> list[str]:
    """The names of all mailboxes with the server and login of this one: the folders of one account.

    :raises Problem: when there is none of this name.
    """
    mailbox = select(Mailbox.host, Mailbox.login).where(Mailbox.id == find_mailbox(connection, name))
    row = connection.execute(mailbox).one()
    same = (Mailbox.host == row.host, Mailbox.login == row.login)
    return list(connection.execute(select(Mailbox.name).where(*same).order_by(Mailbox.name)).scalars())


def set_password(
    connection: Connection, table: type[Mailbox | Relay], name: str, sealed: bytes, *, by: str, at: datetime
) -> None:
    """Another password for an account; services take it up by themselves."""
    changed = update(table).where(table.name == name).values(sealed=sealed, secret=None, oauth_grant_id=None)
    row_id = connection.execute(changed.returning(table.id)).scalar_one()
    states.record(connection, table.__tablename__, [(row_id, None, None)], "password", by=by, at=at)


def try_again(connection: Connection, names: Sequence[str], *, by: str, at: datetime) -> None:
    """Let the pollers try these mailboxes now, rather than when their back-off ends: somebody logged in anew."""
    active = select(Mailbox.id).where(Mailbox.name.in_(names), is_polled()).order_by(Mailbox.id)
    runs = [{"mailbox_id": box, "requested_at": at, "requested_by": by} for box in connection.scalars(active)]
    if runs:
        connection.execute(insert(PollRun), runs)


def resume_relay(connection: Connection, *, by: str, at: datetime) -> tuple[int, ...]:
    """Let the sender try the relay now, with all mails that wait for it; ring for what is returned.

    :raises Problem: there is none.
    """
    changed = update(Relay).where(Relay.name == RELAY).values(paused_until=None, last_error=None)
    relay_id = connection.execute(changed.returning(Relay.id)).scalar_one_or_none()
    if relay_id is None:
        raise no_relay()
    states.record(connection, Relay.__tablename__, [(relay_id, None, None)], "resume", by=by, at=at)
    return _let_waiting_go(connection, at)


def no_relay() -> Problem:
    """What is said where there is none."""
    return Problem("No server takes our mail yet.", ProblemCode.NO_RELAY, (Act.SET_RELAY,))


def _let_waiting_go(connection: Connection, at: datetime) -> tuple[int, ...]:
    """The mails that were put off because of the relay are due now."""
    waiting = (OutboundMail.state == OutboundState.COMPOSED, OutboundMail.next_attempt_at > at)
    due = update(OutboundMail).where(*waiting).values(next_attempt_at=at, rung_at=None).returning(OutboundMail.id)
    return tuple(sorted(connection.scalars(due)))


def find_mailbox(connection: Connection, name: str) -> int:
    """The id of a mailbox.

    :raises Problem: when there is none of this name.
    """
    meant = as_stored(connection, name, Mailbox.name)
    mailbox_id = connection.execute(select(Mailbox.id).where(Mailbox.name == meant)).scalar_one_or_none()
    if mailbox_id is None:
        raise Problem("There is no mailbox «{name}».", ProblemCode.NO_MAILBOX, (Act.LIST_MAILBOXES,), name=name)
    return mailbox_id


def set_relay(connection: Connection, relay: NewRelay, *, by: str, at: datetime) -> int:
    """Enter the relay, or change it; mails that wait for it go on at once.

    :raises Problem: when the account is not usable.
    """
    check_account(relay)
    _check_relay(relay)
    values = asdict(relay) | {"paused_until": None, "last_error": None}
    name = values.pop("name")
    changed = update(Relay).where(Relay.name == name).values(**values).returning(Relay.id)
    relay_id = connection.execute(changed).scalar_one_or_none()
    if relay_id is None:
        relay_id = connection.execute(insert(Relay).values(name=name, **values).returning(Relay.id)).scalar_one()
    _let_waiting_go(connection, at)
    _record(connection, Relay.__tablename__, relay_id, relay, by, at)
    return relay_id


def change_relay(connection: Connection, relay: NewRelay, *, by: str, at: datetime) -> int:
    """Change all of the relay but its password, which this process need not be able to read; mails that wait go on.

    :raises Problem: there is none, the account is not usable, or the password that stays would be told to another
        server, or to whoever stands in between.
    """
    check_place(relay)
    _check_relay(relay)
    names = [name for name in NewRelay.__dataclass_fields__ if name not in {"name", *OF_SECRETS}]
    row = connection.execute(
        select(Relay.id, *(getattr(Relay, name) for name in TOLD_TO)).where(Relay.name == relay.name).with_for_update()
    ).one_or_none()
    if row is None:
        raise no_relay()
    if any(getattr(row, name) != getattr(relay, name) for name in TOLD_TO):
        raise stays(row.host, row.login or "")
    values = {name: getattr(relay, name) for name in names} | {"paused_until": None, "last_error": None}
    connection.execute(update(Relay).where(Relay.id == row.id).values(**values))
    _let_waiting_go(connection, at)
    _record(connection, Relay.__tablename__, row.id, relay, by, at)
    return int(row.id)


TOLD_TO = ("host", "login", "security", "ca_file")
"""Who is told a password, and how safely: it stays with them."""
OF_SECRETS = frozenset({"secret", "sealed", "oauth_grant_id"})


def stays(host: str, login: str) -> Problem:
    """What is said where a password would go elsewhere."""
    return Problem(
        "The password is stored for {host} and {login} alone: type it again. Nothing was changed.",
        ProblemCode.PASSWORD_NEEDED,
        host=host,
        login=login,
    )


def _check_relay(relay: NewRelay) -> None:
    if relay.from_mode not in {"user", "site"}:
        raise Problem("The From of a relay is user or site.", ProblemCode.NO_VALUE)
    if relay.bounce_mode not in {"plus", "fixed"}:
        raise Problem("The bounce address of a relay is plus or fixed.", ProblemCode.NO_VALUE)
    if relay.bounce_address is not None:
        check_address(relay.bounce_address)


def relay_of(connection: Connection) -> NewRelay | None:
    """The relay as it was entered; None where there is none."""
    return next((relay for relay in read_relays(connection) if relay.name == RELAY), None)


def read_relays(connection: Connection) -> list[NewRelay]:
    """All relays as they were entered, by name."""
    rows = connection.execute(select(Relay.__table__).order_by(Relay.name)).mappings()
    return [viewed(NewRelay, row, security=Security(row["security"])) for row in rows]


def read_mailboxes(connection: Connection) -> list[KeptMailbox]:
    """All mailboxes as they were entered, by name."""
    rows = connection.execute(select(Mailbox.__table__).order_by(Mailbox.name)).mappings()
    return [viewed(KeptMailbox, row, security=Security(row["security"])) for row in rows]


def list_relays(connection: Connection) -> list[RelayView]:
    """All relays by name, without their passwords."""
    return [
        viewed(
            *(RelayView, row),
            **_opened_by(row),
            last_error=Diagnosed.beside(row["last_error"], row["last_diagnosis"]),
        )
        for row in _listed(connection, Relay)
    ]


def check_account(account: Account) -> None:
    """Refuse what is no usable account.

    :raises Problem: with what is wrong.
    """
    check_place(account)
    keys = [key for key in (account.secret, account.sealed, account.oauth_grant_id) if key is not None]
    if len(keys) > 1:
        raise Problem("Name a secret file, give a password, or use OAuth2: one of them.", ProblemCode.SETTING_NEEDED)
    if account.login is not None and not keys:
        raise Problem(
            "The login {login} needs a password or the name of a secret file.",
            ProblemCode.NO_PASSWORDS,
            login=account.login,
        )


def check_place(account: Account) -> None:
    """Refuse a server that is none, or that nobody may send a password to.

    :raises Problem: with what is wrong.
    """
    if not account.name.strip():
        raise Problem("An account needs a name.", ProblemCode.NAME_NEEDED)
    if not account.host.strip():
        raise Problem("An account needs a server.", ProblemCode.NO_SERVER, (Act.GIVE_SERVER,))
    try:
        account.host.encode("idna")
    except UnicodeError as error:
        raise Problem("«{host}» is not the name of a server.", ProblemCode.NO_SERVER, host=account.host) from error
    if not 0 < account.port < 65536:
        raise Problem("{port} is not a port: it lies between 1 and 65535.", ProblemCode.NO_VALUE, port=account.port)
    if account.security == Security.NONE and not is_loopback(account.host):
        raise Problem(
            "Without TLS the password and the orders could be read on the way to {host}: "
            "security none is for this machine only. Choose tls or starttls.",
            ProblemCode.NO_TLS,
            (Act.CHOOSE_SECURITY,),
            host=account.host,
        )


def _listed(connection: Connection, table: type[Mailbox | Relay]) -> Sequence[RowMapping]:
    columns = [column for column in table.__table__.columns if column.key != "sealed"]
    has_password = table.sealed.is_not(None).label("has_sealed_password")
    return connection.execute(select(*columns, has_password).order_by(table.name)).mappings().all()


def _opened_by(row: RowMapping) -> dict[str, object]:
    return {"security": Security(row["security"]), "has_consent": row["oauth_grant_id"] is not None}


def _record(connection: Connection, subject: str, row_id: int, account: Account, by: str, at: datetime) -> None:
    detail = {"host": account.host, "login": account.login}
    states.record(connection, subject, [(row_id, None, None)], "set", by=by, at=at, detail=detail)
