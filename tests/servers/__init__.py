"""The servers of the tests; tests/conftest.py makes fixtures of them."""

from tests.servers.certificates import Certificate, Certificates
from tests.servers.dovecot import Dovecot, MailUser
from tests.servers.fake_clock import FakeClock
from tests.servers.fault_proxy import FaultProxy
from tests.servers.pgbouncer import PgBouncer
from tests.servers.postfix import Postfix
from tests.servers.postgres import PostgresServer
from tests.servers.process import ServerError
from tests.servers.prometheus import PrometheusServer
from tests.servers.redis import EmbeddedRedis, RedisServer
from tests.servers.redis_groups import RedisClusterServers, RedisSentinels
from tests.servers.s3 import S3Server
from tests.servers.scripted_imap import ScriptedImap
from tests.servers.smtp import Fault, ReceivedMail, SmtpServer

__all__ = [
    "Certificate",
    "Certificates",
    "Dovecot",
    "EmbeddedRedis",
    "FakeClock",
    "Fault",
    "FaultProxy",
    "MailUser",
    "PgBouncer",
    "Postfix",
    "PostgresServer",
    "PrometheusServer",
    "ReceivedMail",
    "RedisClusterServers",
    "RedisSentinels",
    "RedisServer",
    "S3Server",
    "ScriptedImap",
    "ServerError",
    "SmtpServer",
]
