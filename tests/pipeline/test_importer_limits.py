"""The children that read mails: what kills one costs that mail a strike, and nobody else anything."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from intergestan_db.database import AWAY
from intergestan_db.leases import claim_mail
from intergestan_db.limited_child import children
from intergestan_db.limited_child.children import ReaderDied
from intergestan_db.limited_child.limits import LimitedReader
from intergestan_db.tables import Hold, InboundMail, SalesOrder
from intergestan_exchange.holds.hold_acts import release
from intergestan_exchange.inbox.pool import LIMITS, ReaderPool
from intergestan_runtime.archive_s3 import Bucket, S3Archive
from tests.factories import cfr1
from tests.patience import PATIENCE, eventually
from tests.pipeline.conftest import Pair
from tests.pipeline.forge import Forge
from tests.pipeline.test_holds_and_replay import act, holds
from tests.pipeline.two_sites import SiteUnderTest, products_of
from tests.servers.process import HOST, free_port

pytestmark = pytest.mark.mainly_on("postgresql")


@pytest.fixture
def readers() -> Iterator[ReaderPool]:
    """A pool of the test's own."""
    pool = ReaderPool()
    yield pool
    pool.close()


def idle_child(pool: ReaderPool) -> int:
    """The process id of the child that reads the next mail."""
    pool.read(b"", {})
    pid: int = pool._children._idle.queue[-1]._process.pid
    return pid


def is_gone(pid: int) -> bool:
    """Dead, be it that nobody has asked for its exit code yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def take_in_and_kill_the_reader(sites: Pair, mail_id: int) -> None:
    """The reader gets the mail and dies over it."""
    seller = sites.seller
    pid = idle_child(seller.importer._pool)
    os.kill(pid, signal.SIGSTOP)
    strikes = seller.row(InboundMail, id=mail_id).strikes
    taking = threading.Thread(target=seller.importer.take_in, args=(mail_id,))
    taking.start()
    eventually(lambda: seller.row(InboundMail, id=mail_id).strikes == strikes + 1)
    os.kill(pid, signal.SIGKILL)
    taking.join()


def test_a_mail_that_kills_its_reader_three_times_is_held(sites: Pair) -> None:
    """F19: three strikes; the others go on between them; nothing of it is lost."""
    seller = sites.seller
    seller.put_products(*products_of(cfr1()))
    forge = Forge(sites.buyer.key, sites.buyer.code, seller.code, sites.clock)
    poison = seller.receive(b"From: a@b.test\r\n\r\n", take_in=False)
    for strikes in (1, 2, 3):
        take_in_and_kill_the_reader(sites, poison.id)
        row = seller.row(InboundMail, id=poison.id)
        assert (row.state, row.strikes, row.lease_owner, row.rung_at) == ("archived", strikes, None, sites.clock.now)
    assert seller.receive(forge.orders(cfr1())).state == "done"
    seller.importer.take_in(poison.id)
    row = seller.row(InboundMail, id=poison.id)
    assert (row.state, row.reason, row.strikes) == ("held", "poison", 0)
    assert (len(seller.rows(SalesOrder)), seller.rows(Hold)) == (1, [])
    assert seller.archive.has(row.sha256)


def test_a_mail_that_is_read_in_the_end_has_no_strikes(sqlite_sites: Pair) -> None:
    seller = sqlite_sites.seller
    seller.put_products(*products_of(cfr1()))
    forge = Forge(sqlite_sites.buyer.key, sqlite_sites.buyer.code, seller.code, sqlite_sites.clock)
    mail_id = seller.receive(forge.orders(cfr1()), take_in=False).id
    take_in_and_kill_the_reader(sqlite_sites, mail_id)
    seller.importer.take_in(mail_id)
    row = seller.row(InboundMail)
    assert (row.state, row.strikes) == ("done", 0)


@pytest.mark.parametrize("harm", ["missing", "altered"])
def test_a_file_that_is_not_whole_is_not_the_mails_fault(sqlite_sites: Pair, harm: str) -> None:
    """Crash table, archive disk lost: held at once as `archive`; a whole copy is taken in as ever."""
    seller = sqlite_sites.seller
    seller.put_products(*products_of(cfr1()))
    raw = Forge(sqlite_sites.buyer.key, sqlite_sites.buyer.code, seller.code, sqlite_sites.clock).orders(cfr1())
    row = seller.receive(raw, take_in=False)
    file = seller.archive.path(row.sha256)
    if harm == "missing":
        seller.archive.remove(row.sha256)
    else:
        file.chmod(0o600)
        file.write_bytes(raw[:-40])
    seller.importer.take_in(row.id)
    held = seller.row(InboundMail)
    assert (held.state, held.reason, held.strikes, held.lease_owner) == ("held", "archive", 0, None)
    (hold,) = holds(seller)
    assert (str(file) in hold.what("en"), "boîte" in hold.what("fr")) == (True, True)
    assert seller.rows(SalesOrder) == []
    seller.archive.put_many([raw])
    act(seller, release, [hold.ref])
    assert (seller.row(InboundMail).state, len(seller.rows(SalesOrder))) == ("done", 1)


@contextmanager
def no_room(site: SiteUnderTest) -> Iterator[None]:
    """PostgreSQL takes small writes into rows that are there, and no new sales order: as a full tablespace does."""
    with site.database.transaction() as connection:
        for statement in _FULL:
            connection.exec_driver_sql(statement)
    try:
        yield
    finally:
        with site.database.transaction() as connection:
            connection.exec_driver_sql("DROP FUNCTION no_room() CASCADE")


_FULL = (
    """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$""",
    "CREATE TRIGGER full_disk BEFORE INSERT ON sales_order FOR EACH ROW EXECUTE FUNCTION no_room()",
)


def test_a_base_without_room_is_not_the_mails_fault(postgres_sites: Pair) -> None:
    """53100, as often as it likes: no strike is left, the mail waits longer each time, and goes on by itself."""
    seller, clock = postgres_sites.seller, postgres_sites.clock
    seller.put_products(*products_of(cfr1()))
    raw = Forge(postgres_sites.buyer.key, postgres_sites.buyer.code, seller.code, clock).orders(cfr1())
    row = seller.receive(raw, take_in=False)
    importer = seller.importer
    with no_room(seller):
        for times in range(1, 8):
            with pytest.raises(AWAY, match="No space left"):
                importer.take_in(row.id)
            if times % 2:  # every other time the lease runs out before the base takes the giving back
                with seller.database.transaction() as connection:
                    ids = importer.claims.give_back(connection, importer._worker, clock.now)
                importer.claims.settle(ids)
                waits = seller.row(InboundMail)
                assert (waits.state, waits.strikes, waits.lease_owner) == ("archived", 0, None)
                assert waits.rung_at == (None if times == 1 else clock.now)
            clock.move(minutes=2)
    importer.take_in(row.id)
    done = seller.row(InboundMail)
    assert (done.state, done.strikes) == ("done", 0)
    assert len(seller.rows(SalesOrder)) == 1


def test_another_importer_does_not_take_our_outage_for_a_strike(postgres_sites: Pair) -> None:
    """The lease ran out, another one has the mail: what we owe is taken back all the same."""
    seller, clock = postgres_sites.seller, postgres_sites.clock
    seller.put_products(*products_of(cfr1()))
    raw = Forge(postgres_sites.buyer.key, postgres_sites.buyer.code, seller.code, clock).orders(cfr1())
    row = seller.receive(raw, take_in=False)
    with no_room(seller), pytest.raises(AWAY):
        seller.importer.take_in(row.id)
    clock.move(minutes=2)
    with seller.database.transaction() as connection:
        taken = claim_mail(connection, row.id, "importer-2", clock.now)
    assert taken is not None
    assert taken.strikes == 2
    with seller.database.transaction() as connection:
        seller.importer.claims.give_back(connection, seller.importer._worker, clock.now)
    other = seller.row(InboundMail)
    assert (other.strikes, other.lease_owner) == (1, "importer-2")


def test_a_forkserver_that_cannot_fork_is_not_the_mails_fault(sqlite_sites: Pair) -> None:
    """A machine without processes or memory: the mail waits, and is read once there is room again."""
    script = """
