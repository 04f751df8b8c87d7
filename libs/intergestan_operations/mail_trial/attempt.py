"""The login of an account is tried before it is accepted: what is wrong is said now, not by a service at night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_exchange.mail_accounts.accounts import check_account
from intergestan_operations.mail_trial.failure import failure, secret_of
from intergestan_operations.mail_trial.logins import try_mailbox, try_smtp
from intergestan_runtime.said import Said

if TYPE_CHECKING:
    from intergestan_db.database import Database
    from intergestan_exchange.mail_accounts.accounts import Account
    from intergestan_runtime.settings import SiteSettings


def attempt_login(account: Account, password: str | None, *, is_relay: bool) -> None:
    """Log in as the services will.

    :raises Problem: it is no account that could be stored. Whatever else it raises, `failure` explains.
    """
    check_account(account)
    (try_smtp if is_relay else try_mailbox)(account, password)


def try_login(
    site: SiteSettings | None, database: Database, account: Account, password: str | None = None, *, is_relay: bool
) -> None:
    """Log in as the services will.

    :param site: where secrets are, for who gives no password.
    :param password: the one just given; None: the account's own, which takes base.key where it is sealed.
    :raises Problem: why it fails, with the cure. Nothing was changed.
    """
    try:
        secret = password
        if secret is None and site is not None:
            secret = secret_of(site, database, account)
        attempt_login(account, secret, is_relay=is_relay)
    except Exception as error:
        found = failure(Said("Login"), account, error)
        if found is None:
            raise
        raise Problem(
            "The login was tried and fails, so nothing was changed: {why}. {cure}",
            ProblemCode.LOGIN_FAILS,
            (*found.next, Act.ACCEPT_UNTESTED),
            why=found.text,
            cure=found.cure or "",
        ) from error
