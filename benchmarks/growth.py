"""`python -m benchmarks.growth [--orders N …] [--database KIND] [--step NAME …] [--json]`: what each step costs
as the database of a site grows.

Two sites are filled with so many orders, mails, events and ledger rows (`tests/grown.py`); then each step runs some
times on that, and the CPU time of this process and of the database's server is told in milliseconds, with its ratio to
the empty database. The child that reads a mail is not in it: what it reads does not grow.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.machine import DurablePostgres, cpu_seconds, interpreter
from intergestan_db.database import Database
from intergestan_db.tables import InboundMail
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_runtime import logs
from tests.databases import give_roles, migrate_base
from tests.grown import Years, grow_all
from tests.servers import RedisServer
from tests.working_sites import Work, WorkingSites

KINDS = ("sqlite", "postgresql")
ORDERS = (0, 10_000, 100_000)
A_YEAR = 1000 * 365
"""Orders, at a thousand a day."""
AT_LEAST_S = 0.4
"""A step runs until it has used so much CPU, or so often as `MOST`: the server's time is told in hundredths."""
LEAST, MOST = 3, 40

Figures = dict[str, list[float]]
"""By step, its milliseconds at each size."""


def measure(kind: str, sizes: Sequence[int], chosen: Sequence[str]) -> Figures:
    """All steps, or those whose names begin with one of these, on one kind of database."""
    with _sites(kind) as (sites, roots):
        sites.once_round()
        years = [Years(site.database) for site in (sites.buyer, sites.seller)]
        steps = {name: ready for name, ready in sites.steps().items() if not chosen or name.startswith(tuple(chosen))}
        for ready in steps.values():
            ready()()  # warms up
        figures: Figures = {name: [] for name in steps}
        there = 0
        for size in sizes:
            if size > there:
                _say(f"{kind}: filling up to {size} orders …")
                grow_all(years, size - there)
                there = size
                _say(f"{kind}: counting for statements …")
                sites.count_years()
                sites.once_round()
            for name, ready in steps.items():
                _say(f"{kind}, {size} orders: {name} …")
                figures[name].append(_cost(ready, roots))
        return figures


def size(kind: str) -> dict[str, float]:
    """Bytes that an order of eight lines takes at its buyer and its seller, ten of them in a mail."""
    with _sites(kind) as (sites, _):
        sites.once_round(orders=10, lines=8)
        found = {}
        for side, site in (("buyer", sites.buyer), ("seller", sites.seller)):
            years = Years(site.database)
            years.grow(100)
            before = _octets(site.database)
            years.grow(1000)
            found[f"{side}, database"] = (_octets(site.database) - before) / 10_000
            found[f"{side}, archive"] = site.rows(InboundMail)[0].size / 10
        return found


def _octets(database: Database) -> int:
    query = (
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        if database.is_sqlite
        else "SELECT pg_database_size(current_database())"
    )
    with database.read() as connection:
        octets: int = connection.exec_driver_sql(query).scalar_one()
    return octets


def _cost(ready: Callable[[], Work], roots: Sequence[int]) -> float:
    spent: list[float] = []
    while len(spent) < MOST and (len(spent) < LEAST or sum(spent) < AT_LEAST_S):
        work = ready()
        before = cpu_seconds(roots)
        work()
        spent.append(cpu_seconds(roots) - before)
    return 1000 * sum(spent) / len(spent)


@contextmanager
def _sites(kind: str) -> Iterator[tuple[WorkingSites, list[int]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intergestan-growth-")))
        redis = stack.enter_context(RedisServer())
        pool = ReaderPool()
        stack.callback(pool.close)
        roots: list[int] = []
        if kind == "sqlite":
            urls = [f"sqlite:///{folder / name}.db" for name in ("buyer", "seller")]
        else:
            server = stack.enter_context(DurablePostgres())
            roots, urls = [server.pid], [server.create_database() for _ in range(2)]
        databases = []
        for url in urls:
            migrate_base(url)
            if roots:
                give_roles(url)
            databases.append(Database(url))
            stack.callback(databases[-1].dispose)
        buyer, seller = databases
        yield WorkingSites(buyer, seller, folder, pool, redis.url), roots


def table(figures: Figures, sizes: Sequence[int]) -> str:
    """Milliseconds by size, and the last against the first."""
    lines = [f"{'':26}" + "".join(f"{size:>12}" for size in sizes) + f"{'ratio':>9}"]
    for name, found in figures.items():
        ratio = found[-1] / max(found[0], 0.01)
        lines.append(f"{name:26}" + "".join(f"{value:12.2f}" for value in found) + f"{ratio:9.2f}")
    return "\n".join(lines)


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--orders", type=int, nargs="+", default=ORDERS, help="sizes, ascending, the first is compared with"
    )
    parser.add_argument("--database", choices=KINDS, nargs="+", default=KINDS)
    parser.add_argument("--step", nargs="+", default=(), help="only those whose names begin so")
    parser.add_argument("--bytes", action="store_true", help="what an order takes in the database, instead")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    logs.configure("benchmarks", form="console", level="ERROR")
    print(interpreter())
    if options.bytes:
        for kind in options.database:
            for side, octets in size(kind).items():
                print(f"{kind}, {side}: {octets:.0f} bytes an order, {octets * A_YEAR / 2**30:.1f} GiB a year")
        return
    found: Mapping[str, Figures] = {kind: measure(kind, options.orders, options.step) for kind in options.database}
    for kind, figures in found.items():
        print(f"\n{kind}: CPU of process and server in ms, by orders\n{table(figures, options.orders)}")
    if options.json:
        print(json.dumps({"orders": list(options.orders), **found}))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
