"""Where consent and tokens are had for the mail accounts of the large providers (RFC 6749). One table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_exchange.mail_accounts.loopback import is_loopback

GENERIC = "generic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The endpoints of one authorization server.

    :ivar device_endpoint: where consent is had by a code that a person types elsewhere (RFC 8628); preferred.
    :ivar authorization_endpoint: where consent is had by a browser on this machine (RFC 8252).
    :ivar scopes: what we ask for, separated by spaces.
    """

    token_endpoint: str = ""
    device_endpoint: str | None = None
    authorization_endpoint: str | None = None
    scopes: str = ""


_MICROSOFT = "https://login.microsoftonline.com/common/oauth2/v2.0"
_OUTLOOK = "https://outlook.office.com"

PROVIDERS: Mapping[str, Provider] = {
    "microsoft": Provider(
        token_endpoint=f"{_MICROSOFT}/token",
        device_endpoint=f"{_MICROSOFT}/devicecode",
        authorization_endpoint=f"{_MICROSOFT}/authorize",
        scopes=f"offline_access {_OUTLOOK}/IMAP.AccessAsUser.All {_OUTLOOK}/POP.AccessAsUser.All {_OUTLOOK}/SMTP.Send",
    ),
    # Google's device flow refuses the scope for mail; its browser flow gives a refresh token only when asked so.
    "google": Provider(
        token_endpoint="https://oauth2.googleapis.com/token",  # noqa: S106 - an address, no secret
        authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent",
        scopes="https://mail.google.com/",
    ),
    GENERIC: Provider(),
}


def provider(
    name: str,
    *,
    token_endpoint: str | None = None,
    device_endpoint: str | None = None,
    authorization_endpoint: str | None = None,
    scopes: str | None = None,
) -> Provider:
    """A row of the table, with what is given in place of its own: a tenant of one's own, or all of a generic one.

    :raises Problem: something is missing, or would travel in clear.
    """
    given = {
        "token_endpoint": token_endpoint,
        "device_endpoint": device_endpoint,
        "authorization_endpoint": authorization_endpoint,
        "scopes": scopes,
    }
    if name not in PROVIDERS:
        raise Problem(
            "OAuth2 is set up for microsoft, google or generic, not for {name}.", ProblemCode.NO_VALUE, name=name
        )
    chosen = replace(PROVIDERS[name], **{key: value for key, value in given.items() if value is not None})
    if not chosen.token_endpoint or not (chosen.device_endpoint or chosen.authorization_endpoint):
        raise Problem(
            "A generic provider needs a token endpoint, and a device endpoint or an authorization endpoint.",
            ProblemCode.ENDPOINTS_NEEDED,
            (Act.GIVE_ENDPOINTS,),
        )
    for url in (chosen.token_endpoint, chosen.device_endpoint, chosen.authorization_endpoint):
        if url is not None and not _is_secure(url):
            raise Problem(
                "{url} is no https address: the tokens could be read on the way.", ProblemCode.NO_TLS, url=url
            )
    return chosen


def _is_secure(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
