"""The sender's conversation over one kept connection, beside smtp-source (Postfix's own load generator)."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry

from benchmarks.machine import Servers
from intergestan_db.enums import Security
from intergestan_runtime.metrics import Metrics
from services.sender.deliver import Conversation, RelayAccount, Timeouts
from services.sender.settings import SenderSettings
from services.sender.worker import Connections, Sender
from tests.journey.pair_of_sites import PairOfSites
from tests.servers.process import HOST, find_program, free_port, greets


def conversation(port: int, recipient: str, mails: Sequence[bytes]) -> float:
    """Mails/s."""
    account = RelayAccount(host=HOST, port=port, security=Security.NONE)
    with Conversation(account, timeouts=Timeouts(), max_uses=len(mails)) as relay:
        started = time.perf_counter()
        for mail in mails:
            outcome = relay.deliver(recipient, recipient, mail, lambda: None)
            assert outcome.kind == "accepted", outcome
        return len(mails) / (time.perf_counter() - started)


def smtp_source(port: int, recipient: str, mails: Sequence[bytes]) -> float:
    """Mails/s: `smtp-source -d -s 1`, as many mails of the same length."""
    program = find_program("smtp-source", "postfix")
    length = sum(map(len, mails)) // len(mails)
    sizes = ["-d", "-s", "1", "-m", str(len(mails)), "-l", str(length)]
    started = time.perf_counter()
    subprocess.run([program, *sizes, "-f", recipient, "-t", recipient, f"{HOST}:{port}"], check=True)
    return len(mails) / (time.perf_counter() - started)


def sender_with_base(sites: PairOfSites, mail_ids: Sequence[int]) -> float:
    """Mails/s: the whole sender, its three transactions for each mail included, in one thread."""
    password = sites.buyer.mail_user.password
    connections = Connections(Timeouts(), lambda _relay: password)
    metrics = Metrics(CollectorRegistry())
    sender = Sender(sites.buyer.database, metrics, "bench", SenderSettings(), connections)
    started = time.perf_counter()
    for mail_id in mail_ids:
        sender.send(mail_id)
    elapsed = time.perf_counter() - started
    connections.close()
    return len(mail_ids) / elapsed


@contextmanager
def sink() -> Iterator[int]:
    """Postfix's smtp-sink, which takes everything and keeps nothing; its port."""
    port = free_port()
    child = subprocess.Popen([find_program("smtp-sink", "postfix"), "-u", "nobody", f"{HOST}:{port}", "100"])
    try:
        while not greets(port, b"220"):
            time.sleep(0.01)
        yield port
    finally:
        child.kill()
        child.wait()


def to_postfix(servers: Servers, way: Callable[[int, str, Sequence[bytes]], float], mails: Sequence[bytes]) -> float:
    """Mails/s of one way to Postfix, into a new mailbox; returns when all is delivered, for the next to start fair."""
    user = servers.dovecot.new_user()
    rate = way(servers.postfix.smtp, user.address, mails)
    new = servers.dovecot.maildir(user.address) / "new"
    deadline = time.monotonic() + 120
    while not new.exists() or len(list(new.iterdir())) < len(mails):
        assert time.monotonic() < deadline, f"Postfix delivered {len(list(new.iterdir()))} of {len(mails)} mails"
        time.sleep(0.05)
    return rate
