"""Logging in at the relay: by password, or by an access token that is fetched anew once when it is refused."""

from __future__ import annotations

from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, TokensUnavailable
from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken
from intergestan_exchange.mail_accounts.sasl import BearerToken
from intergestan_msg.diagnosis import NotSent
from services.sender.outcome import AUTH_CODES
from services.sender.smtp_client import Deadline, Diagnosable, SmtpClient, UnusableRelay, UnwantedReply


class TokensAway(Diagnosable, ConnectionError):
    """The mail provider's server for tokens is away, for now."""


def log_in(
    client: SmtpClient, login: str, password: str | AccessToken, server: tuple[str, int], deadline: Deadline
) -> None:
    """AUTH (RFC 4954).

    :param server: host and port that we connected to.
    :raises UnusableRelay: only a person can help: no login that we know, or the consent is gone.
    :raises UnwantedReply: the relay refuses. OSError: the network, or the provider's tokens, are away.
    """
    if isinstance(password, str):
        client.log_in(login, password, deadline)
        return
    token = _token(password)
    try:
        client.log_in_by_token(login, token, server, deadline)
    except UnwantedReply as unwanted:
        if unwanted.reply.code not in AUTH_CODES:
            raise
        client.log_in_by_token(login, _token(password, refused=token), server, deadline)


def _token(password: AccessToken, refused: BearerToken | None = None) -> BearerToken:
    try:
        return password(refused=refused)
    except GrantRefused as error:
        raise UnusableRelay(NotSent.NO_TOKEN, error=error) from error
    except TokensUnavailable as error:
        raise TokensAway(NotSent.TOKENS_AWAY, error=error) from error
