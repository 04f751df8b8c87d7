"""What is done to the sites, by name.

A fault is a generator: it does its harm up to `yield`, and undoes it after that, some time later. `needs` names what
the machine must have for it. Two faults whose `touches` have nothing in common may strike at once.
"""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import psycopg
import redis

from tests.chaos import post
from tests.chaos.books import NotReadable
from tests.chaos.machine import below, hit
from tests.chaos.post import Greylist, KeptBack, Rule
from tests.chaos.rolling import upgrade_one_by_one
from tests.chaos.site import SERVICES, Site
from tests.chaos.world import World
from tests.patience import patient
from tests.servers import RedisServer
from tests.servers.postgres import SmallTablespace
from tests.servers.smtp import FOREVER, Fault

Need = Literal["disks", "faketime", "sqlite", "postgresql"]
Strike = Callable[[World, Site, random.Random], Iterator[None]]


@dataclass(frozen=True)
class ChaosFault:
    """One kind of fault.

    :ivar seconds: between which it lasts; 0: it is over at once.
    :ivar touches: what it lays hands on.
    :ivar site: where it strikes, if not anywhere.
    :ivar patience: seconds within which all must be well again after its end.
    """

    name: str
    strike: Strike
    seconds: tuple[float, float]
    touches: frozenset[str]
    needs: frozenset[Need] = frozenset()
    patience: float = 240
    site: str = ""


OFF: Mapping[str, str] = {}
"""Faults that do harm and wait for work, and why: not drawn by themselves; `--fault NAME` tries them."""


def catalogue() -> dict[str, ChaosFault]:
    """All of them, by name, in a fixed order."""
    found = [*_of_processes(), *_of_redis(), *_of_postgres(), *_of_mail(), *_of_networks(), *_of_disks(), *_of_people()]
    names = [fault.name for fault in found]
    assert len(set(names)) == len(names)
    return {fault.name: fault for fault in found}


def _fault(
    name: str,
    strike: Strike,
    touches: str,
    seconds: tuple[float, float] = (0, 0),
    needs: Sequence[Need] = (),
    patience: float = 240,
    site: str = "",
) -> ChaosFault:
    return ChaosFault(name, strike, seconds, frozenset(touches.split()), frozenset(needs), patience, site)


# -- processes -----------------------------------------------------------------------------------------------

HANGS = (30.0, 80.0)
"""Some of it is longer than the minute after which a process that hangs must be noticed."""
AWAY = (15.0, 60.0)


def _of_processes() -> Iterator[ChaosFault]:
    for service in SERVICES:
        yield _fault(f"kill -9 {service}", partial(_kill, service), "processes")
        yield _fault(f"SIGSTOP {service}", partial(_pause, service), "processes", HANGS)
    yield _fault("kill -9 redis", partial(_kill, "redis"), "processes redis")
    yield _fault("SIGSTOP redis", partial(_pause, "redis"), "redis", AWAY)
    yield _fault("kill -9 up", _kill_up, "processes redis", (0, 5))
    yield _fault("kill -9 every service, twice", _kill_again, "processes")
    yield _fault("services upgraded one by one", _upgrade, "processes redis clock", patience=300)