import resource, sys
from intergestan_db.limited_child.children import NoReader
from intergestan_exchange.inbox.pool import ReaderPool
pool = ReaderPool()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(__import__("os").listdir("/proc/self/fd")) + 1, hard))
try:
    pool.read(b"x", {})
except NoReader as error:
    print("no reader:", error)
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(pool.read(b"x", {}).fault is not None)
pool.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.stdout.startswith("no reader: "), done.stderr
    assert done.stdout.endswith("True\n")
    assert sqlite_sites.seller.rows(InboundMail) == []


def test_a_reader_that_the_machine_ended_meanwhile_costs_no_strike(
    sqlite_sites: Pair, readers: ReaderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel does for want of memory: it had no mail in hand."""
    seller = sqlite_sites.seller
    monkeypatch.setattr(seller.importer, "_pool", readers)
    pid = idle_child(readers)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: is_gone(pid))
    row = seller.receive(b"From: a@b.test\r\n\r\n")
    assert row.state == "alien"  # read at the first try


def test_a_disk_that_does_not_answer_is_not_the_mails_fault(sqlite_sites: Pair) -> None:
    seller = sqlite_sites.seller
    row = seller.receive(b"x", take_in=False)
    seller.archive.remove(row.sha256)
    seller.archive.path(row.sha256).mkdir()  # reading it fails as a broken disk does
    for _ in range(5):
        seller.importer.take_in(row.id)
    row = seller.row(InboundMail)
    assert (row.state, row.strikes, row.lease_owner) == ("archived", 0, None)


def test_a_store_that_does_not_answer_is_not_the_mails_fault(
    sqlite_sites: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    seller = sqlite_sites.seller
    row = seller.receive(b"x", take_in=False)
    nobody = Bucket(url="s3://mails", endpoint=f"http://{HOST}:{free_port()}", key=("k", "s"), patience=timedelta(0))
    monkeypatch.setattr(seller.importer, "_archive", S3Archive(nobody))
    for _ in range(5):
        seller.importer.take_in(row.id)
    row = seller.row(InboundMail)
    assert (row.state, row.strikes, row.lease_owner) == ("archived", 0, None)


def ends(_pipe: Connection, _reader: LimitedReader, **_options: bool) -> None:
    """A child that ends at once."""


def never_ready(pipe: Connection, _reader: LimitedReader, **_options: bool) -> None:
    """A child that does not say that it is ready."""
    pipe.recv_bytes()


@pytest.mark.parametrize("child", [ends, never_ready])
def test_a_reader_that_cannot_start_is_not_the_mails_fault(
    sqlite_sites: Pair, readers: ReaderPool, monkeypatch: pytest.MonkeyPatch, child: Callable[..., None]
) -> None:
    """As when the files of a release are exchanged under a running importer: no mail becomes poison for it."""
    monkeypatch.setattr(children, "serve", child)
    monkeypatch.setattr(children, "START_SECONDS", 60.0 if child is ends else 0.0)
    seller = sqlite_sites.seller
    monkeypatch.setattr(seller.importer, "_pool", readers)
    row = seller.receive(b"x", take_in=False)
    for _ in range(5):
        seller.importer.take_in(row.id)
    row = seller.row(InboundMail)
    assert (row.state, row.strikes, row.lease_owner) == ("archived", 0, None)


def test_a_child_has_its_limits(readers: ReaderPool) -> None:
    """`design.md` §9: memory once for all, CPU anew before each mail; no core file with other people's orders."""
    limits = Path(f"/proc/{idle_child(readers)}/limits").read_text()
    found = dict(re.findall(r"^Max (address space|core file size|cpu time) +(\d+)", limits, re.MULTILINE))
    begun = int(found["address space"]) - LIMITS.memory_bytes
    assert (0 < begun < LIMITS.memory_bytes, int(found["core file size"])) == (True, 0)
    assert LIMITS.cpu_seconds <= int(found["cpu time"]) <= LIMITS.cpu_seconds + 5


SPIN = """
import sys
from intergestan_db.limited_child.child import allow_more_cpu
from intergestan_db.limited_child.limits import Limits
for _ in range(2):
    allow_more_cpu(Limits(memory_bytes=0, cpu_seconds=1, wall_seconds=0, answer_bytes=0))
sys.stdout.write("spinning")
sys.stdout.flush()
while True:
    pass
"""


def test_the_kernel_ends_a_child_that_spins() -> None:
    ended = subprocess.run([sys.executable, "-c", SPIN], capture_output=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (-signal.SIGXCPU, b"spinning")


@pytest.mark.parametrize("size", [0, 2**20], ids=["over a mail", "while it takes one"])
def test_a_child_that_hangs_is_killed(size: int) -> None:
    """Also one that does not even read its pipe, which has room for 64 KB."""
    readers = ReaderPool(replace(LIMITS, wall_seconds=0.2))
    pid = idle_child(readers)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ReaderDied, match="more than"):
        readers.read(bytes(size), {})
    assert is_gone(pid)
    readers.close()


def test_a_child_is_replaced_after_some_hundred_mails(readers: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaks in a child leaks for a while only."""
    monkeypatch.setattr(children, "READINGS_PER_CHILD", 3)
    first = idle_child(readers)
    assert idle_child(readers) == first
    readers.read(b"", {})
    assert is_gone(first)
    assert idle_child(readers) != first


ORPHANS = """
import time
from multiprocessing import forkserver
from intergestan_exchange.inbox.pool import ReaderPool
if __name__ == "__main__":
    pool = ReaderPool()
    pool.read(b"", {})
    print(pool._children._idle.queue[-1]._process.pid, forkserver._forkserver._forkserver_pid, flush=True)
    time.sleep(60)
"""


def test_nobody_survives_the_importer(tmp_path: Path) -> None:
    """A killed parent leaves no process behind."""
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert not any(is_gone(pid) for pid in pids)
        parent.kill()
    assert len(pids) == 2
    eventually(lambda: all(is_gone(pid) for pid in pids))


READ_ONE = """
from intergestan_exchange.inbox.pool import ReaderPool
if __name__ == "__main__":
    pool = ReaderPool()
    pool.read(b"", {})
    pool.close()
"""


def test_a_temporary_folder_with_a_long_path_does(tmp_path: Path) -> None:
    """The path of a socket has room for some hundred bytes; that of a folder for thousands."""
    script = tmp_path / "read_one.py"
    script.write_text(READ_ONE)
    temporary = tmp_path / ("x" * 100)
    temporary.mkdir()
    ended = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_big_mail_is_read_within_the_limits(readers: ReaderPool) -> None:
    """25 MB is what may come; 512 MB is what a child may use for it."""
    raw = b"From: a@b.test\r\nMessage-ID: <1@b.test>\r\nContent-Type: text/plain\r\n\r\n" + b"0123456\r\n" * 2_800_000
    reading: Any = readers.read(raw, {})
    assert reading.fault is not None
    assert reading.fault.reason is None
