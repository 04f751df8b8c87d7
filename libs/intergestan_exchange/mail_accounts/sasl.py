"""What a mail client says to log in with an access token: OAUTHBEARER (RFC 7628) or Google's older XOAUTH2. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class BearerToken(str):
    """An access token (RFC 6750), where otherwise a password stands."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One login. :ivar first: what we say. :ivar after_error: our answer to the server's words about a refusal."""

    mechanism: str
    first: bytes
    after_error: bytes


OAUTHBEARER, XOAUTH2 = "OAUTHBEARER", "XOAUTH2"


def exchange(offered: Iterable[str], login: str, token: BearerToken, host: str, port: int) -> Exchange | None:
    """The login to try, or None when the server offers none for tokens.

    :param offered: the names of the server's SASL mechanisms.
    """
    names = {name.upper() for name in offered}
    if OAUTHBEARER in names:
        quoted = login.replace("=", "=3D").replace(",", "=2C")
        said = f"n,a={quoted},\1host={host}\1port={port}\1auth=Bearer {token}\1\1"
        return Exchange(OAUTHBEARER, said.encode(), b"\1")
    if XOAUTH2 in names:
        return Exchange(XOAUTH2, f"user={login}\1auth=Bearer {token}\1\1".encode(), b"")
    return None
