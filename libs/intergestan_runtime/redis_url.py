"""The URLs that say how Redis is run: one server, a master that sentinels name, or a cluster.

- ``redis://``, ``rediss://``, ``unix://``: one server, as redis-py writes it.
- ``redis+sentinel://HOST:PORT,HOST:PORT/MASTER[/DB]``
- ``redis+cluster://HOST:PORT,HOST:PORT``: some of its nodes.

``rediss+…`` is the same over TLS. User and password are those of the servers; the query may have ``ssl_ca_certs`` (a
file) and, for sentinels that want one, ``sentinel_password``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit, urlunsplit

from intergestan_runtime.said import Said

SINGLE = ("redis", "rediss", "unix")
GROUPS = {"sentinel": 26379, "cluster": 6379}
"""How several servers act together, with the usual port of who is asked first."""


@dataclass(frozen=True, slots=True)
class GroupUrl:
    """A URL of several servers, taken apart.

    :ivar kind: a key of `GROUPS`.
    :ivar master: its name, and the number of the base; of a cluster "" and 0.
    """

    kind: str
    nodes: tuple[tuple[str, int], ...]
    master: str
    db: int
    username: str | None
    password: str | None
    sentinel_password: str | None
    is_secure: bool
    ca_file: str | None

    @classmethod
    def parse(cls, url: str) -> Self | None:
        """None of one server's URL.

        :raises ValueError: with what is wrong, for people.
        """
        parts = urlsplit(url)
        scheme, _, kind = parts.scheme.partition("+")
        if parts.scheme in SINGLE:
            return None
        if scheme not in {"redis", "rediss"} or kind not in GROUPS:
            raise ValueError(
                Said("it has to begin with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
            )
        master, db = _master(parts) if kind == "sentinel" else ("", 0)
        login, _, hosts = parts.netloc.rpartition("@")
        username, _, password = login.partition(":")
        return cls(
            kind=kind,
            nodes=_nodes(hosts, GROUPS[kind]),
            master=master,
            db=db,
            username=unquote(username) or None,
            password=unquote(password) or None,
            sentinel_password=_query(parts, "sentinel_password"),
            is_secure=scheme == "rediss",
            ca_file=_query(parts, "ssl_ca_certs"),
        )


def with_sentinel_password(url: str, password: str) -> str:
    """A URL with the password of the sentinels in it: for connecting, never for showing."""
    parts = urlsplit(url)
    added = f"sentinel_password={quote(password, safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def without_login(url: str) -> str:
    """The same servers, as somebody reaches them who has no password of them."""
    parts = urlsplit(url)
    query = "&".join(each for each in parts.query.split("&") if each.partition("=")[0] not in {"username", "password"})
    hosts = parts.netloc.rpartition("@")[2]  # of a socket there are none, and `urlunsplit` would leave its slashes out
    return f"{parts.scheme}://{hosts}{parts.path}{'?' if query else ''}{query}"


def _master(parts: SplitResult) -> tuple[str, int]:
    name, _, db = parts.path.strip("/").partition("/")
    if not name or not (db or "0").isdecimal():
        raise ValueError(
            Said("it has to end in the master's name, as sentinel.conf has it: …/mymaster or …/mymaster/0")
        )
    return unquote(name), int(db or 0)


def _nodes(hosts: str, usual: int) -> tuple[tuple[str, int], ...]:
    each = [urlsplit(f"//{host}") for host in hosts.split(",")]
    if not all(one.hostname for one in each):
        raise ValueError(Said("it has to name its hosts, with commas between them"))
    return tuple((one.hostname or "", one.port or usual) for one in each)


def _query(parts: SplitResult, name: str) -> str | None:
    return parse_qs(parts.query).get(name, [None])[0]
