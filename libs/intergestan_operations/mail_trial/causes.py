"""Why the trial of a login failed, by the exception: what a person must correct depends on it. Pure."""

from __future__ import annotations

import smtplib
import socket
import ssl
from enum import StrEnum

from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, TokensUnavailable
from intergestan_operations.mail_trial.logins import LoginRefused, NoCertificates, NoLogin, NoStartTls, ServerBusy
from intergestan_runtime.secrets import SecretError


class Cause(StrEnum):
    """What is wrong with an account, as far as a trial can tell."""

    SECRET = "secret"  # noqa: S105 - no password
    GRANT = "grant"
    TOKENS = "tokens"
    LOGIN = "login"
    BUSY = "busy"
    NO_LOGIN = "no_login"
    CA_FILE = "ca_file"
    AUTHORITY = "authority"
    OTHER_NAME = "other_name"
    ENDED = "ended"
    CERTIFICATE = "certificate"
    NO_TLS = "no_tls"
    TLS = "tls"
    NO_STARTTLS = "no_starttls"
    UNKNOWN_NAME = "unknown_name"
    NO_NAMES = "no_names"
    NOBODY_LISTENS = "nobody_listens"
    SILENT = "silent"
    CLOSED = "closed"
    OTHER = "other"


_AUTHORITY = frozenset({18, 19, 20, 21})
"""X509_V_ERR_…: self-signed, a self-signed one in the chain, its issuer not at hand, the first not verified."""
_OTHER_NAME = frozenset({62, 64})
"""X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH."""
_ENDED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED."""
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})
"""What OpenSSL says of an answer that is plain text."""

_BY_KIND: tuple[tuple[type[Exception], Cause], ...] = (
    (SecretError, Cause.SECRET),
    (GrantRefused, Cause.GRANT),
    (TokensUnavailable, Cause.TOKENS),
    (LoginRefused, Cause.LOGIN),
    (UnicodeError, Cause.LOGIN),
    (ServerBusy, Cause.BUSY),
    (NoLogin, Cause.NO_LOGIN),
    (NoCertificates, Cause.CA_FILE),
    (NoStartTls, Cause.NO_STARTTLS),
    (ConnectionRefusedError, Cause.NOBODY_LISTENS),
    (TimeoutError, Cause.SILENT),
    (ConnectionError, Cause.CLOSED),
    (smtplib.SMTPServerDisconnected, Cause.CLOSED),
    (ssl.SSLEOFError, Cause.CLOSED),
    (OSError, Cause.OTHER),
)
"""The first that fits; a subclass stands before its own class."""


def cause_of(error: Exception) -> Cause | None:
    """Why the trial failed; None for an error that has nothing to do with the account."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _AUTHORITY:
            return Cause.AUTHORITY
        if error.verify_code == _ENDED:
            return Cause.ENDED
        return Cause.OTHER_NAME if error.verify_code in _OTHER_NAME else Cause.CERTIFICATE
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return Cause.NO_TLS if error.reason in _NOT_TLS else Cause.TLS
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, TimeoutError):
        return Cause.SILENT  # as smtplib says that nothing came
    if isinstance(error, socket.gaierror):
        return Cause.NO_NAMES if error.errno == socket.EAI_AGAIN else Cause.UNKNOWN_NAME
    return next((cause for kind, cause in _BY_KIND if isinstance(error, kind)), None)
