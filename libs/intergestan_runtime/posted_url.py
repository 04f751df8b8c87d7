"""Where we send what is not for everybody: encrypted, unless it does not leave this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from intergestan_runtime.said import Said


def check_posted(url: str) -> str:
    """The URL, which is https, or http to a loopback address.

    What goes there by http goes through no proxy (`is_plain`): one of the environment is another machine.

    :raises ValueError: it is neither; without the URL, which may be a secret.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:  # a bracket without its other half
        host = None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))):
        return url
    raise ValueError(
        Said("it has to begin with https://, or with http:// and an address of this machine such as 127.0.0.1")
    )


def is_plain(url: str) -> bool:
    """Whether a URL is http: of those that `check_posted` takes, one that does not leave this machine.

    A variable such as `http_proxy` says nothing of loopback addresses to most programs, and would carry it off.
    """
    return urlsplit(url).scheme == "http"


def _is_this_machine(host: str) -> bool:
    """As the mail accounts have it (`is_loopback`), which this library cannot ask."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
