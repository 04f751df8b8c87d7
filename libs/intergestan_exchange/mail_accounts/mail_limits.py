"""How many mails a relay may send in a day."""

from __future__ import annotations

from intergestan_exchange.mail_accounts.loopback import is_loopback
from intergestan_exchange.mail_accounts.mail_providers import by_relay

NO_LIMIT = 0


def mails_per_day_of(host: str, login: str | None, stated: int | None) -> int | None:
    """As a person stated it, else as its provider does; `NO_LIMIT` for a server on this machine; None: nobody knows.

    :param stated: `relay.mails_per_day`.
    """
    if stated is not None:
        return stated
    provider = by_relay(host)
    if provider is None:
        return NO_LIMIT if is_loopback(host) else None
    domain = (login or "").rpartition("@")[2].lower()
    is_private = domain in provider.domains
    return provider.mails_per_day_private if is_private else provider.mails_per_day
