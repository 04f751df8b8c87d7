"""The site itself: its identity, its people and how they enter, its numbers, its log of events."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, LargeBinary, String, Text, true

from intergestan_db.enums import Right, Role
from intergestan_db.tables.types import Instant, RowId, Table, Typed, column, index, index_where, one_of, unique


class Site(Table):
    """This base's own identity; exactly one row, with id 1.

    `timezone` is the IANA name of the zone in whose days its documents are dated (`intergestan_erp.site.day`).
    `next_key` is the key that signs in place of `key_fingerprint` from `next_key_from` on, while one is announced.
    `key_from` is the instant from which partners accept `key_fingerprint`, where they were told one.
    """

    __tablename__ = "site"

    id: Typed[RowId]
    code: Typed[str] = column(String(80), unique=True)
    name: Typed[str] = column(String(200))
    siret: Typed[str | None] = column(String(14))
    vat_id: Typed[str | None] = column(String(20))
    line1: Typed[str | None] = column(String(200))
    line2: Typed[str | None] = column(String(200))
    postcode: Typed[str | None] = column(String(20))
    city: Typed[str | None] = column(String(100))
    country: Typed[str] = column(String(2))
    currency: Typed[str] = column(String(3))
    language: Typed[str] = column(String(2))
    timezone: Typed[str] = column(String(64), default="Europe/Paris", server_default="Europe/Paris")
    orders_address: Typed[str] = column(String(254))
    answers_address: Typed[str] = column(String(254))
    key_fingerprint: Typed[str] = column(String(43))
    key_from: Typed[Instant | None]
    key_until: Typed[Instant | None]
    next_key: Typed[str | None] = column(String(43))
    next_public_key: Typed[bytes | None] = column(LargeBinary(32))
    next_key_from: Typed[Instant | None]
    next_key_until: Typed[Instant | None]
    created_at: Typed[Instant]


class User(Table):
    """A person of the firm; the mail address is the From of what they send (G15).

    `establishment_id`, `depot_id`: where they usually are, no more: an act carries its own place (D62).
    `password_hash` is argon2's own text; NULL: they cannot enter by a password. `language` and `timezone` are those of
    their pages, where these are not the site's; `shortcuts`: single keys do something there. `totp_sealed` is the
    secret of their second factor; `totp_step`: the last one that counted, NULL until it was proved once; `recovery`:
    digests of the codes that they wrote down.
    """

    __tablename__ = "user"

    id: Typed[RowId]
    login: Typed[str] = column(String(60), unique=True)
    name: Typed[str] = column(String(200))
    email: Typed[str] = column(String(254))
    active: Typed[bool] = column(default=True)
    establishment_id: Typed[int | None] = column(references="establishment.id")
    depot_id: Typed[int | None] = column(references="depot.id")
    password_hash: Typed[str | None] = column(Text())
    language: Typed[str | None] = column(String(2))
    timezone: Typed[str | None] = column(String(64))
    shortcuts: Typed[bool] = column(default=True, server_default=true())
    last_login_at: Typed[Instant | None]
    totp_sealed: Typed[str | None] = column(Text())
    totp_step: Typed[int | None]
    recovery: Typed[list[str] | None] = column(JSON(none_as_null=True))


class UserRole(Table):
    """A role of a person; their rights are those of all their roles, and those of `UserRight`."""

    __tablename__ = "user_role"
    __table_args__ = (one_of("role", Role),)

    user_id: Typed[int] = column(references="user.id", primary_key=True, autoincrement=False)
    role: Typed[str] = column(String(13), primary_key=True)


class UserRight(Table):
    """A right that a person has by name, beyond those of their roles."""

    __tablename__ = "user_right"
    __table_args__ = (one_of("right", Right),)

    user_id: Typed[int] = column(references="user.id", primary_key=True, autoincrement=False)
    right: Typed[str] = column(String(20), primary_key=True)


class Session(Table):
    """A person who entered in a browser. The cookie has the secret, `id_hash` is its SHA-256.

    It ends at `ends_at`, or when nothing was asked for too long since `seen_at`. `csrf` is the token of its forms;
    `address` and `agent` tell the person which browser it was. `told` is what the next page says of what was done.
    Until `strong_until` it needs no password for what is about people.
    """

    __tablename__ = "session"

    id_hash: Typed[str] = column(String(64), primary_key=True)
    user_id: Typed[int] = column(references="user.id", index=True)
    csrf: Typed[str] = column(String(43))
    created_at: Typed[Instant]
    seen_at: Typed[Instant]
    ends_at: Typed[Instant]
    address: Typed[str] = column(String(60))
    agent: Typed[str] = column(String(200))
    told: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    strong_until: Typed[Instant | None]


class Idempotency(Table):
    """A form that was sent, and what came of it: whoever sends it again is told that, and nothing is done again.

    `key` is the form's own; `digest` that of its fields; `body` the answer. The row is written with what the form does.
    """

    __tablename__ = "idempotency"

    user_id: Typed[int] = column(references="user.id", primary_key=True, autoincrement=False)
    key: Typed[str] = column(String(255), primary_key=True)
    route: Typed[str] = column(String(200))
    digest: Typed[str] = column(String(64))
    status: Typed[int]
    body: Typed[str] = column(Text())
    at: Typed[Instant]


class Identity(Table):
    """Somebody whom the firm's own login knows, by `issuer` and `subject` (OpenID Connect Core 1.0 §2).

    `user_id`: who of our people that is; NULL until an administrator says so. `login`, `name` and `email` are what it
    said when they were there last, at `seen_at`: nobody is known by them.
    """

    __tablename__ = "identity"
    __table_args__ = (unique("issuer", "subject"),)

    id: Typed[RowId]
    issuer: Typed[str] = column(String(300))
    subject: Typed[str] = column(String(255))
    user_id: Typed[int | None] = column(references="user.id", index=True)
    login: Typed[str] = column(String(200))
    name: Typed[str] = column(String(200))
    email: Typed[str] = column(String(254))
    seen_at: Typed[Instant]


class Invitation(Table):
    """A link by which a person enters once and chooses a password; `hash` is the SHA-256 of its secret."""

    __tablename__ = "invitation"

    hash: Typed[str] = column(String(64), primary_key=True)
    user_id: Typed[int] = column(references="user.id", index=True)
    ends_at: Typed[Instant]


class ApiToken(Table):
    """What a program of a person opens the HTTP API with; `hash` is the SHA-256 of its secret, `prefix` its beginning.

    `scopes`: what it is for, with spaces between. It ends at `ends_at`, or was ended at `revoked_at`.
    """

    __tablename__ = "api_token"
    __table_args__ = (unique("user_id", "name"),)

    id: Typed[RowId]
    user_id: Typed[int] = column(references="user.id")
    name: Typed[str] = column(String(40))
    prefix: Typed[str] = column(String(8), unique=True)
    hash: Typed[str] = column(String(64), unique=True)
    scopes: Typed[str] = column(Text())
    created_at: Typed[Instant]
    created_by: Typed[str] = column(String(80))
    ends_at: Typed[Instant]
    last_used_at: Typed[Instant | None]
    revoked_at: Typed[Instant | None]


class Throttle(Table):
    """How often somebody tried in vain, by what is slowed down: a login or an address, as a digest."""

    __tablename__ = "throttle"

    key: Typed[str] = column(String(80), primary_key=True)
    tries: Typed[int]
    tried_at: Typed[Instant]


class NumberSeries(Table):
    """A gap-free series of document numbers: `prefix` followed by `next_number`, no zero-fill.

    `last_date` is the newest day of its documents, where their dates rise with their numbers (D21).
    """

    __tablename__ = "number_series"

    code: Typed[str] = column(String(20), primary_key=True)
    prefix: Typed[str] = column(String(20))
    next_number: Typed[int]
    last_date: Typed[date | None]


class Event(Table):
    """Append-only: who did what to which row, when. Every transition of a state writes one.

    `xid` is the transaction that wrote it, where several write at once (PostgreSQL, by itself); 0: SQLite, or a row of
    a release before. Nobody is told it: `intergestan_exchange.listing.news` reads events in this order.
    """

    __tablename__ = "event"
    __table_args__ = (
        index("subject", "subject_id"),
        index("at", "id"),
        index("who", "at", "id"),
        index_where("xid > 0", "xid", "id", name="ix_event_xid_id"),
    )

    id: Typed[RowId]
    at: Typed[Instant]
    who: Typed[str] = column(String(80))
    subject: Typed[str] = column(String(40))
    subject_id: Typed[int]
    name: Typed[str] = column(String(40))
    old: Typed[str | None] = column(String(20))
    new: Typed[str | None] = column(String(20))
    detail: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    xid: Typed[int] = column(server_default="0")


class HighWater(Table):
    """How often the high-water file was written; exactly one row, with id 1 (ADR 0027).

    The file has the same number. Where it has a higher one, this database is older than what was done with it.
    """

    __tablename__ = "high_water"

    id: Typed[RowId]
    n: Typed[int]


class Setting(Table):
    """A value that people change while the site runs, by name."""

    __tablename__ = "setting"

    name: Typed[str] = column(String(80), primary_key=True)
    value: Typed[str] = column(Text())


class Published(Table):
    """What anybody may know of the site, by name: its card, and the public half under which passwords are sealed.

    Only the owner and the composer write it: who could replace the public half would read the next password.
    """

    __tablename__ = "published"

    name: Typed[str] = column(String(20), primary_key=True)
    value: Typed[str] = column(Text())


class ToldAlarm(Table):
    """What people were told of alarms in one way, as `intergestan_exchange.health.told_alarms` writes it."""

    __tablename__ = "told_alarm"

    way: Typed[str] = column(String(20), primary_key=True)
    memories: Typed[str] = column(Text())


class Worker(Table):
    """A process that works for this base. It is alive while `alive_until` lies ahead; leases hang on that."""

    __tablename__ = "worker"

    name: Typed[str] = column(String(120), primary_key=True)
    service: Typed[str] = column(String(20))
    started_at: Typed[Instant]
    alive_until: Typed[Instant] = column(index=True)


class RestingCount(Table):
    """How many rows of a table (`subject`) with an id up to `up_to` rest in each state, and since when the oldest.

    `counts` has a pair of both by state; what waits for something is not in it.
    """

    __tablename__ = "resting_count"

    subject: Typed[str] = column(String(20), primary_key=True)
    up_to: Typed[int]
    counted_at: Typed[Instant]
    counts: Typed[dict[str, Any]] = column(JSON())
