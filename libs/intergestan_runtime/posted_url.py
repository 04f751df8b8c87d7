"""Where we post what is not for everybody: encrypted, unless it does not leave this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from intergestan_runtime.said import Said


def check_posted(url: str) -> str:
    """The URL, which is https, or http to a loopback address.

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


def _is_this_machine(host: str) -> bool:
    """As the mail accounts have it (`is_loopback`), which this library cannot ask."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