def _kill(service: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    if service == "redis" and site.redis is not None:
        site.redis.kill()
        site.redis.bring_back()
    else:
        site.kill(service)
    yield


def _pause(service: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    if service == "redis" and site.redis is not None:
        site.redis.pause()
        yield
        site.redis.resume()
    else:
        pids = site.pids(service)
        hit(pids, signal.SIGSTOP)
        yield
        hit(pids, signal.SIGCONT)


def _kill_up(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    orphans = site.kill_up()
    assert not orphans, f"left behind by `up` of the {site.name}: {orphans}"
    yield
    site.start()


def _kill_again(_world: World, site: Site, rng: random.Random) -> Iterator[None]:
    """All at once, and again while they recover."""
    for _ in range(2):
        for service in SERVICES:
            site.kill(service)
        time.sleep(rng.uniform(1, 4))
    yield


def _upgrade(world: World, site: Site, rng: random.Random) -> Iterator[None]:
    upgrade_one_by_one(world, site, rng)
    yield


# -- Redis ---------------------------------------------------------------------------------------------------


def _of_redis() -> Iterator[ChaosFault]:
    def told(name: str, begin: str, end: str = "", seconds: tuple[float, float] = (0, 0)) -> ChaosFault:
        return _fault(f"redis {name}", partial(_tell_redis, begin, end), "redis", seconds)

    yield told("emptied", "FLUSHALL")
    yield told("connections cut", "CLIENT KILL TYPE normal")
    yield told("full", "CONFIG SET maxmemory 1mb", "CONFIG SET maxmemory 0", (20, 45))
    yield told("read-only", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", (20, 45))
    yield _fault("redis cannot save", _unsaved_redis, "redis", (20, 45))
    yield _fault("redis loading", _loading_redis, "redis", AWAY)
    yield _fault("redis restarted empty", _restart_redis_empty, "redis", (0, 20))
    yield _fault("redis behind a black hole", partial(_black_hole, "redis"), "redis", AWAY)
    yield _fault("redis behind a black hole, lines kept", partial(_hole_that_heals, "redis"), "redis", AWAY)


def _tell_redis(begin: str, end: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    with suppress(redis.RedisError, NotReadable), site.redis_client() as client:
        client.execute_command(*begin.split())
    yield
    if end:
        for _ in range(50):  # a server that is being started again has forgotten it anyhow
            with suppress(redis.RedisError, NotReadable), site.redis_client() as client:
                client.execute_command(*end.split())
                return
            time.sleep(0.2)


def _server_of(world: World, site: Site) -> RedisServer:
    """The site's Redis, or the seller's where the site has the embedded one."""
    server = site.redis or world.seller.redis
    assert server
    return server


def _unsaved_redis(world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    server = _server_of(world, site)
    server.refuse_saving()
    yield
    server.allow_saving()


def _loading_redis(world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    server = _server_of(world, site)
    server.load_slowly()
    yield
    server.load_quickly()


def _restart_redis_empty(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    server = site.redis
    if server is None:
        with suppress(redis.RedisError, NotReadable), site.redis_client() as client:
            client.flushall()
        site.kill("redis")
        yield
        return
    server.kill()
    shutil.rmtree(server.directory / "appendonlydir", ignore_errors=True)
    yield
    server.bring_back()


# -- PostgreSQL ----------------------------------------------------------------------------------------------


def _of_postgres() -> Iterator[ChaosFault]:
    def of(name: str, strike: Strike, seconds: tuple[float, float] = (0, 0), needs: Sequence[Need] = ()) -> ChaosFault:
        return _fault(f"postgres {name}", strike, "database", seconds, ["postgresql", *needs])

    yield of("restarted", _restart_postgres)
    yield of("killed", _kill_postgres, (5, 20))
    yield of("stopped", _pause_postgres, AWAY)
    yield of("demoted and promoted", _demote, (20, 45))
    yield of("sessions terminated", _terminate)
    yield of("read-only", partial(_alter, "default_transaction_read_only = on"), (20, 45))
    yield of("out of time", partial(_alter, "statement_timeout = '2ms'"), (20, 45))
    yield of("out of connections", _hog, (20, 45))
    yield of("behind a black hole", partial(_black_hole, "postgres"), AWAY)
    yield of("behind a black hole, lines kept", partial(_hole_that_heals, "postgres"), AWAY)
    yield of("behind a silence", partial(_silence, "postgres"), AWAY)
    yield of("slow", partial(_slow, "postgres"), (15, 30))
    yield _fault(
        "postgres table space full", _full_tablespace, "database processes disk", (30, 60), ["postgresql", "disks"]
    )


def _restart_postgres(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    assert site.postgres
    site.postgres.restart()
    yield


def _kill_postgres(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    assert site.postgres
    site.postgres.kill()
    yield
    site.postgres.bring_back()


def _pause_postgres(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """The whole server, as a machine that hangs."""
    assert site.postgres
    pids = [site.postgres.pid, *(each.pid for each in below(site.postgres.pid))]
    hit(pids, signal.SIGSTOP)
    yield
    hit(pids, signal.SIGCONT)


def _demote(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """The server comes back as a standby, and is promoted some time later."""
    assert site.postgres
    site.postgres.demote()
    yield
    site.postgres.promote()


def _terminate(_world: World, site: Site, rng: random.Random) -> Iterator[None]:
    assert site.postgres
    for _ in range(8):
        site.postgres.terminate_backends(site.books.url)
        time.sleep(rng.uniform(0.1, 1.2))
    yield


def _administer(site: Site, *statements: str) -> None:
    assert site.postgres
    with psycopg.connect(
        host=site.postgres.host, port=site.postgres.port, user="tester", dbname="postgres", autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _name(site: Site) -> str:
    return site.books.url.rpartition("/")[2]


def _alter(setting: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    assert site.postgres
    _administer(site, f"ALTER DATABASE {_name(site)} SET {setting}")
    site.postgres.terminate_backends(site.books.url)
    yield
    _administer(site, f"ALTER DATABASE {_name(site)} RESET ALL")
    site.postgres.terminate_backends(site.books.url)


def _hog(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """Somebody else takes every connection that the server has; those of the site are cut."""
    assert site.postgres
    server, hogs = site.postgres, list[psycopg.Connection]()
    try:
        server.terminate_backends(site.books.url)
        with suppress(psycopg.OperationalError):
            while True:
                hogs.append(
                    psycopg.connect(
                        host=server.host, port=server.port, user="tester", dbname="postgres", connect_timeout=5
                    )
                )
        yield
    finally:
        for connection in hogs:
            connection.close()


def _full_tablespace(world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """The tables lie on a file system of their own, in which nothing more has room."""
    assert site.postgres
    with SmallTablespace(site.postgres, world.folder / f"tablespace-{site.name}") as small:
        site.stop()
        small.take_in(site.books.url)
        site.start()
        time.sleep(8)
        with small.full():
            yield
        site.stop()
        small.let_go(site.books.url)
        site.start()


# -- mails ---------------------------------------------------------------------------------------------------


def _of_mail() -> Iterator[ChaosFault]:
    # An answer that was altered and is the last one goes again once ten minutes have passed (REPEAT_AFTER): with the
    # buyer's fourth reminder, after 11 minutes.
    def ruled(name: str, rule: Callable[[], Rule], patience: float = 800) -> ChaosFault:
        return _fault(name, partial(_rule, rule), "mails", (8, 20), patience=patience)

    yield _fault("greylisting", partial(_rule, Greylist), "mails", (30, 70), patience=500)
    yield ruled("mail lost", lambda: post.lost)
    yield ruled("mail tripled", lambda: post.tripled)
    yield ruled("mail cut", lambda: post.cut)
    yield ruled("mail altered", lambda: post.altered)
    yield _fault("mail late and shuffled", _keep_back, "mails", (15, 35))
    yield _fault("250 lost", partial(_reply, Fault("DOT", drop=True, times=FOREVER)), "smtp", (8, 20), patience=400)
    lost = Fault("DOT", drop=True, copies=0, times=FOREVER)
    yield _fault("250 and mail lost", partial(_reply, lost), "smtp", (8, 20), patience=400)
    busy = Fault("MAIL", reply="421 4.3.2 busy", times=FOREVER)
    yield _fault("relay busy", partial(_reply, busy), "smtp", (20, 45), patience=400)
    yield _fault("mailbox emptied", _empty_mailbox, "mailbox", patience=400)
    yield _fault("UIDVALIDITY changed", _new_uidvalidity, "mailbox")


def _rule(make: Callable[[], Rule], world: World, _site: Site, _rng: random.Random) -> Iterator[None]:
    rule = make()
    world.post.add(rule)
    yield
    world.post.remove(rule)


def _keep_back(world: World, _site: Site, rng: random.Random) -> Iterator[None]:
    kept = KeptBack()
    world.post.add(kept)
    yield
    world.post.remove(kept)
    kept.release(world.post, rng)


def _reply(fault: Fault, world: World, _site: Site, _rng: random.Random) -> Iterator[None]:
    world.smtp.inject(fault)
    yield
    world.smtp.faults.clear()


def _empty_mailbox(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    for folder in ("new", "cur"):
        for file in (site.maildir / folder).glob("*"):
            file.unlink(missing_ok=True)
    yield


def _new_uidvalidity(world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    world.dovecot.bump_uidvalidity(site.user.address)
    yield


# -- networks ------------------------------------------------------------------------------------------------


def _of_networks() -> Iterator[ChaosFault]:
    for server in ("smtp", "imap"):
        yield _fault(f"{server} behind a black hole", partial(_black_hole, server), server, AWAY, patience=500)
        yield _fault(f"{server} refused", partial(_refuse, server), server, (20, 45), patience=400)
        yield _fault(f"{server} slow", partial(_slow, server), server, (15, 30))
    yield _fault("imap behind a silence", partial(_silence, "imap"), "imap", AWAY)
    yield _fault("imap behind a black hole, lines kept", partial(_hole_that_heals, "imap"), "imap", AWAY)


def _black_hole(server: str, world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """Nothing passes, nobody hears of it; in the end the connections are gone. An embedded Redis has no network."""
    proxy = site.proxies.get(server) or world.seller.proxies[server]
    proxy.black_hole()
    yield
    proxy.cut()
    proxy.resume()


def _hole_that_heals(server: str, world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """What was said meanwhile is lost, and nobody hears of it even afterwards: every connection looks alive.

    Not before a relay: whoever has sent the final dot waits ten minutes for its answer (RFC 5321, 4.5.3.2.6).
    """
    proxy = site.proxies.get(server) or world.seller.proxies[server]
    proxy.black_hole()
    yield
    proxy.resume()


def _silence(server: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """Nothing passes; in the end all of it does."""
    site.proxies[server].stand_still()
    yield
    site.proxies[server].resume()


def _refuse(server: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    site.proxies[server].refuse()
    yield
    site.proxies[server].resume()


def _slow(server: str, _world: World, site: Site, rng: random.Random) -> Iterator[None]:
    site.proxies[server].delay(rng.uniform(0.05, 0.3), 0.05)
    yield
    site.proxies[server].resume()


# -- disks and the machine -----------------------------------------------------------------------------------


def _of_disks() -> Iterator[ChaosFault]:
    everything = "disk database processes redis"
    yield _fault("disk full", _fill, "disk database", (20, 60), ["disks"], patience=300)
    yield _fault("power cut", _cut_power, everything, (0, 5), ["disks"], patience=300)
    yield _fault("archive read-only", _read_only_archive, "disk", (20, 45), ["disks"])
    for how in ("flipped", "cut", "deleted"):
        yield _fault(f"archive file {how}", partial(_spoil, how), "disk processes", patience=400)
    for name, offset in (("an hour ahead", 3600), ("a day ahead", 86400), ("an hour behind", -3600)):
        yield _fault(f"clock {name}", partial(_step_clock, offset), "clock processes redis", (20, 40), ["faketime"])


def _fill(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    assert site.disk
    ballast = site.disk.fill()
    yield
    ballast.unlink()
    if site.postgres is not None:
        site.postgres.bring_back()  # it ends itself where its journal has no room


def _cut_power(_world: World, site: Site, rng: random.Random) -> Iterator[None]:
    """All at once, at a moment nobody chose: the disk has what was fsynced, and nothing runs any more."""
    assert site.disk
    time.sleep(rng.uniform(0, 1.5))
    victims = site.everything()
    if site.postgres is not None:
        victims += [site.postgres.pid, *(each.pid for each in below(site.postgres.pid))]
    hit(victims, signal.SIGSTOP)
    site.disk.lose_power()
    site.end_commands()
    hit(victims, signal.SIGKILL)
    if site.postgres is not None:
        site.postgres.kill()
    site.kill_up()
    site.disk.unmount()
    yield
    site.disk.mount()
    if site.postgres is not None:
        site.postgres.bring_back()
    site.start()


def _read_only_archive(_world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    place = site.folder / "archive" / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro,mode=700", "tmpfs", place], check=True)
    yield
    subprocess.run(["umount", "-l", place], check=True)


def _spoil(how: str, _world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """What was archived is damaged before it is taken in; the mailbox has it still."""
    pids = site.pids("importer")
    hit(pids, signal.SIGSTOP)
    archive = site.folder / "archive"
    before = set(archive.glob("??/*.eml"))
    until = time.monotonic() + patient(30)
    while not (new := set(archive.glob("??/*.eml")) - before) and time.monotonic() < until:
        time.sleep(0.2)
    for file in new:
        raw = file.read_bytes()
        site.spoiled.add(file.stem)
        file.chmod(0o600)
        if how == "deleted":
            file.unlink()
        elif how == "cut":
            file.write_bytes(raw[: len(raw) // 2])
        else:
            file.write_bytes(raw[:400] + bytes([raw[400] ^ 1]) + raw[401:])
    yield
    hit(pids, signal.SIGCONT)


FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
"""Of Debian's package faketime."""


def _step_clock(offset: int, _world: World, site: Site, rng: random.Random) -> Iterator[None]:
    """The machine's clock jumps, for `up` and all that it starts, and jumps back; monotonic time goes on.

    A sleep that the jump meets may end with EINVAL, which libfaketime makes and no kernel does: a thread dies of it,
    and its process, which fails /live for a minute, is started again. Such a step takes seventy seconds, not ten.
    """
    file = site.desk / "clock"
    file.write_text("+0\n")
    site.stop()
    site.environment = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    site.start()
    until = time.monotonic() + patient(60)
    while not site.is_up() and time.monotonic() < until:
        time.sleep(0.2)
    file.write_text(f"{offset:+d}\n")
    yield
    file.write_text("+0\n")
    if rng.random() < 0.5:
        site.kill(rng.choice(("poller", "importer")))
    site.environment = {}


# -- what people do ------------------------------------------------------------------------------------------


def _of_people() -> Iterator[ChaosFault]:
    yield _fault("signing key lost and replaced", _replace_key, "keys", (2, 10), patience=300, site="buyer")
    everything = "disk database processes redis keys"
    for site in ("seller", "buyer"):
        yield _fault(f"{site} restored", _restore, everything, (10, 25), patience=300, site=site)


def _replace_key(world: World, _site: Site, _rng: random.Random) -> Iterator[None]:
    """The buyer signs with a new key at once; the seller holds what comes, until somebody has compared the words."""
    buyer, seller = world.buyer, world.seller
    buyer.must("site", "key", "rotate", "--lost")
    world.note_key()
    yield
    card = buyer.must("site", "card", "--json").json()
    file = seller.desk / "new.card"
    file.write_text(card["card"] + "\n")
    seller.must("partner", "key", "confirm", "BUYER", *card["fingerprint"].split(), "--card", str(file))


def _restore(world: World, site: Site, _rng: random.Random) -> Iterator[None]:
    """As docs/operations.md says: the backup, `restored`, start, `replay --all`; people type again what it lacks."""
    people, backup = world.people, site.desk / "backup"
    people.stop()
    _back_up(site, backup)
    known = len(people.taken)
    people.changes_nothing = site is world.buyer
    people.start()
    yield
    people.stop()
    site.stop()
    _bring_back(site, backup)
    site.must("restored")
    site.start()
    until = time.monotonic() + patient(60)
    while not site.is_up() and time.monotonic() < until:
        time.sleep(0.2)
    site.must("replay", "--all")
    if site is world.buyer:
        again = people.taken[known:]
        del people.taken[known:]
        people.type_again(again)
    people.changes_nothing = False


def _back_up(site: Site, backup: Path) -> None:
    if site.postgres is None:
        with closing(sqlite3.connect(site.folder / "site.db")) as here, closing(sqlite3.connect(backup)) as there:
            here.backup(there)
        return
    _postgres_tool("pg_dump", site, "--format=custom", f"--file={backup}", _name(site))


def _bring_back(site: Site, backup: Path) -> None:
    if site.postgres is None:
        for file in site.folder.glob("site.db*"):
            file.unlink()
        shutil.copy(backup, site.folder / "site.db")
        backup.unlink()
        return
    site.postgres.terminate_backends(site.books.url)
    _administer(site, f"DROP DATABASE {_name(site)} WITH (FORCE)", f"CREATE DATABASE {_name(site)} TEMPLATE template0")
    _postgres_tool("pg_restore", site, "--exit-on-error", "--no-acl", f"--dbname={_name(site)}", str(backup))


def _postgres_tool(program: str, site: Site, *words: str) -> None:
    assert site.postgres
    server = ["--host", site.postgres.host, "--port", str(site.postgres.port), "--username", "tester"]
    subprocess.run([program, *server, *words], check=True, capture_output=True)
