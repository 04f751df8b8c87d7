"""`python -m benchmarks [--quick] [--json] [NAME …]`: measure, beside the floor and the peers, in one run.

Starts the servers that it needs on loopback and stops them; needs what the tests need (`make bench` sees to it), and
root for Postfix. Ours and theirs alternate; a ratio is a median over the pairs, that of a start one of the least. Close
other programs first.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks import (
    agencies,
    books,
    composer,
    credit,
    goods,
    idle,
    importer,
    latency,
    lists,
    mailboxes,
    pipeline,
    poller,
    search,
    sender,
    slips,
    start,
    tryton,
)
from benchmarks.machine import Servers, alternate, interpreter, ratio, servers
from benchmarks.report import Value, as_json, table
from benchmarks.sites import pair_of_sites
from intergestan_runtime import logs
from tests.journey.pair_of_sites import PairOfSites


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    rounds: int
    batches: int
    mailbox: int
    mails: int
    latencies: int
    idle_seconds: float
    starts: int
    many: mailboxes.Load
    parties: int
    searches: int


FULL = Scale(
    rounds=5,
    batches=100,
    mailbox=10_000,
    mails=500,
    latencies=30,
    idle_seconds=10,
    starts=3,
    many=mailboxes.Load(mailboxes=1_000, pollers=4, interval=60, seconds=190, mails=50),
    parties=200_000,
    searches=300,
)
QUICK = Scale(
    rounds=3,
    batches=20,
    mailbox=2_000,
    mails=200,
    latencies=10,
    idle_seconds=5,
    starts=2,
    many=mailboxes.Load(mailboxes=200, pollers=2, interval=15, seconds=45, mails=20),
    parties=20_000,
    searches=100,
)

ORDERS, LINES = 10, 8
SUFFIX = {"postgresql": "", "sqlite": "_sqlite"}

CUSTOMERS = 10_000
"""Of whom it is measured what they owe."""
LISTED = 100_000
"""Orders on each side, beside which lists are measured; a tenth of them in a quick run."""
SHIPPED = 200
"""Orders, and shipments of Tryton, in a round: it takes a second and more for each; a tenth of them in a quick run."""
INVOICED = 5_000
"""Customers whose delivery notes are invoiced, twenty each; a tenth of them in a quick run."""


def measure_pipeline(machine: Servers, scale: Scale) -> dict[str, float]:
    found: dict[str, float] = {}
    for base, suffix in SUFFIX.items():
        measured = pipeline.measure(machine, base, rounds=scale.rounds, mails=scale.batches)
        found |= {name + suffix: value for name, value in measured.items()}
    return found


def measure_steps(machine: Servers, scale: Scale) -> dict[str, float]:
    """Composer, importer, and the sender with its base, each alone in this process."""
    found: dict[str, float] = {}
    for base, suffix in SUFFIX.items():
        with pair_of_sites(machine, base) as sites:
            found |= {name + suffix: value for name, value in _steps(sites, scale).items()}
    return found


def _steps(sites: PairOfSites, scale: Scale) -> dict[str, float]:
    orders = scale.batches * ORDERS
    composed, booked, bare, sent = [], [], [], []
    for number in range(scale.rounds + 1):
        mail_ids = composer.request(sites, scale.batches, ORDERS, LINES)
        seconds = composer.compose(sites, mail_ids)
        work = importer.batches(sites, mail_ids)
        ours = importer.import_batches(sites.seller.database, work)
        rows = importer.rows_of(sites.seller.database, orders, LINES)
        theirs = importer.insert_bare(sites.seller.database, rows, ORDERS)
        rate = sender.sender_with_base(sites, mail_ids)
        if number:  # the first round warms up
            composed.append(orders / seconds)
            booked.append(orders / ours)
            bare.append(orders / theirs)
            sent.append(rate)
    return {
        "composer_orders_per_s": median(composed),
        "importer_orders_per_s": median(booked),
        "core_insert_orders_per_s": median(bare),
        "importer_over_core_insert": ratio(booked, bare),
        "sender_with_base_mails_per_s": median(sent),
    }


def measure_sender(machine: Servers, scale: Scale) -> dict[str, float]:
    mails = [_a_mail()] * scale.mails
    ours, theirs = alternate(
        scale.rounds,
        lambda: sender.to_postfix(machine, sender.conversation, mails),
        lambda: sender.to_postfix(machine, sender.smtp_source, mails),
    )
    with sender.sink() as port:
        to_sink, sourced = alternate(
            scale.rounds,
            lambda: sender.conversation(port, "orders@site.test", mails * 5),
            lambda: sender.smtp_source(port, "orders@site.test", mails * 5),
        )
    return {
        "sender_mails_per_s": median(ours),
        "smtp_source_mails_per_s": median(theirs),
        "sender_over_smtp_source": ratio(ours, theirs),
        "sender_over_smtp_source_sink": ratio(to_sink, sourced),
    }


def measure_poller(machine: Servers, scale: Scale) -> dict[str, float]:
    user = machine.dovecot.new_user()
    mails = [_a_mail(f"mail {number}") for number in range(scale.mailbox)]
    machine.dovecot.drop(user.address, mails)
    found = poller.compare(machine.dovecot, user, mails, rounds=scale.rounds)
    small, large = _poll_seconds(machine, 1_000), _poll_seconds(machine, 100_000)
    return found | {"poll_1k_ms": small * 1000, "poll_100k_over_1k": large / small}


def _poll_seconds(machine: Servers, seen: int) -> float:
    user = machine.dovecot.new_user()
    machine.dovecot.drop(user.address, (_a_mail(f"old {number}", size=500) for number in range(seen)), folder="cur")
    return poller.poll_seconds(machine.dovecot, user, [_a_mail(f"new {number}") for number in range(10)])


def measure_idle(machine: Servers, scale: Scale) -> dict[str, float]:
    """Latency, and what two sites cost that have nothing to do."""
    with pair_of_sites(machine, "postgresql") as sites:
        sites.start()
        median_s, slow_s = latency.percentiles(latency.latencies(sites, scale.latencies))
        commands = idle.redis_commands_per_s(sites, scale.idle_seconds)
        memory = idle.rss_mib(sites)
        shared = idle.pss_mib(sites)
        cpu = idle.cpu_percent(sites, 6 * scale.idle_seconds)
    return {
        "latency_p50_s": median_s,
        "latency_p95_s": slow_s,
        "idle_redis_commands_per_s": commands,
        "idle_rss_mib": max(memory.values()),
        "idle_site_pss_mib": shared,
        "idle_cpu_percent": sum(cpu.values()),
        "idle_dispatcher_cpu_percent": cpu["dispatcher"],
        **{f"cpu_percent_{name}": value for name, value in cpu.items()},
        **{f"rss_mib_{name}": value for name, value in memory.items() if "helper" not in name},
    }


def measure_mailboxes(machine: Servers, scale: Scale) -> dict[str, float]:
    """Many of them on one host."""
    return mailboxes.measure(machine, "postgresql", scale.many)


def measure_start(machine: Servers, scale: Scale) -> dict[str, float]:
    """What processes cost before they work."""
    return start.measure(machine.folder / "start", scale.starts)


def measure_search(machine: Servers, scale: Scale) -> dict[str, float]:
    """Finding and entering third parties, on either kind of base."""
    with search.databases(machine) as made:
        return search.measure(made, scale.parties, scale.searches)


def measure_credit(machine: Servers, _scale: Scale) -> dict[str, float]:
    """What all customers owe, on either kind of base."""
    with credit.databases(machine) as made:
        return credit.measure(made, [machine.postgres.pid], CUSTOMERS)


def measure_agencies(machine: Servers, scale: Scale) -> dict[str, float]:
    """Deferred invoicing, choosing depots, orders between agencies, and picking slips, on either kind of base."""
    customers = INVOICED if scale is FULL else INVOICED // 10
    with agencies.databases(machine) as made:
        found = agencies.measure(made, customers * 20, customers)
    with agencies.databases(machine) as made:
        found |= goods.measure(made, scale.rounds)
    with agencies.databases(machine) as made:
        return found | slips.measure(made, scale.rounds)


def measure_tryton(machine: Servers, scale: Scale) -> dict[str, float]:
    """From orders to what left, beside the shipments of Tryton, on PostgreSQL."""
    return tryton.measure(machine, scale.rounds, SHIPPED if scale is FULL else SHIPPED // 10)


def measure_books(machine: Servers, scale: Scale) -> dict[str, float]:
    """The file of entries for the tax office, on either kind of base."""
    with books.databases(machine) as made:
        return books.measure(made, machine.folder, 1_000_000 if scale is FULL else 100_000, scale.rounds)


def measure_lists(machine: Servers, scale: Scale) -> dict[str, float]:
    """A page of any list and any one order, on either kind of base."""
    with lists.databases(machine) as made:
        return lists.measure(made, [machine.postgres.pid], LISTED if scale is FULL else LISTED // 10)


SUBJECTS: Mapping[str, Callable[[Servers, Scale], dict[str, float]]] = {
    "pipeline": measure_pipeline,
    "steps": measure_steps,
    "sender": measure_sender,
    "poller": measure_poller,
    "idle": measure_idle,
    "start": measure_start,
    "search": measure_search,
    "credit": measure_credit,
    "agencies": measure_agencies,
    "tryton": measure_tryton,
    "books": measure_books,
    "lists": measure_lists,
    "mailboxes": measure_mailboxes,
}


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"what to measure, all by default: {', '.join(SUBJECTS)}"
    )
    parser.add_argument("--quick", action="store_true", help="a fifth of the work, three rounds")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - SUBJECTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped and leave nothing
    logs.configure("benchmarks", form="console", level="WARNING")
    values: dict[str, Value] = {"interpreter": interpreter()}
    with servers() as machine:
        for name in options.names or SUBJECTS:
            sys.stderr.write(f"measuring: {name} …\n")
            values |= SUBJECTS[name](machine, QUICK if options.quick else FULL)
    print(f"{values['interpreter']}\n{table(values)}")
    if options.json:
        print(as_json(values))


def _a_mail(subject: str = "orders", size: int = 20_800) -> bytes:
    """As long as a standard batch's (performance.md §0)."""
    head = f"From: <a@site.test>\r\nTo: <b@site.test>\r\nSubject: {subject}\r\n\r\n"
    line = b"0123456789abcdef" * 4 + b"\r\n"
    return head.encode() + line * (size // len(line))


if __name__ == "__main__":
    main(sys.argv[1:])
