"""The whole way beyond one machine: PostgreSQL behind PgBouncer, Redis under Sentinel, the archives in buckets."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from intergestan_db.tables import InboundMail
from intergestan_runtime.archive_s3 import Bucket, S3Archive
from tests.databases import MigratedBases
from tests.journey.journey_site import QUICK, USUAL, JourneySite, Surroundings, Tables
from tests.journey.oracles import check_everything
from tests.journey.pair_of_sites import PairOfSites
from tests.servers import Dovecot, PgBouncer, PostgresServer, RedisSentinels, RedisServer, S3Server, SmtpServer
from tests.services.cli.conftest import Run, run

__all__ = ["run"]  # a fixture of the command line


class Tier:
    """The servers, and pairs of sites that use all of them."""

    def __init__(
        self, dovecot: Dovecot, postgres: PostgresServer, migrated: MigratedBases, smtp: SmtpServer, folder: Path
    ) -> None:
        self._migrated = migrated
        self._folder = folder
        self._running = ExitStack()
        self._pgbouncer = self._running.enter_context(PgBouncer(postgres, connections=6))
        self.s3 = self._running.enter_context(S3Server())
        self.redis = self._running.enter_context(RedisSentinels())
        self._dovecot = dovecot
        self._surroundings = Surroundings(cast("RedisServer", self.redis), dovecot, (smtp.host, smtp.port))

    def pair(self, settings: Tables) -> PairOfSites:
        """A pair that runs; `stop` ends it."""
        made = PairOfSites(
            self._site("mulhouse", "73282932000074", settings),
            self._site("stauber", "80295478500028", settings),
            self._surroundings,
        )
        self._running.callback(made.stop)
        made.start()
        return made

    def stop(self) -> None:
        """End the pairs and the servers."""
        self._running.close()

    def _site(self, name: str, siret: str, settings: Tables) -> JourneySite:
        bucket = self.s3.make_bucket(name)
        site: Mapping[str, Any] = {
            "pgbouncer": True,
            "archive_url": f"{bucket}/mails",
            "archive_endpoint": self.s3.endpoint,
            "archive_key_id": self.s3.key[0],
            "archive_secret": "s3",
        }
        made = JourneySite(
            self._folder / name,
            self._pgbouncer.url(self._migrated.new("postgresql", self._folder)),
            self._surroundings,
            name=name,
            siret=siret,
            user=self._dovecot.new_user(),
            settings={**settings, "site": site},
        )
        made.write_secret("s3", self.s3.key[1])
        made.archive = S3Archive(Bucket(url=f"{bucket}/mails", endpoint=self.s3.endpoint, key=self.s3.key))
        return made


@pytest.fixture
def tier(
    dovecot: Dovecot,
    postgres_server: PostgresServer,
    migrated: MigratedBases,
    journey_smtp: SmtpServer,
    tmp_path: Path,
) -> Iterator[Tier]:
    made = Tier(dovecot, postgres_server, migrated, journey_smtp, tmp_path)
    yield made
    made.stop()


def lose_the_master(tier: Tier, sites: PairOfSites, seconds: float) -> list[str]:
    """SIGKILL while six mails are on their way: all of it is done in time, by the processes that there were."""
    pids = [process.pid for process in sites.processes()]
    numbers = sites.enter(18)
    sites.send(numbers[:9], mails=3)
    time.sleep(0.3)
    tier.redis.master.kill()
    sites.send(numbers[9:], mails=3)
    sites.wait_answered(numbers, seconds)
    sites.wait_at_rest(seconds)
    check_everything(sites, numbers)
    assert [process.pid for process in sites.processes()] == pids
    assert all(process.runs for process in sites.processes())
    return numbers


def test_a_failover_with_mails_on_their_way(tier: Tier, run: Run) -> None:
    """F5: nothing is lost with the master, for the base is the truth; and people find the mails in the bucket."""
    sites = tier.pair(QUICK)
    numbers = lose_the_master(tier, sites, 120)
    seller, kept = sites.seller.folder, len(sites.seller.rows(InboundMail))  # some mails may have been sent again
    verified = run("archive", "verify", "--json", cwd=seller)
    assert (verified.code, verified.json["count"], verified.json["files"]) == (0, 0, kept)
    replayed = run("replay", "--all", "--dry-run", "--json", cwd=seller)
    assert (replayed.code, [mail["changes"] for mail in replayed.json]) == (0, [False] * kept)
    (story,) = run("trace", numbers[0], "--json", cwd=seller).json
    files = [file for mail in story["mails"] for file in mail["files"]]
    assert files
    assert all(file.startswith("s3://stauber/mails/") for file in files)
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=seller).json}
    assert (found["Redis"]["ok"], found["Archive"]["ok"]) == (True, True)
    tier.s3.kill()
    down = run("archive", "verify", cwd=seller)
    assert (down.code, "does not answer" in down.err) == (75, True)
    assert not {each["subject"]: each for each in run("doctor", "--json", cwd=seller).json}["Archive"]["ok"]


@pytest.mark.campaign
def test_a_failover_with_the_usual_settings(tier: Tier) -> None:
    """F5: sixty seconds, with the defaults of every service."""
    lose_the_master(tier, tier.pair(USUAL), 60)
