"""Connects to Redis however it is run; `redis_url` says how that is written.

The master that sentinels name is asked for at each new connection, so that after a failover the new one is found by
itself. In a cluster all keys of a site lie in one slot, because its namespace stands in braces.
"""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from intergestan_runtime.redis_url import GroupUrl, without_login

REDIS_FAILURES = (redis.RedisError, RedisClusterException)
"""What redis-py raises where Redis fails; that of the cluster is a family of its own."""

REFUSALS = (redis.ResponseError, redis.BusyLoadingError)
"""Those by which a Redis that answers refuses: a replica, one without room or replicas, one that cannot save."""

_CLOSED = (redis.AuthenticationError, redis.exceptions.NoPermissionError)
_SENTINEL_SECONDS = 0.5  # a sentinel that is dead or frozen must not use up the patience of a command


def connect(url: str, patience: float) -> redis.Redis:
    """A client that makes no command twice by itself: a fetch or an enqueue made twice loses or doubles messages.

    Nothing is connected yet, except to a cluster, which has to say where its slots are.

    :param patience: seconds for a connection, and for an answer.
    :raises RedisClusterException: no node of the cluster answers.
    """
    options = _options(patience)
    group = GroupUrl.parse(url)
    if group is None:
        return redis.Redis.from_url(url, **options)
    if group.kind == "sentinel":
        return _master(group, options)
    return _cluster(group, options)


def takes_strangers(url: str, patience: float) -> bool:
    """Whether whoever reaches this Redis may command it: it has no password, nor a socket that is closed to others.

    It is asked without the login, so that what its rules (ACL) grant to nobody in particular counts as well.

    :raises REDIS_FAILURES: it does not answer.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix" and _is_closed(Path(unquote(parts.path))):
        return False
    try:
        with closing(connect(without_login(url), patience)) as client:
            client.llen("{intergestan}:anybody")
    except _CLOSED:
        return False
    except RedisClusterException as error:  # says so of the first node as its cause
        if isinstance(error.__cause__, _CLOSED):
            return False
        raise
    return True


def _is_closed(socket: Path) -> bool:
    """Whether no other account may connect: that takes the right to write to it, and to pass all folders above it."""
    others_write, others_pass = stat.S_IWGRP | stat.S_IWOTH, stat.S_IXGRP | stat.S_IXOTH
    above = any(not folder.stat().st_mode & others_pass for folder in socket.resolve().parents)
    return above or not socket.stat().st_mode & others_write


def place_of(client: redis.Redis) -> str | None:
    """Where a client of one server finds it; None of a group of them."""
    known = getattr(getattr(client, "connection_pool", None), "connection_kwargs", {})
    if "path" in known:
        return str(known["path"])
    return f"{known['host']}:{known['port']}" if "host" in known and "port" in known else None


def heed(client: redis.Redis, error: Exception) -> None:
    """Drop the idle connections to a server that fails: after a failover the same address may be another server's.

    A demoted master keeps its connections and refuses their writes (READONLY), one that is silent keeps its own.
    """
    pool = getattr(client, "connection_pool", None)  # that of a cluster looks after itself
    if pool is not None and isinstance(error, redis.ReadOnlyError | redis.ConnectionError | redis.TimeoutError):
        pool.disconnect(inuse_connections=False)


def _options(seconds: float) -> dict[str, Any]:
    return {"retry": Retry(NoBackoff(), 0), "socket_timeout": seconds, "socket_connect_timeout": seconds}


def _master(group: GroupUrl, options: dict[str, Any]) -> redis.Redis:
    from redis.sentinel import Sentinel

    for_sentinels = _options(_SENTINEL_SECONDS) | _tls(group) | {"password": group.sentinel_password}
    sentinels = Sentinel(list(group.nodes), sentinel_kwargs=for_sentinels)  # type: ignore[no-untyped-call]
    own = options | _tls(group) | _login(group) | {"db": group.db}
    client = sentinels.master_for(group.master, **own)  # type: ignore[no-untyped-call]
    return cast("redis.Redis", client)


def _cluster(group: GroupUrl, options: dict[str, Any]) -> redis.Redis:
    from redis.cluster import ClusterNode, RedisCluster

    nodes = [ClusterNode(host, port) for host, port in group.nodes]  # type: ignore[no-untyped-call]
    client = RedisCluster(startup_nodes=nodes, **options, **_tls(group), **_login(group))
    return cast("redis.Redis", client)  # the same commands; redis-py gives the two no common type


def _login(group: GroupUrl) -> dict[str, Any]:
    return {"username": group.username, "password": group.password}


def _tls(group: GroupUrl) -> dict[str, Any]:
    if not group.is_secure:
        return {}
    return {"ssl": True} | ({"ssl_ca_certs": group.ca_file} if group.ca_file else {})
