"""The bell on a Redis cluster, and the URLs of clusters and sentinels. tests/journey has the failover of sentinels."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import redis
from redis.exceptions import RedisClusterException

from intergestan_runtime.broker import check_clock
from intergestan_runtime.redis_client import connect, takes_strangers
from intergestan_runtime.redis_url import GroupUrl, with_sentinel_password, without_login
from tests.patience import PATIENCE, eventually
from tests.runtime.bells import STEP, Work, broker_for, working
from tests.servers import RedisClusterServers


@pytest.fixture(scope="module")
def servers() -> Iterator[RedisClusterServers]:
    with RedisClusterServers() as nodes:
        yield nodes


@pytest.fixture
def cluster(servers: RedisClusterServers) -> str:
    for node in servers.nodes:
        node.bring_back()
    servers.wait_whole()
    return servers.url


@pytest.fixture(autouse=True)
def _quick_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 3 s until a consumer starts anew."""
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.1)


def test_every_command_of_the_bell_works_in_a_cluster(cluster: str) -> None:
    """The site's namespace in braces keeps its keys in one slot: fetch, ack, wait, give back, measure, bury."""
    work = Work()
    ringer = broker_for(cluster)
    check_clock(ringer.client)
    assert ringer.memory()["used_memory"] > 0
    assert STEP.ring(ringer, 1, 2, 3)
    assert ringer.queue_lengths(["import", "send"]) == {"import": 3, "send": 0}
    with working(cluster, work) as broker:
        work.wait_for(1, 2, 3)
        ringer.client.hset(ringer.key("import.msgs"), "bad", "not a message")
        ringer.client.rpush(ringer.key("import"), "bad")
        STEP.ring(ringer, 4)
        work.wait_for(4)
        poison = {"queue": "import", "outcome": "poison"}
        count = broker.metrics.registry.get_sample_value
        eventually(lambda: count("intergestan_messages_total", poison) == 1)
        time.sleep(0.5)  # longer than a consumer waits in one command
        STEP.ring(ringer, 5)
        work.wait_for(5)
    assert sorted(work.rows) == [1, 2, 3, 4, 5]
    assert ringer.queue_lengths(["import"]) == {"import": 0}
    ringer.client.close()


def test_sites_share_a_cluster(cluster: str) -> None:
    """Each has a slot of its own, wherever that lies."""
    brokers = [broker_for(cluster, site) for site in ("a1", "b2", "c3", "d4")]
    for broker in brokers:
        assert STEP.ring(broker, 1)
        assert broker.queue_lengths(["import"]) == {"import": 1}
        broker.client.close()


def test_whether_a_cluster_asks_for_its_password(servers: RedisClusterServers, cluster: str) -> None:
    """`doctor` tries it without the login, of which a cluster says in words of its own that it misses it."""
    assert takes_strangers(cluster, PATIENCE)
    own = cluster.replace("://", "://:s3cret@")
    try:
        for node in servers.nodes:
            with node.client() as client:
                client.config_set("requirepass", "s3cret")
        assert not takes_strangers(own, PATIENCE)
        assert not takes_strangers(cluster, PATIENCE)
    finally:
        for node in servers.nodes:
            with redis.Redis(node.host, node.port, password="s3cret") as client:
                client.config_set("requirepass", "")
    with pytest.raises(RedisClusterException):
        takes_strangers("redis+cluster://127.0.0.1:1", PATIENCE)


def test_a_cluster_that_is_away_is_waited_for(servers: RedisClusterServers, cluster: str) -> None:
    """All nodes killed and back, empty: no exception on the way, and the worker goes on by itself."""
    work = Work()
    ringer = broker_for(cluster, "b")
    with working(cluster, work, site="b"):
        STEP.ring(ringer, 1)
        work.wait_for(1)
        for node in servers.nodes:
            node.kill()
        assert not STEP.ring(ringer, 2)
        with pytest.raises(RedisClusterException):
            connect(cluster, 1)
        for node in servers.nodes:
            node.bring_back()
        servers.wait_whole()
        eventually(lambda: STEP.ring(ringer, 2))
        work.wait_for(2)
    ringer.client.close()


def test_urls_of_groups() -> None:
    assert GroupUrl.parse("redis://localhost/0") is GroupUrl.parse("unix:///run/redis.sock") is None
    sentinels = GroupUrl.parse("rediss+sentinel://site:p%40ss@s1,s2:5000/my%20master/3?ssl_ca_certs=/etc/ca.pem")
    assert sentinels == GroupUrl(
        kind="sentinel",
        nodes=(("s1", 26379), ("s2", 5000)),
        master="my master",
        db=3,
        username="site",
        password="p@ss",
        sentinel_password=None,
        is_secure=True,
        ca_file="/etc/ca.pem",
    )
    told = GroupUrl.parse(with_sentinel_password("redis+sentinel://s1/m?ssl_ca_certs=/c", "a&b"))
    assert told is not None
    assert (told.sentinel_password, told.ca_file, told.db) == ("a&b", "/c", 0)
    cluster = GroupUrl.parse("redis+cluster://[::1]:7000,n2")
    assert cluster is not None
    assert cluster.nodes == (("::1", 7000), ("n2", 6379))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://localhost", "begin with"),
        ("redis+ring://localhost", "begin with"),
        ("redis+sentinel://s1,s2", "master's name"),
        ("redis+sentinel://s1/master/x", "master's name"),
        ("redis+cluster://a,,b", "name its hosts"),
        ("redis+sentinel://a:x/m", "ort"),
    ],
)
def test_wrong_urls_are_explained(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GroupUrl.parse(url)


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://:s3cret@h:6379/0", "redis://h:6379/0"),
        ("rediss://me:s3cret@h/1?ssl_ca_certs=/c", "rediss://h/1?ssl_ca_certs=/c"),
        ("redis://h/0?password=s3cret&username=me&health_check_interval=2", "redis://h/0?health_check_interval=2"),
        ("unix:///run/redis/socket", "unix:///run/redis/socket"),
        ("unix://:s3cret@/run/redis/socket?db=1", "unix:///run/redis/socket?db=1"),
        (
            "redis+sentinel://:s3cret@s1,s2:26379/m/2?sentinel_password=theirs",
            "redis+sentinel://s1,s2:26379/m/2?sentinel_password=theirs",
        ),
        ("redis+cluster://me:s3cret@n1:6379,n2:6379", "redis+cluster://n1:6379,n2:6379"),
    ],
)
def test_a_url_without_its_login(url: str, without: str) -> None:
    """As a stranger reaches the same servers; sentinels are asked with their password, for they only say where."""
    assert without_login(url) == without
