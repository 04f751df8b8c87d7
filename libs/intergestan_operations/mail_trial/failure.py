"""Why the trial of an account failed, in words, with the cure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from intergestan_db.problem import Act
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said, marked

if TYPE_CHECKING:
    from intergestan_db.database import Database
    from intergestan_runtime.settings import SiteSettings


def secret_of(site: SiteSettings, database: Database, account: Any) -> str | None:
    """The password of a `relay` or `mailbox` row, or its access token. Raises what `failure` explains."""
    from intergestan_operations.opening.opening import grants, password_of

    found = password_of(site, account, grants(site, database))
    return found if found is None or isinstance(found, str) else found()


def failure(subject: Said, account: Any, error: Exception) -> Finding | None:
    """Why a login failed, and the cure; None for what has nothing to do with it."""
    from intergestan_operations.mail_trial.causes import cause_of

    cause = cause_of(error)
    if cause is None:
        return None
    text, cure = WHY[cause]
    said: Any = getattr(error, "verify_message", None) or error
    if cause == "ca_file":
        said = _of_file(error)
    found = Said(text, server=f"{account.host}:{account.port}", host=account.host, login=account.login, error=said)
    return Finding(subject, False, found, Said(cure), NEXT.get(cause, ()))


def _of_file(error: Exception) -> Said:
    """A file that should have certificates in it, and what is wrong with it."""
    from intergestan_operations.language.file_problems import OF_FILES

    number = getattr(error, "errno", None)
    words = Said("there are no certificates in it")
    if number is not None:
        words = Said(OF_FILES.get(number, os.strerror(number)))
    return Said("{file}: {words}", file=getattr(error, "filename", ""), words=words)


_RENEW = marked("Have the certificate renewed, and look whether this machine's clock is right.")
_LOOK_AT_SERVER = marked("Correct host, port and security, or look whether a firewall is in between.")

WHY: Mapping[str, tuple[str, str]] = {
    "secret": ("{error}", marked("Write the secret file, or enter the password again.")),
    "grant": (
        marked("the provider gives no token for {login}: {error}"),
        marked("Give consent anew."),
    ),
    "tokens": (
        marked("the provider's server for tokens does not answer as it should: {error}"),
        marked("Look at the network and at the token endpoint; the services try again by themselves."),
    ),
    "login": (
        marked("{server} refuses the login {login}: {error}"),
        marked("Correct login and password; many providers want a password made for programs."),
    ),
    "busy": (
        marked("{server} asks us to come back later: {error}"),
        marked(
            "Try again in some minutes; the services do so by themselves. If it lasts, another program uses this "
            "account, or a limit of the provider is reached."
        ),
    ),
    "no_login": (
        marked("{server} offers no login by AUTH PLAIN or AUTH LOGIN"),
        marked("Use the port for programs that send mail: 465 with tls, or 587 with starttls."),
    ),
    "ca_file": (
        marked("the certificates to trust cannot be read: {error}"),
        marked("Name a file with certificates in PEM form."),
    ),
    "authority": (
        marked("the certificate of {server} is not to be trusted: nobody vouches for it whom this machine trusts"),
        marked("Correct the server's name, or name the authority that signed the certificate."),
    ),
    "other_name": (
        marked("the certificate of {server} is not to be trusted: it is for another name"),
        marked("Use the name for which the certificate was made; the provider tells it."),
    ),
    "ended": (marked("the certificate of {server} is not to be trusted: it has expired"), _RENEW),
    "certificate": (marked("the certificate of {server} is not to be trusted: {error}"), _RENEW),
    "no_tls": (
        marked("{server} does not begin with TLS"),
        marked("Choose STARTTLS, or the port for TLS: 993 for IMAP, 995 for POP3, 465 for SMTP."),
    ),
    "tls": (marked("no encrypted connection to {server} can be made: {error}"), _LOOK_AT_SERVER),
    "no_starttls": (
        marked("{server} does not offer STARTTLS, so nothing was sent to it"),
        marked("Choose TLS, with the port for it: 993 for IMAP, 995 for POP3, 465 for SMTP."),
    ),
    "unknown_name": (
        marked("there is no server with the name {host}"),
        marked("Correct the name of the server."),
    ),
    "no_names": (
        marked("the name {host} cannot be looked up: no name server answers"),
        marked("Look whether this machine is on the network."),
    ),
    "nobody_listens": (
        marked("nothing listens at {server}"),
        _LOOK_AT_SERVER,
    ),
    "silent": (
        marked("{server} gives no answer"),
        _LOOK_AT_SERVER,
    ),
    "closed": (
        marked("{server} closes the connection"),
        _LOOK_AT_SERVER,
    ),
    "other": (marked("{server} does not answer as it should: {error}"), _LOOK_AT_SERVER),
}
"""By `Cause`: what is wrong, and the cure."""

NEXT: Mapping[str, tuple[Act, ...]] = {
    "grant": (Act.CONSENT,),
    "ca_file": (Act.NAME_CERTIFICATES,),
    "authority": (Act.NAME_CERTIFICATES,),
    "no_tls": (Act.CHOOSE_SECURITY,),
    "no_starttls": (Act.CHOOSE_SECURITY,),
}
"""What may be done about it, where that is an act."""
