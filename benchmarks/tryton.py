"""Picking slips beside the shipments of Tryton, on one PostgreSQL server: from the order to what left.

Ours: an order is allocated, and its slip made, entered, finished and validated. Theirs: a shipment is waiting,
assigned, picked, packed and done. Both take five steps, each a transaction of its own, of eight lines of goods.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import make_url, select

from benchmarks import goods, slips
from benchmarks.machine import Servers, alternate, ratio
from intergestan_db.database import Database
from intergestan_db.tables import Depot, Product, SalesOrder
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.stock.allocate import allocate_order
from tests.databases import migrate_base
from tests.site_factories import make_site

PYTHON = Path(sys.prefix) / "tryton" / "bin" / "python"
"""The interpreter for which `requirements/tryton.txt` is installed (`make bench`)."""
_PEER = Path(__file__).with_name("tryton_peer.py")
LINES = slips.LINES


def measure(machine: Servers, rounds: int, orders: int) -> dict[str, float]:
    """Orders and shipments per second."""
    url = machine.postgres.create_database()
    migrate_base(url)
    ours = Database(url)
    make_site(ours)
    goods.fill(ours)
    with _tryton(machine, orders) as peer:
        work, theirs = alternate(rounds, lambda: _deliver(ours, orders), lambda: _ask(peer))
    ours.dispose()
    return {
        "slips_from_allocation_orders_per_s": orders / median(work),
        "tryton_shipments_per_s": orders / median(theirs),
        "slips_over_tryton": ratio(theirs, work),
    }


def _deliver(database: Database, orders: int) -> float:
    with database.transaction() as connection:
        depot, place = connection.execute(select(Depot.code, Depot.establishment_id).order_by(Depot.id).limit(1)).one()
        seen = len(goods.read_ids(connection, SalesOrder))
        numbers = [f"BENCH{seen + n + 1}" for n in range(orders)]
        made = goods.enter_orders(connection, database, numbers, [place] * orders)
        products = goods.read_ids(connection, Product)[:: goods.SHARE][:LINES]
        goods.enter_lines(connection, [(order, each, n) for order in made for n, each in enumerate(products)])
    goods.analyse(database)
    with database.read() as connection:
        here = in_depot(connection, depot)
    began = time.perf_counter()
    for number in numbers:
        with database.transaction() as connection:
            if allocate_order(connection, number, by="bench", at=database.now()).short:
                raise AssertionError(f"{number} was not allocated wholly")
    slips.deliver(database, here, orders)
    return time.perf_counter() - began


@contextmanager
def _tryton(machine: Servers, shipments: int) -> Iterator[subprocess.Popen[str]]:
    if not PYTHON.is_file():
        raise FileNotFoundError(f"{PYTHON} is not there: `make bench` installs requirements/tryton.txt.")
    url = make_url(machine.postgres.create_database())
    server = url.set(drivername="postgresql", database=None).render_as_string(hide_password=False)
    words = [*map(str, (PYTHON, _PEER, f"{server.rstrip('/')}/", url.database, shipments, LINES))]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "started\n":
                raise AssertionError("Tryton did not start")
            yield process
        finally:
            process.kill()


def _ask(peer: subprocess.Popen[str]) -> float:
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write("\n")
    peer.stdin.flush()
    return float(peer.stdout.readline())
