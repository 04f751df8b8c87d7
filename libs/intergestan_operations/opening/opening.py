"""What belongs to a site, opened as its settings say: the base, Redis, passwords, tokens, keys.

Apart from `startup`, because a command that only reads the base need not wait for the log, Redis and the metrics.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from intergestan_db.database import Database
from intergestan_runtime.crashpoint import dying_at_commit
from intergestan_runtime.said import Said
from intergestan_runtime.secrets import Sealer, Secrets, read_base_key, read_key_file, url_with_password
from intergestan_runtime.settings import SiteSettings

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken, Grants, Outcome
    from intergestan_msg.mail.bounce_token import BounceKey


class WrongKey(Exception):
    """The key file belongs to another site: a copied base is not a second site (`design.md` §6)."""


class NoSite(Exception):
    """There is no base where the configuration says; `str()` is its URL."""


def password_of(site: SiteSettings, account: Any, tokens: Grants) -> str | AccessToken | None:
    """The password of a `relay` or `mailbox` row, from its secret file or unsealed, or its access token; or None.

    :raises SecretError: the file is missing or readable by others, or the seal does not open.
    """
    if account.oauth_grant_id is not None:
        from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken

        return AccessToken(tokens, account.oauth_grant_id, account.name)
    if account.secret:
        return Secrets(site.secrets_dir).get(account.secret).get_secret_value()
    if account.sealed:
        from intergestan_runtime.sealed_passwords import open_password

        return open_password(read_base_key(site.base_key_file), account.sealed, account)
    return None


def grants(
    site: SiteSettings, database: Database, told: Callable[[str, Outcome, datetime | None], None] = lambda *_: None
) -> Grants:
    """The OAuth2 grants of a site."""
    from intergestan_exchange.mail_accounts.oauth_tokens import Grants

    return Grants(
        database,
        lambda: Sealer.from_file(site.base_key_file),
        lambda name: Secrets(site.secrets_dir).get(name).get_secret_value(),
        told,
    )


def open_database(site: SiteSettings, *, patience: float | None = None) -> Database:
    """The site's base, with its password if it has one. Nothing is connected yet.

    :param patience: seconds that it may take for one statement; None waits for ever.
    """
    url = site.database_url
    if site.database_password:
        url = url_with_password(url, Secrets(site.secrets_dir).get(site.database_password))
    database = Database(url, pgbouncer=site.pgbouncer, patience=patience)
    database.at_commit = dying_at_commit() or database.at_commit
    return database


def is_made(database: Database) -> bool:
    """Whether there is a base at all; looking for an SQLite one must not make it."""
    return database.file is None or database.file.exists()


def redis_url(site: SiteSettings) -> str:
    """Where the site's Redis is: the configured one, or the embedded one of its data folder."""
    if site.redis_url is None:
        from intergestan_runtime.embedded_redis import EmbeddedRedis

        return EmbeddedRedis(site.data_dir).url
    url, secrets = site.redis_url, Secrets(site.secrets_dir)
    if site.redis_password:
        url = url_with_password(url, secrets.get(site.redis_password))
    if site.redis_sentinel_password:
        from intergestan_runtime.redis_url import with_sentinel_password

        url = with_sentinel_password(url, secrets.get(site.redis_sentinel_password).get_secret_value())
    return url


def read_bounce_key(site: SiteSettings) -> BounceKey | None:
    """The key of the marks in our mails; None where there is none yet: mails go out, reports about them do not count.

    :raises SecretError: others may read the file, or it was altered.
    """
    if not site.bounce_key_file.is_file():
        return None
    from intergestan_msg.mail.bounce_token import BounceKey

    return BounceKey(read_key_file(site.bounce_key_file))


def check_key(site: SiteSettings, fingerprint: str) -> None:
    """Refuse a key file that is not the site's own; who may not read the key need not check it.

    :raises WrongKey: with the cure.
    """
    # A folder of keys is closed to most services: nothing in it can even be looked for.
    if not os.access(site.key_file.parent, os.X_OK):
        return
    from intergestan_exchange.keys.key_files import file_of

    file = file_of(site.key_file, fingerprint)
    if not os.access(file, os.R_OK):
        return
    from intergestan_msg.seal import SigningKey

    try:
        kid = SigningKey.from_pem(file.read_bytes()).public.kid
    except ValueError as error:
        raise WrongKey(
            Said("{file} holds no private key of ours: bring the file back from a backup.", file=file)
        ) from error
    if kid != fingerprint:
        raise WrongKey(
            Said(
                "The key in {file} is not the key of this base's site. A copy of a base is not a second site: put "
                "the site's own key back, or make a new site.",
                file=file,
            )
        )
